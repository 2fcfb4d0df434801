// The layout holds for any text and any window width, and nothing jumps.
import { type Page } from '@playwright/test'
import { expect, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, Visitor, callFunction, chatKey, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'layout', seed: { conversations: 60, messages: 700 } } })

/** Returns a function that reads the cumulative layout shift (CLS). */
async function trackLayoutShifts(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const w = window as unknown as { shifts: number }
    w.shifts = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { hadRecentInput: boolean; value: number }[]) if (!entry.hadRecentInput) w.shifts += entry.value
    }).observe({ type: 'layout-shift', buffered: true })
  })
  return () => page.evaluate(() => (window as unknown as { shifts: number }).shifts)
}

test('extreme texts do not break the layout: endless words, Arabic, emoji, 3,000 words, markup', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  const extremeTexts: [string, string[]][] = [
    ['W'.repeat(95), ['x'.repeat(2_000), 'https://example.com/' + 'y'.repeat(900)]],
    ['ليلى عبد الرحمن', ['مرحبا، هل يمكنني تغيير عنوان التسليم؟ الرقم 12345 من فضلك.', 'abc مرحبا 123 def']],
    ['👩‍👩‍👧‍👦🏳️‍🌈', ['🎉'.repeat(400), 'Ｗide　ｔext 漢字かな交じり文'.repeat(30)]],
    ['"><img src=x onerror=alert(1)>', ['<script>alert(1)</script> </textarea> {{7*7}}', 'javascript:alert(1) [x](javascript:alert(1))']],
    ['Z̴͎͘a̷͙͝l̵̰̓g̷̛̳o̶̝͊', ['Lorem ipsum dolor sit am, '.repeat(600), '\n'.repeat(40) + 'after forty empty lines']],
  ]
  for (const [name, texts] of extremeTexts) {
    const caller = new ApiVisitor(server, key, { name })
    for (const text of texts) await caller.write(text)
  }
  const visitor = await Visitor.arrive(await openContext(), key)
  for (const text of ['v'.repeat(600), 'Ein ganz normaler Satz. '.repeat(120)]) await visitor.write(text)
  await visitor.sees('Ein ganz normaler Satz.')
  await expectNoOverflow(visitor.page)
  const frame = visitor.page.frames().find((one) => one.url().includes('/widget/'))!
  expect(await frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 'the chat does not scroll sideways').toBe(0)

  await expect(page.locator('a.row').nth(5)).toBeVisible()
  const { rows } = await callFunction<{ rows: { id: string; name: string }[] }>(page, server, 'inbox_page', { filter: { view: 'new' }, after: null })
  for (const [name] of extremeTexts) {
    const row = rows.find((one) => one.name === name)
    expect(row, `${name.slice(0, 20)} is in the list, unchanged`).toBeDefined()
    await open(page, `/inbox/${row!.id}?view=new`)
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    for (const width of [1440, 1024, 390]) {
      await page.setViewportSize({ width, height: 844 })
      await expectNoOverflow(page)
      const bubble = page.locator('.bubble').last()
      expect(await bubble.evaluate((one) => one.scrollWidth - one.clientWidth), 'no bubble scrolls sideways').toBeLessThanOrEqual(1)
    }
    await page.setViewportSize({ width: 1440, height: 900 })
  }
})

test('names in many scripts cause no overflow in any view', async ({ page, server }) => {
  await openAsOwner(page, server)
  for (const view of ['all', 'closed', 'others']) {
    await open(page, `/inbox?view=${view}`)
    for (const width of [1440, 1024, 720, 390]) {
      await page.setViewportSize({ width, height: 844 })
      await expectNoOverflow(page)
    }
  }
})

test('nothing jumps while the inbox loads, a thread opens, or a message arrives', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  const visitor = new ApiVisitor(server, key, { name: 'Still Water' })
  await visitor.write('Hold still')
  for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    const member = await (await openContext({ viewport: size })).newPage()
    const totalShift = await trackLayoutShifts(member)
    await openAsOwner(member, server)
    await expect(member.getByRole('link', { name: /Still Water/ })).toBeVisible()
    await member.evaluate(() => document.fonts.ready)
    expect(await totalShift(), `loading the inbox at ${size.width}`).toBeLessThanOrEqual(0.02)
    await member.getByRole('link', { name: /Still Water/ }).click()
    await expect(member.getByRole('textbox', { name: 'Message' })).toBeVisible()
    const address = member.url()
    await open(member, address)
    await expect(member.getByRole('region', { name: 'Messages' })).toContainText('Hold still')
    expect(await totalShift(), `loading a thread at ${size.width}`).toBeLessThanOrEqual(0.02)
    const news = `News at ${size.width}`
    await visitor.write(news)
    await expect(member.getByRole('region', { name: 'Messages' }).getByText(news)).toBeVisible()
    expect(await totalShift(), `a message arrives at ${size.width}`).toBeLessThanOrEqual(0.02)
    await member.close()
  }
})

test('with reduced motion there are no animations, and zoomed text fits', async ({ page, server }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await openAsOwner(page, server)
  await page.locator('a.row').first().click()
  await expect(page.getByRole('region', { name: 'Messages' })).toBeVisible()
  const moving = await page.evaluate(() => document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration) > 1 && one.playState === 'running').length)
  expect(moving).toBe(0)
  // WCAG 1.4.10: a width of 320 px equals 1280 px at 400 %.
  await page.setViewportSize({ width: 320, height: 640 })
  await expectNoOverflow(page)
  await open(page, '/inbox')
  await expectNoOverflow(page)
})
