// The sample data of a new workspace. None of it is ever sent to anybody.
import { expect, expectNoOverflow, waitUntilHydrated, test } from '../fixtures/test'
import { openAsOwner, setUp } from '../fixtures/people'

test.use({ world: { name: 'sample' } })

test('the composer of a sample channel warns that nothing is delivered, and the reply is not sent', async ({ page, server }) => {
  if (!server.isSetUp) await setUp(page, server, { sample: true })
  await openAsOwner(page, server, '/inbox?view=mine')
  await page.locator('a.row', { hasText: 'Emily Carter' }).click()
  const sampleNotice = page.getByText('Nothing you send here is delivered')
  await expect(sampleNotice).toBeVisible()
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await expect(sampleNotice, 'notes work as usual').toBeHidden()
  await page.getByRole('button', { name: 'Reply', exact: true }).click()
  await expect(sampleNotice).toBeVisible()
  await page.getByRole('textbox', { name: 'Message' }).fill('No tool is needed.')
  await page.getByRole('button', { name: 'Try sending' }).click()
  await expect(page.getByText('Not sent: this is a sample channel')).toBeVisible()
  await expectNoOverflow(page)
})

test('Settings mark sample channels, but not the real one', async ({ page, server }) => {
  if (!server.isSetUp) await setUp(page, server, { sample: true })
  await openAsOwner(page, server, '/settings/channels')
  await waitUntilHydrated(page)
  await expect(page.getByText('replies are not delivered')).toHaveCount(2)
  await expect(page.getByRole('link', { name: 'Try it' }), 'the web chat of the workspace').toHaveCount(1)
})
