// How long a conversation takes to open: from the press to the painted thread, by click and by Enter. The figures are for the record
// (docs/benchmarks.md); the gates catch a change of kind.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type Page } from '@playwright/test'
import { expect, open, test } from '../fixtures/test'
import { enter } from '../fixtures/people'

test.use({ world: { name: 'opening', seed: { conversations: 400, messages: 6_000 } } })

const FILE = 'test-results/performance.json'
const SAMPLES = 12

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

async function record(name: string, figures: Record<string, number>): Promise<void> {
  console.log(`${name}: ${Object.entries(figures).map(([key, value]) => `${key} ${value}`).join(', ')}`)
  await mkdir('test-results', { recursive: true })
  const before = JSON.parse(await readFile(FILE, 'utf8').catch(() => '{}'))
  await writeFile(FILE, `${JSON.stringify({ ...before, [name]: figures }, null, 2)}\n`)
}

/** In the page: remembers when the last key went down or button came up, and when each conversation's thread was painted after it. */
function watch(page: Page): Promise<void> {
  return page.addInitScript(() => {
    const seen = { down: 0, painted: [] as number[], whole: [] as number[] }
    Object.assign(window, { seen })
    const down = (event: Event) => { seen.down = event.timeStamp }
    for (const type of ['keydown', 'pointerup']) addEventListener(type, down, { capture: true })
    // The frame is drawn after these callbacks; the task that follows them comes after it.
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

interface Seen { painted: number[]; whole: number[] }

/** Opens rows one after another by `press` and says how long each took, in milliseconds. */
async function times(page: Page, press: (n: number) => Promise<void>): Promise<Seen> {
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
    await watch(page)
    await enter(page, server)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate })
    const row = (n: number) => page.locator('a.row').nth(n)
    // A hand rests on a row for a moment before it presses; meanwhile the conversation is fetched ahead.
    const rest = () => page.waitForTimeout(250)
    const clicked = await times(page, async (n) => {
      await row(n).hover()
      await rest()
      await page.mouse.down()
      await page.mouse.up()
    })
    await open(page, '/inbox')
    await page.mouse.move(800, 300)
    await page.keyboard.press('ArrowDown')
    const entered = await times(page, async (n) => {
      await page.keyboard.press('ArrowDown')
      await expect(row(n)).toBeFocused()
      await rest()
      await page.keyboard.press('Enter')
    })
    await open(page, '/inbox')
    await page.keyboard.press('ArrowDown')
    const atOnce = await times(page, async () => {
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
    })
    const round = (one: number[]) => Math.round(median(one))
    await record(`opening, ${rate}x slower (ms)`, {
      click: round(clicked.painted), 'click whole': round(clicked.whole),
      enter: round(entered.painted), 'enter whole': round(entered.whole),
      'arrow and enter': round(atOnce.painted),
      worst: Math.round(Math.max(...clicked.painted, ...entered.painted)),
      'best click': Math.round(Math.min(...clicked.painted)),
      'best enter': Math.round(Math.min(...entered.painted)),
    })
    expect(median(clicked.painted)).toBeLessThan(1_000)
    expect(median(entered.painted)).toBeLessThan(1_000)
  })
}
