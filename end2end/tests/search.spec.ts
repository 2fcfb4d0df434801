// L5: the search: by name, company, text and address, while typing; operators; opening at the message; the keyboard.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test, waitUntilHydrated } from '../fixtures/test'
import { ApiVisitor, callFunction, chatKey, joinAsMember, openAsOwner, uuidv7 } from '../fixtures/people'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'search' } })

const field = (page: Page) => page.getByRole('combobox', { name: 'Search conversations' })
const found = (page: Page) => page.getByRole('listbox', { name: 'Search results' })
const group = (page: Page, name: 'People' | 'Messages') => found(page).getByRole('group', { name: new RegExp(`^${name}, `) })
const offers = (page: Page) => page.locator('#search-offers')
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })
const chosen = (page: Page) => page.locator('#search-found [aria-selected=true]')

interface Row { id: string; name: string; preview: { text: string } }

/** A visitor writes. Returns the conversation. */
async function conversation(page: Page, server: Server, text: string, who: { name?: string; email?: string } = {}): Promise<string> {
  await new ApiVisitor(server, await chatKey(page), who).write(text)
  const { rows } = await callFunction<{ rows: Row[] }>(page, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  const row = rows.find((row) => row.preview.text.startsWith(text.slice(0, 30)))
  expect(row, `the conversation of “${text}”`).toBeDefined()
  return row!.id
}

async function setCompany(page: Page, server: Server, id: string, company: string): Promise<void> {
  const { contact } = await callFunction<{ contact: { id: string; version: number } }>(page, server, 'thread', { id })
  await callFunction(page, server, 'edit_contact', { id: contact.id, field: 'company', value: company, seen: contact.version })
}

async function note(page: Page, server: Server, conversation: string, text: string): Promise<void> {
  await callFunction(page, server, 'send_message', { new: { id: uuidv7(), conversation, mode: 'note', text, attachments: [] } })
}

test.describe('Search Conversations: use the search bar to find by', () => {
  test.beforeEach(async ({ page, server }) => openAsOwner(page, server))

  test('L5: contact name', async ({ page, server }) => {
    await conversation(page, server, 'A question about doors', { name: 'Amalia Ferrante', email: 'amalia@ferrante.example' })
    await field(page).fill('ferra')
    await expect(group(page, 'People').getByRole('option')).toHaveCount(1)
    await group(page, 'People').getByRole('option', { name: /Amalia Ferrante/ }).click()
    await expect(messages(page)).toContainText('A question about doors')
  })

  test('L5: company', async ({ page, server }) => {
    const id = await conversation(page, server, 'A question about windows', { name: 'Boris Windt', email: 'boris@windt.example' })
    await setCompany(page, server, id, 'Glaswerk Nord')
    await field(page).fill('glaswerk')
    const hit = group(page, 'People').getByRole('option', { name: /Boris Windt/ })
    await expect(hit).toContainText('Glaswerk Nord')
    await hit.click()
    await expect(messages(page)).toContainText('A question about windows')
  })

  test('L5: message content', async ({ page, server }) => {
    await conversation(page, server, 'The kingfisher comes on Tuesdays. Can we move it?', { name: 'Carla Content' })
    await field(page).fill('kingfisher')
    const hit = group(page, 'Messages').getByRole('option', { name: /Carla Content/ })
    await expect(hit.locator('mark')).toHaveText('kingfisher')
    await hit.click()
    await expect(page).toHaveURL(/\/inbox\/[0-9a-f-]{36}\?at=1$/)
    await expect(messages(page)).toContainText('The kingfisher comes')
    await expect(messages(page).locator('[data-lit]')).toContainText('The kingfisher comes')
  })

  test('L5: email address', async ({ page, server }) => {
    await conversation(page, server, 'Where is my parcel?', { name: 'Dora Dispatch', email: 'dora.parcel@dispatch.example' })
    for (const text of ['dora.parcel@dispatch.example', 'dora.parcel']) {
      await field(page).fill(text)
      await expect(group(page, 'People').getByRole('option', { name: /Dora Dispatch/ })).toContainText('dora.parcel@dispatch.example')
    }
  })
})

test.describe('Keyboard Shortcuts', () => {
  test.beforeEach(async ({ page, server }) => openAsOwner(page, server))

  test('L5: / focuses the search, from the thread too, but not while typing', async ({ page, server }) => {
    await conversation(page, server, 'Slash and slash', { name: 'Sla Sher' })
    await page.keyboard.press('/')
    await expect(field(page)).toBeFocused()
    await expect(field(page)).toHaveValue('')
    await page.keyboard.type('a/b')
    await expect(field(page)).toHaveValue('a/b')
    await field(page).fill('')
    await page.getByRole('link', { name: /Slash and slash/ }).click()
    await messages(page).focus()
    await page.keyboard.press('/')
    await expect(field(page)).toBeFocused()
    const composer = page.getByRole('textbox', { name: 'Message' })
    await composer.focus()
    await page.keyboard.type('and/or')
    await expect(composer).toHaveValue('and/or')
    await composer.fill('')
  })

  test('L5: ↑ ↓ navigate, Enter opens, Esc clears and then leaves', async ({ page, server }) => {
    for (const n of [1, 2, 3]) await conversation(page, server, `Nightingale number ${n}`, { name: `Bird ${n}` })
    await page.keyboard.press('/')
    await page.keyboard.type('nightingale')
    const hits = group(page, 'Messages').getByRole('option')
    await expect(hits).toHaveCount(3)
    await expect(hits.first(), 'newest first').toContainText('number 3')
    await page.keyboard.press('ArrowDown')
    await expect(chosen(page)).toContainText('number 3')
    await page.keyboard.press('ArrowDown')
    await expect(chosen(page)).toContainText('number 2')
    await expect(field(page)).toHaveAttribute('aria-activedescendant', (await chosen(page).getAttribute('id'))!)
    await page.keyboard.press('ArrowUp')
    await expect(chosen(page)).toContainText('number 3')
    await page.keyboard.press('ArrowUp')
    await expect(chosen(page), 'above the first is the text').toHaveCount(0)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(messages(page)).toContainText('Nightingale number 2')
    await expect(field(page), 'ready for the next result').toBeFocused()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(messages(page)).toContainText('Nightingale number 1')
    await page.keyboard.press('Escape')
    await expect(field(page)).toHaveValue('')
    await expect(found(page)).toHaveCount(0)
    await expect(page.getByRole('link', { name: /Nightingale number 3/ }), 'the list is back').toBeVisible()
    await page.keyboard.press('Escape')
    await expect(field(page)).not.toBeFocused()
    await page.keyboard.press('ArrowDown')
    await expect(page.locator('a.row:focus')).toHaveCount(1)
  })

  test('L5: Enter opens the first result; the arrows work with the focus elsewhere', async ({ page, server }) => {
    for (const n of [1, 2]) await conversation(page, server, `Wagtail number ${n}`)
    await field(page).fill('wagtail')
    await expect(found(page)).toContainText('number 2')
    await field(page).press('Enter')
    await expect(messages(page)).toContainText('Wagtail number 2')
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.keyboard.press('ArrowDown')
    await expect(field(page)).toBeFocused()
    await expect(chosen(page)).toContainText('number 2')
  })
})

test.describe('what is found', () => {
  test.beforeEach(async ({ page, server }) => openAsOwner(page, server))

  test('L5: a phrase, and a word that must not be there', async ({ page, server }) => {
    await conversation(page, server, 'The green heron waits', { name: 'Phrase One' })
    await conversation(page, server, 'A heron that is green', { name: 'Phrase Two' })
    await field(page).fill('"green heron"')
    await expect(group(page, 'Messages').getByRole('option')).toHaveCount(1)
    await expect(found(page)).toContainText('Phrase One')
    await field(page).fill('heron -waits')
    await expect(found(page)).toContainText('Phrase Two')
    await expect(group(page, 'Messages').getByRole('option')).toHaveCount(1)
  })

  test('L5: a name with one wrong letter', async ({ page, server }) => {
    await conversation(page, server, 'Do you know me?', { name: 'Wilhelmina Krauss', email: 'wk@krauss.example' })
    await field(page).fill('wilhelmima')
    await expect(group(page, 'People').getByRole('option', { name: /Wilhelmina Krauss/ })).toContainText('Similar name')
  })

  test('L5: members find notes', async ({ page, server }) => {
    const id = await conversation(page, server, 'Nothing special', { name: 'Nota Bene' })
    await note(page, server, id, 'Careful: an albatross among customers')
    await field(page).fill('albatross')
    await expect(group(page, 'Messages').getByRole('option', { name: /Nota Bene/ })).toContainText('Note: ')
  })

  test('L5: a restricted member does not find hidden messages', async ({ page, server, openContext }) => {
    const id = await conversation(page, server, 'The secret cormorant', { name: 'Hidden Person', email: 'hidden@person.example' })
    const boot = await callFunction<{ me: { member: { id: string } } }>(page, server, 'bootstrap')
    const { row } = await callFunction<{ row: { state: { status: string; assignee: null }; inbound_count: number } }>(page, server, 'thread', { id })
    await callFunction(page, server, 'change_state', { conversation: id, seen: { status: row.state.status, assignee: row.state.assignee, inbound: row.inbound_count }, act: { assign: boot.me.member.id } })
    const context = await openContext()
    await joinAsMember(context, server, { name: 'Rita Restricted', email: 'rita@example.com', password: 'a phrase of my own' }, { visibility: 'mine' })
    const other = await context.newPage()
    await open(other, '/inbox')
    for (const text of ['cormorant', 'hidden@person.example', 'Hidden Person']) {
      await field(other).fill(text)
      await expect(other.getByText(`Nothing found for “${text}”`)).toBeVisible()
    }
    await field(page).fill('cormorant')
    await expect(found(page)).toContainText('Hidden Person')
  })

  test('L5: more messages come with "Show more"', async ({ page, server }) => {
    const id = await conversation(page, server, 'So many swallows', { name: 'Swal Low' })
    for (let n = 0; n < 30; n++) await note(page, server, id, `Swallow ${n} of thirty`)
    await field(page).fill('swallow')
    const hits = group(page, 'Messages').getByRole('option')
    await expect(hits).toHaveCount(25)
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect(hits).toHaveCount(31)
    await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0)
  })

  test('L5, L4: a search that is a filter is shown as a list and saved as a view; tag: is one', async ({ page, server }) => {
    await openAsOwner(page, server)
    const id = await conversation(page, server, 'Tagged and found', { name: 'Tamara Tagged' })
    await conversation(page, server, 'Not tagged', { name: 'Nils Nothing' })
    const tag = await callFunction(page, server, 'add_tag', { name: 'Very important', color: null })
    await callFunction(page, server, 'change_state', { conversation: id, seen: { status: 'open', assignee: null, inbound: 1 }, act: { add_tag: tag.id } })
    await open(page, '/inbox?view=all')
    await field(page).fill('tag:very is:open')
    await expect(group(page, 'Messages').getByRole('option')).toHaveCount(1)
    await page.getByRole('link', { name: 'Show as list' }).click()
    await expect(field(page)).toHaveValue('')
    await expect(page.locator('a.row')).toHaveCount(1)
    await expect(page.getByRole('link', { name: 'Remove filter: All of: Very important' })).toBeVisible()

    await field(page).fill('tag:"very important"')
    await page.getByRole('link', { name: 'Save as view' }).click()
    const dialog = page.getByRole('dialog', { name: 'Save as view' })
    await dialog.getByLabel('Name').fill('Important ones')
    await dialog.getByRole('button', { name: 'Save view' }).click()
    await expect(page.getByRole('navigation', { name: 'Saved views' }).getByRole('link', { name: /Important ones/ })).toContainText('1')
    await field(page).fill('invoice tag:very')
    await expect(page.getByRole('link', { name: 'Show as list' }), 'a list has no words').toHaveCount(0)
  })

  test('L5: what does not apply is named, and the rest is searched', async ({ page, server }) => {
    await conversation(page, server, 'A lonely curlew', { name: 'Cur Lew' })
    await field(page).fill('curlew colour:red')
    await expect(page.getByText('“colour:red” is not an operator.')).toBeVisible()
    await expect(found(page)).toContainText('Cur Lew')
    await field(page).fill('curlew assignee:zebedee')
    await expect(page.getByText('No member is called “zebedee”.')).toBeVisible()
  })

  test('L5, S28: whatever is typed, the search says something and nothing breaks', async ({ page }) => {
    for (const text of ['!!! ... ???', '%', '_', '"no end', "'; DROP TABLE message; --", '\\', '<b>bold</b>', 'from:', ':::', '-', 'مرحبا يا صديقي', '👩🏽‍🚀']) {
      await field(page).fill(text)
      await expect(page.getByText(/^Nothing (found|to search)/).first(), text).toBeVisible()
      await expectNoOverflow(page)
      await field(page).fill('')
    }
    await field(page).fill('longword '.repeat(1_200))
    await expect(page.getByText('Only the first words and operators are searched.').or(page.getByText('Only the beginning of the text is searched.')).first()).toBeVisible()
    await field(page).fill('x'.repeat(10_000))
    await expect(page.getByText(/^Nothing found for/).first()).toBeVisible()
    await expectNoOverflow(page)
  })
})

