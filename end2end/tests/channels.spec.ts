// A channel's settings, and the bubble that says whether somebody answers (H6). A world of its own: chat is on while any member's is.
import { expect, test } from '../fixtures/test'
import { Visitor, chatKey, enter } from '../fixtures/people'

test.use({ world: { name: 'channels' } })

/** The browser writes every refusal into its console. */
const REFUSED = /the server responded with a status of 422/

test('H6: a channel’s words reach its visitors; the bubble is told on every page', async ({ page, server, openContext, problems }) => {
  problems.allow(REFUSED)
  await enter(page, server, '/settings/channels')
  const key = await chatKey(page)
  const watching = await (await openContext()).newPage()
  await enter(watching, server, '/settings/channels')
  const told = watching.getByRole('main').locator('.page-head .pill')
  await expect(told).toHaveText('Chat on')

  const save = page.getByRole('button', { name: 'Save changes' })
  await expect(save).toHaveAttribute('aria-disabled', 'true')
  await page.getByLabel('Name', { exact: true }).fill('Shop chat')
  await page.getByLabel(/^Greeting/).fill('Welcome to the shop.')
  await page.getByLabel(/^Auto-reply/).fill('We are back at nine.')
  await page.getByLabel(/^Allowed sites/).fill('not a site')
  await save.click()
  await expect(page.getByLabel(/^Allowed sites/)).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel(/^Allowed sites/).fill('')
  await save.click()
  await expect(watching.getByRole('heading', { name: 'Shop chat' })).toBeVisible()
  await page.getByLabel('Name', { exact: true }).fill('Something else')
  await page.getByRole('button', { name: 'Discard' }).click()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Shop chat')
  await expect(page.getByLabel('Code for your site')).toContainText(`data-channel="${key}"`)

  await page.getByRole('button', { name: 'Chat on' }).click()
  await expect(told).toHaveText('Chat off: visitors get the auto-reply')
  const visitor = await Visitor.arrive(await openContext(), key)
  await expect(visitor.chat.getByText('Welcome to the shop.')).toBeVisible()
  await visitor.write('Are you open?')
  await visitor.sees('We are back at nine.')
  await page.getByRole('button', { name: 'Chat off' }).click()
  await expect(told).toHaveText('Chat on')
})
