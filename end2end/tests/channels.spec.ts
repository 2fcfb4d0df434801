// A channel's settings, and the chat status (H6). The file has its own server, because chat is on while any member's chat is on.
import { expect, test } from '../fixtures/test'
import { Visitor, chatKey, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'channels' } })

/** The browser logs every refusal to its console. */
const REFUSAL_ERROR = /the server responded with a status of 422/

test('H6: visitors see the channel’s texts, and the chat status updates on every page', async ({ page, server, openContext, problems }) => {
  problems.allow(REFUSAL_ERROR)
  await openAsOwner(page, server, '/settings/channels')
  const key = await chatKey(page)
  const otherPage = await (await openContext()).newPage()
  await openAsOwner(otherPage, server, '/settings/channels')
  const chatStatus = otherPage.getByRole('main').locator('.page-head .pill')
  await expect(chatStatus).toHaveText('Chat on')

  const saveButton = page.getByRole('button', { name: 'Save changes' })
  await expect(saveButton).toHaveAttribute('aria-disabled', 'true')
  await page.getByLabel('Name', { exact: true }).fill('Shop chat')
  await page.getByLabel(/^Greeting/).fill('Welcome to the shop.')
  await page.getByLabel(/^Auto-reply/).fill('We are back at nine.')
  await page.getByLabel(/^Allowed sites/).fill('not a site')
  await saveButton.click()
  await expect(page.getByLabel(/^Allowed sites/)).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel(/^Allowed sites/).fill('')
  await saveButton.click()
  await expect(otherPage.getByRole('heading', { name: 'Shop chat' })).toBeVisible()
  await page.getByLabel('Name', { exact: true }).fill('Something else')
  await page.getByRole('button', { name: 'Discard' }).click()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Shop chat')
  await expect(page.getByLabel('Code for your site')).toContainText(`data-channel="${key}"`)

  await page.getByRole('button', { name: 'Chat on' }).click()
  await expect(chatStatus).toHaveText('Chat off: visitors get the auto-reply')
  const visitor = await Visitor.arrive(await openContext(), key)
  await expect(visitor.chat.getByText('Welcome to the shop.')).toBeVisible()
  await visitor.write('Are you open?')
  await visitor.sees('We are back at nine.')
  await page.getByRole('button', { name: 'Chat off' }).click()
  await expect(chatStatus).toHaveText('Chat on')
})
