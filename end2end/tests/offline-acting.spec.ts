// Acting without a network (N1, N14, R14): what is clicked, typed and sent meanwhile arrives once, and what came in refuses none of it.
import { type BrowserContext, type Page } from '@playwright/test'
import { expect, open, test, waitUntilHydrated } from '../fixtures/test'
import { ApiVisitor, Visitor, callFunction, chatKey, joinAsMember, openAsOwner, signIn } from '../fixtures/people'
import { NetworkLink } from '../fixtures/network-link'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'offline acting' } })

/** Console messages that a missing network causes. */
const NETWORK_ERRORS = [/Failed to load resource/, /net::ERR/, /EventSource/, /Failed to fetch/]

const row = (page: Page, text: string) => page.getByRole('link', { name: new RegExp(text) })
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })
const details = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const composer = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true })
const dialog = (page: Page, name: string) => page.getByRole('dialog', { name, exact: true })
const refusals = (page: Page) => page.locator('.toast[data-tone=bad], [role=alert]').filter({ hasText: /\S/ })
const expectStatus = (page: Page, word: string) => expect(page.getByRole('status').filter({ hasText: word }).first()).toBeVisible({ timeout: 20_000 })

async function join(openContext: () => Promise<BrowserContext>, server: Server, name: string): Promise<Page> {
  const context = await openContext()
  await joinAsMember(context, server, { name, email: `${name.toLowerCase().replace(/\W+/g, '.')}@example.com`, password: 'a phrase of my own' })
  const page = await context.newPage()
  await open(page, '/inbox?view=all')
  return page
}

async function write(page: Page, server: Server, ...names: string[]): Promise<ApiVisitor[]> {
  const visitors = []
  for (const name of names) {
    const visitor = new ApiVisitor(server, await chatKey(page), { name })
    await visitor.write(`Hello from ${name}`)
    visitors.push(visitor)
  }
  return visitors
}

/** Opens the list with everything that acting needs, because offline nothing more can be loaded. */
async function openReady(page: Page, name: string, base = ''): Promise<void> {
  await open(page, `${base}/inbox?view=all`)
  await row(page, name).click()
  await expect(composer(page)).toBeVisible()
  await expect(details(page).getByRole('button', { name: 'Add tags', exact: true })).toBeVisible()
  await expect.poll(() => page.evaluate(() => performance.getEntriesByType('resource').some((one) => one.name.includes('/acting.')))).toBe(true)
}

/** The browser says that there is no network. The link is cut, too, because an open stream would go on. */
async function goOffline(page: Page, link: NetworkLink): Promise<void> {
  link.cut()
  await page.context().setOffline(true)
  await expectStatus(page, 'Offline')
}

async function goOnline(page: Page, link: NetworkLink): Promise<void> {
  link.restore()
  await page.context().setOffline(false)
  await expectStatus(page, 'Live')
}

/** The lines of a thread that say what was done, without their times. */
async function linesOf(page: Page, name: string): Promise<string[]> {
  await row(page, name).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(messages(page)).toContainText(`Hello from ${name}`)
  const lines = await messages(page).locator('.event').allInnerTexts()
  return lines.map((line) => line.replace(/\s+/g, ' ').replace(/ · .*/, '').replace(/ until .*/, '').trim())
}

/** The lines of several threads. */
async function linesOfAll(page: Page, names: string[]): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {}
  for (const name of names) all[name] = await linesOf(page, name)
  return all
}

