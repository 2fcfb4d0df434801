// Mails as real programs write them, each opened in the inbox: it arrives, is as tall as its text, and causes no overflow. Screenshots
// are written to test-results for review (T3).
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expect, expectNoOverflow, test } from '../fixtures/test'
import { openAsOwner } from '../fixtures/people'
import { connectMailbox, MailServer } from '../fixtures/mail-server'

interface SampleMail {
  file: string
  subject: string
  writer: string
}

const mailServer = MailServer.fromEnvironment()
const folder = new URL('../../server/mail/samples/', import.meta.url)
// Bounces and auto-replies to mails that were not sent from here start no conversation.
const sampleMails = (JSON.parse(readFileSync(new URL('shapes.json', folder), 'utf8')) as SampleMail[]).filter(
  (shape) => !['bounce', 'auto_reply'].includes(shape.writer),
)
test.use({ world: { name: 'shapes', env: mailServer?.env } })
test.skip(!mailServer, 'TANDEM_TEST_MAIL is not set: give it the line that scripts/mailserver prints')

interface FoundConversation {
  id: string
  subject: string
}

/** All conversations of the inbox, with the subjects of their first mails. */
async function conversations(page: Page): Promise<FoundConversation[]> {
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
        const mail = thread.messages[0]?.content?.mail
        if (mail) found.push({ id: row.id, subject: mail.subject })
      }
      const last = page.rows.at(-1)
      after = last && { at: last.last_at, id: last.id }
      more = page.more
    }
    return found
  })
}

test('T3: mails of real programs are shown completely', async ({ page, server, problems }, info) => {
  test.setTimeout(300_000)
  // The browser reports the test's own access to the frame as a blocked script.
  problems.allow(/Blocked script execution/)
  await openAsOwner(page, server, '/settings/channels')
  const address = await connectMailbox(page, mailServer!)
  for (const shape of sampleMails) {
    await mailServer!.deliverRaw('someone@sink.test', address, readFileSync(new URL(`shapes/${shape.file}`, folder), 'latin1'))
  }
  await page.goto(`${server.url}/inbox`)
  const wanted = new Set(sampleMails.map((shape) => shape.subject))
  let found: FoundConversation[] = []
  await expect
    .poll(async () => {
      found = await conversations(page)
      const subjects = new Set(found.map((one) => one.subject))
      return [...wanted].filter((subject) => !subjects.has(subject))
    }, { timeout: 60_000 })
    .toEqual([])
  const wrongHeights: string[] = []
  for (const [n, { id, subject }] of found.entries()) {
    await page.goto(`${server.url}/inbox/${id}`)
    await expect(page.locator('.mail-top').first(), subject).toBeVisible()
    if (await page.locator('iframe.mail-frame').count()) {
      const body = page.frameLocator('iframe.mail-frame').first().locator('body')
      await expect(body, subject).toBeVisible()
      const frameHeight = await page.locator('iframe.mail-frame').first().evaluate((frame) => parseFloat(frame.style.getPropertyValue('--frame-wide')))
      const contentHeight = await body.evaluate((body) => {
        // The background fills the frame. Only the height of the content counts.
        for (const letter of body.querySelectorAll<HTMLElement>('.letter')) letter.style.minHeight = '0'
        return body.getBoundingClientRect().height
      })
      // Side-by-side columns are counted as if stacked. The frame is then too tall, but nothing is cut off.
      const hasColumns = subject.startsWith('Bread for May')
      if (Math.abs(frameHeight / contentHeight - 1) > 0.3 && !hasColumns) wrongHeights.push(`${subject}: ${frameHeight} in the frame, ${contentHeight} in the layout`)
    }
    await expectNoOverflow(page)
    const name = subject.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 40)
    await page.screenshot({ path: info.outputPath(`${String(n).padStart(2, '0')}-${name}.png`) })
  }
  expect(wrongHeights, 'frames whose height differs from their content').toEqual([])
})