test.describe('typing', () => {
  test.beforeEach(async ({ page, server }) => openAsOwner(page, server))

  test('L5: an answer that comes late does not replace a newer one', async ({ page, server }) => {
    await conversation(page, server, 'A slow puffin', { name: 'Slow Puffin' })
    await conversation(page, server, 'A quick petrel', { name: 'Quick Petrel' })
    await page.route('**/api/fn/search', async (route) => {
      if (route.request().postData()?.includes('puffin')) await new Promise((late) => setTimeout(late, 1_500))
      await route.continue().catch(() => {})
    })
    await field(page).fill('puffin')
    await page.waitForRequest((request) => request.url().endsWith('/api/fn/search') && !!request.postData()?.includes('puffin'))
    await field(page).fill('petrel')
    await expect(found(page)).toContainText('Quick Petrel')
    await page.waitForTimeout(1_800)
    await expect(found(page)).toContainText('Quick Petrel')
    await expect(found(page)).not.toContainText('Slow Puffin')
  })

  test('L5: the results before stay until the new ones are there, and typing asks once', async ({ page, server }) => {
    await conversation(page, server, 'A steady gannet and a tern', { name: 'Stea Dy' })
    let asked = 0
    let slow = false
    await page.route('**/api/fn/search', async (route) => {
      asked++
      if (slow) await new Promise((late) => setTimeout(late, 600))
      await route.continue().catch(() => {})
    })
    await field(page).pressSequentially('gannet', { delay: 20 })
    await expect(found(page)).toContainText('Stea Dy')
    expect(asked).toBe(1)
    slow = true
    await field(page).pressSequentially(' tern', { delay: 20 })
    await page.waitForTimeout(300)
    await expect(found(page)).toContainText('Stea Dy')
    await expect(found(page).locator('mark')).toHaveText(['gannet', 'tern'])
  })

  test('L5: what is typed while its code loads is not lost', async ({ page, server }) => {
    await conversation(page, server, 'A patient bittern', { name: 'Pa Tient' })
    await page.route('**/assets/finding.*.wasm', async (route) => {
      await new Promise((late) => setTimeout(late, 1_500))
      await route.continue()
    })
    await open(page, '/inbox')
    await page.keyboard.press('/')
    await page.keyboard.type('bittern')
    await expect(field(page)).toHaveValue('bittern')
    await expect(found(page)).toContainText('Pa Tient')
    await expect(field(page)).toBeFocused()
  })

  test('L5: a failed search says so, and works again; offline it waits for the connection', async ({ page, server, problems }) => {
    problems.allow(/Failed to load resource/, /net::ERR/, /EventSource/)
    await conversation(page, server, 'A stubborn lapwing', { name: 'Stub Born' })
    await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
    await page.route('**/api/fn/search', (route) => route.abort())
    await field(page).fill('lapwing')
    const alert = page.getByRole('alert').filter({ hasText: 'The search did not work' })
    await expect(alert).toBeVisible()
    await page.unroute('**/api/fn/search')
    await alert.getByRole('button', { name: 'Try again' }).click()
    await expect(found(page)).toContainText('Stub Born')
    await page.context().setOffline(true)
    await field(page).fill('lapwing stubborn')
    await expect(page.getByText('The search needs the server')).toBeVisible({ timeout: 20_000 })
    await page.context().setOffline(false)
    await expect(found(page)).toContainText('Stub Born', { timeout: 20_000 })
  })
})