test('R14: each click made offline is done once; what came in meanwhile refuses none and is not put away unread', async ({ page, server, openContext, problems }) => {
  test.setTimeout(120_000)
  problems.allow(...NETWORK_ERRORS)
  const link = await NetworkLink.to(server)
  await openAsOwner(page, server)
  const colleague = await join(openContext, server, 'Cleo Connected')
  await callFunction(page, server, 'add_tag', { name: 'From the train', color: null })
  const names = ['Gap Quiet', 'Gap Closed', 'Gap Snoozed', 'Gap Pending', 'Gap Taken', 'Gap Open']
  const [, ...talkative] = await write(page, server, ...names)
  const write5 = async (when: string) => {
    for (let n = 1; n <= 5; n++) for (const visitor of talkative) await visitor.write(`${when} ${n}`)
  }
  await openReady(page, 'Gap Open', link.url)

  await goOffline(page, link)
  await write5('Before the clicks')
  await details(page).getByRole('button', { name: 'Add tags', exact: true }).click()
  await dialog(page, 'Add tags').getByRole('option', { name: 'From the train' }).click()
  await page.keyboard.press('Escape')
  await details(page).getByRole('button', { name: 'Assigned to: Nobody' }).click()
  await dialog(page, 'Assigned to').getByRole('option', { name: 'Cleo Connected' }).click()
  await row(page, 'Gap Taken').focus()
  await page.keyboard.press('a')
  await row(page, 'Gap Pending').focus()
  await page.keyboard.press('p')
  await row(page, 'Gap Snoozed').focus()
  await page.keyboard.press('z')
  await dialog(page, 'Snooze until').getByRole('button', { name: /^In 2 hours/ }).click()
  for (const name of ['Gap Closed', 'Gap Quiet']) {
    await row(page, name).focus()
    await page.keyboard.press('e')
    await dialog(page, 'Close conversation').getByRole('button', { name: 'Resolved' }).click()
  }
  await write5('After the clicks')
  await expect(messages(page), 'it is offline indeed').not.toContainText('After the clicks')
  await expect(refusals(page), 'nothing is refused for want of a network').toHaveCount(0)
  await goOnline(page, link)

  await expect(async () => {
    const lines = await linesOfAll(colleague, names.slice(1))
    expect(lines).toEqual({
      'Gap Closed': ['Mara Lindqvist closed it: Resolved', 'Reopened: they wrote again'],
      'Gap Snoozed': ['Mara Lindqvist snoozed it'],
      'Gap Pending': ['Mara Lindqvist set it to pending'],
      'Gap Taken': ['Mara Lindqvist took it'],
      'Gap Open': ['Mara Lindqvist added the tag “From the train”', 'Mara Lindqvist assigned it to you'],
    })
  }).toPass({ timeout: 20_000 })
  await expect(refusals(page)).toHaveCount(0)
  // What nobody has read is still in the list, and what is done with is not.
  for (const one of [page, colleague]) {
    for (const name of names.slice(1)) await expect(row(one, name)).toBeVisible()
    await expect(row(one, 'Gap Quiet')).toHaveCount(0)
    await expect(row(one, 'Gap Open')).toContainText('From the train')
  }
  await open(colleague, '/inbox?view=closed')
  expect(await linesOf(colleague, 'Gap Quiet')).toEqual(['Mara Lindqvist closed it: Resolved'])
  await link.close()
})

test('L7, R14: what is done to several at once offline is done once to each', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const link = await NetworkLink.to(server)
  await openAsOwner(page, server)
  const colleague = await join(openContext, server, 'Carl Connected')
  const names = ['Set Two', 'Set One']
  const visitors = await write(page, server, ...names)
  await openReady(page, 'Set One', link.url)
  await goOffline(page, link)
  for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).click({ force: true })
  await page.getByRole('toolbar', { name: 'Selected conversations' }).getByRole('button', { name: 'Assign' }).click()
  await page.getByRole('menuitem', { name: 'Me', exact: true }).click()
  for (const visitor of visitors) await visitor.write('Written meanwhile')
  await expect(refusals(page)).toHaveCount(0)
  await goOnline(page, link)
  await expect(async () => {
    expect(await linesOfAll(colleague, names)).toEqual({ 'Set Two': ['Mara Lindqvist took it'], 'Set One': ['Mara Lindqvist took it'] })
  }).toPass({ timeout: 20_000 })
  await expect(refusals(page)).toHaveCount(0)
  await expect(page.getByRole('toolbar', { name: 'Selected conversations' })).toHaveCount(0)
  await link.close()
})

