// Bad networks (N1, R14): the connection status, messages written meanwhile, and the state afterwards.
import { type Page } from '@playwright/test'
import { expect, waitUntilHydrated, open, test } from '../fixtures/test'
import { ApiVisitor, Visitor, callFunction, chatKey, openAsOwner, joinAsMember } from '../fixtures/people'
import { NetworkLink } from '../fixtures/network-link'

test.use({ world: { name: 'offline' } })

/** Console messages that a missing network causes, also where a piece of the program was being fetched ahead. */
const NETWORK_ERRORS = [/Failed to load resource/, /net::ERR/, /EventSource/, /Failed to fetch/]

const expectStatus = (page: Page, word: string) => expect(page.getByRole('status').filter({ hasText: word }).first()).toBeVisible({ timeout: 20_000 })
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })

/** All texts of the list and the open thread, without relative times. */
async function visibleTexts(page: Page): Promise<string[]> {
  const parts = await page.locator('nav.tabs, nav.cats, a.row .row-name, a.row .row-preview, a.row .row-count, .msgs .bubble, .msgs .event, .msgs .mark-state').allInnerTexts()
  return parts.map((part) => part.replace(/\s+/g, ' ').replace(/ · .*/, '').trim())
}

test('N1: the header shows live, catching up, offline, and live again', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const wire = await NetworkLink.to(server)
  await openAsOwner(page, server)
  await open(page, `${wire.url}/inbox`)
  await expectStatus(page, 'Live')
  wire.cut()
  await expectStatus(page, 'Catching up')
  await expectStatus(page, 'Offline')
  await expect(page.getByText('Your messages are saved and sent when you are back online.')).toBeVisible()
  wire.restore()
  await expectStatus(page, 'Live')
  await expect(page.getByText('You are offline.')).toHaveCount(0)

  await page.context().setOffline(true)
  await expectStatus(page, 'Offline')
  await page.context().setOffline(false)
  await expectStatus(page, 'Live')
  await wire.close()
})

test('messages written offline are marked and sent once', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Going into a tunnel')
  await page.getByRole('link', { name: /Going into a tunnel/ }).click()
  await expect(messages(page)).toContainText('Going into a tunnel')
  await page.context().setOffline(true)
  await expectStatus(page, 'Offline')
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
  await waitUntilHydrated(page)
  const replies = await visitor.chat.getByRole('log').locator('.message.team .bubble').allInnerTexts()
  const lines = ['From the tunnel', 'Still in there']
  expect(replies.filter((one) => lines.includes(one.trim())), 'each once, in order').toEqual(lines)
  for (const line of lines) await expect(messages(page).getByText(line, { exact: true })).toHaveCount(1)
})

test('a waiting message survives closing the tab and is sent once by the next tab', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const wire = await NetworkLink.to(server)
  await openAsOwner(page, server)
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
  wire.restore()
  const next = await page.context().newPage()
  await open(next, address)
  await visitor.sees('Written before the lid closed')
  await expect(messages(next).getByText('Written before the lid closed')).toHaveCount(1)
  await expect(visitor.chat.getByText('Written before the lid closed')).toHaveCount(1)
  await wire.close()
})

