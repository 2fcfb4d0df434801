// Sending at the same time from two members or tabs, paste and drop, and keyboard layouts (Promise 4, R6, T5, L6).
import { type Page } from '@playwright/test'
import { expect, waitUntilHydrated, open, test } from '../fixtures/test'
import { ApiVisitor, Visitor, pasteOrDrop, chatKey, openAsOwner, joinAsMember } from '../fixtures/people'

test.use({ world: { name: 'sending' } })

const messageField = (page: Page) => page.getByRole('textbox', { name: 'Message' })
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })

test('P4: when two members send at the same time, the second is asked whether to send', async ({ page, server, openContext, problems }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Who answers?')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Ben Second', email: 'ben@example.com', password: 'another long phrase' })
  const ben = await context.newPage()
  await open(ben, '/inbox?view=all')
  const both = [page, ben]
  for (const one of both) {
    await one.getByRole('link', { name: /Who answers\?/ }).click()
    await messageField(one).fill(one === page ? 'Mara answers' : 'Ben answers')
  }
  await Promise.all(both.map((one) => messageField(one).press('Control+Enter')))
  const confirmation = (one: Page) => messages(one).getByRole('alert').filter({ hasText: /answered a moment ago: “(Mara|Ben) answers” Send yours anyway\?/ })
  await expect.poll(async () => (await confirmation(page).count()) + (await confirmation(ben).count())).toBe(1)
  const second = (await confirmation(page).count()) ? page : ben
  await visitor.sees(second === page ? 'Ben answers' : 'Mara answers')
  await expect(visitor.chat.getByText(second === page ? 'Mara answers' : 'Ben answers')).toHaveCount(0)

  // The question is still there after a reload. After confirmation, the reply is sent once.
  await second.reload()
  await waitUntilHydrated(second)
  await expect(confirmation(second)).toBeVisible()
  await confirmation(second).getByRole('button', { name: 'Send anyway' }).click()
  await visitor.sees(second === page ? 'Mara answers' : 'Ben answers')
  await expect(confirmation(second)).toHaveCount(0)

  // A member who has seen the other's reply is not asked. A reply written offline is checked when it is sent.
  problems.allow(/Failed to load resource/, /net::ERR/)
  await context.setOffline(true)
  await messageField(ben).fill('I could not look')
  await messageField(ben).press('Control+Enter')
  await page.reload()
  await waitUntilHydrated(page)
  await messageField(page).fill('Both of us were here')
  await messageField(page).press('Control+Enter')
  await visitor.sees('Both of us were here')
  await context.setOffline(false)
  const lateConfirmation = messages(ben).getByRole('alert').filter({ hasText: /Mara Lindqvist answered .*: “Both of us were here” Send yours anyway\?/ })
  await expect(lateConfirmation).toBeVisible({ timeout: 15_000 })
  await lateConfirmation.getByRole('button', { name: 'Edit' }).click()
  await expect(messageField(ben)).toHaveValue('I could not look')
  await expect(visitor.chat.getByText('I could not look')).toHaveCount(0)
  await messageField(ben).fill('')
})

test('R6: a draft sent from two tabs becomes one message', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Two tabs, please')
  await page.getByRole('link', { name: /Two tabs, please/ }).click()
  await expect(messageField(page)).toBeVisible()
  const other = await page.context().newPage()
  await open(other, page.url())
  await messageField(page).fill('One draft')
  await expect(messageField(other), 'the other tab has the draft').toHaveValue('One draft')
  await Promise.all([page, other].map((one) => messageField(one).press('Control+Enter')))
  await visitor.sees('One draft')
  for (const one of [page, other]) {
    await expect(messageField(one)).toHaveValue('')
    await expect(messages(one).getByText('One draft')).toHaveCount(1)
  }
  await messageField(page).fill('The next one')
  await messageField(page).press('Control+Enter')
  await visitor.sees('The next one')
  await expect(visitor.chat.getByText('One draft')).toHaveCount(1)
  await other.close()
})

