// Set-up, reading and navigation work without WebAssembly.
import { expect, test } from '../../fixtures/test'
import { OWNER } from '../../fixtures/people'

test('set up, read a conversation, change the view', async ({ page, server }) => {
  await page.goto(server.setupLink!)
  await page.getByLabel('Workspace').fill('Acme')
  await page.getByLabel('Your name').fill(OWNER.name)
  await page.getByLabel('E-mail').fill(OWNER.email)
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password)
  await page.getByRole('checkbox').check()
  // The request takes longer because it creates the sample data.
  await page.locator('form button[type=submit]').click({ timeout: 30_000 })
  await expect(page).toHaveURL(/\/inbox/)
  const rows = page.locator('a.row')
  await expect(rows.first()).toBeVisible()
  await rows.first().click()
  await expect(page).toHaveURL(/\/inbox\/[0-9a-f-]{36}/)
  await expect(page.getByRole('region', { name: 'Messages' }).locator('.msg').first()).toBeVisible()
  await page.getByRole('link', { name: /^Closed/ }).click()
  await expect(page).toHaveURL(/view=closed/)
})
