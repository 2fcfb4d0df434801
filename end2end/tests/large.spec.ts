// A large inbox: thousands of conversations on several channels (L8, T6).
import { expect, expectNoOverflow, waitUntilHydrated, test } from '../fixtures/test'
import { ApiVisitor, chatKey, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'large', seed: { conversations: 3_000, messages: 9_000 } } })

test('L8: with thousands of conversations, few rows are in the page, scrolling reaches the end, and the keyboard works', async ({ page, server }) => {
  await openAsOwner(page, server)
  // The tab shows a rounded number ("2.9k"). The sum of the four categories is exact.
  const counts = await page.getByRole('navigation', { name: 'Category' }).locator('.cat-count').allInnerTexts()
  const all = counts.reduce((sum, count) => sum + Number(count), 0)
  expect(all).toBeGreaterThan(500)
  const list = page.locator('.rows.scroll')
  const rows = page.locator('a.row')
  // Scroll down until no more rows are loaded.
  await expect(async () => {
    await list.evaluate((frame) => frame.scrollTo(0, frame.scrollHeight))
    expect(await rows.count(), 'rows in the page').toBeLessThanOrEqual(120)
    expect(await list.evaluate((frame) => Math.round(frame.scrollHeight / 76)), 'rows that fit the scroll height').toBe(all)
  }).toPass({ intervals: [20], timeout: 40_000 })
  await list.evaluate((frame) => frame.scrollTo(0, frame.scrollHeight))
  const frame = (await list.boundingBox())!
  const last = rows.last()
  await expect(last).toBeInViewport()
  const box = (await last.boundingBox())!
  expect(Math.abs(box.y + box.height - (frame.y + frame.height)), 'the last row ends where the list ends').toBeLessThan(30)
  // There is no gap between the rows.
  const tops = await rows.evaluateAll((all) => all.map((row) => Math.round(row.getBoundingClientRect().top)).sort((a, b) => a - b))
  for (let at = 1; at < tops.length; at++) expect(tops[at] - tops[at - 1]).toBe(76)
  await expectNoOverflow(page)

  await list.evaluate((frame) => frame.scrollTo(0, 0))
  await expect(rows.first()).toBeVisible()
  for (let n = 0; n < 40; n++) await page.keyboard.press('ArrowDown')
  await expect(page.locator('a.row:focus')).toBeInViewport()
})

test('L8: a new message does not move the row under the pointer', async ({ page, server }) => {
  await openAsOwner(page, server)
  const row = page.locator('a.row').nth(3)
  const id = await row.getAttribute('id')
  await row.hover()
  const before = (await page.locator(`#${id}`).boundingBox())!
  await new ApiVisitor(server, await chatKey(page), { name: 'Somebody New' }).write('On top, please')
  await expect(page.getByRole('link', { name: /On top, please/ })).toBeVisible()
  expect((await page.locator(`#${id}`).boundingBox())!.y).toBe(before.y)
})

test('T6: an e-mail reply can be undone; a reply that no channel can send shows an error', async ({ page, server }) => {
  await openAsOwner(page, server)
  const mail = page.locator('a.row').filter({ hasText: /^(?=.*E-mail\.)/ }).first()
  await mail.click()
  const messages = page.getByRole('region', { name: 'Messages' })
  await page.getByRole('textbox', { name: 'Message' }).fill('This was too quick')
  await page.keyboard.press('Control+Enter')
  await expect(messages.getByText(/Sends in \d+ s/)).toBeVisible()
  await messages.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('This was too quick')
  await expect(messages.getByText('This was too quick')).toHaveCount(0)

  await page.getByRole('textbox', { name: 'Message' }).fill('This one may go')
  await page.keyboard.press('Control+Enter')
  await messages.getByRole('button', { name: 'Send now' }).click()
  await expect(messages.getByText(/Sends in/)).toHaveCount(0)

  // No mailbox is connected. The message shows this and what to do.
  const failed = messages.locator('.msg').filter({ hasText: 'This one may go' })
  await expect(failed.getByText(/This mailbox is not connected\. Connect it in Settings → Channels/)).toBeVisible()
  await expect(failed.getByRole('button', { name: 'Try again' })).toBeVisible()

  await page.goto('/settings/system')
  await waitUntilHydrated(page)
  for (const term of ['Version', 'Database', 'Waiting jobs', 'Failed jobs']) await expect(page.getByText(term, { exact: true }).first()).toBeVisible()
})