test.describe('completion and recent searches', () => {
  test.beforeEach(async ({ page, server }) => openAsOwner(page, server))

  test('L5: operators and their values are completed by keyboard', async ({ page, server }) => {
    await conversation(page, server, 'Complete me, said the dunlin', { name: 'Com Plete' })
    await page.keyboard.press('/')
    await page.keyboard.type('dunlin fr')
    await expect(offers(page).getByRole('option')).toHaveText([/^from:/])
    await expect(field(page)).toHaveAttribute('aria-activedescendant', 'offer-0')
    await page.keyboard.press('Escape')
    await expect(offers(page), 'Esc closes the completion first').toHaveCount(0)
    await expect(field(page)).toHaveValue('dunlin fr')
    await page.keyboard.press('Backspace')
    await page.keyboard.press('Backspace')
    await page.keyboard.type('is')
    await page.keyboard.press('Tab')
    await expect(field(page)).toHaveValue('dunlin is:')
    await expect(field(page)).toBeFocused()
    await expect(offers(page).getByRole('option')).toContainText(['unread', 'open', 'closed', 'mine', 'unassigned', 'waiting'])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(field(page)).toHaveValue('dunlin is:open ')
    await expect(offers(page)).toHaveCount(0)
    await expect(found(page)).toContainText('Com Plete')
    await page.keyboard.type('assignee:nob')
    await expect(offers(page).getByRole('option')).toHaveText([/^nobody/])
    await page.keyboard.press('Enter')
    await expect(field(page)).toHaveValue('dunlin is:open assignee:nobody ')
    await page.keyboard.type('from:mara')
    await expect(offers(page).getByRole('option')).toContainText(['Mara Lindqvist'])
    await page.keyboard.press('Tab')
    await expect(field(page)).toHaveValue('dunlin is:open assignee:nobody from:"Mara Lindqvist" ')
    await field(page).fill('')
    await field(page).pressSequentially('channel:')
    await offers(page).getByRole('option').first().click()
    await expect(field(page)).toHaveValue(/^channel:.+ $/)
    await expect(field(page)).toBeFocused()
    await expect(found(page)).toContainText('Com Plete')
  })

  test('L5: recent searches: opened again, removed, and gone after signing out', async ({ page, server, openContext }) => {
    await conversation(page, server, 'A recent dotterel and an old knot', { name: 'Re Cent' })
    for (const text of ['dotterel', 'knot']) {
      await field(page).fill(text)
      await expect(found(page).locator('mark')).toHaveText(text)
      await field(page).press('Enter')
      await expect(messages(page)).toContainText('A recent dotterel')
      await field(page).press('Escape')
    }
    await expect(offers(page).getByRole('option')).toHaveText(['knot', 'dotterel'])
    await page.reload()
    await waitUntilHydrated(page)
    await page.keyboard.press('/')
    await expect(offers(page).getByRole('option')).toHaveText(['knot', 'dotterel'])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(field(page)).toHaveValue('dotterel')
    await expect(found(page)).toContainText('Re Cent')
    await field(page).fill('')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Delete')
    await expect(offers(page).getByRole('option')).toHaveText(['dotterel'])
    await page.locator('.offer-remove').click()
    await expect(offers(page)).toHaveCount(0)
    await expect(field(page)).toBeFocused()

    const context = await openContext()
    await joinAsMember(context, server, { name: 'Sig Nout', email: 'signout@example.com', password: 'a phrase of my own' })
    const other = await context.newPage()
    await open(other, '/inbox')
    await field(other).fill('dotterel')
    await expect(found(other)).toContainText('Re Cent')
    await field(other).press('Enter')
    const stored = () => other.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('tandem:searches:')).length)
    expect(await stored()).toBe(1)
    await other.getByRole('button', { name: /theme, sessions, sign out/ }).click()
    await other.getByRole('menuitem', { name: 'Sign out' }).click()
    await expect(other).toHaveURL(/sign-in/)
    expect(await stored()).toBe(0)
  })
})

