// L6, L7: keys of one's own, read and unread, and the way to help.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, chatKey, joinAsMember, openAsOwner } from '../fixtures/people'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'own-keys' } })

const row = (page: Page, text: string) => page.getByRole('link', { name: new RegExp(text) })
const toast = (page: Page, text: string | RegExp) => page.locator('.toast').filter({ hasText: text })
const sheet = (page: Page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' })
const key = (page: Page, what: string) => sheet(page).getByRole('button', { name: what })

/** Opens the sheet, once what listens to its key is there. */
const openSheet = (page: Page) =>
  expect(async () => {
    await page.keyboard.press('?')
    await expect(sheet(page)).toBeVisible({ timeout: 500 })
  }).toPass()

async function write(page: Page, server: Server, ...names: string[]): Promise<void> {
  for (const name of names) await new ApiVisitor(server, await chatKey(page), { name }).write(`Hello from ${name}`)
}

test('L6: a key is changed in the sheet, holds on every device, and is put back', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await write(page, server, 'Kay Keyed')
  await open(page, '/inbox?view=all')
  await row(page, 'Kay Keyed').focus()
  await openSheet(page)
  await expectAccessible(page)
  await expectNoOverflow(page)
  await key(page, 'Set to pending: p').press('Enter')
  await page.keyboard.press('d')
  await expect(key(page, 'Set to pending: d')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(sheet(page)).toBeHidden()
  await row(page, 'Kay Keyed').focus()
  await page.keyboard.press('p')
  await page.keyboard.press('d')
  await expect(toast(page, 'Set to pending')).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find a command' }).fill('pending')
  await expect(page.getByRole('option', { name: /Set to pending/ })).toContainText('d')
  await page.keyboard.press('Escape')

  const context = await openContext()
  const other = await context.newPage()
  await openAsOwner(other, server)
  await open(other, '/inbox?view=all')
  await openSheet(other)
  await expect(key(other, 'Set to pending: d')).toBeVisible()
  const stored = other.waitForResponse(/set_keys/)
  await sheet(other).getByRole('button', { name: 'Use the usual keys' }).click()
  await stored
  await expect(key(other, 'Set to pending: p')).toBeVisible()
  await open(other, '/inbox?view=all')
  await openSheet(other)
  await expect(key(other, 'Set to pending: p')).toBeVisible()
})

test('L6: a letter that has a meaning already is refused, and the sheet names both', async ({ page, server }) => {
  await openAsOwner(page, server)
  await open(page, '/inbox?view=all')
  await openSheet(page)
  await key(page, 'Snooze: z').click()
  await page.keyboard.press('a')
  await expect(sheet(page).getByRole('alert')).toHaveText(/“a” would be the key of “Assign to yourself.*” and of “Snooze”/)
  await expect(key(page, 'Snooze: z')).toBeVisible()
  await key(page, 'Snooze: z').click()
  await page.keyboard.press('j')
  await expect(sheet(page).getByRole('alert')).toHaveText('“j” has another meaning already. Choose another letter.')
  await key(page, 'Snooze: z').click()
  await page.keyboard.press('Escape')
  await expect(sheet(page), 'Esc only leaves the key').toBeVisible()
})

test('L7: one or several are marked as unread and as read, for the member alone, and undone', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Rea Reader', email: 'rea.keys@example.com', password: 'a phrase of my own' })
  await write(page, server, 'Una Unread', 'Ulla Unread')
  const colleague = await context.newPage()
  await open(colleague, '/inbox?view=all')
  await open(page, '/inbox?view=all')
  const unread = (on: Page, name: string) => row(on, name).locator('[data-unread], .row-count')
  await row(page, 'Una Unread').click()
  await expect(unread(page, 'Una Unread')).toHaveCount(0)
  await page.locator('h1', { hasText: 'Una Unread' }).click()
  await page.keyboard.press('u')
  await expect(unread(page, 'Una Unread')).toBeVisible()
  await expect(toast(page, 'Marked as unread')).toBeVisible()
  await expect(unread(colleague, 'Una Unread')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Select Una Unread' }).check()
  await page.getByRole('checkbox', { name: 'Select Ulla Unread' }).check()
  await page.getByRole('button', { name: 'Status' }).click()
  await page.getByRole('menuitem', { name: 'Mark as read' }).click()
  await expect(unread(page, 'Una Unread')).toHaveCount(0)
  await expect(unread(page, 'Ulla Unread')).toHaveCount(0)
  await expect(unread(colleague, 'Ulla Unread'), 'a colleague has read nothing').toBeVisible()
  await toast(page, 'Marked as read: 2 conversations').getByRole('button', { name: 'Undo' }).click()
  await expect(unread(page, 'Una Unread')).toBeVisible()
  await expect(unread(page, 'Ulla Unread')).toBeVisible()
})

test('L6: help is in the account menu, says how things are done, and whom to ask', async ({ page, server }) => {
  await openAsOwner(page, server)
  await open(page, '/inbox')
  await page.getByRole('button', { name: /theme, sessions, sign out/ }).click()
  await page.getByRole('menuitem', { name: 'Help' }).click()
  await expect(page.getByRole('heading', { name: 'Help', level: 1 })).toBeVisible()
  await expect(page.getByText('Whoever runs Tandem for you has named no address for help.')).toBeVisible()
  await expectAccessible(page)
  await expectNoOverflow(page)
})
