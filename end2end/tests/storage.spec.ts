// A server that cannot store data (R21): members see a warning, no message is lost, and work continues automatically.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, open, test } from '../fixtures/test'
import { Visitor, chatKey, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'storage' } })

const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })

test('R21: while the server cannot store data, the inbox shows a warning, and messages wait and are sent later', async ({ page, server, openContext, problems, request }) => {
  problems.allow(/Failed to load resource/, /status of 503/)
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Is anybody there?')
  await page.getByRole('link', { name: /Is anybody there/ }).click()
  await expect(messages(page)).toContainText('Is anybody there?')
  expect((await request.get('/readyz')).status()).toBe(200)

  await server.limitFileSize(4096)
  const banner = page.getByRole('alert').filter({ hasText: 'disk cannot be written' })
  try {
    await page.getByRole('textbox', { name: 'Message' }).fill('Yes, and this is not lost')
    await page.keyboard.press('Control+Enter')
    await expect(banner).toBeVisible()
    await expect(banner).toContainText('Your messages are saved here and sent automatically')
    await expect(messages(page).getByText('Yes, and this is not lost')).toBeVisible()
    await expect(messages(page).getByText('waiting until the server can save it')).toBeVisible()
    await expectAccessible(page, { within: '.banner' })
    await visitor.write('Hello?')
    const readiness = await request.get('/readyz')
    expect([readiness.status(), await readiness.text()]).toEqual([503, "The server's disk cannot be written."])
    const second = await page.context().newPage()
    await open(second, '/inbox')
    await expect(second.getByRole('alert').filter({ hasText: 'disk cannot be written' })).toBeVisible()
    await open(second, '/settings/system')
    await expect(second.getByRole('alert').filter({ hasText: 'Nothing can be saved.' })).toBeVisible()
    await expect(second.getByText('Free for database')).toBeVisible()
    await second.close()
  } finally {
    await server.limitFileSize()
  }
  await expect(banner).toHaveCount(0, { timeout: 20_000 })
  await visitor.sees('Yes, and this is not lost')
  await expect(messages(page).getByText('waiting until the server can save it')).toHaveCount(0)
  await expect(messages(page).getByText('Hello?')).toHaveCount(1, { timeout: 20_000 })
  await expect(messages(page).getByText('Yes, and this is not lost')).toHaveCount(1)
  await expect(visitor.chat.getByText('Yes, and this is not lost')).toHaveCount(1)
  await expect.poll(async () => (await request.get('/readyz')).status()).toBe(200)
})
