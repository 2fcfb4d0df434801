// What two people, or two tabs, send at the same moment; what is pasted and dropped; keys of any layout (Promise 4, R6, T5, L6).
import { type Page } from '@playwright/test'
import { expect, hydrated, open, test } from '../fixtures/test'
import { Caller, Visitor, carry, chatKey, enter, join } from '../fixtures/people'

test.use({ world: { name: 'sending' } })

const field = (page: Page) => page.getByRole('textbox', { name: 'Message' })
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })

test('P4: of two who send at the same moment the second is asked, and decides', async ({ page, server, openContext, problems }) => {
  await enter(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Who answers?')
  const context = await openContext()
  await join(context, server, { name: 'Ben Second', email: 'ben@example.com', password: 'another long phrase' })
  const ben = await context.newPage()
  await open(ben, '/inbox?view=all')
  const both = [page, ben]
  for (const one of both) {
    await one.getByRole('link', { name: /Who answers\?/ }).click()
    await field(one).fill(one === page ? 'Mara answers' : 'Ben answers')
  }
  await Promise.all(both.map((one) => field(one).press('Control+Enter')))
  const asked = (one: Page) => messages(one).getByRole('alert').filter({ hasText: /answered a moment ago: “(Mara|Ben) answers” Send yours anyway\?/ })
  await expect.poll(async () => (await asked(page).count()) + (await asked(ben).count())).toBe(1)
  const second = (await asked(page).count()) ? page : ben
  await visitor.sees(second === page ? 'Ben answers' : 'Mara answers')
  await expect(visitor.chat.getByText(second === page ? 'Mara answers' : 'Ben answers')).toHaveCount(0)

  // Asked still after a reload; then it is sent, once.
  await second.reload()
  await hydrated(second)
  await expect(asked(second)).toBeVisible()
  await asked(second).getByRole('button', { name: 'Send anyway' }).click()
  await visitor.sees(second === page ? 'Mara answers' : 'Ben answers')
  await expect(asked(second)).toHaveCount(0)

  // Who has read the other's reply is not asked. What was written without a connection is asked about when it goes out.
  problems.allow(/Failed to load resource/, /net::ERR/)
  await context.setOffline(true)
  await field(ben).fill('I could not look')
  await field(ben).press('Control+Enter')
  await page.reload()
  await hydrated(page)
  await field(page).fill('Both of us were here')
  await field(page).press('Control+Enter')
  await visitor.sees('Both of us were here')
  await context.setOffline(false)
  const late = messages(ben).getByRole('alert').filter({ hasText: /Mara Lindqvist answered .*: “Both of us were here” Send yours anyway\?/ })
  await expect(late).toBeVisible({ timeout: 15_000 })
  await late.getByRole('button', { name: 'Edit' }).click()
  await expect(field(ben)).toHaveValue('I could not look')
  await expect(visitor.chat.getByText('I could not look')).toHaveCount(0)
  await field(ben).fill('')
})

test('R6: one draft that two tabs send is one message', async ({ page, server, openContext }) => {
  await enter(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Two tabs, please')
  await page.getByRole('link', { name: /Two tabs, please/ }).click()
  await expect(field(page)).toBeVisible()
  const other = await page.context().newPage()
  await open(other, page.url())
  await field(page).fill('One draft')
  await expect(field(other), 'the other tab has it').toHaveValue('One draft')
  await Promise.all([page, other].map((one) => field(one).press('Control+Enter')))
  await visitor.sees('One draft')
  for (const one of [page, other]) {
    await expect(field(one)).toHaveValue('')
    await expect(messages(one).getByText('One draft')).toHaveCount(1)
  }
  await field(page).fill('The next one')
  await field(page).press('Control+Enter')
  await visitor.sees('The next one')
  await expect(visitor.chat.getByText('One draft')).toHaveCount(1)
  await other.close()
})

test('T5: pasted cells are text and a pasted picture is a file; dragged words go where they are dropped', async ({ page, server }) => {
  await enter(page, server)
  await new Caller(server, await chatKey(page)).write('Drag this word')
  await page.getByRole('link', { name: /Drag this word/ }).click()
  const files = page.locator('.composer-files .file')
  await expect(field(page)).toBeVisible()
  expect(await field(page).evaluate(carry, { how: 'paste', text: 'Lamp\t4', picture: true }), 'the browser puts the text in').toBe(false)
  for (const how of ['dragover', 'drop'] as const) {
    expect(await field(page).evaluate(carry, { how, text: 'order 4711', picture: false }), how).toBe(false)
    expect(await field(page).evaluate(carry, { how, text: 'order 4711', picture: true }), how).toBe(false)
  }
  await expect(files).toHaveCount(0)
  expect(await field(page).evaluate(carry, { how: 'paste', text: '', picture: true })).toBe(true)
  expect(await field(page).evaluate(carry, { how: 'dragover', text: '', picture: true })).toBe(true)
  expect(await field(page).evaluate(carry, { how: 'drop', text: '', picture: true })).toBe(true)
  await expect(files).toHaveCount(2)
  for (let left = 2; left > 0; left--) await page.getByRole('button', { name: 'Remove image.png' }).first().click()

  // By hand: a word of the message, selected and dragged.
  const word = messages(page).getByText('Drag this word')
  await word.dblclick({ position: { x: 12, y: 8 } })
  const from = (await word.boundingBox())!
  const to = (await field(page).boundingBox())!
  await page.mouse.move(from.x + 12, from.y + 8)
  await page.mouse.down()
  await page.mouse.move(to.x + 20, to.y + 10, { steps: 8 })
  await page.mouse.up()
  await expect(field(page)).toHaveValue(/Drag/)
  await field(page).fill('')
})

test('L6: keys count where the layout is not Latin, and Esc leaves the composer for the list', async ({ page, server }) => {
  await enter(page, server)
  const key = await chatKey(page)
  for (const text of ['Keys one', 'Keys two']) await new Caller(server, key).write(text)
  const rows = page.locator('a.row')
  await expect(rows.nth(1)).toBeVisible()
  const press = (key: string, code: string, more: KeyboardEventInit = {}) =>
    page.evaluate(([key, code, more]) => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key: key as string, code: code as string, bubbles: true, cancelable: true, ...(more as object) })), [key, code, more] as const)
  await press('\u043e', 'KeyJ')
  await expect(rows.nth(0), 'Russian').toBeFocused()
  await press('\u3153', 'KeyJ')
  await expect(rows.nth(1), 'Korean').toBeFocused()
  await press('Dead', 'KeyK')
  await expect(rows.nth(0), 'a dead key').toBeFocused()
  await press('j', 'KeyC')
  await expect(rows.nth(1), 'Dvorak: the letter counts').toBeFocused()
  await press('\u043b', 'KeyK', { isComposing: true })
  await expect(rows.nth(1), 'what an input method has is not ours').toBeFocused()

  await page.keyboard.press('Enter')
  await expect(field(page)).toBeVisible()
  await field(page).focus()
  await page.keyboard.type('jk')
  await page.keyboard.press('Escape')
  await expect(rows.nth(1)).toBeFocused()
  await expect(field(page), 'what was written stays').toHaveValue('jk')
  await page.keyboard.press('k')
  await expect(rows.nth(0)).toBeFocused()
  await page.locator('#composer').focus()
  await press('Escape', 'Escape', { isComposing: true })
  await expect(field(page), 'Esc of an input method only gives up its word').toBeFocused()
  await field(page).fill('')
  await page.getByRole('button', { name: 'Close conversation' }).focus()
  await page.keyboard.press('Enter')
  const items = page.getByRole('menu', { name: 'Close conversation' }).getByRole('menuitem')
  await expect(items.first()).toBeFocused()
  await press('\u044b', 'KeyS')
  await expect(items.filter({ hasText: /^Spam/ }), 'in menus too').toBeFocused()
  await page.keyboard.press('Escape')
})

