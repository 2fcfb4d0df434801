// Bad networks (N1, R14): what the header says, what is written meanwhile, what is there afterwards.
import { type Page } from '@playwright/test'
import { expect, hydrated, open, test } from '../fixtures/test'
import { Caller, Visitor, call, chatKey, enter, join } from '../fixtures/people'
import { Wire } from '../fixtures/wire'

test.use({ world: { name: 'offline' } })

/** What a browser says of a network that is not there. */
const NETWORK = [/Failed to load resource/, /net::ERR/, /EventSource/]

const header = (page: Page, word: string) => expect(page.getByRole('status').filter({ hasText: word }).first()).toBeVisible({ timeout: 20_000 })
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })

/** Everything that the list and the open thread say, without what only time changes. */
async function told(page: Page): Promise<string[]> {
  const parts = await page.locator('nav.tabs, nav.cats, a.row .row-name, a.row .row-preview, a.row .row-count, .msgs .bubble, .msgs .event, .msgs .mark-state').allInnerTexts()
  return parts.map((part) => part.replace(/\s+/g, ' ').replace(/ · .*/, '').trim())
}

test('N1: the header says live, catching up, offline, and live again', async ({ page, server, problems }) => {
  problems.allow(...NETWORK)
  const wire = await Wire.to(server)
  await enter(page, server)
  await open(page, `${wire.url}/inbox`)
  await header(page, 'Live')
  wire.cut()
  await header(page, 'Catching up')
  await header(page, 'Offline')
  await expect(page.getByText('Your messages are saved and sent when you are back online.')).toBeVisible()
  wire.mend()
  await header(page, 'Live')
  await expect(page.getByText('You are offline.')).toHaveCount(0)

  await page.context().setOffline(true)
  await header(page, 'Offline')
  await page.context().setOffline(false)
  await header(page, 'Live')
  await wire.close()
})

test('what is written offline says so, and goes out once', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK)
  await enter(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Going into a tunnel')
  await page.getByRole('link', { name: /Going into a tunnel/ }).click()
  await expect(messages(page)).toContainText('Going into a tunnel')
  await page.context().setOffline(true)
  await header(page, 'Offline')
  const text = page.getByRole('textbox', { name: 'Message' })
  for (const line of ['From the tunnel', 'Still in there']) {
    await text.fill(line)
    await page.getByRole('button', { name: 'Send when online' }).click()
    await expect(messages(page).getByText(line)).toBeVisible()
  }
  await expect(messages(page).getByText('waiting for a connection').first()).toBeVisible()
  await page.context().setOffline(false)
  await visitor.sees('Still in there')
  await expect(messages(page).getByText('waiting for a connection')).toHaveCount(0)
  await page.reload()
  await hydrated(page)
  const said = await visitor.chat.getByRole('log').locator('.message.team .bubble').allInnerTexts()
  const lines = ['From the tunnel', 'Still in there']
  expect(said.filter((one) => lines.includes(one.trim())), 'each once, in order').toEqual(lines)
  for (const line of lines) await expect(messages(page).getByText(line, { exact: true })).toHaveCount(1)
})

test('what waits survives the tab: closed offline, it goes out from the next one, once', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK)
  const wire = await Wire.to(server)
  await enter(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Close the lid')
  await open(page, `${wire.url}/inbox`)
  await page.getByRole('link', { name: /Close the lid/ }).click()
  await expect(messages(page)).toContainText('Close the lid')
  wire.cut()
  await page.getByRole('textbox', { name: 'Message' }).fill('Written before the lid closed')
  await page.keyboard.press('Control+Enter')
  await expect(messages(page).getByText('waiting for a connection')).toBeVisible()
  const address = page.url()
  await page.close()
  wire.mend()
  const next = await page.context().newPage()
  await open(next, address)
  await visitor.sees('Written before the lid closed')
  await expect(messages(next).getByText('Written before the lid closed')).toHaveCount(1)
  await expect(visitor.chat.getByText('Written before the lid closed')).toHaveCount(1)
  await wire.close()
})

