// L3, L4, L9: the list filtered, sorted and saved as views, as the guides describe "Filtering Conversations" and "Advanced Filters".
import { type Page } from '@playwright/test'
import { expect, expectAccessible, open, test, waitUntilHydrated } from '../fixtures/test'
import { ApiVisitor, callFunction, chatKey, joinAsMember, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'filters' } })

const rows = (page: Page) => page.getByRole('list', { name: /All|Mine|Unassigned|Closed|New/ }).getByRole('listitem')
const filters = (page: Page) => page.getByRole('region', { name: 'Filters' })
const openFilters = async (page: Page) => {
  await page.getByRole('button', { name: /^Filters \(f\)/ }).click()
  await expect(filters(page)).toBeVisible()
}
const chip = (page: Page, name: string) => page.getByRole('link', { name: `Remove filter: ${name}` })

/** A conversation, and its id. */
async function conversation(page: Page, server: Parameters<typeof openAsOwner>[1], name: string, text: string): Promise<string> {
  await new ApiVisitor(server, await chatKey(page), { name }).write(text)
  const { rows } = await callFunction<any>(page, server, 'inbox_page', { filter: { view: 'all' }, after: null })
  return rows.find((row: any) => row.label === name || row.name === name).id
}

/** Adds tags to a conversation, and makes them where needed. Returns the number of the last one. */
async function tag(page: Page, server: Parameters<typeof openAsOwner>[1], id: string, ...names: string[]): Promise<number> {
  let last = 0
  for (const name of names) {
    const made = await callFunction<any>(page, server, 'add_tag', { name, color: null })
    await callFunction(page, server, 'change_state', { conversation: id, seen: { status: 'open', assignee: null, inbound: 1 }, act: { add_tag: made.id } })
    last = made.id
  }
  return last
}

test('L3: the quick filter buttons show what is mine, all, unassigned and closed', async ({ page, server }) => {
  await openAsOwner(page, server)
  await conversation(page, server, 'Quinn Quick', 'Is anybody there?')
  await open(page, '/inbox')
  for (const [tab, here] of [['Mine', 0], ['All', 1], ['Unassigned', 1], ['Closed', 0]] as const) {
    await page.getByRole('navigation', { name: 'Scope' }).getByRole('link', { name: new RegExp(`^${tab}`) }).click()
    await expect(page).toHaveURL(new RegExp(`view=${tab.toLowerCase()}`))
    await expect(page.getByRole('link', { name: /Is anybody there/ })).toHaveCount(here)
  }
})

