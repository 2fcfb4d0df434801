// How long an act takes from the key to what it changes on the screen, and opening what was fetched before. The figures are for the record
// (docs/benchmarks.md). The limits are wide and only catch large regressions.
import { type Page } from '@playwright/test'
import { expect, open, test } from '../fixtures/test'
import { callFunction, openAsOwner } from '../fixtures/people'
import { median, p95, record } from '../fixtures/figures'

test.use({ world: { name: 'acting-speed', seed: { conversations: 400, messages: 4_000 } } })

const SAMPLES = 20

/** What is shown of the open conversation: its name, its state, its tags, and the first rows of the list. */
function recordPaintTimes(page: Page): Promise<void> {
  return page.addInitScript(() => {
    const seen = { down: 0, painted: [] as number[] }
    Object.assign(window, { seen })
    const down = (event: Event) => { seen.down = event.timeStamp }
    for (const type of ['keydown', 'pointerup']) addEventListener(type, down, { capture: true })
    const text = (selector: string) => document.querySelector(selector)?.textContent ?? ''
    let shown = ''
    new MutationObserver(() => {
      const rows = [...document.querySelectorAll('a.row')].slice(0, 8).map((row) => row.textContent)
      const now = [text('.thread h1'), text('.thread .rows-of-thread, .thread li.msg .bubble'), text('[aria-label="Tags of the conversation"]'), rows].join('|')
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

async function measure(page: Page, press: (n: number) => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < SAMPLES; n++) {
    await page.evaluate(() => Object.assign((window as any).seen, { painted: [] }))
    await press(n)
    await expect.poll(() => page.evaluate(() => (window as any).seen.painted.length), { intervals: [30] }).toBeGreaterThan(0)
    times.push((await page.evaluate(() => (window as any).seen.painted as number[])).at(0)!)
    // The event that confirms it, and what it fetches ahead, are not part of the next one.
    await expect.poll(() => page.evaluate(() => (window as any).seen.painted.length).then(async (before) => {
      await page.evaluate(() => new Promise((done) => requestIdleCallback(done, { timeout: 400 })))
      return before === (await page.evaluate(() => (window as any).seen.painted.length))
    })).toBe(true)
  }
  return times
}

for (const rate of [1, 4]) {
  test(`assign, tag, close and open on a processor ${rate} times slower`, async ({ page, server }) => {
    // Eighty presses, each after everything before has come to rest.
    test.setTimeout(300_000)
    await recordPaintTimes(page)
    await openAsOwner(page, server)
    await callFunction(page, server, 'add_tag', { name: `Speed ${rate}`, color: null })
    await open(page, '/inbox?view=all')
    await page.locator('a.row').nth(2).click()
    await expect(page.locator('.thread h1')).toBeVisible()
    // What is measured is loaded.
    await page.keyboard.press('p')
    await page.keyboard.press('Control+z')
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
    const assign = await measure(page, async () => page.keyboard.press('a'))
    await page.keyboard.press('t')
    const picker = page.getByRole('combobox', { name: 'Find or create a tag' })
    const tag = await measure(page, async () => {
      await picker.fill(`Speed ${rate}`)
      await page.evaluate(() => Object.assign((window as any).seen, { painted: [] }))
      await picker.press('Enter')
    })
    await page.keyboard.press('Escape')
    const close = await measure(page, async () => {
      await page.locator('.thread h1').click()
      await page.keyboard.press('e')
      const reason = page.getByRole('dialog').getByRole('button', { name: 'Resolved' })
      await expect(reason).toBeVisible()
      await page.evaluate(() => Object.assign((window as any).seen, { painted: [] }))
      await reason.press('Enter')
    })
    const opened = await measure(page, async () => {
      const next = page.locator('.slot:has(a.row[aria-current]) + .slot a.row')
      await next.focus()
      await page.evaluate(() => Object.assign((window as any).seen, { painted: [] }))
      await page.keyboard.press('Enter')
    })
    const figures: Record<string, number> = {}
    for (const [name, times] of Object.entries({ assign, tag, 'close and next': close, open: opened })) {
      figures[name] = Math.round(median(times))
      figures[`${name} p95`] = Math.round(p95(times))
      expect(median(times)).toBeLessThan(1_500)
    }
    await record(`acting, ${rate}x slower (ms)`, figures)
  })
}
