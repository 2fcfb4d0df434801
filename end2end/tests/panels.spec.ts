// The widths of list, thread and details. They can be changed with mouse and keyboard, and apply from the first paint after a reload.
import type { Locator, Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, waitUntilHydrated, test } from '../fixtures/test'
import { Visitor, chatKey, openAsOwner } from '../fixtures/people'

const list = (page: Page) => page.getByRole('region', { name: 'Conversations' })
const details = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const resizeHandle = (page: Page, of: 'list' | 'details') => page.getByRole('separator', { name: `Width of the ${of}` })

async function width(panel: Locator): Promise<number> {
  return Math.round((await panel.boundingBox())!.width)
}

/** Drags a resize handle sideways. */
async function drag(page: Page, handle: Locator, by: number): Promise<void> {
  const box = (await handle.boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + 300)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + by / 2, box.y + 310)
  await page.mouse.move(box.x + box.width / 2 + by, box.y + 320)
  await page.mouse.up()
}

test.use({ viewport: { width: 1440, height: 900 } })

test.beforeEach(async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('How wide is this?')
  await page.getByRole('link', { name: /How wide is this/ }).first().click()
  await expect(details(page)).toBeVisible()
})

test('a dragged width applies after a reload, before any script has run', async ({ page, openContext }) => {
  await drag(page, resizeHandle(page, 'list'), 60)
  await drag(page, resizeHandle(page, 'details'), -40)
  expect(await width(list(page))).toBe(400)
  expect(await width(details(page))).toBe(364)
  await expect(resizeHandle(page, 'list')).toHaveAttribute('aria-valuenow', '400')
  await expectAccessible(page)
  await page.reload()
  await waitUntilHydrated(page)
  expect(await width(list(page))).toBe(400)
  expect(await width(details(page))).toBe(364)
  const contextWithoutScripts = await openContext({ javaScriptEnabled: false, viewport: page.viewportSize(), storageState: await page.context().storageState() })
  const pageWithoutScripts = await contextWithoutScripts.newPage()
  await pageWithoutScripts.goto(page.url())
  expect(await width(pageWithoutScripts.getByRole('region', { name: 'Conversations' }))).toBe(400)
})

test('a width is changed with the keyboard, within its limits', async ({ page }) => {
  await resizeHandle(page, 'list').focus()
  await page.keyboard.press('ArrowRight')
  expect(await width(list(page))).toBe(356)
  await page.keyboard.press('ArrowLeft')
  expect(await width(list(page))).toBe(340)
  await page.keyboard.press('Home')
  expect(await width(list(page))).toBe(280)
  await page.keyboard.press('End')
  // The thread keeps most of the width.
  expect(await width(list(page))).toBe(Math.round(1440 * 0.31))
  await expect(resizeHandle(page, 'list')).toHaveAttribute('aria-valuenow', String(Math.round(1440 * 0.31)))
  await resizeHandle(page, 'details').focus()
  // This handle is on the left side of its panel, so the keys are reversed.
  await page.keyboard.press('ArrowLeft')
  expect(await width(details(page))).toBe(340)
  await page.keyboard.press('Enter')
  expect(await width(details(page))).toBe(324)
  for (const size of [1440, 1100, 1024, 390]) {
    await page.setViewportSize({ width: size, height: 844 })
    await expectNoOverflow(page)
  }
})

test('details can be hidden on a wide screen, and cover the thread on a narrow one', async ({ page }) => {
  const button = page.getByRole('button', { name: 'Details', exact: true })
  await button.click()
  await expect(details(page)).toBeHidden()
  await page.reload()
  await waitUntilHydrated(page)
  await expect(details(page)).toBeHidden()
  await button.click()
  await expect(details(page)).toBeVisible()
  await page.setViewportSize({ width: 1024, height: 768 })
  await expect(details(page)).toBeHidden()
  await button.click()
  await expect(details(page)).toBeVisible()
  await details(page).getByRole('button', { name: 'Close details' }).click()
  await expect(details(page)).toBeHidden()
})