test.describe('opening at a message', () => {
  test('L5: an old message of a long thread opens with its neighbours, lit; older and newer ones come by scrolling', async ({ page, server }) => {
    await openAsOwner(page, server)
    const id = await conversation(page, server, 'The first of very many', { name: 'Long Thread' })
    for (let n = 2; n <= 120; n++) await note(page, server, id, n === 40 ? 'Entry 40 mentions the avocet' : `Entry ${n} of many`)
    await open(page, '/inbox?view=all')
    await field(page).fill('avocet')
    await group(page, 'Messages').getByRole('option', { name: /Long Thread/ }).click()
    await expect(page).toHaveURL(new RegExp(`/inbox/${id}\\?view=all&at=40$`))
    const lit = messages(page).locator('[data-lit]')
    await expect(lit).toContainText('Entry 40 mentions the avocet')
    await expect(lit).toBeInViewport()
    await expect(messages(page)).toContainText('Entry 39 of many')
    await expect(messages(page)).toContainText('Entry 41 of many')
    await expect(messages(page)).not.toContainText('Entry 120 of many')

    // A new message waits for the entries before it, and the row of the list shows it.
    await note(page, server, id, 'Entry 121, live')
    await expect(page.getByRole('button', { name: 'Newest messages' })).toBeVisible()
    await expect(messages(page)).not.toContainText('Entry 121, live')

    const stream = messages(page)
    const places = () => stream.locator('li[id^=m]').evaluateAll((all) => all.map((one) => Number(one.id.slice(1))))
    await expect(async () => {
      await stream.evaluate((frame) => frame.scrollTo(0, 0))
      await expect(stream).toContainText('Entry 121, live', { timeout: 400 })
    }).toPass({ timeout: 15_000 })
    const numbers = await places()
    expect(numbers, 'in order and without gaps').toEqual([...numbers].sort((a, b) => a - b))
    expect(numbers.at(-1)! - numbers[0]!).toBe(numbers.length - 1)
    await note(page, server, id, 'Entry 122, live')
    await expect(stream, 'live again').toContainText('Entry 122, live')

    await page.reload()
    await waitUntilHydrated(page)
    await expect(lit).toContainText('Entry 40 mentions the avocet')
    await expect(lit).toBeInViewport()
    await page.getByRole('button', { name: 'Newest messages' }).click()
    await expect(page).toHaveURL(new RegExp(`/inbox/${id}\\?view=all$`))
    await expect(stream.getByText('Entry 122, live')).toBeInViewport()
    await page.goBack()
    await expect(page).not.toHaveURL(/at=40/)
  })

  test('L5: the words are marked in the message, and the first one is in sight however long it is', async ({ page, server }) => {
    await openAsOwner(page, server)
    const id = await conversation(page, server, 'A short beginning', { name: 'Long Message' })
    const lines = Array.from({ length: 400 }, (_, n) => (n === 350 ? 'Here the Capercaillie sings' : `Line ${n} of a very long note`))
    await note(page, server, id, lines.join('\n'))
    await open(page, '/inbox?view=all')
    await field(page).fill('capercaillie -heron')
    await group(page, 'Messages').getByRole('option', { name: /Long Message/ }).click()
    const marked = () =>
      page.evaluate(() => {
        const highlight = CSS.highlights.get('found')
        return [...(highlight ?? [])].map((range) => {
          const { top, bottom } = (range as Range).getBoundingClientRect()
          return { text: String(range), inSight: top > 0 && bottom < innerHeight }
        })
      })
    await expect.poll(marked).toEqual([{ text: 'Capercaillie', inSight: true }])
  })

  test('L5: scrolling down keeps the visible entries in place while newer ones are added', async ({ page, server }) => {
    await openAsOwner(page, server)
    const id = await conversation(page, server, 'Steady as she goes', { name: 'Stay Put' })
    for (let n = 2; n <= 100; n++) await note(page, server, id, `Line ${n} of a hundred`)
    let release = () => {}
    const held = new Promise<void>((done) => { release = done })
    await page.route('**/api/fn/newer', async (route) => { await held; await route.continue() })
    const asked = page.waitForRequest('**/api/fn/newer')
    await open(page, `/inbox/${id}?at=30`)
    await expect(messages(page).locator('[data-lit]')).toBeInViewport()
    await messages(page).evaluate((frame) => frame.scrollTo(0, -300))
    const last = messages(page).locator('li[id^=m]').last()
    await asked
    const entry = `#${await last.getAttribute('id')}`
    const before = (await page.locator(entry).boundingBox())!.y
    release()
    await expect(messages(page)).toContainText('Line 80 of a hundred')
    const after = (await page.locator(entry).boundingBox())!.y
    expect(Math.abs(after - before)).toBeLessThan(3)
  })

  test('L5: without scripts of its own the URL shows that part of the thread; a reply leads to the end', async ({ page, server }) => {
    await openAsOwner(page, server)
    const id = await conversation(page, server, 'Read me anywhere', { name: 'Any Where' })
    for (let n = 2; n <= 90; n++) await note(page, server, id, `Paragraph ${n}`)
    const html = await (await page.request.get(`/inbox/${id}?at=20`)).text()
    expect(html).toContain('id="m20"')
    expect(html).not.toContain('id="m90"')
    await open(page, `/inbox/${id}?at=20`)
    await expect(messages(page).locator('[data-lit]')).toContainText('Paragraph 20')
    await page.getByRole('button', { name: 'Note', exact: true }).or(page.getByRole('radio', { name: 'Note' })).first().click()
    await page.getByRole('textbox', { name: 'Note' }).fill('Written from the middle')
    await page.keyboard.press('Control+Enter')
    await expect(messages(page).getByText('Written from the middle')).toBeInViewport()
    await expect(messages(page)).toContainText('Paragraph 90')
    await expect(page).not.toHaveURL(/at=/)
  })
})