test('T7: the composer says whom it writes to and by what, and takes no word of a name for a first name', async ({ page, server }) => {
  await enter(page, server)
  const email = 'a.rather.long_address.of.somebody@department.of.a.company-with-a-name.example'
  await new Caller(server, await chatKey(page), { name: 'Our website', email }).write('From the form')
  await page.getByRole('link', { name: /From the form/ }).click()
  await expect(page.getByRole('button', { name: 'Send to Our website' })).toBeVisible()
  await expect(page.locator('.composer-to')).toHaveText('to Our website, via web chat')
  // A long address goes on before a dot or an @, and not inside a word.
  const shown = page.getByRole('complementary', { name: 'Details' }).getByRole('button', { name: /^Edit E-mail/ }).locator('.cut')
  await expect(shown).toHaveText(email)
  const lines = await shown.evaluate((element) => {
    const lines: string[] = []
    let last = -1
    for (const node of [...element.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE)) {
      for (let at = 0; at < node.textContent!.length; at++) {
        const range = document.createRange()
        range.setStart(node, at)
        range.setEnd(node, at + 1)
        const { top } = range.getBoundingClientRect()
        if (Math.abs(top - last) > 4) lines.push('')
        lines[lines.length - 1] += node.textContent![at]
        last = top
      }
    }
    return lines
  })
  expect(lines.length, 'it is longer than a line').toBeGreaterThan(1)
  for (const [at, line] of lines.entries()) if (at) expect(/^[@._]/.test(line) || lines[at - 1].endsWith('-'), lines.join(' | ')).toBe(true)
})
