// How long a tab, a chip and a saved view take from the click to the painted list. The figures are for the record (docs/benchmarks.md). The
// limits are wide and only catch large regressions.
import { type Page } from '@playwright/test'
import { expect, open, test } from '../fixtures/test'
import { callFunction, openAsOwner } from '../fixtures/people'
import { median, p95, record } from '../fixtures/figures'

test.use({ world: { name: 'finding-speed', seed: { conversations: 2_000, messages: 6_000 } } })

const SAMPLES = 20

/** Records in the page when the list was painted after the last press: the first rows of another list. */
function recordPaintTimes(page: Page): Promise<void> {
  return page.addInitScript(() => {
    const seen = { down: 0, painted: [] as number[] }
    Object.assign(window, { seen })
    const down = (event: Event) => { seen.down = event.timeStamp }
    for (const type of ['keydown', 'pointerup']) addEventListener(type, down, { capture: true })
    let shown = ''
    new MutationObserver(() => {
      const rows = [...document.querySelectorAll('a.row')].slice(0, 8).map((row) => row.id)
      const now = `${document.querySelector('.list-what')?.textContent} ${rows}`
      if (now === shown) return
      shown = now
      const from = seen.down
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => seen.painted.push(performance.now() - from)
        port2.postMessage(0)
      })
    }).observe(document, { subtree: true, childList: true, characterData: true })
  })
}

/** Presses one link after the other. Returns the times of the last paint after each press, in milliseconds. */
async function measure(page: Page, press: (n: number) => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < SAMPLES; n++) {
    await page.evaluate(() => Object.assign((window as any).seen, { painted: [] }))
    await press(n)
    await expect.poll(() => page.evaluate(() => (window as any).seen.painted.length), { intervals: [30] }).toBeGreaterThan(0)
    times.push((await page.evaluate(() => (window as any).seen.painted as number[])).at(0)!)
  }
  return times
}

for (const rate of [1, 4]) {
  test(`tabs, views and chips on a processor ${rate} times slower`, async ({ page, server }) => {
    test.slow()
    await recordPaintTimes(page)
    await openAsOwner(page, server)
    const boot = await callFunction<any>(page, server, 'bootstrap', {})
    for (const [n, name] of [['1', 'Waiting ones'], ['2', 'Open ones']]) {
      const filter = n === '1' ? { view: 'all', waiting: true } : { view: 'all', statuses: ['pending'] }
      const view = { id: `019a0000-0000-7000-8000-00000000000${n}`, owner: boot.me.member.id, audience: 'private', name, icon: 'star', listing: { filter } }
      await callFunction(page, server, 'save_view', { view })
    }
    const cdp = await page.context().newCDPSession(page)
    await open(page, '/inbox?view=all')
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
    const views = page.getByRole('navigation', { name: 'Saved views' }).getByRole('link')
    await expect(views).toHaveCount(2)
    const tab = await measure(page, async (n) => page.getByRole('link', { name: n % 2 ? /^All/ : /^Closed/ }).click())
    const view = await measure(page, async (n) => views.nth(n % 2).click())
    const key = await measure(page, async (n) => page.keyboard.press(n % 2 ? '2' : '1'))
    const chip = await measure(page, async () => {
      await open(page, '/inbox?view=all&waiting=1')
      await cdp.send('Emulation.setCPUThrottlingRate', { rate })
      await page.evaluate(() => Object.assign((window as any).seen, { painted: [] }))
      await page.getByRole('link', { name: 'Remove filter: Awaiting reply' }).click()
    })
    const figures: Record<string, number> = {}
    for (const [name, times] of Object.entries({ tab, view, key, chip })) {
      figures[name] = Math.round(median(times))
      figures[`${name} p95`] = Math.round(p95(times))
      expect(median(times)).toBeLessThan(1_500)
    }
    await record(`finding, ${rate}x slower (ms)`, figures)
  })
}
