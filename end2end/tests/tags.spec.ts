// Tags on conversations and contacts (D3), on cards (L2), and their page in the settings.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, callFunction, chatKey, joinAsMember, openAsOwner, requestFunction } from '../fixtures/people'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'tags' } })

/** A name in a sentence. Marks keep the direction of its script apart. */
const quoted = (name: string) => `“\u2068${name}\u2069”`
const PASSWORD = 'a phrase of my own'
const detailsOf = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const tagsOf = (page: Page, of: 'conversation' | 'contact' = 'conversation') => detailsOf(page).getByRole('list', { name: `Tags of the ${of}` })
const addButton = (page: Page) => detailsOf(page).getByRole('button', { name: 'Add tags', exact: true })
const picker = (page: Page, name = 'Add tags') => page.getByRole('dialog', { name, exact: true })

/** A visitor writes. The page opens their conversation. */
async function openNew(page: Page, server: Server, name: string): Promise<void> {
  await new ApiVisitor(server, await chatKey(page), { name }).write(`A question of ${name}`)
  await page.locator('a.row', { hasText: name }).click()
  await expect(addButton(page)).toBeVisible()
}

async function addTag(page: Page, name: string): Promise<void> {
  if (!(await picker(page).isVisible())) await addButton(page).click()
  await picker(page).getByRole('combobox').fill(name)
  await page.keyboard.press('Enter')
  await expect(tagsOf(page).getByText(name, { exact: true })).toBeVisible()
}

/** Creates tags and puts them on the open conversation, without the interface. */
async function tagOpen(page: Page, server: Server, names: string[]): Promise<void> {
  const conversation = new URL(page.url()).pathname.split('/').pop()
  for (const name of names) {
    const { id } = await callFunction<{ id: number }>(page, server, 'add_tag', { name, color: null })
    await callFunction(page, server, 'change_state', { conversation, seen: { status: 'open', assignee: null, inbound: 1 }, act: { add_tag: id } })
  }
}

test('D3, L2: a tag is created where it is typed, a colleague sees it live, and removing it can be undone', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Tom Colleague', email: 'tom@example.com', password: PASSWORD })
  const other = await context.newPage()
  await open(other, '/inbox')
  await openNew(page, server, 'Ida Typed')

  await addButton(page).click()
  const input = picker(page).getByRole('combobox')
  await expect(input).toBeFocused()
  await input.fill('Needs  a reply ')
  await expect(picker(page).getByRole('option')).toHaveText(['Create “Needs a reply”'])
  await page.keyboard.press('Enter')
  await expect(tagsOf(page).getByText('Needs a reply')).toBeVisible()
  for (const one of [page, other]) await expect(one.locator('a.row', { hasText: 'Ida Typed' }).getByText('Needs a reply')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Messages' }).getByText('You added the tag “Needs a reply”')).toBeVisible()
  await expect(page.getByRole('status').getByText('Tag added')).toBeVisible()
  // It is in the list now, with a tick, and is not offered a second time.
  await input.fill('needs A reply')
  await expect(picker(page).getByRole('option')).toHaveText(['Needs a reply'])
  await expect(picker(page).getByRole('option')).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Escape')
  await expect(picker(page)).toBeHidden()
  await expect(addButton(page)).toBeFocused()

  await page.getByRole('button', { name: 'Remove tag Needs a reply' }).click()
  await expect(tagsOf(page)).toBeHidden()
  for (const one of [page, other]) await expect(one.locator('a.row', { hasText: 'Ida Typed' }).getByText('Needs a reply')).toHaveCount(0)
  await page.locator('.toast', { hasText: 'Tag removed' }).getByRole('button', { name: 'Undo' }).click()
  await expect(tagsOf(page).getByText('Needs a reply')).toBeVisible()
  for (const one of [page, other]) await expect(one.locator('a.row', { hasText: 'Ida Typed' }).getByText('Needs a reply')).toBeVisible()
})

test('D3: removing can still be undone after the member went on to another conversation', async ({ page, server }) => {
  await openAsOwner(page, server)
  await openNew(page, server, 'Otto Onward')
  await addTag(page, 'Stays')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Remove tag Stays' }).click()
  await expect(page.locator('.toast', { hasText: 'Tag removed' })).toBeVisible()
  await openNew(page, server, 'Nora Next')
  await page.locator('.toast', { hasText: 'Tag removed' }).getByRole('button', { name: 'Undo' }).click()
  await expect(page.locator('a.row', { hasText: 'Otto Onward' }).getByText('Stays')).toBeVisible()
  await expect(page.locator('a.row', { hasText: 'Nora Next' }).getByText('Stays')).toHaveCount(0)
})