test('R14: ten minutes without a network, on both sides; then everything is as if freshly loaded', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK)
  const wire = await Wire.to(server)
  const colleagues = await openContext()
  await join(colleagues, server, { name: 'Cleo Colleague', email: 'cleo@example.com', password: 'a phrase of my own' })
  await enter(page, server)
  const key = await chatKey(page)
  const regular = new Caller(server, key, { name: 'Rita Regular' })
  await regular.write('Before the ten minutes')
  await new Caller(server, key, { name: 'Carl Closing' }).write('Close me meanwhile')

  await page.clock.install()
  await open(page, `${wire.url}/inbox`)
  await page.getByRole('link', { name: /Rita Regular/ }).click()
  await expect(messages(page)).toContainText('Before the ten minutes')
  const visitors = await openContext({ baseURL: wire.url })
  await visitors.clock.install()
  const visitor = await Visitor.arrive(visitors, key)
  await visitor.write('I am on a train')
  await expect(page.getByRole('link', { name: /I am on a train/ })).toBeVisible()

  wire.cut()
  await header(page, 'Offline')
  await visitor.write('In the tunnel now')
  await page.getByRole('textbox', { name: 'Message' }).fill('Written in the dark')
  await page.keyboard.press('Control+Enter')
  await page.clock.fastForward('10:00')
  await visitors.clock.fastForward('10:00')
  // The world goes on.
  await regular.write('Are you there?')
  for (const name of ['Nora New', 'Nils Newer']) await new Caller(server, key, { name }).write(`I am ${name}`)
  const { rows } = await call<{ rows: { id: string; name: string; inbound_count: number; state: { status: string; assignee: string | null } }[] }>(colleagues, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  const carl = rows.find((row) => row.name === 'Carl Closing')!
  await call(colleagues, server, 'change_state', { conversation: carl.id, seen: { status: carl.state.status, assignee: carl.state.assignee, inbound: carl.inbound_count }, act: { close: 'resolved' } })
  wire.mend()
  await page.clock.fastForward('01:00')
  await visitors.clock.fastForward('01:00')

  await header(page, 'Live')
  await expect(messages(page).getByText('Are you there?')).toBeVisible()
  await expect(messages(page).getByText('Written in the dark')).toHaveCount(1)
  await expect(page.getByRole('link', { name: /In the tunnel now/ })).toBeVisible({ timeout: 20_000 })
  await expect(page.getByRole('link', { name: /Carl Closing/ })).toHaveCount(0)
  await expect(messages(page).getByText('waiting for a connection')).toHaveCount(0)
  const fresh = await page.context().newPage()
  await open(fresh, page.url())
  await page.getByRole('link', { name: /^All/ }).hover()
  await expect(async () => expect(await told(page)).toEqual(await told(fresh))).toPass({ timeout: 10_000 })
  await wire.close()
})

test('a line that went dead without a word is noticed', async ({ page, server, problems }) => {
  problems.allow(...NETWORK)
  const wire = await Wire.to(server)
  await enter(page, server)
  const key = await chatKey(page)
  await page.clock.install()
  await open(page, `${wire.url}/inbox`)
  await header(page, 'Live')
  wire.hold()
  await new Caller(server, key, { name: 'Unheard Person' }).write('Can anybody hear me?')
  await page.clock.runFor('01:00')
  await header(page, 'Catching up')
  wire.mend()
  await page.clock.runFor('01:00')
  await expect(page.getByRole('link', { name: /Unheard Person/ })).toBeVisible({ timeout: 20_000 })
  await header(page, 'Live')
  await wire.close()
})

test('two tabs share one stream; when its holder is closed the other goes on', async ({ page, server, problems }) => {
  problems.allow(...NETWORK)
  await enter(page, server)
  await header(page, 'Live')
  const streams: string[] = []
  const second = await page.context().newPage()
  second.on('request', (request) => { if (request.url().includes('/api/live')) streams.push(request.url()) })
  await open(second, '/inbox')
  await header(second, 'Live')
  const key = await chatKey(page)
  await new Caller(server, key).write('Handed on to the second tab')
  for (const one of [page, second]) await expect(one.getByRole('link', { name: /Handed on to the second tab/ })).toBeVisible()
  expect(streams).toEqual([])
  await page.close()
  await expect.poll(() => streams.length, { timeout: 10_000 }).toBe(1)
  await new Caller(server, key).write('After the first tab closed')
  await expect(second.getByRole('link', { name: /After the first tab closed/ })).toBeVisible()
})
