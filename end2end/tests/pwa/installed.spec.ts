// With the service worker: what a second visit loads, what is shown without a network, how a new version comes, what is never kept (S24).
import { type Page } from '@playwright/test'
import { Front } from '../../fixtures/front'
import { Caller, chatKey, enter } from '../../fixtures/people'
import { expect, expectAccessible, hydrated, open, test } from '../../fixtures/test'

test.use({ world: { name: 'pwa' } })

const NETWORK = [/Failed to load resource/, /net::ERR/, /EventSource/, /preload/]

/** Waits until the worker has taken its place and everything is kept. */
const installed = (page: Page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => {}))

/** What is kept, by path. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const all: string[] = []
    for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) all.push(new URL(url).pathname)
    return all.sort()
  })

test('a second visit loads nothing but the page and its data', async ({ page, server }) => {
  const front = await Front.to(server)
  await enter(page, server)
  await page.context().addCookies((await page.context().cookies(server.url)).map(({ name, value }) => ({ name, value, url: front.url })))
  await open(page, `${front.url}/inbox`)
  await installed(page)
  expect((await kept(page)).filter((path) => path.endsWith('.wasm')).length, 'the program and its pieces').toBeGreaterThan(3)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.clearBrowserCache')
  front.asked.length = 0
  for (const path of ['/inbox', '/settings/members']) {
    await open(page, `${front.url}${path}`)
  }
  await page.getByRole('link', { name: 'Inbox', exact: true }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  const loaded = front.asked.filter((path) => !path.startsWith('/api/'))
  expect(loaded.filter((path) => !['/sw.js', '/mark.svg', '/manifest.webmanifest'].includes(path))).toEqual(['/inbox', '/settings/members'])
  await page.close()
  front.close()
})

test('without a server it says so, in the chosen theme, and opens by itself when the server is back', async ({ page, server, problems }) => {
  problems.allow(...NETWORK)
  await enter(page, server)
  await installed(page)
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
  await hydrated(page)
})

test('S24: only what is everybody’s is kept, whatever was read and written', async ({ page, server }) => {
  await enter(page, server)
  await installed(page)
  await new Caller(server, await chatKey(page), { name: 'Secret Person' }).write('My account number is 4711')
  await open(page, '/inbox')
  await page.getByRole('link', { name: /account number/ }).click()
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('4711')
  await open(page, page.url())
  await open(page, '/settings/members')
  const paths = await kept(page)
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

test('a new version waits until no tab needs the old one, and what is being written stays', async ({ page, server }) => {
  const front = await Front.to(server)
  await enter(page, server)
  await page.context().addCookies((await page.context().cookies(server.url)).map(({ name, value }) => ({ name, value, url: front.url })))
  await new Caller(server, await chatKey(page), { name: 'Vera Version' }).write('Which version is this?')
  await open(page, `${front.url}/inbox`)
  await installed(page)
  await open(page, `${front.url}/inbox`)
  await page.getByRole('link', { name: /Which version is this/ }).click()
  const text = page.getByRole('textbox', { name: 'Message' })
  await text.fill('Half a reply')
  const before = await kept(page)

  // The new version is one file shorter.
  front.answer(/^\/sw\.js/, { body: (own) => own.replace(/"\/assets\/settings\.[0-9a-f]+\.wasm",?/, '') })
  const state = await page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!
    await registration.update()
    const fresh = registration.installing ?? registration.waiting!
    if (fresh.state === 'installing') await new Promise((done) => fresh.addEventListener('statechange', done, { once: true }))
    return { fresh: fresh.state, ours: navigator.serviceWorker.controller!.state }
  })
  expect(state, 'the new one waits for the tabs of the old one').toEqual({ fresh: 'installed', ours: 'activated' })
  expect(await kept(page), 'and the old one’s files stay').toEqual(before)
  await expect(text).toHaveValue('Half a reply')

  // The last tab goes; the next one is of the new version.
  const next = await page.context().newPage()
  await page.close()
  // A page that comes while the old one is still going away may be the old worker's once more.
  await expect(async () => {
    await next.goto('about:blank')
    await open(next, `${front.url}/inbox`)
    expect((await kept(next)).filter((path) => path.includes('/settings.'))).toEqual([])
  }).toPass()
  await next.close()
  front.close()
})

test('a browser finds everything that it needs to install the app', async ({ page, server }) => {
  await enter(page, server)
  await installed(page)
  const cdp = await page.context().newCDPSession(page)
  const { errors, data } = await cdp.send('Page.getAppManifest')
  expect(errors).toEqual([])
  expect(JSON.parse(data!).name).toBe('Tandem')
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors')
  // Playwright's contexts are like private windows, in which nothing can be installed.
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

/** Visits through a front, signed in. */
async function visitThrough(page: Page, front: Front, own: string): Promise<void> {
  await page.context().addCookies((await page.context().cookies(own)).map(({ name, value }) => ({ name, value, url: front.url })))
  await open(page, `${front.url}/inbox`)
}

