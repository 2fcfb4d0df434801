// T12: who else looks at a conversation or writes in it, among members, and between members and visitors.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { Visitor, callFunction, chatKey, joinAsMember, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'presence' } })

const messageField = (page: Page) => page.getByRole('textbox', { name: 'Message' })
const card = (page: Page, text: string) => page.getByRole('link', { name: new RegExp(text) })
const faces = (page: Page, text: string) => card(page, text).locator('.here')
const line = (page: Page) => page.locator('.composer-here').first()
const ended = (page: Page, text: string) => page.getByRole('region', { name: 'Messages' }).getByText(text)

test('T12: a colleague is shown on the card and above the composer, while they look or write', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Who is here?')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Ben Beside', email: 'ben.presence@example.com', password: 'a phrase of my own' })
  const ben = await context.newPage()
  await open(ben, '/inbox?view=all')
  await open(page, '/inbox?view=all')
  await expect(faces(page, 'Who is here')).toHaveCount(0)

  await card(ben, 'Who is here').click()
  await expect(faces(page, 'Who is here')).toHaveCount(1)
  await expect(card(page, 'Who is here').locator('.row-here')).toHaveAttribute('title', 'Ben Beside is looking at this.')
  await card(page, 'Who is here').click()
  await expect(line(page)).toHaveText('Ben Beside is looking at this.')
  await expect(line(ben), 'and the other way round').toHaveText('Mara Lindqvist is looking at this.')
  await expectAccessible(page)
  await expectNoOverflow(page)

  await messageField(ben).pressSequentially('A reply')
  await expect(line(page)).toHaveText('Ben Beside is writing a reply…')
  await expect(faces(page, 'Who is here')).toHaveAttribute('data-doing', 'reply')
  await ben.getByRole('button', { name: 'Note', exact: true }).click()
  await ben.getByRole('textbox', { name: 'Note' }).pressSequentially('A note')
  await expect(line(page)).toHaveText('Ben Beside is writing a note…')
  await expect(line(page), 'and after a while without a key').toHaveText('Ben Beside is looking at this.', { timeout: 10_000 })

  // A second tab of Ben's is still Ben, and what he closes is gone.
  const second = await context.newPage()
  await open(second, page.url())
  await expect(line(page)).toHaveText('Ben Beside is looking at this.')
  await expect(faces(page, 'Who is here')).toHaveCount(1)
  await ben.close()
  await second.close()
  await expect(line(page), 'gone within ten seconds').toHaveText('', { timeout: 11_000 })
  await expect(faces(page, 'Who is here')).toHaveCount(0)

  // Another tab of mine knows what the first knows, and a reconnected one what there is.
  const back = await context.newPage()
  await open(back, page.url())
  await expect(line(page)).toHaveText('Ben Beside is looking at this.')
  const mine = await page.context().newPage()
  await open(mine, page.url())
  await expect(line(mine)).toHaveText('Ben Beside is looking at this.')
  await mine.close()
  await page.reload()
  await expect(line(page)).toHaveText('Ben Beside is looking at this.')
  await card(back, 'Who is here').press('Escape')
  await open(back, '/settings/sessions')
  await expect(line(page), 'gone to another page').toHaveText('', { timeout: 11_000 })
})

