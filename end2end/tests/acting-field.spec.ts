// L7, T7, T13, Promise 8: what people reported of acting in other products, tried here.
import { type Page } from '@playwright/test'
import { expect, open, test } from '../fixtures/test'
import { ApiVisitor, callFunction, chatKey, joinAsMember, openAsOwner } from '../fixtures/people'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'acting-field' }, timezoneId: 'Europe/Berlin' })

const row = (page: Page, text: string) => page.getByRole('link', { name: new RegExp(text) })
const bar = (page: Page) => page.getByRole('toolbar', { name: 'Selected conversations' })
const toast = (page: Page, text: string | RegExp) => page.locator('.toast').filter({ hasText: text })

async function write(page: Page, server: Server, ...names: string[]): Promise<void> {
  for (const name of names) await new ApiVisitor(server, await chatKey(page), { name }).write(`Hello from ${name}`)
}

async function idOf(page: Page, server: Server, name: string): Promise<any> {
  const { rows } = await callFunction<any>(page, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  return rows.find((one: any) => (one.name || one.label) === name)
}

test('L7: what a colleague takes out of the list meanwhile is no longer selected', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await write(page, server, 'Lea Left', 'Ria Remains')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Cleo Colleague', email: 'cleo.field@example.com', password: 'a phrase of my own' })
  const colleague = await context.newPage()
  await open(page, '/inbox?view=unassigned')
  await page.getByRole('checkbox', { name: 'Select Lea Left' }).check()
  await page.getByRole('checkbox', { name: 'Select Ria Remains' }).check()
  await expect(bar(page)).toContainText('2 selected')
  await open(colleague, '/inbox?view=unassigned')
  await row(colleague, 'Lea Left').click()
  await colleague.getByRole('button', { name: 'Assign to yourself' }).click()
  await page.mouse.move(0, 0)
  await expect(bar(page)).toContainText('1 selected')
  await bar(page).getByRole('button', { name: 'Status' }).click()
  await page.getByRole('menuitem', { name: 'Pending' }).click()
  await expect(toast(page, 'Set to pending: 1 conversation')).toBeVisible()
})

test('P8: what was done is undone after a reload too, and the toast says what it was', async ({ page, server }) => {
  await openAsOwner(page, server)
  await write(page, server, 'Rhea Reload')
  await open(page, '/inbox?view=all')
  await row(page, 'Rhea Reload').click()
  await page.getByRole('button', { name: 'Assign to yourself' }).click()
  await expect(toast(page, 'Assigned')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('took it')
  await open(page, page.url())
  await page.locator('h1', { hasText: 'Rhea Reload' }).click()
  await page.keyboard.press('Control+z')
  await expect(toast(page, 'Undone: Assigned')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Assign to yourself' })).toBeVisible()
})

test('T13: nine o’clock is nine o’clock also on the days on which the clocks change', async ({ page, server }) => {
  await openAsOwner(page, server)
  await write(page, server, 'Dora Daylight')
  await open(page, '/inbox?view=all')
  for (const [typed, utc] of [['2027-03-28T09:00', Date.UTC(2027, 2, 28, 7)], ['2027-10-31T09:00', Date.UTC(2027, 9, 31, 8)], ['2027-07-01T09:00', Date.UTC(2027, 6, 1, 7)]] as const) {
    await open(page, '/inbox?view=all')
    const { id } = await idOf(page, server, 'Dora Daylight')
    await row(page, 'Dora Daylight').focus()
    await page.keyboard.press('z')
    await page.getByRole('dialog').getByLabel('Or a time of your own').fill(typed)
    await page.getByRole('dialog').getByRole('button', { name: 'Snooze', exact: true }).click()
    const until = async () => (await callFunction<any>(page, server, 'thread', { id })).row.state.snoozed_until
    await expect.poll(until, { message: typed }).toBe(utc)
    await toast(page, 'Snoozed').first().getByRole('button', { name: 'Undo' }).click()
    await expect.poll(until).toBeNull()
  }
})

test('T13: a closed conversation is not snoozed, and says what to do', async ({ page, server }) => {
  await openAsOwner(page, server)
  await write(page, server, 'Clara Closed')
  await open(page, '/inbox?view=all')
  await row(page, 'Clara Closed').click()
  await page.getByRole('button', { name: 'Close conversation' }).click()
  await page.getByRole('menuitem', { name: 'Resolved' }).click()
  await open(page, '/inbox?view=closed')
  await row(page, 'Clara Closed').focus()
  await page.keyboard.press('z')
  await page.getByRole('button', { name: /In 2 hours/ }).click()
  await expect(toast(page, 'A closed conversation cannot be snoozed. Reopen it first.')).toBeVisible()
})

test('T7: names with accents are found without them, and what is typed behind a mention stays in order', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await write(page, server, 'Mia Mentions')
  await joinAsMember(await openContext(), server, { name: 'Zoë Čapek', email: 'zoe.field@example.com', password: 'a phrase of my own' })
  await open(page, '/inbox?view=all')
  await row(page, 'Mia Mentions').click()
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  const text = page.getByRole('textbox', { name: 'Note', exact: true })
  await text.pressSequentially('@capek')
  await expect(page.getByRole('option', { name: /Zoë Čapek/ })).toBeVisible()
  await text.press('Enter')
  await page.keyboard.type('go on')
  await expect(text).toHaveValue('@Zoë Čapek go on')
})
