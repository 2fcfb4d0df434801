// L7: acting on everything in a view, loaded or not, while others work; cancelling and undoing it.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'whole-view', seed: { conversations: 1_200, messages: 2_400 } } })

const bar = (page: Page) => page.getByRole('toolbar', { name: 'Selected conversations' })
const toast = (page: Page, text: string | RegExp) => page.locator('.toast').filter({ hasText: text })
const rows = (page: Page) => page.locator('a.row')

/** Selects everything in the view, and returns how many conversations that is. */
async function selectAll(page: Page): Promise<number> {
  await page.locator('.row-check').first().click({ force: true })
  await bar(page).getByRole('button', { name: 'All loaded' }).click()
  const all = bar(page).getByRole('button', { name: /^All \d+ in this view$/ })
  const count = Number(/\d+/.exec((await all.textContent())!)![0])
  await all.click()
  await expect(bar(page)).toContainText(`All ${count} selected`)
  return count
}

test('L7: everything in a view is closed as one, in two browsers, and undone as one', async ({ page, server, openContext }) => {
  test.setTimeout(120_000)
  await openAsOwner(page, server)
  await open(page, '/inbox?view=all')
  const other = await (await openContext()).newPage()
  await openAsOwner(other, server)
  await open(other, '/inbox?view=all')
  const count = await selectAll(page)
  expect(count).toBeGreaterThan(200)
  await expectAccessible(page)
  await expectNoOverflow(page)
  await bar(page).getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Resolved' }).click()
  const closed = toast(page, `Closed: ${count} conversations`)
  await expect(closed).toBeVisible({ timeout: 40_000 })
  for (const one of [page, other]) await expect(rows(one)).toHaveCount(0)
  await closed.getByRole('button', { name: 'Undo' }).click()
  await expect(toast(page, 'Undone')).toBeVisible({ timeout: 40_000 })
  for (const one of [page, other]) {
    await expect(rows(one).first()).toBeVisible()
    await expect(one.getByRole('link', { name: 'All', exact: false }).filter({ hasText: String(count) }).first()).toBeVisible()
  }
})

test('L7: an act on everything in a view can be cancelled, and what it did can be undone', async ({ page, server, problems }) => {
  test.setTimeout(120_000)
  problems.allow(/progress_of_sweep/)
  await openAsOwner(page, server)
  await open(page, '/inbox?view=all')
  const count = await selectAll(page)
  // Its progress is held back, so that it is still running for the page.
  await page.route('**/api/fn/progress_of_sweep', (route) => route.abort())
  await bar(page).getByRole('button', { name: 'Status' }).click()
  await page.getByRole('menuitem', { name: 'Pending' }).click()
  const running = page.getByRole('status').filter({ hasText: `Set to pending: 0 of ${count}` })
  await expect(running).toBeVisible()
  await running.getByRole('button', { name: 'Cancel' }).click()
  await expect(running).toHaveCount(0)
  const done = toast(page, /^(Set to pending: \d+ conversations|Nothing changed)/)
  await expect(done).toBeVisible()
})

test('L7: a choice of single rows is not the whole view', async ({ page, server }) => {
  await openAsOwner(page, server)
  await open(page, '/inbox?view=all')
  const count = await selectAll(page)
  await page.locator('.row-check').first().click({ force: true })
  await expect(bar(page)).not.toContainText(`All ${count} selected`)
  await page.keyboard.press('Escape')
  await expect(bar(page)).toHaveCount(0)
})