test('R14: after ten minutes without a network on both sides, the inbox equals a freshly loaded one', async ({ page, server, openContext, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const wire = await NetworkLink.to(server)
  const colleague = await openContext()
  await joinAsMember(colleague, server, { name: 'Cleo Colleague', email: 'cleo@example.com', password: 'a phrase of my own' })
  await openAsOwner(page, server)
  const key = await chatKey(page)
  const returningVisitor = new ApiVisitor(server, key, { name: 'Rita Regular' })
  await returningVisitor.write('Before the ten minutes')
  await new ApiVisitor(server, key, { name: 'Carl Closing' }).write('Close me meanwhile')

  await page.clock.install()
  await open(page, `${wire.url}/inbox`)
  await page.getByRole('link', { name: /Rita Regular/ }).click()
  await expect(messages(page)).toContainText('Before the ten minutes')
  const visitorContext = await openContext({ baseURL: wire.url })
  await visitorContext.clock.install()
  const visitor = await Visitor.arrive(visitorContext, key)
  await visitor.write('I am on a train')
  await expect(page.getByRole('link', { name: /I am on a train/ })).toBeVisible()

  wire.cut()
  await expectStatus(page, 'Offline')
  await visitor.write('In the tunnel now')
  await page.getByRole('textbox', { name: 'Message' }).fill('Written in the dark')
  await page.keyboard.press('Control+Enter')
  await page.clock.fastForward('10:00')
  await visitorContext.clock.fastForward('10:00')
  // Meanwhile, other visitors and members are active.
  await returningVisitor.write('Are you there?')
  for (const name of ['Nora New', 'Nils Newer']) await new ApiVisitor(server, key, { name }).write(`I am ${name}`)
  const { rows } = await callFunction<{ rows: { id: string; name: string; inbound_count: number; state: { status: string; assignee: string | null } }[] }>(colleague, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  const carl = rows.find((row) => row.name === 'Carl Closing')!
  await callFunction(colleague, server, 'change_state', { conversation: carl.id, seen: { status: carl.state.status, assignee: carl.state.assignee, inbound: carl.inbound_count }, act: { close: 'resolved' } })
  wire.restore()
  await page.clock.fastForward('01:00')
  await visitorContext.clock.fastForward('01:00')

  await expectStatus(page, 'Live')
  await expect(messages(page).getByText('Are you there?')).toBeVisible()
  await expect(messages(page).getByText('Written in the dark')).toHaveCount(1)
  await expect(page.getByRole('link', { name: /In the tunnel now/ })).toBeVisible({ timeout: 20_000 })
  await expect(page.getByRole('link', { name: /Carl Closing/ })).toHaveCount(0)
  await expect(messages(page).getByText('waiting for a connection')).toHaveCount(0)
  const fresh = await page.context().newPage()
  await open(fresh, page.url())
  await page.getByRole('link', { name: /^All/ }).hover()
  await expect(async () => expect(await visibleTexts(page)).toEqual(await visibleTexts(fresh))).toPass({ timeout: 10_000 })
  await wire.close()
})

test('R14, L3, L4: after 30 s without a network and 500 events, a filtered list and the counts of views equal freshly loaded ones', async ({ page, server, problems }) => {
  test.setTimeout(180_000)
  problems.allow(...NETWORK_ERRORS)
  const wire = await NetworkLink.to(server)
  await openAsOwner(page, server)
  const key = await chatKey(page)
  const me = (await callFunction<any>(page, server, 'bootstrap', {})).me.member.id
  const tag = (await callFunction<any>(page, server, 'add_tag', { name: 'kept in view', color: null })).id
  const visitors = Array.from({ length: 25 }, (_, n) => new ApiVisitor(server, key, { name: `Filter Guest ${n}` }))
  for (const [n, visitor] of visitors.entries()) await visitor.write(`Before the gap ${n}`)
  const { rows } = await callFunction<{ rows: { id: string }[] }>(page, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  const act = (id: string, act: unknown) => callFunction(page, server, 'act_on_many', { conversations: [[id, 1_000_000]], act })
  for (const row of rows.slice(0, 12)) await act(row.id, { add_tag: tag })
  const listing = { filter: { view: 'all', tags: { any: [tag] }, waiting: true } }
  const view = { id: '019a0000-0000-7000-8000-000000000001', owner: me, audience: 'private', name: 'Kept', icon: 'star', listing }
  await callFunction(page, server, 'save_view', { view })

  await open(page, `${wire.url}/inbox?view=all&tags=${tag}&waiting=1`)
  await expect(page.getByText('12 conversations', { exact: true })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Saved views' })).toContainText('12')
  const began = Date.now()
  wire.cut()
  await expectStatus(page, 'Offline')
  for (let n = 0; n < 500; n++) {
    const { id } = rows[(n * 7) % rows.length]
    const acts = [{ add_tag: tag }, { assign: me }, { close: 'resolved' }, 'reopen', 'pending', { remove_tag: tag }, { assign: null }]
    if (n % 3 === 0) await visitors[(n * 5) % visitors.length].write(`In the gap ${n}`)
    else await act(id, acts[(n * 11 + Math.floor(n / 7)) % acts.length])
  }
  await expect.poll(() => Date.now() - began, { timeout: 40_000 }).toBeGreaterThan(30_000)
  wire.restore()
  await expectStatus(page, 'Live')
  const texts = async (of: Page) => {
    const parts = await of.locator('nav.tabs, nav.cats, nav.views, .list-what, a.row .row-name, a.row .row-preview, a.row .row-count, a.row .tag').allInnerTexts()
    return parts.map((part) => part.replace(/\s+/g, ' ').trim())
  }
  const fresh = await page.context().newPage()
  await open(fresh, page.url())
  await page.mouse.move(1000, 500)
  await expect(async () => {
    expect(await texts(page)).toEqual(await texts(fresh))
    expect((await texts(page)).length).toBeGreaterThan(5)
  }).toPass({ timeout: 20_000 })
  await wire.close()
})

test('a stalled connection is detected', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const wire = await NetworkLink.to(server)
  await openAsOwner(page, server)
  const key = await chatKey(page)
  await page.clock.install()
  await open(page, `${wire.url}/inbox`)
  await expectStatus(page, 'Live')
  wire.stall()
  await new ApiVisitor(server, key, { name: 'Unheard Person' }).write('Can anybody hear me?')
  await page.clock.runFor('01:00')
  await expectStatus(page, 'Catching up')
  wire.restore()
  await page.clock.runFor('01:00')
  await expect(page.getByRole('link', { name: /Unheard Person/ })).toBeVisible({ timeout: 20_000 })
  await expectStatus(page, 'Live')
  await wire.close()
})

test('two tabs share one stream; when the tab that holds it is closed, the other takes over', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  await openAsOwner(page, server)
  await expectStatus(page, 'Live')
  const streams: string[] = []
  const second = await page.context().newPage()
  second.on('request', (request) => { if (request.url().includes('/api/live')) streams.push(request.url()) })
  await open(second, '/inbox')
  await expectStatus(second, 'Live')
  const key = await chatKey(page)
  await new ApiVisitor(server, key).write('Handed on to the second tab')
  for (const one of [page, second]) await expect(one.getByRole('link', { name: /Handed on to the second tab/ })).toBeVisible()
  expect(streams).toEqual([])
  await page.close()
  await expect.poll(() => streams.length, { timeout: 10_000 }).toBe(1)
  await new ApiVisitor(server, key).write('After the first tab closed')
  await expect(second.getByRole('link', { name: /After the first tab closed/ })).toBeVisible()
})
