// L6: the palette finds commands, lists, settings pages and conversations by typing.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, chatKey, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'palette' } })

const palette = (page: Page) => page.getByRole('dialog', { name: 'Commands' })
const row = (page: Page, name: string) => page.getByRole('link', { name: new RegExp(name) })
const options = (page: Page) => palette(page).getByRole('option')

/** The keys are code that loads after the list. */
const waitForKeys = (page: Page) =>
  expect.poll(() => page.evaluate(() => performance.getEntriesByType('resource').some((one) => one.name.includes('/acting.')))).toBe(true)

test('L6: a command, a list, a page and a conversation are found by typing', async ({ page, server }) => {
  await openAsOwner(page, server)
  for (const name of ['Paula Palette', 'Otto Other']) await new ApiVisitor(server, await chatKey(page), { name }).write(`Hello from ${name}`)
  await open(page, '/inbox?view=all')
  await expect(row(page, 'Otto Other')).toBeVisible()
  await waitForKeys(page)

  await page.keyboard.press('Control+k')
  await expect(palette(page)).toBeVisible()
  await expect(palette(page).getByRole('combobox')).toBeFocused()
  await expectAccessible(page)
  await expectNoOverflow(page)
  await page.keyboard.type('paula')
  await expect(options(page).first()).toContainText('Paula Palette')
  await page.keyboard.press('Enter')
  await expect(page.locator('h1', { hasText: 'Paula Palette' })).toBeVisible()

  // It acts on the open conversation, although the dialog had the focus.
  await page.locator('h1', { hasText: 'Paula Palette' }).click()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('pending')
  await expect(options(page).first()).toContainText('Set to pending')
  await page.keyboard.press('Enter')
  await expect(page.locator('.toast', { hasText: 'Set to pending' })).toBeVisible()
  await expect(row(page, 'Paula Palette')).toContainText('Pending')

  // Also while writing, and nothing that was written is lost.
  const message = page.getByRole('textbox', { name: 'Message' })
  await message.fill('Half a sentence')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('snooze')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Snooze until' }).getByRole('button', { name: /^In 2 hours/ }).click()
  await expect(page.locator('.toast', { hasText: 'Snoozed' })).toBeVisible()
  await expect(message).toHaveValue('Half a sentence')

  await page.keyboard.press('Control+k')
  await page.keyboard.type('otto')
  await expect(options(page)).toHaveCount(2)
  await page.keyboard.press('ArrowDown')
  await expect(options(page).nth(1)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('searchbox').or(page.locator('#search-text')).first()).toHaveValue('otto')
  await page.locator('#search-text').fill('')

  await page.keyboard.press('Control+k')
  await page.keyboard.type('health')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/settings\/system$/)
})