test('L3: tags, mode and period narrow the list at once; chips remove them; the URL and Back keep them', async ({ page, server }) => {
  await openAsOwner(page, server)
  const [anna, boris] = [await conversation(page, server, 'Anna', 'About an order'), await conversation(page, server, 'Boris', 'About a repair')]
  await tag(page, server, anna, 'VIP', 'order')
  await tag(page, server, boris, 'VIP', 'repair')
  await open(page, '/inbox')
  await expect(page.getByRole('link', { name: /About a repair/ })).toBeVisible()
  await openFilters(page)
  await expectAccessible(page)
  await filters(page).getByRole('button', { name: 'order', exact: true }).click()
  await expect(page).toHaveURL(/[?&]tags=\d+(&|$)/)
  await expect(page.getByRole('link', { name: /About an order/ })).toBeVisible()
  await expect(page.getByRole('link', { name: /About a repair/ })).toHaveCount(0)
  await expect(page.getByText('1 conversation', { exact: true })).toBeVisible()
  // A second tag of "any of" widens, "none of" excludes.
  await filters(page).getByRole('button', { name: 'repair', exact: true }).click()
  await expect(page.getByText('2 conversations', { exact: true })).toBeVisible()
  await filters(page).getByRole('radio', { name: 'None of' }).check()
  await filters(page).getByRole('button', { name: 'order', exact: true }).click()
  await expect(page.getByRole('link', { name: /About an order/ })).toHaveCount(0)
  await expect(page.getByRole('link', { name: /About a repair/ })).toBeVisible()
  // Back goes one condition back, and the chips follow.
  await page.goBack()
  await expect(page.getByText('2 conversations', { exact: true })).toBeVisible()
  await expect(chip(page, 'Tag: repair')).toBeVisible()
  await chip(page, 'Tag: repair').click()
  await expect(page.getByText('1 conversation', { exact: true })).toBeVisible()

  await filters(page).getByRole('button', { name: 'AI-handled' }).click()
  await expect(page.getByText('No conversation matches')).toBeVisible()
  await filters(page).getByRole('button', { name: 'Manual' }).click()
  await expect(page.getByText('1 conversation', { exact: true })).toBeVisible()
  for (const period of ['Last 30 days', 'Last 7 days', 'Today']) {
    await filters(page).getByRole('button', { name: period }).click()
    await expect(chip(page, period)).toBeVisible()
    await expect(page.getByText('1 conversation', { exact: true })).toBeVisible()
  }
  await filters(page).getByRole('button', { name: 'Custom' }).click()
  await filters(page).getByLabel('To').fill('2020-01-02')
  await expect(page.getByText('No conversation matches')).toBeVisible()
  await expect(page).toHaveURL(/period=2020-01-02\.\.2020-01-02/)

  // A link to it shows the same to somebody else.
  const shared = page.url()
  await open(page, shared)
  await expect(chip(page, '2 Jan 2020')).toBeVisible()
  await page.getByRole('link', { name: 'Clear all', exact: true }).click()
  await expect(page.getByRole('link', { name: /About an order/ })).toBeVisible()
  await expect(page.getByRole('link', { name: /About a repair/ })).toBeVisible()
})

test('L3: live events move rows in and out of a filtered list, and its count follows', async ({ page, server }) => {
  await openAsOwner(page, server)
  const id = await conversation(page, server, 'Lena Live', 'Will this move?')
  const moving = await tag(page, server, id, 'moving')
  await open(page, `/inbox?view=all&tags=${moving}&assignee=nobody`)
  await expect(page.getByText('1 conversation', { exact: true })).toBeVisible()
  const me = (await callFunction<any>(page, server, 'bootstrap', {})).me.member.id
  const assign = (to: string | null, from: string | null) =>
    callFunction(page, server, 'change_state', { conversation: id, seen: { status: 'open', assignee: from, inbound: 1 }, act: { assign: to } })
  await page.mouse.move(900, 400)
  await assign(me, null)
  await expect(page.getByText('0 conversations', { exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: /Will this move/ })).toHaveCount(0)
  await assign(null, me)
  await expect(page.getByText('1 conversation', { exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: /Will this move/ })).toBeVisible()
})

test('L3: what an address asks for that does not exist is said, and the rest applies', async ({ page, server }) => {
  await openAsOwner(page, server)
  await conversation(page, server, 'Uwe Unknown', 'Strange address')
  for (const bad of ['tags=many', `assignee=${'x'.repeat(10_000)}`, 'period=%25%22', 'sort=up', 'status=,,,', "channel=';--"]) {
    await open(page, `/inbox?view=all&${bad}`)
    await expect(page.getByText(/^Part of this address does not apply/)).toBeVisible()
    await expect(page.getByRole('link', { name: /Strange address/ })).toBeVisible()
  }
  await open(page, '/inbox?view=all&tags=999')
  await expect(chip(page, 'Tag: deleted tag')).toBeVisible()
})

test('L9: the list can be sorted, and the order is in the URL', async ({ page, server }) => {
  await openAsOwner(page, server)
  for (const name of ['First', 'Second', 'Third']) await conversation(page, server, name, `I am ${name}`)
  await open(page, '/inbox?view=all')
  const names = () => rows(page).locator('.row-name').allTextContents()
  const shown = async () => (await names()).filter((name) => ['First', 'Second', 'Third'].includes(name))
  await expect.poll(shown).toEqual(['Third', 'Second', 'First'])
  await openFilters(page)
  await filters(page).getByRole('button', { name: 'Oldest' }).click()
  await expect(page).toHaveURL(/sort=oldest/)
  await expect.poll(shown).toEqual(['First', 'Second', 'Third'])
  await filters(page).getByRole('button', { name: 'Waiting longest' }).click()
  await expect.poll(shown).toEqual(['First', 'Second', 'Third'])
  await filters(page).getByRole('button', { name: 'Last activity' }).click()
  await expect.poll(shown).toEqual(['Third', 'Second', 'First'])
})

