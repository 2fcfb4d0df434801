// Code pieces that cannot be loaded, because a new version was deployed or because there is no network.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, waitUntilHydrated, open, test } from '../fixtures/test'
import { ApiVisitor, chatKey, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'pieces' } })

/** Console messages that missing files cause. */
const MISSING_FILE_ERRORS = [/Failed to load resource/, /net::ERR/, /instantiateStreaming/, /Failed to fetch/, /TypeError/]

const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })

/** Returns a function that tells how often the page was loaded since this call. */
function countPageLoads(page: Page): () => number {
  let count = 0
  page.on('request', (request) => { if (request.isNavigationRequest() && request.frame() === page.mainFrame()) count++ })
  return () => count
}

/** Creates a conversation with this text. */
async function createConversation(page: Page, server: Parameters<typeof openAsOwner>[1], text: string): Promise<void> {
  await new ApiVisitor(server, await chatKey(page), { name: 'Petra Piece' }).write(text)
}

test('after a deploy, an open tab reloads when a piece is missing, and the draft is kept', async ({ page, server, problems }) => {
  problems.allow(...MISSING_FILE_ERRORS)
  await openAsOwner(page, server)
  await createConversation(page, server, 'Is this still the old version?')
  // The open tab requests files of the old version, which the new server does not have. A newly loaded page gets the new file names.
  let isDeployed = false
  await page.route('**/assets/settings.*.wasm', (route) => (isDeployed ? route.continue() : route.fulfill({ status: 404 })))
  await open(page, '/inbox')
  await page.getByRole('link', { name: /Is this still the old version/ }).click()
  await composer(page).fill('Half a reply')
  const conversation = page.url()
  const loaded = countPageLoads(page)
  page.on('request', (request) => { if (request.isNavigationRequest()) isDeployed = true })
  await page.getByRole('link', { name: 'Settings' }).click()

  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  await waitUntilHydrated(page)
  await expect(page).toHaveURL(/\/settings$/)
  expect(loaded(), 'reloaded once').toBe(1)
  await page.getByRole('link', { name: 'Members' }).click()
  await expect(page.getByRole('heading', { name: 'Members' })).toBeVisible()
  await open(page, conversation)
  await expect(composer(page)).toHaveValue('Half a reply')
})

test('a piece that no server has does not cause an endless reload', async ({ page, server, problems }) => {
  problems.allow(...MISSING_FILE_ERRORS)
  await openAsOwner(page, server)
  await page.route('**/assets/settings.*.wasm', (route) => route.fulfill({ status: 404 }))
  await open(page, '/inbox')
  const loaded = countPageLoads(page)
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'A part of this page could not be loaded' })).toBeVisible()
  // The server rendered the page, so it can be read.
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible()
  expect(loaded()).toBe(1)
})

test('a piece that cannot be loaded offline shows an error, and "Try again" works once the network is back', async ({ page, server, problems }) => {
  problems.allow(...MISSING_FILE_ERRORS)
  await openAsOwner(page, server)
  await createConversation(page, server, 'Can you answer from a train?')
  const blockedPaths = ['**/assets/writing.*.wasm', '**/api/fn/bootstrap']
  for (const path of blockedPaths) await page.route(path, (route) => route.abort('internetdisconnected'))
  await open(page, '/inbox')
  const loaded = countPageLoads(page)
  await page.getByRole('link', { name: /Can you answer from a train/ }).click()
  // Reading still works.
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Can you answer from a train?')
  const alert = page.getByRole('alert').filter({ hasText: 'Tandem cannot be reached' })
  await expect(alert).toBeVisible()
  await expectAccessible(page)
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(alert).toBeVisible()
  for (const path of blockedPaths) await page.unroute(path)
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(composer(page)).toBeVisible()
  await composer(page).fill('Yes, from here')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Yes, from here')
  expect(loaded()).toBe(0)
})

test('the file of small chunks is fetched again after it could not be loaded', async ({ page, server, problems }) => {
  problems.allow(...MISSING_FILE_ERRORS)
  await openAsOwner(page, server)
  await createConversation(page, server, 'Are all parts here?')
  const blockedPaths = ['**/assets/chunks.*.bin', '**/api/fn/bootstrap']
  for (const path of blockedPaths) await page.route(path, (route) => route.abort('internetdisconnected'))
  await open(page, '/inbox')
  await page.getByRole('link', { name: /Are all parts here/ }).click()
  const alert = page.getByRole('main', { name: 'Conversation' }).getByRole('alert').filter({ hasText: 'Tandem cannot be reached' })
  await expect(alert).toBeVisible()
  for (const path of blockedPaths) await page.unroute(path)
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(composer(page)).toBeVisible()
})

test('a missing piece is loaded automatically once the connection is back', async ({ page, server, problems }) => {
  problems.allow(...MISSING_FILE_ERRORS, /EventSource/)
  await openAsOwner(page, server)
  await page.route('**/assets/settings.*.wasm', (route) => route.abort('internetdisconnected'))
  await open(page, '/inbox')
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  const loaded = countPageLoads(page)
  await page.context().setOffline(true)
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Tandem cannot be reached' })).toBeVisible()
  await page.unroute('**/assets/settings.*.wasm')
  await page.context().setOffline(false)
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible({ timeout: 20_000 })
  expect(loaded()).toBe(0)
})

test('changing between inbox and settings reloads nothing, and moves the focus into the new page', async ({ page, server }) => {
  await openAsOwner(page, server)
  await createConversation(page, server, 'Do not forget me')
  const loaded = countPageLoads(page)
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

