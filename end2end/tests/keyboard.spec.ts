// The main job without a mouse (L6). The focus is always visible and never lost.
import { type Page } from '@playwright/test'
import { expect, open, openAlone, test } from '../fixtures/test'
import { ApiVisitor, Visitor, chatKey, openAsOwner, owner } from '../fixtures/people'

test.use({ world: { name: 'keyboard' } })

/** The label or text of the focused element. */
const focusedName = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement!
    if (element === document.body) return 'BODY'
    return (element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\s+/g, ' ').trim() || element.tagName
  })

/** Expects that the focus is visible: an outline, or a style that differs from the unfocused one. */
async function expectVisibleFocus(page: Page): Promise<void> {
  const shown = await page.evaluate(() => {
    const styleOf = (element: Element) => {
      const style = getComputedStyle(element)
      return { outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth), rest: `${style.boxShadow} ${style.borderColor} ${style.backgroundColor}` }
    }
    // A field can show its focus on the box around it.
    const parts = [document.activeElement!, document.activeElement!.parentElement!, document.activeElement!.closest('form') ?? document.body]
    const withFocus = parts.map(styleOf)
    const element = document.activeElement as HTMLElement
    element.blur()
    const without = parts.map(styleOf)
    element.focus()
    return withFocus.some((one, at) => one.outline >= 1.5 || one.rest !== without[at].rest)
  })
  expect(shown, `the focus on “${await focusedName(page)}” is visible`).toBe(true)
}

/** Presses Tab until an element with this name has the focus. Returns the names on the way. */
async function tabTo(page: Page, name: RegExp, { key = 'Tab', most = 40 } = {}): Promise<string[]> {
  const passed: string[] = []
  while (passed.length < most) {
    await page.keyboard.press(key)
    passed.push(await focusedName(page))
    if (name.test(passed.at(-1)!)) return passed
  }
  throw new Error(`${name} was not reached: ${passed.join(' → ')}`)
}

test('Enter directly after an arrow key opens the row that the arrow moved to', async ({ page, server }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  for (const text of ['The older one', 'The newer one']) {
    await new ApiVisitor(server, key, { name: 'Swift Hand' }).write(text)
    await expect(page.getByRole('link', { name: new RegExp(text) })).toBeVisible()
  }
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('link', { name: /The newer one/ })).toBeFocused()
  await page.evaluate(() => {
    for (const key of ['ArrowDown', 'Enter']) {
      document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, bubbles: true, cancelable: true }))
    }
  })
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('The older one')
})

test('the main job with the keyboard alone', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Only keys, please')
  await expect(page.getByRole('link', { name: /Only keys, please/ })).toBeVisible()
  await page.bringToFront()

  await page.keyboard.press('Tab')
  expect(await focusedName(page)).toBe('Skip to content')
  await expectVisibleFocus(page)
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('link', { name: /Only keys, please/ })).toBeFocused()
  await expectVisibleFocus(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()

  // The tab order from the card into the thread is the reading order: header, messages, composer.
  const passed = await tabTo(page, /^Message$/)
  const positions = ['Assign to yourself', 'Close conversation', 'Messages', 'Reply', 'Note', 'Message'].map((name) => passed.indexOf(name))
  expect(positions, passed.join(' → ')).toEqual([...positions].sort((a, b) => a - b))
  expect(positions).not.toContain(-1)
  await expectVisibleFocus(page)
  await page.keyboard.type('Written by hand.')
  await page.keyboard.press('Control+Enter')
  await visitor.sees('Written by hand.')
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeFocused()
  await page.keyboard.type('And a second one.')
  await tabTo(page, /^Send to/)
  await expectVisibleFocus(page)
  await page.keyboard.press('Enter')
  await visitor.sees('And a second one.')
  await expect(page.getByRole('textbox', { name: 'Message' }), 'ready for the next message').toBeFocused()

  await tabTo(page, /^Note$/, { key: 'Shift+Tab' })
  await page.keyboard.press('Space')
  await expect(page.getByRole('textbox', { name: 'Note' })).toBeFocused()
  await page.keyboard.type('For us')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('region', { name: 'Messages' }).getByText('For us')).toBeVisible()
})

