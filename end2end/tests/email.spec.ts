// E-mail as an admin connects it and a person answers it, with a real mail server (H1, H9, T3, T5).
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, expectAccessible, expectNoOverflow, test } from '../fixtures/test'
import { enter } from '../fixtures/people'
import { connectMailbox, PIXEL, Post, rich, tryMailbox } from '../fixtures/post'

const post = Post.given()
test.use({ world: { name: 'email', env: post?.env } })
test.skip(!post, 'TANDEM_TEST_MAIL is not set: give it the line that scripts/mailserver prints')
test.describe.configure({ mode: 'serial' })

test('H9: a mailbox is tested step by step, and connected', async ({ page, server }) => {
  await enter(page, server, '/settings/channels')
  const address = post!.address()
  await page.getByRole('button', { name: 'Add e-mail' }).click()
  await page.getByLabel('Address').fill(address)
  await page.getByLabel('Password', { exact: true }).fill('not this one')
  await page.getByRole('button', { name: 'Find the servers' }).click()
  await expect(page.getByLabel('Folder to read')).toHaveValue('INBOX', { timeout: 20_000 })
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await connectMailbox(page, post!, address)
  await expect(page.getByText('Read up to number')).toBeVisible()
  await expectAccessible(page)
  await expectNoOverflow(page)
})

test('H9: a wrong password is told at its step, with what to do', async ({ page, server }) => {
  await enter(page, server, '/settings/channels')
  await tryMailbox(page, post!, 'locked@mail.test')
  const steps = page.getByRole('list', { name: 'How the test went' })
  await expect(steps.getByRole('listitem').filter({ hasText: 'Sign in' })).toContainText('app password', { timeout: 30_000 })
  await expect(steps.getByRole('listitem').filter({ hasText: 'Receive it' })).toContainText('not tried')
  await expect(page.getByRole('button', { name: 'Connect anyway' })).toBeVisible()
})

test('T3, T5: a mail comes in live, is shown safely, and is answered', async ({ page, server, openContext, problems }) => {
  // Looking into the frame is a script, to the browser.
  problems.allow(/Blocked script execution/)
  const asked: string[] = []
  const listener = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(PIXEL)
  })
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready))
  const elsewhere = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const settings = await (await openContext()).newPage()
  await enter(settings, server, '/settings/channels')
  const address = await connectMailbox(settings, post!)

  await enter(page, server, '/inbox')
  const html = `<table bgcolor="#eef"><tr><td><h1>Offer no. 7</h1><img src="cid:logo"><img src="${elsewhere}/pixel.png">
    <script>fetch('${elsewhere}/script')</script><p onclick="x()">Three boats</p></td></tr></table>`
  const mail = rich({ from: 'Anna Berger <anna@sink.test>', to: `${address}, Ben <ben@sink.test>`, subject: 'Three boats', text: 'Three boats, please.', html })
  await post!.deliver('anna@sink.test', address, mail)
  const card = page.getByRole('link', { name: /Anna Berger/ }).first()
  await expect(card).toBeVisible({ timeout: 15_000 })
  await card.click()
  const frame = page.frameLocator('iframe.mail-frame')
  await expect(frame.getByRole('heading', { name: 'Offer no. 7' })).toBeVisible()
  await expect(frame.locator('img')).toHaveCount(2)
  expect(await frame.locator('img[src^="/mail/picture/"]').evaluate((img: HTMLImageElement) => img.decode().then(() => img.naturalWidth))).toBe(1)
  expect(asked, 'nothing is asked for until somebody asks').toEqual([])
  await page.getByRole('button', { name: 'Show pictures' }).click()
  await expect.poll(() => asked.length).toBeGreaterThan(0)
  expect(asked.every((url) => url === '/pixel.png'), asked.join()).toBe(true)
  const listed = page.locator('.picture')
  await expect(listed, 'what stands within is not listed again').toBeHidden()
  await page.getByRole('button', { name: 'Show as text' }).click()
  await expect(page.getByText('Three boats, please.', { exact: true })).toBeVisible()
  await expect(listed).toBeVisible()
  await expectAccessible(page)
  await expectNoOverflow(page)

  const to = page.getByTitle('Change who it goes to and the subject')
  await expect(to).toContainText('to Anna Berger, cc Ben')
  await to.click()
  await page.getByLabel('Cc', { exact: true }).fill('boss@sink.test')
  await expect(page.getByText('No longer goes to Ben. New here: boss@sink.test')).toBeVisible()
  await page.getByRole('textbox', { name: 'Message' }).fill('They are yours.')
  await page.getByRole('button', { name: /^Send/ }).click()
  await page.getByRole('button', { name: 'Send now' }).click()
  await expect.poll(() => post!.sunk('They are yours.').length, { timeout: 15_000 }).toBe(2)
  const [sent] = post!.sunk('They are yours.')
  expect(sent).toContain('Subject: Re: Three boats')
  expect(sent).not.toContain('ben@sink.test')
  listener.close()
})

