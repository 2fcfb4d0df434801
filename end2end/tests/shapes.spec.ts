// Mails as real programs write them, each in the inbox: what was said is there, nothing sticks out. Their pictures are left in
// test-results, to be looked at (T3).
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expect, expectNoOverflow, test } from '../fixtures/test'
import { enter } from '../fixtures/people'
import { connectMailbox, Post } from '../fixtures/post'

interface Shape {
  file: string
  subject: string
  writer: string
}

const post = Post.given()
const folder = new URL('../../server/mail/samples/', import.meta.url)
// Reports and notes of machines about mails that were not sent from here say nothing to anybody here.
const shapes = (JSON.parse(readFileSync(new URL('shapes.json', folder), 'utf8')) as Shape[]).filter(
  (shape) => !['bounce', 'auto_reply'].includes(shape.writer),
)
test.use({ world: { name: 'shapes', env: post?.env } })
test.skip(!post, 'TANDEM_TEST_MAIL is not set: give it the line that scripts/mailserver prints')

interface Found {
  id: string
  subject: string
}

/** All conversations of the inbox, by what their first mail is about. */
async function conversations(page: Page): Promise<Found[]> {
  return await page.evaluate(async () => {
    const ask = async (name: string, body: unknown) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json' }
      return await (await fetch(`/api/fn/${name}`, { method: 'POST', headers, body: JSON.stringify(body) })).json()
    }
    const found = []
    for (let after = null, more = true; more; ) {
      const page = await ask('inbox_page', { filter: { view: 'all' }, after })
      for (const row of page.rows) {
        const thread = await ask('thread', { id: row.id })
        if (thread.messages[0]?.mail) found.push({ id: row.id, subject: thread.messages[0].mail.subject })
      }
      const last = page.rows.at(-1)
      after = last && { at: last.last_at, id: last.id }
      more = page.more
    }
    return found
  })
}

test('T3: mails of real programs, each looked at', async ({ page, server, problems }, info) => {
  test.setTimeout(300_000)
  // Looking into the frame is a script, to the browser.
  problems.allow(/Blocked script execution/)
  await enter(page, server, '/settings/channels')
  const address = await connectMailbox(page, post!)
  for (const shape of shapes) {
    await post!.deliverRaw('someone@sink.test', address, readFileSync(new URL(`shapes/${shape.file}`, folder), 'latin1'))
  }
  await page.goto(`${server.url}/inbox`)
  const wanted = new Set(shapes.map((shape) => shape.subject))
  let found: Found[] = []
  await expect
    .poll(async () => {
      found = await conversations(page)
      const subjects = new Set(found.map((one) => one.subject))
      return [...wanted].filter((subject) => !subjects.has(subject))
    }, { timeout: 60_000 })
    .toEqual([])
  const far: string[] = []
  for (const [n, { id, subject }] of found.entries()) {
    await page.goto(`${server.url}/inbox/${id}`)
    await expect(page.locator('.mail-top').first(), subject).toBeVisible()
    if (await page.locator('iframe.mail-frame').count()) {
      const body = page.frameLocator('iframe.mail-frame').first().locator('body')
      await expect(body, subject).toBeVisible()
      const told = await page.locator('iframe.mail-frame').first().evaluate((frame) => parseFloat(frame.style.getPropertyValue('--frame-wide')))
      const real = await body.evaluate((body) => {
        // The ground of a letter fills its frame; what counts is the letter.
        for (const letter of body.querySelectorAll<HTMLElement>('.letter')) letter.style.minHeight = '0'
        return body.getBoundingClientRect().height
      })
      // Its columns stand beside each other and are counted below each other: the frame is too tall, and nothing of it is cut off.
      const beside = subject.startsWith('Bread for May')
      if (Math.abs(told / real - 1) > 0.3 && !beside) far.push(`${subject}: ${told} told, ${real} laid out`)
    }
    await expectNoOverflow(page)
    const name = subject.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 40)
    await page.screenshot({ path: info.outputPath(`${String(n).padStart(2, '0')}-${name}.png`) })
  }
  expect(far, 'frames that are not as tall as their letters').toEqual([])
})
