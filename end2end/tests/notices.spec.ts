// N2, T7: who is told of what, live: the bell, the title, the browser; and mentions in notes.
import { type BrowserContext, type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, callFunction, chatKey, joinAsMember, openAsOwner, type Person, type Rights } from '../fixtures/people'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'notices' } })

interface Row { id: string; name: string; label: string }
interface Boot { me: { member: { id: string } } }

const person = (name: string): Person => ({ name, email: `${name.toLowerCase().replace(/\W+/g, '.')}@example.com`, password: 'a phrase of my own' })
const bell = (page: Page) => page.getByRole('button', { name: /^Notices/ })
const list = (page: Page) => page.getByRole('dialog', { name: 'Notices' })
const note = (page: Page) => page.getByRole('textbox', { name: 'Note', exact: true })
const row = (page: Page, text: string) => page.getByRole('link', { name: new RegExp(text) })

async function join(openContext: () => Promise<BrowserContext>, server: Server, name: string, rights: Rights = {}): Promise<[Page, string]> {
  const context = await openContext()
  await joinAsMember(context, server, person(name), rights)
  const page = await context.newPage()
  await open(page, '/inbox')
  const boot = await callFunction<Boot>(page, server, 'bootstrap')
  return [page, boot.me.member.id]
}

/** Somebody outside writes. The id of the conversation. */
async function write(page: Page, server: Server, name: string): Promise<[string, ApiVisitor]> {
  const visitor = new ApiVisitor(server, await chatKey(page), { name })
  await visitor.write(`Hello from ${name}`)
  const inbox = await callFunction<{ rows: Row[] }>(page, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  return [inbox.rows.find((one) => (one.name || one.label) === name)!.id, visitor]
}

const assign = (page: Page, server: Server, ids: string[], to: string) =>
  callFunction(page, server, 'act_on_many', { conversations: ids.map((id) => [id, 99]), act: { assign: to } })

test('N2: Ada assigns to Ben, and his bell counts and lists it, live, until he opens it', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const [ben, id] = await join(openContext, server, 'Ben Bell')
  const [conversation] = await write(page, server, 'Carla Counted')
  await expect(bell(ben)).toHaveAccessibleName('Notices')
  await bell(ben).click()
  await expect(list(ben)).toContainText('No notices')
  await expectAccessible(ben)
  await ben.keyboard.press('Escape')
  await assign(page, server, [conversation], id)
  await expect(bell(ben)).toHaveAccessibleName('Notices, 1 new')
  await expect(ben).toHaveTitle(/^\(1\) /)
  await bell(ben).click()
  await expect(list(ben).getByRole('link', { name: /New: Mara Lindqvist assigned Carla Counted to you/ })).toBeVisible()
  await expectAccessible(ben)
  await expectNoOverflow(ben)
  await list(ben).getByRole('link', { name: /Carla Counted/ }).click()
  await expect(ben).toHaveURL(new RegExp(conversation))
  await expect(list(ben)).toBeHidden()
  await expect(bell(ben)).toHaveAccessibleName('Notices')
  await expect(ben).not.toHaveTitle(/^\(/)
  await bell(ben).click()
  await expect(list(ben).getByRole('link', { name: /Carla Counted/ }), 'it stays in the list').toBeVisible()
})

test('N2: many are one notice, all are marked at once, in every tab', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const [ben, id] = await join(openContext, server, 'Ben Batch')
  const other = await ben.context().newPage()
  await open(other, '/settings/notifications')
  const ids: string[] = []
  for (const name of ['Set One', 'Set Two', 'Set Three']) ids.push((await write(page, server, name))[0])
  await assign(page, server, ids, id)
  const [single] = await write(page, server, 'Single Sam')
  await assign(page, server, [single], id)
  for (const tab of [ben, other]) await expect(bell(tab)).toHaveAccessibleName('Notices, 2 new')
  await bell(ben).click()
  await expect(list(ben)).toContainText('assigned 3 conversations to you')
  await list(ben).getByRole('button', { name: 'Mark all as seen' }).click()
  for (const tab of [ben, other]) await expect(bell(tab)).toHaveAccessibleName('Notices')
  await expect(list(ben).getByRole('button', { name: 'Mark all as seen' })).toHaveCount(0)
  await ben.reload()
  await bell(ben).click()
  await expect(list(ben)).toContainText('assigned 3 conversations to you')
  await expect(bell(ben)).toHaveAccessibleName('Notices')
})

test('N2: nothing is told of the conversation in front of me', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const [ben, id] = await join(openContext, server, 'Ben Before')
  const [conversation, visitor] = await write(page, server, 'Fiona Front')
  const [elsewhere, other] = await write(page, server, 'Elsa Elsewhere')
  await assign(page, server, [conversation], id)
  await assign(page, server, [elsewhere], id)
  await expect(bell(ben)).toHaveAccessibleName('Notices, 2 new')
  await open(ben, `/inbox/${conversation}`)
  await ben.bringToFront()
  await expect(bell(ben)).toHaveAccessibleName('Notices, 1 new')
  await visitor.write('Are you there?')
  await other.write('And you?')
  await expect(ben.getByRole('region', { name: 'Messages' })).toContainText('Are you there?')
  await expect(bell(ben), 'what came in elsewhere counts').toHaveAccessibleName('Notices, 2 new')
  await bell(ben).click()
  await expect(list(ben).getByRole('link', { name: /New: Elsa Elsewhere answered/ })).toBeVisible()
  await expect(list(ben).getByRole('link', { name: /New: Fiona/ })).toHaveCount(0)
})