test('a browser that preloads nothing and a cache that fails keep nothing from the page', async ({ page, server }) => {
  const front = await Front.to(server)
  const broken = 'delete FetchEvent.prototype.preloadResponse; caches.match = () => Promise.reject(new DOMException("broken", "UnknownError"));'
  front.answer(/^\/sw\.js/, { body: (own) => `${broken}\n${own}` })
  await enter(page, server)
  await visitThrough(page, front, server.url)
  await installed(page)
  await open(page, `${front.url}/inbox`)
  await expect(page.getByRole('heading', { name: 'Inbox' }).first()).toBeVisible()
  expect(await page.evaluate(() => navigator.serviceWorker.controller?.state), 'the worker is in between').toBe('activated')
  await page.close()
  front.close()
})

test('a browser that preloads nothing opens pages through the worker', async ({ page, server }) => {
  const front = await Front.to(server)
  const without = 'delete FetchEvent.prototype.preloadResponse; delete ServiceWorkerRegistration.prototype.navigationPreload;'
  front.answer(/^\/sw\.js/, { body: (own) => `${without}\n${own}` })
  await enter(page, server)
  await visitThrough(page, front, server.url)
  await installed(page)
  await open(page, `${front.url}/settings/members`)
  await expect(page.getByRole('heading', { name: 'Members' })).toBeVisible()
  expect(await page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated')
  await page.close()
  front.close()
})

test('a proxy that says 502 while the server restarts: it says so, and the page opens by itself afterwards', async ({ page, server, problems }) => {
  problems.allow(...NETWORK)
  const front = await Front.to(server)
  await enter(page, server)
  await visitThrough(page, front, server.url)
  await installed(page)
  await open(page, `${front.url}/inbox`)
  front.answer(/^\/(?!assets|offline)/, { status: 502, type: 'text/html', body: () => '<h1>502 Bad Gateway</h1>' })
  await page.goto(`${front.url}/settings/members`)
  await expect(page.getByRole('heading', { name: 'Tandem cannot be reached' })).toBeVisible()
  front.passOn()
  await expect(page.getByRole('heading', { name: 'Members' })).toBeVisible({ timeout: 15_000 })
  await page.close()
  front.close()
})

test('what the browser deleted to free space is kept again after the next visit', async ({ page, server, problems }) => {
  problems.allow(...NETWORK)
  await enter(page, server)
  await installed(page)
  await open(page, '/inbox')
  const before = await kept(page)
  await page.evaluate(async () => Promise.all((await caches.keys()).map((name) => caches.delete(name))))
  await open(page, '/inbox')
  await expect.poll(() => kept(page)).toEqual(before)
})

test('the page of a network that answers everything is never kept as a file', async ({ page, server, problems }) => {
  problems.allow(...NETWORK, /sw\.js|ServiceWorker|something else|Incorrect response MIME type/)
  const front = await Front.to(server)
  front.answer(/settings\.\w+\.wasm/, { status: 200, type: 'text/html', body: () => '<h1>Sign in to this network</h1>' })
  await enter(page, server)
  await visitThrough(page, front, server.url)
  await expect.poll(() => front.asked.filter((path) => /settings\.\w+\.wasm/.test(path)).length).toBeGreaterThan(0)
  front.passOn()
  // The browser's own cache may give the page the wrong answer until the worker has fetched the right one.
  await expect(async () => open(page, `${front.url}/settings/members`)).toPass()
  await installed(page)
  const types = await page.evaluate(async () => {
    const cache = await caches.open('shell')
    const all = await Promise.all((await cache.keys()).map(async (one) => [one.url, (await cache.match(one))?.headers.get('content-type')]))
    return all.filter(([url, type]) => !url?.endsWith('/offline.html') && type?.startsWith('text/html'))
  })
  expect(types).toEqual([])
  await page.close()
  front.close()
})