test('T16: a conversation begins with our mail, by key and from a contact', async ({ page, server, openContext }) => {
  const settings = await (await openContext()).newPage()
  await enter(settings, server, '/settings/channels')
  const address = await connectMailbox(settings, post!)
  await enter(page, server, '/inbox')
  await expect(page.getByRole('button', { name: 'New e-mail' })).toBeVisible()
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog', { name: 'New e-mail' })
  await expect(dialog).toBeVisible()
  // Asked for where there are several mailboxes.
  const from = dialog.getByLabel('From')
  if (await from.count()) await from.selectOption(await from.locator('option', { hasText: address }).getAttribute('value'))
  await dialog.getByLabel('To', { exact: true }).fill('Dora Keller <dora at sink.test>')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await expect(dialog.getByRole('alert').filter({ hasText: 'is no address' })).toBeVisible()
  await dialog.getByLabel('To', { exact: true }).fill('Dora Keller <dora@sink.test>')
  await dialog.getByLabel('Subject').fill('A new garden')
  await dialog.getByLabel('Message').fill('Good morning Dora.')
  await expectAccessible(page)
  await expectNoOverflow(page)
  await page.keyboard.press('Control+Enter')
  await expect(page).toHaveURL(/\/inbox\/[0-9a-f-]{36}/)
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Good morning Dora.')
  await page.getByRole('button', { name: 'Send now' }).click()
  await expect.poll(() => post!.sunk('Good morning Dora.').length, { timeout: 15_000 }).toBe(1)
  expect(post!.sunk('Good morning Dora.')[0]).toContain('Subject: A new garden')

  // Taken back, it is as it was: to whom, about what and what it says.
  await page.getByRole('button', { name: 'New e-mail' }).first().click()
  if (await from.count()) await from.selectOption(await from.locator('option', { hasText: address }).getAttribute('value'))
  await dialog.getByLabel('To', { exact: true }).fill('Emil <emil@sink.test>')
  await dialog.getByLabel('Subject').fill('Second thoughts')
  await dialog.getByLabel('Message').fill('Good morning Emil.')
  await page.keyboard.press('Control+Enter')
  await expect(dialog).toBeHidden()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('Good morning Emil.')
  await expect(page.getByRole('link', { name: /Nothing sent yet/ })).toBeVisible()
  await page.getByTitle('Change who it goes to and the subject').click()
  await expect(page.getByRole('textbox', { name: 'To', exact: true })).toHaveValue('Emil <emil@sink.test>')
  await expect(page.getByRole('textbox', { name: 'Subject' })).toHaveValue('Second thoughts')
  await page.getByTitle('Change who it goes to and the subject').click()
  await page.getByRole('textbox', { name: 'Message' }).press('Control+Enter')
  await page.getByRole('button', { name: 'Send now' }).click()
  await expect.poll(() => post!.sunk('Good morning Emil.').length, { timeout: 15_000 }).toBe(1)
  expect(post!.sunk('Good morning Emil.')[0]).toContain('Subject: Second thoughts')

  await page.getByRole('link', { name: /Dora/ }).first().click()
  await page.getByRole('complementary', { name: 'Details' }).getByRole('button', { name: 'New e-mail' }).click()
  await expect(dialog.getByLabel('To', { exact: true })).toHaveValue('Dora Keller <dora@sink.test>')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
})

test('T3: quotations and signatures are folded, and the source is there', async ({ page, server, openContext, problems }) => {
  // Looking into the frame is a script, to the browser.
  problems.allow(/Blocked script execution/)
  const settings = await (await openContext()).newPage()
  await enter(settings, server, '/settings/channels')
  const address = await connectMailbox(settings, post!)
  await enter(page, server, '/inbox')
  const mail = `From: Cleo <cleo@sink.test>\nTo: ${address}\nSubject: Re: Plan\nContent-Type: text/plain; charset=utf-8\n\nYes.\n\n-- \nCleo Marin\n\nOn Mon, 2 Nov 2026, Ben wrote:\n> Shall we?\n`
  await post!.deliver('cleo@sink.test', address, mail)
  await page.getByRole('link', { name: /Cleo/ }).first().click({ timeout: 15_000 })
  await expect(page.getByText('Yes.', { exact: true })).toBeVisible()
  await expect(page.getByText('Shall we?')).toBeHidden()
  await page.getByText('Quoted text').click()
  await expect(page.getByText('Shall we?')).toBeVisible()
  // Laid out by its sender, it is folded too, in a frame that runs nothing.
  const html = '<table><tr><td>All of it.</td></tr></table><br><div class="gmail_quote"><div>On Mon, 2 Nov 2026 at 10:00, Ben &lt;ben@sink.test&gt; wrote:</div><blockquote class="gmail_quote">Which part?</blockquote></div>'
  const formatted = `From: Dina <dina@sink.test>\nTo: ${address}\nSubject: Re: Parts\nContent-Type: text/html; charset=utf-8\n\n${html}\n`
  await post!.deliver('dina@sink.test', address, formatted)
  await page.getByRole('link', { name: /Dina/ }).first().click({ timeout: 15_000 })
  const frame = page.frameLocator('iframe.mail-frame')
  await expect(frame.getByText('All of it.')).toBeVisible()
  await expect(frame.getByText('Which part?')).toBeHidden()
  await frame.getByText('Quoted text').press('Enter')
  await expect(frame.getByText('Which part?')).toBeVisible()
  await page.getByRole('link', { name: /Cleo/ }).first().click()
  const source = await page.request.get((await page.getByRole('link', { name: 'Source' }).getAttribute('href'))!)
  expect(source.headers()['content-type']).toContain('text/plain')
  expect(await source.text()).toContain('Subject: Re: Plan')
})