test('a menu by keyboard: arrows move, letters jump, Esc returns the focus, Enter closes the conversation', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('Close me with keys')
  await page.getByRole('link', { name: /Close me with keys/ }).click()
  await openAlone(page)
  const button = page.getByRole('button', { name: 'Close conversation' })
  const menu = page.getByRole('menu', { name: 'Close conversation' })
  const items = menu.getByRole('menuitem')
  await button.focus()
  await page.keyboard.press('Enter')
  await expect(items.first()).toBeFocused()
  await expect(button).toHaveAttribute('aria-expanded', 'true')
  await page.keyboard.press('ArrowDown')
  await expect(items.nth(1)).toBeFocused()
  await expectVisibleFocus(page)
  await page.keyboard.press('End')
  await expect(items.last()).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(items.first()).toBeFocused()
  await page.keyboard.press('s')
  await expect(menu.getByRole('menuitem', { name: /^Spam/ })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(menu).toBeHidden()
  await expect(button).toBeFocused()
  await expect(button).toHaveAttribute('aria-expanded', 'false')

  await page.keyboard.press('ArrowDown')
  await expect(items.first()).toBeFocused()
  await page.keyboard.press('r')
  await page.keyboard.press('Enter')
  await expect(page.getByText('You closed it: Resolved')).toBeVisible()
  await page.getByRole('button', { name: 'Reopen' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('You reopened it')).toBeVisible()
})

test('closing the last conversation moves the focus to Reopen, because the close button disappears', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('Keep the focus')
  await page.getByRole('link', { name: /Keep the focus/ }).click()
  await openAlone(page)
  await page.getByRole('button', { name: 'Close conversation' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('r')
  await page.keyboard.press('Enter')
  await expect(page.getByText('You closed it: Resolved')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Reopen' })).toBeFocused()
})

test('arrow keys move through the list, but not while typing', async ({ page, server }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  for (const text of ['Walk one', 'Walk two', 'Walk three']) await new ApiVisitor(server, key).write(text)
  await expect(page.locator('a.row').nth(2)).toBeVisible()
  const rows = page.locator('a.row')
  await page.keyboard.press('j')
  await expect(rows.nth(0)).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(rows.nth(1)).toBeFocused()
  await page.keyboard.press('k')
  await expect(rows.nth(0)).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(rows.nth(0), 'the first row is the end').toBeFocused()
  await page.keyboard.press('Enter')
  const text = page.getByRole('textbox', { name: 'Message' })
  await expect(text).toBeVisible()
  await text.focus()
  await page.keyboard.type('jk')
  await page.keyboard.press('ArrowUp')
  await expect(text).toBeFocused()
  await expect(text).toHaveValue('jk')
  await text.fill('')
})

test('D2: editing a field by keyboard: Esc restores the old value, Enter saves, the focus stays', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page), { name: 'Kay Boardman' }).write('Edit me with keys')
  await page.getByRole('link', { name: /Kay Boardman/ }).click()
  const details = page.getByRole('complementary', { name: 'Details' })
  const edit = details.getByRole('button', { name: /^Edit Phone/ })
  await edit.focus()
  await page.keyboard.press('Enter')
  await expect(details.getByRole('textbox', { name: 'Phone' })).toBeFocused()
  await page.keyboard.type('+49 30 1234567')
  await page.keyboard.press('Escape')
  await expect(edit).toBeFocused()
  await expect(edit).toHaveAccessibleName('Edit Phone: Add')
  await page.keyboard.press('Enter')
  await page.keyboard.type('+49 30 7654321')
  await page.keyboard.press('Enter')
  await expect(edit).toHaveAccessibleName(/7654321/)
  await expect(edit).toBeFocused()
})

test('the account menu and the settings work by keyboard', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('Stay where you are')
  await expect(page.getByRole('link', { name: /Stay where you are/ })).toBeVisible()
  const accountButton = page.getByRole('button', { name: `${owner(server).name}: theme, sessions, sign out` })
  await accountButton.focus()
  const passed = await page.evaluateHandle(() => {
    const passed: string[] = []
    document.addEventListener('focusin', (event) => passed.push((event.target as Element).closest('[id]')?.id ?? ''))
    return passed
  })
  await page.keyboard.press('ArrowUp')
  await expect(page.getByRole('menu', { name: 'Your account' })).toBeVisible()
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  await expect.poll(() => passed.jsonValue(), 'the arrow opens the menu and does not move the focus in the list').toEqual(['account-menu'])
  await page.keyboard.press('Escape')
  await expect(accountButton).toBeFocused()
  await open(page, '/settings/workspace')
  await page.keyboard.press('Tab')
  expect(await focusedName(page)).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Name', { exact: true }), 'the link skips the navigation').toBeFocused()
  await expectVisibleFocus(page)
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('Named by keyboard')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Save name' })).toHaveAttribute('aria-disabled', 'true')
  const chat = page.getByRole('switch', { name: 'Chat', exact: true })
  await tabTo(page, /^INPUT$/, { most: 4 })
  await expect(chat).toBeFocused()
  await page.keyboard.press('Space')
  await expect(chat).not.toBeChecked()
  await page.keyboard.press('Space')
  await expect(chat).toBeChecked()
})

test('every tab stop in the inbox has a name and is visible', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page), { name: 'Tabitha Stop' }).write('Stop everywhere')
  await page.getByRole('link', { name: /Tabitha Stop/ }).click()
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  const seen: string[] = []
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press('Tab')
    const stop = await focusedName(page)
    if (stop === 'BODY' || (n > 5 && stop === 'Skip to content')) break
    expect(stop, `stop ${n} after ${seen.at(-1)}`).not.toMatch(/^(A|BUTTON|DIV|LI)$/)
    expect(await page.evaluate(() => { const box = document.activeElement!.getBoundingClientRect(); return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight }), `${stop} is in the viewport`).toBe(true)
    await expectVisibleFocus(page)
    seen.push(stop)
  }
  expect(seen.length).toBeGreaterThan(15)
})
