// Hostile mails in a real browser: no script runs, no remote request is sent, and nothing outside the frame changes (S1–S4, S7).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { expect, test } from '../fixtures/test'
import { openAsOwner } from '../fixtures/people'
import { MailServer } from '../fixtures/mail-server'

const mailServer = MailServer.fromEnvironment()
test.use({ world: { name: 'hostile', env: mailServer?.env } })
test.skip(!mailServer, 'TANDEM_TEST_MAIL is not set: give it the line that scripts/mailserver prints')

interface AttackMail {
  id: string
  html: string
  repeat?: { open: string; close: string; times: number }
}

const attackMails: AttackMail[] = JSON.parse(readFileSync(new URL('../../server/mail/samples/hostile.json', import.meta.url), 'utf8'))

/** Calls a server function as the signed-in member. */
async function callFunction(page: Page, name: string, body: unknown): Promise<any> {
  const origin = new URL(page.url()).origin
  const answer = await page.request.post(`/api/fn/${name}`, { data: body, headers: { origin } })
  expect(answer.ok(), `${name}: ${answer.status()}`).toBe(true)
  return answer.json()
}

/** The ids of all messages of a channel, by subject. */
async function messageIdsBySubject(page: Page, channel: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  let after: unknown = null
  for (;;) {
    const { rows, more } = await callFunction(page, 'inbox_page', { filter: { view: 'all' }, after })
    for (const row of rows.filter((row: any) => row.channel === channel)) {
      const thread = await callFunction(page, 'thread', { id: row.id })
      for (const message of thread.messages) {
        const mail = message.content?.mail
        if (mail) found.set(mail.subject, message.id)
      }
    }
    if (!more) return found
    const last = rows.at(-1)
    after = { at: last.last_at, id: last.id }
  }
}

test('S1–S4, S7: hundreds of hostile mails do nothing', async ({ page, server, problems }) => {
  test.setTimeout(420_000)
  // The sandbox reports each script that it blocked. The rest of this test checks that no script ran.
  problems.allow(/Blocked script execution/)
  const listenerRequests: string[] = []
  const listener = createServer((request, response) => {
    listenerRequests.push(request.url ?? '')
    response.end()
  })
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready))
  const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`

  await openAsOwner(page, server)
  const { address, channel } = await connectMailbox(page)
  const send = async ({ id, html, repeat }: AttackMail) => {
    const body = (repeat ? repeat.open.repeat(repeat.times) + html + repeat.close.repeat(repeat.times) : html)
      .replaceAll('{{LISTENER}}', `http://${host}`)
      .replaceAll('{{HOST}}', host)
    const head = `From: ${id} <v@sink.test>\nTo: ${address}\nSubject: ${id}\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n`
    const encoded = Buffer.from(body).toString('base64').replace(/.{76}/g, '$&\n')
    await mailServer!.deliver('v@sink.test', address, head + encoded)
  }
  for (let at = 0; at < attackMails.length; at += 12) await Promise.all(attackMails.slice(at, at + 12).map(send))
  await expect.poll(async () => (await callFunction(page, 'mailbox_status', { id: channel })).health.cursor, { timeout: 120_000 }).toBeGreaterThanOrEqual(attackMails.length)
  const messageIds = await messageIdsBySubject(page, channel)
  expect(attackMails.filter(({ id }) => !messageIds.has(id)).map(({ id }) => id), 'every mail became a message').toEqual([])

  const suspiciousEvents: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.url && !request.url().startsWith('data:')) suspiciousEvents.push(request.url())
  })
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => suspiciousEvents.push(`dialog: ${dialog.message()}`)))
  page.context().on('page', (opened) => suspiciousEvents.push(`a page opened: ${opened.url()}`))
  await page.evaluate(() => {
    addEventListener('message', (event) => (document.body.dataset.heard = `${document.body.dataset.heard ?? ''} ${String(event.data)}`))
  })
  const stateBefore = await page.evaluate(() => [document.title, location.href, document.body.dataset.pwned ?? ''])
  const all = [...messageIds.values()]
  for (let at = 0; at < all.length; at += 24) {
    // The same frame as in the thread, many at once.
    await page.evaluate(async (ids) => {
      const frames = ids.map((id) => {
        const frame = document.createElement('iframe')
        frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox')
        frame.referrerPolicy = 'no-referrer'
        frame.src = `/api/mail/${id}/view`
        frame.style.cssText = 'position:fixed;left:0;top:0;width:500px;height:300px'
        document.body.append(frame)
        return { frame, loaded: new Promise((done) => (frame.onload = done)) }
      })
      await Promise.all(frames.map(({ loaded }) => loaded))
      // Some attacks act with a delay: animations, timers, failing images.
      await new Promise((done) => setTimeout(done, 150))
      for (const { frame } of frames) frame.remove()
    }, all.slice(at, at + 24))
  }
  expect(suspiciousEvents).toEqual([])
  expect(listenerRequests).toEqual([])
  expect(await page.evaluate(() => [document.title, location.href, document.body.dataset.pwned ?? ''])).toEqual(stateBefore)
  expect(await page.evaluate(() => document.body.dataset.heard ?? '')).toBe('')

  // Check the detector: the same body outside our frame causes a request.
  const control = attackMails.find(({ id }) => id === 's3-img-src')!
  await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), control.html.replaceAll('{{LISTENER}}', `http://${host}`))
  await expect.poll(() => suspiciousEvents.length).toBeGreaterThan(0)
  problems.allow(/Content Security Policy|Refused to load|Loading the image/)
  listener.close()
})

/** Connects a mailbox through the API. */
async function connectMailbox(page: Page): Promise<{ address: string; channel: string }> {
  const address = mailServer!.address()
  const hosts = (port: number) => ({ name: 'localhost', port, security: 'tls' })
  const settings = { address, name: '', user: address, imap: hosts(mailServer!.settings.imaps), smtp: hosts(mailServer!.settings.smtps), folder: 'INBOX', sent_folder: null, takes_plus: false, signature: '' }
  const channel = await page.evaluate(() => crypto.randomUUID())
  await callFunction(page, 'connect_mailbox', { mailbox: { id: channel, settings, password: mailServer!.settings.password } })
  await expect.poll(async () => (await callFunction(page, 'mailbox_status', { id: channel })).health.state, { timeout: 30_000 }).toBe('connected')
  return { address, channel }
}
