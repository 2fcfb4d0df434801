// Hostile mails in a real browser: no script runs, nothing is asked for, nothing outside the frame changes (S1–S4, S7).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { expect, test } from '../fixtures/test'
import { enter } from '../fixtures/people'
import { Post } from '../fixtures/post'

const post = Post.given()
test.use({ world: { name: 'hostile', env: post?.env } })
test.skip(!post, 'TANDEM_TEST_MAIL is not set: give it the line that scripts/mailserver prints')

interface Vector {
  id: string
  html: string
  repeat?: { open: string; close: string; times: number }
}

const vectors: Vector[] = JSON.parse(readFileSync(new URL('../../server/mail/samples/hostile.json', import.meta.url), 'utf8'))

/** Asks a server function as whoever is signed in. */
async function ask(page: Page, name: string, body: unknown): Promise<any> {
  const origin = new URL(page.url()).origin
  const answer = await page.request.post(`/api/fn/${name}`, { data: body, headers: { origin } })
  expect(answer.ok(), `${name}: ${answer.status()}`).toBe(true)
  return answer.json()
}

/** The messages of all conversations of a channel, by their subjects. */
async function messages(page: Page, channel: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  let after: unknown = null
  for (;;) {
    const { rows, more } = await ask(page, 'inbox_page', { filter: { view: 'all' }, after })
    for (const row of rows.filter((row: any) => row.channel === channel)) {
      const thread = await ask(page, 'thread', { id: row.id })
      for (const message of thread.messages) if (message.mail) found.set(message.mail.subject, message.id)
    }
    if (!more) return found
    const last = rows.at(-1)
    after = { at: last.last_at, id: last.id }
  }
}

test('S1–S4, S7: hundreds of hostile mails do nothing', async ({ page, server, problems }) => {
  test.setTimeout(420_000)
  // The sandbox says so where a script of a mail would have run; that none did is what the rest of this test sees.
  problems.allow(/Blocked script execution/)
  const asked: string[] = []
  const listener = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end()
  })
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready))
  const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`

  await enter(page, server)
  const { address, channel } = await mailbox(page)
  const send = async ({ id, html, repeat }: Vector) => {
    const body = (repeat ? repeat.open.repeat(repeat.times) + html + repeat.close.repeat(repeat.times) : html)
      .replaceAll('{{LISTENER}}', `http://${host}`)
      .replaceAll('{{HOST}}', host)
    const head = `From: ${id} <v@sink.test>\nTo: ${address}\nSubject: ${id}\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n`
    const coded = Buffer.from(body).toString('base64').replace(/.{76}/g, '$&\n')
    await post!.deliver('v@sink.test', address, head + coded)
  }
  for (let at = 0; at < vectors.length; at += 12) await Promise.all(vectors.slice(at, at + 12).map(send))
  await expect.poll(async () => (await ask(page, 'mailbox_status', { id: channel })).health.cursor, { timeout: 120_000 }).toBeGreaterThanOrEqual(vectors.length)
  const known = await messages(page, channel)
  expect(vectors.filter(({ id }) => !known.has(id)).map(({ id }) => id), 'every one of them is a message').toEqual([])

  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.url && !request.url().startsWith('data:')) elsewhere.push(request.url())
  })
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => elsewhere.push(`dialog: ${dialog.message()}`)))
  page.context().on('page', (opened) => elsewhere.push(`a page opened: ${opened.url()}`))
  await page.evaluate(() => {
    addEventListener('message', (event) => (document.body.dataset.heard = `${document.body.dataset.heard ?? ''} ${String(event.data)}`))
  })
  const before = await page.evaluate(() => [document.title, location.href, document.body.dataset.pwned ?? ''])
  const all = [...known.values()]
  for (let at = 0; at < all.length; at += 24) {
    // As the thread shows them: the same frame, many at once.
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
      // What would act a moment later: animations, timers, images that fail.
      await new Promise((done) => setTimeout(done, 150))
      for (const { frame } of frames) frame.remove()
    }, all.slice(at, at + 24))
  }
  expect(elsewhere).toEqual([])
  expect(asked).toEqual([])
  expect(await page.evaluate(() => [document.title, location.href, document.body.dataset.pwned ?? ''])).toEqual(before)
  expect(await page.evaluate(() => document.body.dataset.heard ?? '')).toBe('')

  // The detector works: the same body without our frame is heard.
  const control = vectors.find(({ id }) => id === 's3-img-src')!
  await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), control.html.replaceAll('{{LISTENER}}', `http://${host}`))
  await expect.poll(() => elsewhere.length).toBeGreaterThan(0)
  problems.allow(/Content Security Policy|Refused to load|Loading the image/)
  listener.close()
})

/** Connects a mailbox. */
async function mailbox(page: Page): Promise<{ address: string; channel: string }> {
  const address = post!.address()
  const hosts = (port: number) => ({ name: 'localhost', port, security: 'tls' })
  const settings = { address, name: '', user: address, imap: hosts(post!.given.imaps), smtp: hosts(post!.given.smtps), folder: 'INBOX', sent_folder: null, takes_plus: false, signature: '' }
  const channel = await page.evaluate(() => crypto.randomUUID())
  await ask(page, 'connect_mailbox', { mailbox: { id: channel, settings, password: post!.given.password } })
  await expect.poll(async () => (await ask(page, 'mailbox_status', { id: channel })).health.state, { timeout: 30_000 }).toBe('connected')
  return { address, channel }
}