test('D3: a contact has tags of its own', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Cleo Colleague', email: 'cleo@example.com', password: PASSWORD })
  await openNew(page, server, 'Carl Contact')
  const other = await context.newPage()
  await open(other, new URL(page.url()).pathname)
  await detailsOf(page).getByRole('button', { name: 'Add tags to the contact' }).click()
  await picker(page, 'Add tags to the contact').getByRole('combobox').fill('Wholesale')
  await page.keyboard.press('Enter')
  for (const one of [page, other]) await expect(tagsOf(one, 'contact').getByText('Wholesale')).toBeVisible()
  await expect(tagsOf(page)).toBeHidden()
  await expect(page.locator('a.row', { hasText: 'Carl Contact' }).getByText('Wholesale')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Remove tag Wholesale from the contact' }).click()
  for (const one of [page, other]) await expect(tagsOf(one, 'contact')).toBeHidden()
  await page.locator('.toast', { hasText: 'Tag removed' }).getByRole('button', { name: 'Undo' }).click()
  for (const one of [page, other]) await expect(tagsOf(one, 'contact').getByText('Wholesale')).toBeVisible()
})

test('D3: the list of tags works by keyboard alone', async ({ page, server }) => {
  await openAsOwner(page, server)
  await openNew(page, server, 'Kay Board')
  for (const name of ['Key alpha', 'Key beta', 'Key gamma']) await callFunction(page, server, 'add_tag', { name, color: null })
  await addButton(page).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('key')
  const options = picker(page).getByRole('option')
  await expect(options).toHaveText(['Key alpha', 'Key beta', 'Key gamma', 'Create “key”'])
  const input = picker(page).getByRole('combobox')
  const active = async () => page.locator(`#${await input.getAttribute('aria-activedescendant')}`)
  await expect(await active()).toHaveText('Key alpha')
  await page.keyboard.press('ArrowUp')
  await expect(await active()).toHaveText('Create “key”')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(await active()).toHaveText('Key beta')
  await page.keyboard.press('Enter')
  await expect(tagsOf(page).getByText('Key beta')).toBeVisible()
  // The same key takes it off again.
  await page.keyboard.type('key beta')
  await expect(options).toHaveText(['Key beta'])
  await page.keyboard.press('Enter')
  await expect(tagsOf(page)).toBeHidden()
  await expect(input, 'the list stays open for the next tag').toBeFocused()
  await page.keyboard.press('Escape')
  await expect(addButton(page)).toBeFocused()
  // A chip is removed by its button.
  await page.keyboard.press('Enter')
  await page.keyboard.type('Key gamma')
  await page.keyboard.press('Enter')
  await expect(tagsOf(page).getByText('Key gamma')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Shift+Tab')
  await expect(page.getByRole('button', { name: 'Remove tag Key gamma' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(tagsOf(page)).toBeHidden()
})

test('D3: whoever opens the list of tags and types at once loses no key', async ({ page, server }) => {
  await openAsOwner(page, server)
  await openNew(page, server, 'Fay Fast')
  await callFunction(page, server, 'add_tag', { name: 'Fast alpha', color: null })
  await addButton(page).focus()
  // All in one task, before the browser says that the list is open.
  await addButton(page).evaluate((button: HTMLButtonElement) => {
    button.click()
    const input = document.activeElement as HTMLInputElement
    input.value = 'Fast alpha'
    input.dispatchEvent(new InputEvent('input', { bubbles: true }))
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
  })
  await expect(tagsOf(page).getByText('Fast alpha')).toBeVisible()
})

test('L2: a card names three tags and counts the others, whatever the names; the 21st tag is refused', async ({ page, server, problems }) => {
  problems.allow(/the server responded with a status of 422/)
  await openAsOwner(page, server)
  await openNew(page, server, 'Mona Many')
  const card = page.locator('a.row', { hasText: 'Mona Many' })
  const names = ['عميل مهم جدا من الرياض', 'W'.repeat(40), '👩‍👩‍👧‍👦 family', ...Array.from({ length: 17 }, (_, n) => `Many ${n + 1}`)]
  await tagOpen(page, server, names.slice(0, 3))
  await expect(card.locator('.pill[data-color]')).toHaveCount(3)
  await expect(card.locator('.pill-more')).toHaveCount(0)
  await tagOpen(page, server, names.slice(3))
  await page.getByRole('button', { name: 'Assign to yourself' }).click()
  await expect(card.locator('.pill[data-color]')).toHaveCount(3)
  const more = card.locator('.pill-more')
  await expect(more).toHaveText('+17')
  await expect(more).toHaveAttribute('title', names.slice(3).join(', '))
  await expect(card).toContainText('you')
  await expect(tagsOf(page).getByRole('listitem')).toHaveCount(20)
  for (const width of [1280, 820, 390]) {
    await page.setViewportSize({ width, height: 844 })
    if (width === 390) await page.goBack()
    await expectNoOverflow(page)
    expect((await card.boundingBox())!.height, 'the height of a card').toBe(76)
    const meta = (await card.locator('.row-meta').boundingBox())!
    const last = (await more.boundingBox())!
    expect(last.x + last.width, 'the number stays visible').toBeLessThanOrEqual(meta.x + meta.width + 0.5)
    const widths = await card.locator('.pill[data-color]').evaluateAll((pills) => pills.map((pill) => pill.getBoundingClientRect().width))
    expect(Math.min(...widths), 'a chip stays recognisable').toBeGreaterThanOrEqual(27.9)
  }
  await page.setViewportSize({ width: 1280, height: 844 })
  await card.click()
  await addButton(page).click()
  await picker(page).getByRole('combobox').fill('One too many')
  await page.keyboard.press('Enter')
  await expect(picker(page).getByRole('alert')).toHaveText('There are 20 tags already. Remove one, then add this.')
  await expect(tagsOf(page).getByRole('listitem')).toHaveCount(20)
})

test('D3: a name of 1,000 characters is refused with a sentence, and nothing changes', async ({ page, server, problems }) => {
  problems.allow(/the server responded with a status of 422/)
  await openAsOwner(page, server)
  await openNew(page, server, 'Lou Long')
  const tags = async () => (await callFunction<{ tags: object[] }>(page, server, 'bootstrap')).tags
  const before = await tags()
  const name = 'x'.repeat(1_000)
  await addButton(page).click()
  await picker(page).getByRole('combobox').fill(name)
  await expect(picker(page).getByRole('alert')).toHaveText('A tag can have at most 40 characters.')
  await expect(picker(page).getByRole('option')).toHaveCount(0)
  await page.keyboard.press('Enter')
  await expectNoOverflow(page)
  expect((await requestFunction(page, server, 'add_tag', { name, color: null })).status()).toBe(422)
  await open(page, '/settings/tags')
  await page.getByLabel('New tag').fill(name)
  await page.getByRole('button', { name: 'Add tag' }).click()
  await expect(page.getByText('A tag can have at most 40 characters.')).toBeVisible()
  await expectNoOverflow(page)
  expect(await tags()).toEqual(before)
})

test('D3: tags are added, renamed, merged, archived and restored in the settings, and cards follow live', async ({ page, server, openContext, problems }) => {
  problems.allow(/the server responded with a status of 422/)
  await openAsOwner(page, server)
  await openNew(page, server, 'Sue Settings')
  await tagOpen(page, server, ['Delivry', 'Shipping'])
  const admin = await (await openContext({ storageState: await page.context().storageState() })).newPage()
  await open(admin, '/settings/tags')
  const card = page.locator('a.row', { hasText: 'Sue Settings' })
  const chips = card.locator('.pill[data-color]')
  await expect(chips).toHaveText(['Delivry', 'Shipping'])
  const row = (name: string) => admin.getByRole('row').filter({ has: admin.getByText(name, { exact: true }) })
  await expect(row('Delivry').getByRole('cell').nth(1)).toHaveText(/^1\b/)

  await row('Delivry').getByRole('button', { name: 'Edit Delivry' }).click()
  const edit = admin.getByRole('dialog', { name: 'Edit tag' })
  await edit.getByLabel('Name').fill('shipping')
  await edit.getByRole('button', { name: 'Save' }).click()
  await expect(edit.getByText('Another tag has this name. Merge the two, or choose another name.')).toBeVisible()
  await edit.getByLabel('Name').fill('Delivery')
  await edit.getByRole('radio', { name: 'Pink' }).check()
  await edit.getByRole('button', { name: 'Save' }).click()
  await expect(edit).toBeHidden()
  await expect(chips).toHaveText(['Delivery', 'Shipping'])
  await expect(chips.first()).toHaveAttribute('data-color', 'pink')

  await row('Shipping').getByRole('button', { name: 'More for Shipping' }).click()
  await admin.getByRole('menuitem', { name: 'Merge into another tag' }).click()
  const merge = admin.getByRole('dialog', { name: 'Merge into another tag' })
  await expect(merge.getByRole('button', { name: 'Merge' })).toHaveAttribute('aria-disabled', 'true')
  await merge.getByLabel('Merge into').selectOption({ label: 'Delivery' })
  const [old, other] = ['Shipping', 'Delivery'].map(quoted)
  await expect(merge.getByRole('status')).toHaveText(`Every conversation and contact with ${old} gets ${other} instead. ${old} is archived. This cannot be undone.`)
  await merge.getByRole('button', { name: 'Merge' }).click()
  await expect(merge).toBeHidden()
  await expect(chips).toHaveText(['Delivery'])
  const archived = admin.getByRole('region', { name: 'Archived' })
  await expect(archived).toContainText(`Merged into ${other}`)

  await row('Delivery').first().getByRole('button', { name: 'More for Delivery' }).click()
  await admin.getByRole('menuitem', { name: 'Archive' }).click()
  await expect(archived.getByRole('button', { name: 'Restore Delivery' })).toBeVisible()
  await expect(chips, 'an archived tag stays where it is').toHaveText(['Delivery'])
  await addButton(page).click()
  await picker(page).getByRole('combobox').fill('deliver')
  await expect(picker(page).getByRole('option', { name: 'Delivery', exact: true }), 'it is there already').toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Escape')
  await archived.getByRole('button', { name: 'Restore Delivery' }).click()
  await expect(row('Delivery').getByRole('button', { name: 'Edit Delivery' })).toBeVisible()

  await admin.getByLabel('New tag').fill('DELIVERY')
  await admin.getByRole('button', { name: 'Add tag' }).click()
  await expect(admin.getByText('This tag exists already.')).toBeVisible()
  await admin.getByLabel('New tag').fill('From settings')
  await admin.getByRole('radio', { name: 'Teal' }).check()
  await admin.getByRole('button', { name: 'Add tag' }).click()
  await expect(row('From settings').locator('.pill')).toHaveAttribute('data-color', 'teal')
  await addTag(page, 'From settings')
  await expect(chips).toHaveText(['Delivery', 'From settings'])
})

test('D3: who can only read sees tags and cannot change them', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await openNew(page, server, 'Rea Donly')
  await tagOpen(page, server, ['Read only'])
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Vera Viewer', email: 'vera@example.com', password: PASSWORD }, { role: 'viewer' })
  const viewer = await context.newPage()
  await open(viewer, new URL(page.url()).pathname)
  await expect(tagsOf(viewer).getByText('Read only')).toBeVisible()
  await expect(viewer.getByRole('button', { name: /Add tags|Remove tag/ })).toHaveCount(0)
  expect((await requestFunction(viewer, server, 'add_tag', { name: 'No', color: null })).status()).toBe(403)
})

/** How the pages are looked at. In the last one only the colours are new. */
const LOOKS = [
  { width: 1280, colorScheme: 'light', only: [] },
  { width: 820, colorScheme: 'dark', only: [] },
  { width: 390, colorScheme: 'light', only: [] },
  { width: 1280, colorScheme: 'dark', only: ['color-contrast'] },
] as const

test('D3: the tags in the details and in the settings are accessible and fit every width', async ({ page, server }) => {
  test.setTimeout(120_000)
  await openAsOwner(page, server)
  await openNew(page, server, 'Axel Access')
  await tagOpen(page, server, ['Accessible', 'مهم', 'L'.repeat(40)])
  await expect(tagsOf(page).getByRole('listitem')).toHaveCount(3)
  const conversation = new URL(page.url()).pathname
  for (const { width, colorScheme, only } of LOOKS) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 844 })
    // From a fresh page, because a narrower one closes the details.
    await open(page, conversation)
    if (width < 1100) await page.getByRole('button', { name: 'Details', exact: true }).click()
    await addButton(page).click()
    await picker(page).getByRole('combobox').fill('a')
    await expectAccessible(page, { within: '.details', only: [...only] })
    await expectNoOverflow(page)
    await page.keyboard.press('Escape')
  }
  await open(page, '/settings/tags')
  for (const { width, colorScheme, only } of LOOKS) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 844 })
    await expectAccessible(page, { only: [...only] })
    await expectNoOverflow(page)
    await page.getByRole('button', { name: 'Edit Accessible' }).click()
    await expectAccessible(page, { within: 'dialog[open]', only: [...only] })
    await expectNoOverflow(page)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'More for Accessible' }).click()
    await page.getByRole('menuitem', { name: 'Merge into another tag' }).click()
    await expectAccessible(page, { within: 'dialog[open]', only: [...only] })
    await expectNoOverflow(page)
    await page.keyboard.press('Escape')
  }
})