test('N2: the browser is asked when its switch is turned on, and one tab tells, once', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const [ben, id] = await join(openContext, server, 'Ben Browser')
  await ben.context().addInitScript(() => {
    const shown: string[] = []
    const asked: string[] = []
    class Fake {
      static permission = 'default'
      static async requestPermission() {
        asked.push('asked')
        Fake.permission = 'granted'
        return Fake.permission
      }
      onclick: (() => void) | null = null
      constructor(title: string, options: { tag: string }) {
        shown.push(`${title} [${options.tag}]`)
        Object.assign(window, { last: this })
      }
      close() {}
    }
    Object.assign(window, { Notification: Fake, shown, asked })
  })
  const told = (tab: Page) => tab.evaluate(() => (window as unknown as { shown: string[] }).shown)
  await open(ben, '/settings/notifications')
  await expectAccessible(ben)
  await expect(ben.getByRole('switch', { name: 'A conversation is assigned to me, by the browser' })).not.toBeChecked()
  await ben.getByRole('switch', { name: 'A conversation is assigned to me, by the browser' }).check()
  await expect.poll(() => ben.evaluate(() => (window as unknown as { asked: string[] }).asked)).toEqual(['asked'])
  await ben.getByRole('switch', { name: 'A reply of mine is not sent, under the bell' }).uncheck()
  await expect.poll(async () => (await callFunction<{ switches: object }>(ben, server, 'notices')).switches).toEqual({ listed: 7, browser: 1 })
  await ben.reload()
  await expect(ben.getByRole('switch', { name: 'A conversation is assigned to me, by the browser' })).toBeChecked()
  await expect(ben.getByRole('switch', { name: 'A reply of mine is not sent, under the bell' })).not.toBeChecked()
  await ben.getByRole('button', { name: 'Allow notices here' }).click()
  await expect(ben.getByRole('button', { name: 'Allow notices here' })).toHaveCount(0)

  const [one] = await write(page, server, 'Nina Noticed')
  await assign(page, server, [one], id)
  await expect.poll(() => told(ben)).toEqual(['Mara Lindqvist assigned Nina Noticed to you [tandem]'])
  const [two] = await write(page, server, 'Nora Noticed')
  await assign(page, server, [two], id)
  await expect.poll(() => told(ben), 'what happens soon after is one with it').toEqual([
    'Mara Lindqvist assigned Nina Noticed to you [tandem]',
    '2 notices [tandem]',
  ])
  await ben.evaluate(() => (window as unknown as { last: { onclick: () => void } }).last.onclick())
  await expect(ben).toHaveURL(/\/inbox/)
})

test('T7: @ in a note finds a colleague, by keyboard, and tells them; they see the note marked', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const [ben] = await join(openContext, server, 'Ben Mention')
  const [conversation] = await write(page, server, 'Mia Mentioning')
  await open(page, `/inbox/${conversation}`)
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await note(page).pressSequentially('Please look, @ben men')
  await expect(page.getByRole('option', { name: /Ben Mention/ })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(note(page)).toHaveValue('Please look, @Ben Mention ')
  await note(page).pressSequentially('today')
  await expect(page.getByText('Tells Ben Mention.')).toBeVisible()
  await page.getByRole('button', { name: 'Add note' }).click()
  await expect(page.locator('.bubble .mention')).toHaveText('@Ben Mention')
  await expect(bell(ben)).toHaveAccessibleName('Notices, 1 new')
  await bell(ben).click()
  await list(ben).getByRole('link', { name: /mentioned you: Mia Mentioning/ }).click()
  await expect(ben.locator('.bubble .mention')).toHaveText('@Ben Mention')
  await expect(bell(ben)).toHaveAccessibleName('Notices')
})

test('T7: a mention in a reply becomes a note, and whoever cannot see it is said', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await join(openContext, server, 'Blanche Blind', { visibility: 'mine' })
  const [conversation] = await write(page, server, 'Rita Reply')
  await open(page, `/inbox/${conversation}`)
  const reply = page.getByRole('textbox', { name: 'Message', exact: true })
  await reply.pressSequentially('Ask @blanche')
  const option = page.getByRole('option', { name: /Make this a note for Blanche Blind/ })
  await expect(option).toContainText('Cannot see this conversation')
  await option.click()
  await expect(note(page)).toHaveValue('Ask @Blanche Blind ')
  await expect(page.getByText('Blanche Blind cannot see this conversation, so this note tells them nothing.')).toBeVisible()
  await page.getByRole('button', { name: 'Reply', exact: true }).click()
  await expect(reply, 'nothing is left of it in the reply').toHaveValue('')
  await reply.pressSequentially('Write to mara@example.com')
  await expect(page.getByRole('option')).toHaveCount(0)
})

test('N2: on a phone the bell is in the bar at the foot, and the list fits', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const [ben, id] = await join(openContext, server, 'Ben Phone')
  const [conversation] = await write(page, server, 'Petra Phone')
  await assign(page, server, [conversation], id)
  await ben.setViewportSize({ width: 390, height: 844 })
  await bell(ben).click()
  await expect(list(ben).getByRole('link', { name: /Petra Phone/ })).toBeVisible()
  await expectNoOverflow(ben)
  await expectAccessible(ben)
  await row(ben, 'Petra Phone').last().click()
  await expect(ben).toHaveURL(new RegExp(conversation))
})