test('L4: a filter is saved as a view, with a live count, for me or for everyone, and can be moved, changed and deleted', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const id = await conversation(page, server, 'Vera View', 'Count me')
  const counted = await tag(page, server, id, 'counted')
  await open(page, `/inbox?view=all&tags=${counted}`)
  for (const [name, audience] of [['My view', 'Only me'], ['Our view', 'Everyone']]) {
    await page.getByRole('button', { name: 'Save as view' }).click()
    const dialog = page.getByRole('dialog', { name: 'Save as view' })
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByLabel('Who has it').selectOption({ label: audience })
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Save view' }).click()
    await expect(dialog).toBeHidden()
  }
  const views = page.getByRole('navigation', { name: 'Saved views' })
  await expect(views.getByRole('link')).toHaveText([/My view\s*1/, /Our view\s*1/])
  const other = await conversation(page, server, 'Viktor View', 'Count me too')
  await tag(page, server, other, 'counted')
  await expect(views.getByRole('link', { name: /My view/ })).toHaveText(/2/)

  const context = await openContext()
  await joinAsMember(context, server, { name: 'Otto Other', email: 'otto@example.com', password: 'a long phrase for otto' })
  // Each of the first nine has a key. A digit in a text stays a digit.
  await open(page, '/inbox?view=mine')
  await expect(views.getByRole('link', { name: /My view/ })).toHaveAttribute('aria-keyshortcuts', '1')
  await page.keyboard.press('2')
  await expect(views.getByRole('link', { name: /Our view/ })).toHaveAttribute('aria-current', 'page')
  await page.keyboard.press('1')
  await expect(views.getByRole('link', { name: /My view/ })).toHaveAttribute('aria-current', 'page')
  await page.getByRole('combobox', { name: 'Search conversations' }).fill('')
  await page.keyboard.type('2')
  await page.keyboard.press('Escape')
  await expect(views.getByRole('link', { name: /My view/ })).toHaveAttribute('aria-current', 'page')
  // The panel has one, too.
  await page.locator('body').click({ position: { x: 2, y: 2 } })
  await page.keyboard.press('f')
  await expect(filters(page)).toBeVisible()
  await page.keyboard.press('Escape')

  const colleague = await context.newPage()
  await open(colleague, '/inbox')
  await expect(colleague.getByRole('navigation', { name: 'Saved views' }).getByRole('link')).toHaveText([/Our view/])

  await open(page, '/inbox')
  await views.getByRole('link', { name: /Our view/ }).click()
  await expect(page).toHaveURL(new RegExp(`tags=${counted}`))
  await expect(views.getByRole('link', { name: /Our view/ })).toHaveAttribute('aria-current', 'page')
  await views.getByRole('button', { name: 'Edit views' }).click()
  const dialog = page.getByRole('dialog', { name: 'Edit views' })
  await expectAccessible(page)
  await dialog.getByRole('button', { name: /^Move Our view/ }).press('ArrowUp')
  await expect(dialog.getByRole('button', { name: /^Move/ }).first()).toHaveAccessibleName(/Our view/)
  await dialog.getByLabel('Name').first().fill('Renamed view')
  await dialog.getByRole('button', { name: 'Save', exact: true }).first().click()
  await expect(colleague.getByRole('link', { name: /Renamed view/ })).toBeVisible()
  await dialog.getByRole('button', { name: 'Delete view' }).first().click()
  await expect(colleague.getByRole('navigation', { name: 'Saved views' })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(views.getByRole('link')).toHaveText([/My view/])
  await waitUntilHydrated(page)
})