test('T5: pasted cells are text, a pasted image is a file, and dragged text goes where it is dropped', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('Drag this word')
  await page.getByRole('link', { name: /Drag this word/ }).click()
  const files = page.locator('.composer-files .file')
  await expect(messageField(page)).toBeVisible()
  expect(await messageField(page).evaluate(pasteOrDrop, { how: 'paste', text: 'Lamp\t4', picture: true }), 'the browser inserts the text').toBe(false)
  for (const how of ['dragover', 'drop'] as const) {
    expect(await messageField(page).evaluate(pasteOrDrop, { how, text: 'order 4711', picture: false }), how).toBe(false)
    expect(await messageField(page).evaluate(pasteOrDrop, { how, text: 'order 4711', picture: true }), how).toBe(false)
  }
  await expect(files).toHaveCount(0)
  expect(await messageField(page).evaluate(pasteOrDrop, { how: 'paste', text: '', picture: true })).toBe(true)
  expect(await messageField(page).evaluate(pasteOrDrop, { how: 'dragover', text: '', picture: true })).toBe(true)
  expect(await messageField(page).evaluate(pasteOrDrop, { how: 'drop', text: '', picture: true })).toBe(true)
  await expect(files).toHaveCount(2)
  for (let left = 2; left > 0; left--) await page.getByRole('button', { name: 'Remove image.png' }).first().click()

  // With a real mouse: select a word of the message and drag it.
  const word = messages(page).getByText('Drag this word')
  await word.dblclick({ position: { x: 12, y: 8 } })
  const from = (await word.boundingBox())!
  const to = (await messageField(page).boundingBox())!
  await page.mouse.move(from.x + 12, from.y + 8)
  await page.mouse.down()
  await page.mouse.move(to.x + 20, to.y + 10, { steps: 8 })
  await page.mouse.up()
  await expect(messageField(page)).toHaveValue(/Drag/)
  await messageField(page).fill('')
})

test('L6: shortcuts work with every keyboard layout, and Esc moves from the composer to the list', async ({ page, server }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  for (const text of ['Keys one', 'Keys two']) await new ApiVisitor(server, key).write(text)
  const rows = page.locator('a.row')
  await expect(rows.nth(1)).toBeVisible()
  const dispatchKey = (key: string, code: string, more: KeyboardEventInit = {}) =>
    page.evaluate(([key, code, more]) => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key: key as string, code: code as string, bubbles: true, cancelable: true, ...(more as object) })), [key, code, more] as const)
  await dispatchKey('\u043e', 'KeyJ')
  await expect(rows.nth(0), 'Russian').toBeFocused()
  await dispatchKey('\u3153', 'KeyJ')
  await expect(rows.nth(1), 'Korean').toBeFocused()
  await dispatchKey('Dead', 'KeyK')
  await expect(rows.nth(0), 'a dead key').toBeFocused()
  await dispatchKey('j', 'KeyC')
  await expect(rows.nth(1), 'Dvorak: the letter counts, not its position').toBeFocused()
  await dispatchKey('\u043b', 'KeyK', { isComposing: true })
  await expect(rows.nth(1), 'keys of an input method are ignored').toBeFocused()

  await page.keyboard.press('Enter')
  await expect(messageField(page)).toBeVisible()
  await messageField(page).focus()
  await page.keyboard.type('jk')
  await page.keyboard.press('Escape')
  await expect(rows.nth(1)).toBeFocused()
  await expect(messageField(page), 'the text stays').toHaveValue('jk')
  await page.keyboard.press('k')
  await expect(rows.nth(0)).toBeFocused()
  await page.locator('#composer').focus()
  await dispatchKey('Escape', 'Escape', { isComposing: true })
  await expect(messageField(page), 'Esc in an input method only cancels its word').toBeFocused()
  await messageField(page).fill('')
  await page.getByRole('button', { name: 'Close conversation' }).focus()
  await page.keyboard.press('Enter')
  const items = page.getByRole('menu', { name: 'Close conversation' }).getByRole('menuitem')
  await expect(items.first()).toBeFocused()
  await dispatchKey('\u044b', 'KeyS')
  await expect(items.filter({ hasText: /^Spam/ }), 'in menus too').toBeFocused()
  await page.keyboard.press('Escape')
})

test('T7: the composer shows the recipient’s full name and the channel', async ({ page, server }) => {
  await openAsOwner(page, server)
  const email = 'a.rather.long_address.of.somebody@department.of.a.company-with-a-name.example'
  await new ApiVisitor(server, await chatKey(page), { name: 'Our website', email }).write('From the form')
  await page.getByRole('link', { name: /From the form/ }).click()
  await expect(page.getByRole('button', { name: 'Send to Our website' })).toBeVisible()
  await expect(page.locator('.composer-to')).toHaveText('to Our website, via web chat')
  // A long address wraps before a dot or an @, not inside a word.
  const emailField = page.getByRole('complementary', { name: 'Details' }).getByRole('button', { name: /^Edit E-mail/ }).locator('.cut')
  await expect(emailField).toHaveText(email)
  const lines = await emailField.evaluate((element) => {
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
