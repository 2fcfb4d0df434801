// Pieces of the program: what happens when one is not to be had, because a new version was deployed or because there is no network.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, hydrated, open, test } from '../fixtures/test'
import { Caller, chatKey, enter } from '../fixtures/people'

test.use({ world: { name: 'pieces' } })

/** What a browser says of files that are not there. */
const MISSING = [/Failed to load resource/, /net::ERR/, /instantiateStreaming/, /Failed to fetch/, /TypeError/]

const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })

/** Counts how often the page is loaded from now on. */
function loads(page: Page): () => number {
  let loads = 0
  page.on('request', (request) => { if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loads++ })
  return () => loads
}

/** A conversation to look at; its row is in the list of the open page. */
async function aConversation(page: Page, server: Parameters<typeof enter>[1], text: string): Promise<void> {
  await new Caller(server, await chatKey(page), { name: 'Petra Piece' }).write(text)
}

test('a deploy while a tab is open: a page whose piece has gone is loaded afresh, and what was being written is there', async ({ page, server, problems }) => {
  problems.allow(...MISSING)
  await enter(page, server)
  await aConversation(page, server, 'Is this still the old version?')
  // The open tab asks for files of its own version, which the new server does not have; whoever loads a page now is given the new names.
  let deployed = false
  await page.route('**/assets/settings.*.wasm', (route) => (deployed ? route.continue() : route.fulfill({ status: 404 })))
  await open(page, '/inbox')
  await page.getByRole('link', { name: /Is this still the old version/ }).click()
  await composer(page).fill('Half a reply')
  const conversation = page.url()
  const loaded = loads(page)
  page.on('request', (request) => { if (request.isNavigationRequest()) deployed = true })
  await page.getByRole('link', { name: 'Settings' }).click()

  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  await hydrated(page)
  await expect(page).toHaveURL(/\/settings$/)
  expect(loaded(), 'loaded afresh, once').toBe(1)
  await page.getByRole('link', { name: 'Members' }).click()
  await expect(page.getByRole('heading', { name: 'Members' })).toBeVisible()
  await open(page, conversation)
  await expect(composer(page)).toHaveValue('Half a reply')
})

test('a piece that no server has does not keep the page loading for ever', async ({ page, server, problems }) => {
  problems.allow(...MISSING)
  await enter(page, server)
  await page.route('**/assets/settings.*.wasm', (route) => route.fulfill({ status: 404 }))
  await open(page, '/inbox')
  const loaded = loads(page)
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'A part of this page could not be loaded' })).toBeVisible()
  // The server drew the page: it can be read.
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  expect(loaded()).toBe(1)
})

test('a piece that is missing offline: it is said, the page stays, and "Try again" works once the network is back', async ({ page, server, problems }) => {
  problems.allow(...MISSING)
  await enter(page, server)
  await aConversation(page, server, 'Can you answer from a train?')
  const gone = ['**/assets/writing.*.wasm', '**/api/fn/bootstrap']
  for (const path of gone) await page.route(path, (route) => route.abort('internetdisconnected'))
  await open(page, '/inbox')
  const loaded = loads(page)
  await page.getByRole('link', { name: /Can you answer from a train/ }).click()
  // Reading goes on.
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Can you answer from a train?')
  const said = page.getByRole('alert').filter({ hasText: 'Tandem cannot be reached' })
  await expect(said).toBeVisible()
  await expectAccessible(page)
  await said.getByRole('button', { name: 'Try again' }).click()
  await expect(said).toBeVisible()
  for (const path of gone) await page.unroute(path)
  await said.getByRole('button', { name: 'Try again' }).click()
  await expect(composer(page)).toBeVisible()
  await composer(page).fill('Yes, from here')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Yes, from here')
  expect(loaded()).toBe(0)
})

test('a piece that is missing comes by itself once the connection is back', async ({ page, server, problems }) => {
  problems.allow(...MISSING, /EventSource/)
  await enter(page, server)
  await page.route('**/assets/settings.*.wasm', (route) => route.abort('internetdisconnected'))
  await open(page, '/inbox')
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  const loaded = loads(page)
  await page.context().setOffline(true)
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Tandem cannot be reached' })).toBeVisible()
  await page.unroute('**/assets/settings.*.wasm')
  await page.context().setOffline(false)
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible({ timeout: 20_000 })
  expect(loaded()).toBe(0)
})

test('the areas are one program: from the inbox to the settings and back nothing is loaded afresh, and the focus is in the new page', async ({ page, server }) => {
  await enter(page, server)
  await aConversation(page, server, 'Do not forget me')
  const loaded = loads(page)
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  await expect(page.locator('#main')).toBeFocused()
  await page.getByRole('link', { name: 'Inbox', exact: true }).click()
  await expect(page.getByRole('link', { name: /Do not forget me/ })).toBeVisible()
  await expect(page.locator('#main')).toBeFocused()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  expect(loaded()).toBe(0)
})

