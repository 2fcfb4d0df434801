// The service worker: the second visit, the offline page, updates, and data that must never be cached (S24).
import { type Page } from '@playwright/test'
import { Front } from '../../fixtures/front'
import { ApiVisitor, chatKey, openAsOwner } from '../../fixtures/people'
import { expect, expectAccessible, waitUntilHydrated, open, test } from '../../fixtures/test'

test.use({ world: { name: 'pwa' } })

const NETWORK_ERRORS = [/Failed to load resource/, /net::ERR/, /EventSource/, /preload/]

/** Waits until the service worker is active and has cached all files. */
const waitForServiceWorker = (page: Page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => {}))

/** The paths of all cached files. */
const cachedPaths = (page: Page) =>
  page.evaluate(async () => {
    const all: string[] = []
    for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) all.push(new URL(url).pathname)
    return all.sort()
  })

test('a second visit loads only the page and its data', async ({ page, server }) => {
  const front = await Front.to(server)
  await openAsOwner(page, server)
  await page.context().addCookies((await page.context().cookies(server.url)).map(({ name, value }) => ({ name, value, url: front.url })))
  await open(page, `${front.url}/inbox`)
  await waitForServiceWorker(page)
  expect((await cachedPaths(page)).filter((path) => path.endsWith('.wasm')).length, 'the program and its pieces are cached').toBeGreaterThan(3)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.clearBrowserCache')
  front.requested.length = 0
  for (const path of ['/inbox', '/settings/members']) {
    await open(page, `${front.url}${path}`)
  }
  await page.getByRole('link', { name: 'Inbox', exact: true }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  const loaded = front.requested.filter((path) => !path.startsWith('/api/'))
  expect(loaded.filter((path) => !['/sw.js', '/mark.svg', '/manifest.webmanifest'].includes(path))).toEqual(['/inbox', '/settings/members'])
  await page.close()
  front.close()
})

test('without a server, an offline page appears in the chosen theme and reloads when the server is back', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  await openAsOwner(page, server)
  await waitForServiceWorker(page)
  await page.getByRole('button', { name: /theme, sessions, sign out/ }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await server.stop()
  await page.goto('/inbox?view=mine')
  await expect(page.getByRole('heading', { name: 'Tandem cannot be reached' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('heading', { name: 'Tandem cannot be reached' })).toBeVisible()
  await server.restart()
  await expect(page.getByRole('link', { name: 'Mine' })).toHaveAttribute('aria-current', 'page', { timeout: 15_000 })
  await expect(page).toHaveURL(/\/inbox\?view=mine$/)
  await waitUntilHydrated(page)
})

test('S24: no personal data is cached', async ({ page, server }) => {
  await openAsOwner(page, server)
  await waitForServiceWorker(page)
  await new ApiVisitor(server, await chatKey(page), { name: 'Secret Person' }).write('My account number is 4711')
  await open(page, '/inbox')
  await page.getByRole('link', { name: /account number/ }).click()
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('4711')
  await open(page, page.url())
  await open(page, '/settings/members')
  const paths = await cachedPaths(page)
  expect(paths.filter((path) => !path.startsWith('/assets/'))).toEqual(['/offline.html'])
  const personal = await page.evaluate(async () => {
    const found: string[] = []
    for (const name of await caches.keys()) {
      const cache = await caches.open(name)
      for (const request of await cache.keys()) {
        const text = await (await cache.match(request))!.text()
        if (/4711|Secret Person/.test(text)) found.push(request.url)
      }
    }
    return found
  })
  expect(personal).toEqual([])
})

test('a new version waits until no tab uses the old one, and the draft stays', async ({ page, server }) => {
  const front = await Front.to(server)
  await openAsOwner(page, server)
  await page.context().addCookies((await page.context().cookies(server.url)).map(({ name, value }) => ({ name, value, url: front.url })))
  await new ApiVisitor(server, await chatKey(page), { name: 'Vera Version' }).write('Which version is this?')
  await open(page, `${front.url}/inbox`)
  await waitForServiceWorker(page)
  await open(page, `${front.url}/inbox`)
  await page.getByRole('link', { name: /Which version is this/ }).click()
  const text = page.getByRole('textbox', { name: 'Message' })
  await text.fill('Half a reply')
  const before = await cachedPaths(page)

  // The new version lacks one file.
  front.answer(/^\/sw\.js/, { body: (original) => original.replace(/"\/assets\/settings\.[0-9a-f]+\.wasm",?/, '') })
  const state = await page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!
    await registration.update()
    const fresh = registration.installing ?? registration.waiting!
    if (fresh.state === 'installing') await new Promise((done) => fresh.addEventListener('statechange', done, { once: true }))
    return { fresh: fresh.state, ours: navigator.serviceWorker.controller!.state }
  })
  expect(state, 'the new worker waits for the tabs of the old one').toEqual({ fresh: 'installed', ours: 'activated' })
  expect(await cachedPaths(page), 'the files of the old version stay').toEqual(before)
  await expect(text).toHaveValue('Half a reply')

  // After the last tab is closed, the next one uses the new version.
  const next = await page.context().newPage()
  await page.close()
  // A page that is opened while the old one is closing may still get the old worker.
  await expect(async () => {
    await next.goto('about:blank')
    await open(next, `${front.url}/inbox`)
    expect((await cachedPaths(next)).filter((path) => path.includes('/settings.'))).toEqual([])
  }).toPass()
  await next.close()
  front.close()
})

test('the app can be installed', async ({ page, server }) => {
  await openAsOwner(page, server)
  await waitForServiceWorker(page)
  const cdp = await page.context().newCDPSession(page)
  const { errors, data } = await cdp.send('Page.getAppManifest')
  expect(errors).toEqual([])
  expect(JSON.parse(data!).name).toBe('Tandem')
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors')
  // Playwright's contexts are like private windows, in which no app can be installed.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([])
  for (const [path, type, cache] of [
    ['/sw.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/manifest.webmanifest', 'application/manifest+json', 'public, max-age=86400'],
    ['/offline.html', 'text/html; charset=utf-8', 'no-cache'],
  ]) {
    const answer = await page.request.get(path)
    expect([answer.status(), answer.headers()['content-type'], answer.headers()['cache-control']], path).toEqual([200, type, cache])
  }
})

/** Opens the inbox through the proxy, signed in. */
async function openThroughFront(page: Page, front: Front, serverUrl: string): Promise<void> {
  await page.context().addCookies((await page.context().cookies(serverUrl)).map(({ name, value }) => ({ name, value, url: front.url })))
  await open(page, `${front.url}/inbox`)
}

test('the page works without navigation preload and with a failing cache', async ({ page, server }) => {
  const front = await Front.to(server)
  const broken = 'delete FetchEvent.prototype.preloadResponse; caches.match = () => Promise.reject(new DOMException("broken", "UnknownError"));'
  front.answer(/^\/sw\.js/, { body: (original) => `${broken}\n${original}` })
  await openAsOwner(page, server)
  await openThroughFront(page, front, server.url)
  await waitForServiceWorker(page)
  await open(page, `${front.url}/inbox`)
  await expect(page.getByRole('heading', { name: 'Inbox' }).first()).toBeVisible()
  expect(await page.evaluate(() => navigator.serviceWorker.controller?.state), 'the worker controls the page').toBe('activated')
  await page.close()
  front.close()
})

test('a browser without navigation preload opens pages through the worker', async ({ page, server }) => {
  const front = await Front.to(server)
  const without = 'delete FetchEvent.prototype.preloadResponse; delete ServiceWorkerRegistration.prototype.navigationPreload;'
  front.answer(/^\/sw\.js/, { body: (original) => `${without}\n${original}` })
  await openAsOwner(page, server)
  await openThroughFront(page, front, server.url)
  await waitForServiceWorker(page)
  await open(page, `${front.url}/settings/members`)
  await expect(page.getByRole('heading', { name: 'Members' })).toBeVisible()
  expect(await page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated')
  await page.close()
  front.close()
})

test('while a proxy answers 502, the offline page appears; it reloads afterwards', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  const front = await Front.to(server)
  await openAsOwner(page, server)
  await openThroughFront(page, front, server.url)
  await waitForServiceWorker(page)
  await open(page, `${front.url}/inbox`)
  front.answer(/^\/(?!assets|offline)/, { status: 502, type: 'text/html', body: () => '<h1>502 Bad Gateway</h1>' })
  await page.goto(`${front.url}/settings/members`)
  await expect(page.getByRole('heading', { name: 'Tandem cannot be reached' })).toBeVisible()
  front.passOn()
  await expect(page.getByRole('heading', { name: 'Members' })).toBeVisible({ timeout: 15_000 })
  await page.close()
  front.close()
})

test('files that the browser deleted are cached again after the next visit', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS)
  await openAsOwner(page, server)
  await waitForServiceWorker(page)
  await open(page, '/inbox')
  const before = await cachedPaths(page)
  await page.evaluate(async () => Promise.all((await caches.keys()).map((name) => caches.delete(name))))
  await open(page, '/inbox')
  await expect.poll(() => cachedPaths(page)).toEqual(before)
})

test('the sign-in page of a captive network is never cached as a file', async ({ page, server, problems }) => {
  problems.allow(...NETWORK_ERRORS, /sw\.js|ServiceWorker|something else|Incorrect response MIME type/)
  const front = await Front.to(server)
  front.answer(/settings\.\w+\.wasm/, { status: 200, type: 'text/html', body: () => '<h1>Sign in to this network</h1>' })
  await openAsOwner(page, server)
  await openThroughFront(page, front, server.url)
  await expect.poll(() => front.requested.filter((path) => /settings\.\w+\.wasm/.test(path)).length).toBeGreaterThan(0)
  front.passOn()
  // The browser's HTTP cache may return the wrong answer until the worker has fetched the right one.
  await expect(async () => open(page, `${front.url}/settings/members`)).toPass()
  await waitForServiceWorker(page)
  const types = await page.evaluate(async () => {
    const cache = await caches.open('shell')
    const all = await Promise.all((await cache.keys()).map(async (one) => [one.url, (await cache.match(one))?.headers.get('content-type')]))
    return all.filter(([url, type]) => !url?.endsWith('/offline.html') && type?.startsWith('text/html'))
  })
  expect(types).toEqual([])
  await page.close()
  front.close()
})
