// How long a conversation takes to open, from the click or Enter to the painted thread. The figures are for the record
// (docs/benchmarks.md). The limits are wide and only catch large regressions.
import { type Page } from '@playwright/test'
import { expect, open, test } from '../fixtures/test'
import { openAsOwner } from '../fixtures/people'
import { median, record } from '../fixtures/figures'

test.use({ world: { name: 'opening', seed: { conversations: 400, messages: 6_000 } } })

const SAMPLES = 12

/** Records in the page how long each thread took to be painted after the last key press or pointer release. */
function recordPaintTimes(page: Page): Promise<void> {
  return page.addInitScript(() => {
    const seen = { down: 0, painted: [] as number[], whole: [] as number[] }
    Object.assign(window, { seen })
    const down = (event: Event) => { seen.down = event.timeStamp }
    for (const type of ['keydown', 'pointerup']) addEventListener(type, down, { capture: true })
    // The browser paints after this callback. The next task runs after the paint.
    const afterPaint = (run: () => void) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = run
      port2.postMessage(0)
    })
    let shown = ''
    let composed: Element | null = null
    new MutationObserver(() => {
      const messages = document.querySelector('.stream .msgs')
      const id = document.querySelector('a.row[aria-current]')?.id ?? ''
      const name = document.querySelector('.thread-bar h1')?.textContent ?? ''
      const last = messages?.lastElementChild?.id ?? ''
      const now = `${name} ${last} ${messages?.childElementCount}`
      if (messages && id && now !== shown) {
        shown = now
        const from = seen.down
        afterPaint(() => seen.painted.push(performance.now() - from))
      }
      const composer = document.querySelector('.composer-text')
      if (composer && composer !== composed) {
        composed = composer
        const from = seen.down
        afterPaint(() => seen.whole.push(performance.now() - from))
      }
    }).observe(document, { subtree: true, childList: true })
  })
}

interface PaintTimes { painted: number[]; whole: number[] }

/** Opens rows one after another with `press`. Returns the times in milliseconds. */
async function measureOpenings(page: Page, press: (n: number) => Promise<void>): Promise<PaintTimes> {
  await page.evaluate(() => Object.assign((window as any).seen, { painted: [], whole: [] }))
  for (let n = 1; n <= SAMPLES; n++) {
    await press(n)
    await expect.poll(() => page.evaluate(() => (window as any).seen.whole.length), { intervals: [50] }).toBe(n)
  }
  return page.evaluate(() => (window as any).seen)
}

for (const rate of [1, 4]) {
  test(`opening a conversation on a processor ${rate} times slower`, async ({ page, server }) => {
    test.slow()
    await recordPaintTimes(page)
    await openAsOwner(page, server)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
    const row = (n: number) => page.locator('a.row').nth(n)
    // Users pause on a row before they press. During this pause, the app prefetches the conversation.
    const pauseOnRow = () => page.waitForTimeout(250)
    const openedByClick = await measureOpenings(page, async (n) => {
      await row(n).hover()
      await pauseOnRow()
      await page.mouse.down()
      await page.mouse.up()
    })
    await open(page, '/inbox')
    await page.mouse.move(800, 300)
    await page.keyboard.press('ArrowDown')
    const openedByEnter = await measureOpenings(page, async (n) => {
      await page.keyboard.press('ArrowDown')
      await expect(row(n)).toBeFocused()
      await pauseOnRow()
      await page.keyboard.press('Enter')
    })
    await open(page, '/inbox')
    await page.keyboard.press('ArrowDown')
    const openedWithoutPause = await measureOpenings(page, async () => {
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
    })
    const round = (one: number[]) => Math.round(median(one))
    await record(`opening, ${rate}x slower (ms)`, {
      click: round(openedByClick.painted), 'click whole': round(openedByClick.whole),
      enter: round(openedByEnter.painted), 'enter whole': round(openedByEnter.whole),
      'arrow and enter': round(openedWithoutPause.painted),
      worst: Math.round(Math.max(...openedByClick.painted, ...openedByEnter.painted)),
      'best click': Math.round(Math.min(...openedByClick.painted)),
      'best enter': Math.round(Math.min(...openedByEnter.painted)),
    })
    expect(median(openedByClick.painted)).toBeLessThan(1_000)
    expect(median(openedByEnter.painted)).toBeLessThan(1_000)
  })
}
