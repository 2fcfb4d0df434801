// How long it takes until the list reacts to input at 4 Mbit/s and 100 ms, at the first and second visit. For docs/benchmarks.md.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { BrowserContext } from '@playwright/test'
import { openAsOwner } from '../../fixtures/people'
import { openSlowConnection } from '../../fixtures/slow-connection'
import { expect, waitUntilHydrated, test } from '../../fixtures/test'

test.use({ world: { name: 'visits', seed: { conversations: 400, messages: 3_000 } } })

const RESULTS_FILE = 'test-results/performance.json'
const ROUNDS = 5
const median = (numbers: number[]) => Math.round([...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)])

/** Opens a page and returns how many milliseconds it took until it reacted to input. */
async function measureVisit(context: BrowserContext, url: string): Promise<number> {
  const page = await context.newPage()
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body?.dataset.hydrated) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => Object.assign(window, { alive: performance.now() })))
    }).observe(document, { subtree: true, childList: true, attributes: true })
  })
  await page.goto(url)
  await waitUntilHydrated(page)
  const alive = await page.waitForFunction(() => (window as any).alive as number)
  const time = await alive.jsonValue()
  // The visit includes files that are fetched when the browser is idle.
  await page.evaluate(() => navigator.serviceWorker?.getRegistration().then((found) => (found ? navigator.serviceWorker.ready.then(() => {}) : undefined)))
  await page.waitForLoadState('load')
  await page.close()
  return time
}

test('first and second visit at 4 Mbit/s and 100 ms', async ({ page, server, openContext, problems }) => {
  test.setTimeout(240_000)
  problems.allow(/Failed to load resource/, /net::ERR/, /EventSource/)
  await openAsOwner(page, server)
  const cookies = await page.context().cookies()
  await page.close()
  const connection = await openSlowConnection(server, { bytesPerSecond: 500_000, roundTripMs: 100 })
  const figures: Record<string, number> = {}
  for (const [name, path] of [['list', '/inbox'], ['settings', '/settings/members']]) {
    const [first, second, bytes]: number[][] = [[], [], []]
    for (let round = 0; round < ROUNDS; round++) {
      const context = await openContext({ serviceWorkers: 'allow' })
      await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url: connection.url })))
      first.push(await measureVisit(context, `${connection.url}${path}`))
      const before = connection.bytes()
      second.push(await measureVisit(context, `${connection.url}${path}`))
      bytes.push(connection.bytes() - before)
      await context.close()
    }
    Object.assign(figures, { [`${name}, first`]: median(first), [`${name}, second`]: median(second), [`${name}, second, bytes`]: median(bytes) })
  }
  connection.close()
  console.log(`alive after (ms): ${Object.entries(figures).map(([key, value]) => `${key} ${value}`).join('; ')}`)
  await mkdir('test-results', { recursive: true })
  const before = JSON.parse(await readFile(RESULTS_FILE, 'utf8').catch(() => '{}'))
  await writeFile(RESULTS_FILE, `${JSON.stringify({ ...before, 'alive at 4 Mbit/s, 100 ms (ms)': figures }, null, 2)}\n`)
  expect(figures['list, second']).toBeLessThan(figures['list, first'])
})