test('T12: a visitor who types is shown, and sees that somebody types to them, but never a note', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Do you see me type?')
  await open(page, '/inbox?view=all')
  await card(page, 'Do you see me type').click()
  await expect(messageField(page)).toBeVisible()
  const field = visitor.chat.getByRole('textbox', { name: /message/i })
  await visitor.sees('Do you see me type?')
  await field.pressSequentially('One more')
  await expect(ended(page, 'is typing…')).toBeVisible()
  await expect(card(page, 'Do you see me type').locator('.typing-dots')).toBeVisible()
  await field.press('Enter')
  await expect(ended(page, 'One more')).toBeVisible()
  await expect(ended(page, 'is typing…'), 'it ends with the message').toHaveCount(0, { timeout: 5_000 })

  const theirs = visitor.chat.getByText('Somebody is typing…')
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await page.getByRole('textbox', { name: 'Note' }).pressSequentially('Not for them')
  await page.getByRole('button', { name: 'Reply', exact: true }).click()
  await expect(theirs).toHaveCount(0)
  await messageField(page).pressSequentially('Yes')
  await expect(theirs).toBeVisible()
  await messageField(page).press('Control+Enter')
  await visitor.sees('Yes')
  await expect(theirs).toHaveCount(0)

  // Switched off in the settings of the workspace.
  await open(page, '/settings/workspace')
  await page.getByRole('switch', { name: 'Typing in the web chat' }).click()
  await expect(page.getByRole('switch', { name: 'Typing in the web chat' })).not.toBeChecked()
  await open(page, '/inbox?view=all')
  await card(page, 'Yes').click()
  await messageField(page).pressSequentially('Unseen')
  await messageField(page).press('Control+Enter')
  await visitor.sees('Unseen')
  await expect(theirs).toHaveCount(0)
})

test('T12, S19: who may not see a conversation is told nothing, and who hides is shown to nobody', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  const visitor = await Visitor.arrive(await openContext(), key)
  await visitor.write('A secret matter')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Rita Restricted', email: 'rita.presence@example.com', password: 'a phrase of my own' }, { visibility: 'mine' })
  const rita = await context.newPage()
  const told: string[] = []
  await rita.exposeFunction('heard', (text: string) => told.push(text))
  await rita.addInitScript(() => {
    const Real = window.EventSource
    window.EventSource = class extends Real {
      constructor(url: string | URL, init?: EventSourceInit) {
        super(url, init)
        this.addEventListener('presence', (event) => (window as unknown as { heard(text: string): void }).heard((event as MessageEvent).data))
      }
    }
  })
  await open(rita, '/inbox?view=all')
  await expect.poll(() => told.length).toBeGreaterThan(0)

  const helper = await openContext()
  await joinAsMember(helper, server, { name: 'Hugo Hidden', email: 'hugo.presence@example.com', password: 'a phrase of my own' })
  const hugo = await helper.newPage()
  await open(hugo, '/inbox?view=all')
  await card(hugo, 'A secret matter').click()
  await open(page, '/inbox?view=all')
  await card(page, 'A secret matter').click()
  await expect(line(page)).toHaveText('Hugo Hidden is looking at this.')
  expect(told.filter((text) => text !== '='), 'Rita is told nothing').toEqual([])

  await open(hugo, '/settings/sessions')
  await hugo.getByRole('switch', { name: 'Show where I am' }).click()
  await expect(hugo.getByRole('switch', { name: 'Show where I am' })).not.toBeChecked()
  await expect(line(page)).toHaveText('', { timeout: 11_000 })
  await open(hugo, page.url())
  await expect(line(hugo), 'he still sees others').toHaveText('Mara Lindqvist is looking at this.')
  await callFunction(page, server, 'bootstrap')
  await messageField(hugo).pressSequentially('Quietly')
  await expect(hugo.getByText('Draft saved')).toBeVisible()
  await expect(line(page)).toHaveText('')
})

test('P4: a reply that a colleague sends while I write is said above the composer', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Whose turn is it?')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Cleo Quicker', email: 'cleo.presence@example.com', password: 'a phrase of my own' })
  const cleo = await context.newPage()
  for (const one of [page, cleo]) {
    await open(one, '/inbox?view=all')
    await card(one, 'Whose turn').click()
  }
  await messageField(page).pressSequentially('I am about to')
  await expect(line(cleo)).toHaveText('Mara Lindqvist is writing a reply…')
  await messageField(cleo).fill('Mine, and done')
  await messageField(cleo).press('Control+Enter')
  const said = page.locator('.composer-here').filter({ hasText: 'Cleo Quicker replied while you were writing: “Mine, and done”' })
  await expect(said).toBeVisible()
  await messageField(page).fill('')
  await expect(said, 'there is nothing left to send').toHaveCount(0)
})
