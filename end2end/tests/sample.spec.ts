// The sample workspace: what somebody sees who has just set Tandem up, and that nothing of it is sent to anybody.
import { expect, expectNoOverflow, hydrated, test } from '../fixtures/test'
import { enter, setUp } from '../fixtures/people'

test.use({ world: { name: 'sample' } })

test('a reply on a sample channel says before sending that nobody gets it, and is not sent', async ({ page, server }) => {
  if (!server.prepared) await setUp(page, server, { sample: true })
  await enter(page, server, '/inbox?view=mine')
  await page.locator('a.row', { hasText: 'Emily Carter' }).click()
  const told = page.getByText('Nothing you send here is delivered')
  await expect(told).toBeVisible()
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await expect(told, 'a note is kept as any other').toBeHidden()
  await page.getByRole('button', { name: 'Reply', exact: true }).click()
  await expect(told).toBeVisible()
  await page.getByRole('textbox', { name: 'Message' }).fill('No tool is needed.')
  await page.getByRole('button', { name: 'Try sending' }).click()
  await expect(page.getByText('Not sent: this is a sample channel')).toBeVisible()
  await expectNoOverflow(page)
})

test('Settings say which channels are samples, and leave the real one alone', async ({ page, server }) => {
  if (!server.prepared) await setUp(page, server, { sample: true })
  await enter(page, server, '/settings/channels')
  await hydrated(page)
  await expect(page.getByText('replies are not delivered')).toHaveCount(2)
  await expect(page.getByRole('link', { name: 'Try it' }), 'the web chat of the workspace').toHaveCount(1)
})