test('T4, N14: a reply sent and a draft typed offline arrive once, though the visitor and a colleague wrote meanwhile', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const link = await NetworkLink.to(server)
  await openAsOwner(page, server)
  const colleague = await join(openContext, server, 'Cora Connected')
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Into the tunnel')
  await openReady(page, 'Into the tunnel', link.url)
  const address = page.url()
  await open(colleague, new URL(address).pathname)
  await goOffline(page, link)
  await composer(page).fill('Sent from the tunnel')
  await page.getByRole('button', { name: 'Send when online' }).click()
  await expect(messages(page).getByText('waiting for a connection')).toBeVisible()
  await composer(page).fill('Half a thought from the tunnel')
  await visitor.write('Are you still there?')
  await expect(messages(colleague)).toContainText('Are you still there?')
  await colleague.getByRole('button', { name: 'Note', exact: true }).click()
  await colleague.getByRole('textbox', { name: 'Note', exact: true }).fill('They sit in a train')
  await colleague.getByRole('button', { name: 'Add note' }).click()
  await visitor.write('I can wait')
  await expect(messages(colleague)).toContainText('I can wait')
  await goOnline(page, link)

  await visitor.sees('Sent from the tunnel')
  for (const one of [page, colleague]) {
    await expect(messages(one)).toContainText('I can wait')
    await expect(messages(one).getByText('Sent from the tunnel', { exact: true })).toHaveCount(1)
  }
  await expect(visitor.chat.getByRole('log').getByText('Sent from the tunnel')).toHaveCount(1)
  await expect(messages(page).getByText('waiting for a connection')).toHaveCount(0)
  await expect(refusals(page)).toHaveCount(0)
  await expect(composer(page), 'the draft stays here').toHaveValue('Half a thought from the tunnel')
  await expect(page.getByText('Draft saved')).toBeVisible()
  const device = await (await openContext()).newPage()
  await signIn(device)
  await open(device, new URL(address).pathname)
  await expect(composer(device), 'and is on every device').toHaveValue('Half a thought from the tunnel')
  await page.reload()
  await waitUntilHydrated(page)
  await expect(composer(page)).toHaveValue('Half a thought from the tunnel')
  await expect(messages(page).getByText('Sent from the tunnel', { exact: true })).toHaveCount(1)
  await link.close()
})

test('R14: clicks and a draft that wait survive closing the tab, and arrive once from the next tab', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const link = await NetworkLink.to(server)
  await openAsOwner(page, server)
  const colleague = await join(openContext, server, 'Cilla Connected')
  const [visitor] = await write(page, server, 'Lid Shut')
  await openReady(page, 'Lid Shut', link.url)
  const address = page.url()
  await goOffline(page, link)
  await page.getByRole('button', { name: 'Assign to yourself' }).click()
  await expect(page.getByRole('button', { name: 'Assigned to you. Press to unassign.' }), 'it is shown at once').toBeVisible()
  await composer(page).fill('Before the lid shut')
  await page.close()
  await visitor.write('Written meanwhile')
  link.restore()
  await page.context().setOffline(false)
  const next = await page.context().newPage()
  await open(next, address)
  await expect(composer(next)).toHaveValue('Before the lid shut')
  await expect(next.getByRole('button', { name: 'Assigned to you. Press to unassign.' })).toBeVisible()
  await expect(async () => expect(await linesOf(colleague, 'Lid Shut')).toEqual(['Mara Lindqvist took it'])).toPass({ timeout: 20_000 })
  await expect(refusals(next)).toHaveCount(0)
  const device = await (await openContext()).newPage()
  await signIn(device)
  await open(device, new URL(address).pathname)
  await expect(composer(device), 'the draft is on every device').toHaveValue('Before the lid shut')
  await link.close()
})

test('N1: closing the open conversation offline leads to the next one, which loads by itself once there is a network', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const link = await NetworkLink.to(server)
  await openAsOwner(page, server)
  await write(page, server, 'Onward Two', 'Onward One')
  await openReady(page, 'Onward One', link.url)
  await goOffline(page, link)
  await page.getByRole('button', { name: 'Close conversation' }).click()
  await page.getByRole('menuitem', { name: 'Resolved' }).click()
  await expect(page.locator('.toast[data-tone=bad]')).toHaveCount(0)
  await goOnline(page, link)
  await expect(page.getByRole('heading', { level: 1, name: 'Onward Two' })).toBeVisible()
  await expect(messages(page)).toContainText('Hello from Onward Two')
  await expect(row(page, 'Onward One')).toHaveCount(0)
  await open(page, '/inbox?view=closed')
  expect(await linesOf(page, 'Onward One')).toEqual(['You closed it: Resolved'])
  await link.close()
})

test('R6: a click whose answer got lost is done once, and is not called failed', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  await openAsOwner(page, server)
  const colleague = await join(openContext, server, 'Clara Connected')
  await write(page, server, 'Lotte Lost')
  await openReady(page, 'Lotte Lost')
  let asked = 0
  await page.route('**/api/fn/change_state', async (route) => {
    asked += 1
    if (asked > 1) return route.continue()
    await route.fetch()
    await route.abort('connectionreset')
  })
  await page.getByRole('button', { name: 'Assign to yourself' }).click()
  await expect(page.getByRole('button', { name: 'Assigned to you. Press to unassign.' })).toBeVisible()
  await expect(page.locator('.toast').filter({ hasText: 'Assigned' })).toBeVisible()
  await expect(refusals(page)).toHaveCount(0)
  expect(await linesOf(colleague, 'Lotte Lost')).toEqual(['Mara Lindqvist took it'])
})