test('L5: accessible, and nothing overflows at any width', async ({ page, server }) => {
  await openAsOwner(page, server)
  const long = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(4)
  await conversation(page, server, `${long} sees a ruff`, { name: `Maximiliane ${long}`.slice(0, 80), email: 'a.very.long.address.of.somebody@a-company-with-a-long-name.example' })
  await conversation(page, server, 'مرحبا، هل رأيت ruff اليوم؟', { name: 'نور الحسيني' })
  for (const width of [1280, 820, 390]) {
    await page.setViewportSize({ width, height: 844 })
    await open(page, '/inbox')
    await expectAccessible(page)
    await field(page).click()
    await field(page).fill('ruff')
    await expect(found(page)).toContainText('نور الحسيني')
    await expect(group(page, 'Messages').getByRole('option')).toHaveCount(2)
    await expectNoOverflow(page)
    await expectAccessible(page)
    await field(page).press('Enter')
    await expect(messages(page).locator('[data-lit]')).toBeVisible()
    await expectNoOverflow(page)
    if (width === 390) {
      await expect(field(page)).toBeHidden()
      await page.getByRole('link', { name: 'Back to the list' }).click()
      await expect(found(page), 'the results are still there').toContainText('نور الحسيني')
    }
    await field(page).fill('is:')
    await expect(offers(page)).toBeVisible()
    await expectNoOverflow(page)
    await expectAccessible(page)
    await field(page).fill('')
    await expect(offers(page)).toContainText('ruff')
    await expectAccessible(page)
    await field(page).fill('nothing at all like this')
    await expect(page.getByText(/^Nothing found for/)).toBeVisible()
    await expectNoOverflow(page)
    await expectAccessible(page)
  }
})
