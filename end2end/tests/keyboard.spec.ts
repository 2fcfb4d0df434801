// The main job without a mouse (L6), the focus always in sight and never lost.
import { type Page } from '@playwright/test'
import { expect, open, test } from '../fixtures/test'
import { Caller, Visitor, chatKey, enter, owner } from '../fixtures/people'

test.use({ world: { name: 'keyboard' } })

/** What has the focus, by its role's words. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement!
    if (element === document.body) return 'BODY'
    return (element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\s+/g, ' ').trim() || element.tagName
  })

/** The focus is drawn: an outline or a ring of at least two pixels that is not there without it. */
async function expectFocusSeen(page: Page): Promise<void> {
  const shown = await page.evaluate(() => {
    const look = (element: Element) => {
      const style = getComputedStyle(element)
      return { outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth), rest: `${style.boxShadow} ${style.borderColor} ${style.backgroundColor}` }
    }
    // A field may draw its focus on the box around it.
    const parts = [document.activeElement!, document.activeElement!.parentElement!, document.activeElement!.closest('form') ?? document.body]
    const withFocus = parts.map(look)
    const element = document.activeElement as HTMLElement
    element.blur()
    const without = parts.map(look)
    element.focus()
    return withFocus.some((one, at) => one.outline >= 1.5 || one.rest !== without[at].rest)
  })
  expect(shown, `the focus on “${await focused(page)}” can be seen`).toBe(true)
}

/** Presses Tab until something of that name has the focus; tells what was passed. */
async function tabTo(page: Page, name: RegExp, { key = 'Tab', most = 40 } = {}): Promise<string[]> {
  const passed: string[] = []
  while (passed.length < most) {
    await page.keyboard.press(key)
    passed.push(await focused(page))
    if (name.test(passed.at(-1)!)) return passed
  }
  throw new Error(`${name} was not reached: ${passed.join(' → ')}`)
}

test('an Enter that follows an arrow within the same frame opens the row that the arrow moved to', async ({ page, server }) => {
  await enter(page, server)
  const key = await chatKey(page)
  for (const text of ['The older one', 'The newer one']) {
    await new Caller(server, key, { name: 'Swift Hand' }).write(text)
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
  await enter(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await visitor.write('Only keys, please')
  await expect(page.getByRole('link', { name: /Only keys, please/ })).toBeVisible()
  await page.bringToFront()

  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Skip to content')
  await expectFocusSeen(page)
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('link', { name: /Only keys, please/ })).toBeFocused()
  await expectFocusSeen(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()

  // From the card into the thread: header, messages, composer, in the order in which they are read.
  const passed = await tabTo(page, /^Message$/)
  const places = ['Assign to yourself', 'Close conversation', 'Messages', 'Reply', 'Note', 'Message'].map((name) => passed.indexOf(name))
  expect(places, passed.join(' → ')).toEqual([...places].sort((a, b) => a - b))
  expect(places).not.toContain(-1)
  await expectFocusSeen(page)
  await page.keyboard.type('Written by hand.')
  await page.keyboard.press('Control+Enter')
  await visitor.sees('Written by hand.')
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeFocused()
  await page.keyboard.type('And a second one.')
  await tabTo(page, /^Send to/)
  await expectFocusSeen(page)
  await page.keyboard.press('Enter')
  await visitor.sees('And a second one.')
  await expect(page.getByRole('textbox', { name: 'Message' }), 'ready for the next').toBeFocused()

  await tabTo(page, /^Note$/, { key: 'Shift+Tab' })
  await page.keyboard.press('Space')
  await expect(page.getByRole('textbox', { name: 'Note' })).toBeFocused()
  await page.keyboard.type('For us')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('region', { name: 'Messages' }).getByText('For us')).toBeVisible()
})

test('a menu by keyboard: arrows walk, letters jump, Esc gives the focus back, Enter closes the conversation', async ({ page, server }) => {
  await enter(page, server)
  await new Caller(server, await chatKey(page)).write('Close me with keys')
  await page.getByRole('link', { name: /Close me with keys/ }).click()
  const button = page.getByRole('button', { name: 'Close conversation' })
  const menu = page.getByRole('menu', { name: 'Close conversation' })
  const items = menu.getByRole('menuitem')
  await button.focus()
  await page.keyboard.press('Enter')
  await expect(items.first()).toBeFocused()
  await expect(button).toHaveAttribute('aria-expanded', 'true')
  await page.keyboard.press('ArrowDown')
  await expect(items.nth(1)).toBeFocused()
  await expectFocusSeen(page)
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
  await expect(page.getByText(/You closed it: resolved/)).toBeVisible()
  await page.getByRole('button', { name: 'Reopen' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('You reopened it')).toBeVisible()
})

test('the focus is not lost with the button that closing takes away', async ({ page, server }) => {
  await enter(page, server)
  await new Caller(server, await chatKey(page)).write('Keep the focus')
  await page.getByRole('link', { name: /Keep the focus/ }).click()
  await page.getByRole('button', { name: 'Close conversation' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('r')
  await page.keyboard.press('Enter')
  await expect(page.getByText(/You closed it: resolved/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Reopen' })).toBeFocused()
})

test('arrow keys walk the list; typing and menus keep their keys', async ({ page, server }) => {
  await enter(page, server)
  const key = await chatKey(page)
  for (const text of ['Walk one', 'Walk two', 'Walk three']) await new Caller(server, key).write(text)
  await expect(page.locator('a.row').nth(2)).toBeVisible()
  const rows = page.locator('a.row')
  await page.keyboard.press('j')
  await expect(rows.nth(0)).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(rows.nth(1)).toBeFocused()
  await page.keyboard.press('k')
  await expect(rows.nth(0)).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(rows.nth(0), 'the first is the end').toBeFocused()
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

test('D2: a field in place by keyboard: Esc gives the old value back, Enter saves, the focus stays there', async ({ page, server }) => {
  await enter(page, server)
  await new Caller(server, await chatKey(page), { name: 'Kay Boardman' }).write('Edit me with keys')
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

test('the account menu and the settings by keyboard', async ({ page, server }) => {
  await enter(page, server)
  await new Caller(server, await chatKey(page)).write('Stay where you are')
  await expect(page.getByRole('link', { name: /Stay where you are/ })).toBeVisible()
  const me = page.getByRole('button', { name: `${owner(server).name}: theme, sessions, sign out` })
  await me.focus()
  const passed = await page.evaluateHandle(() => {
    const passed: string[] = []
    document.addEventListener('focusin', (event) => passed.push((event.target as Element).closest('[id]')?.id ?? ''))
    return passed
  })
  await page.keyboard.press('ArrowUp')
  await expect(page.getByRole('menu', { name: 'Your account' })).toBeVisible()
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  await expect.poll(() => passed.jsonValue(), 'the arrow opens the menu and moves nothing in the list').toEqual(['account-menu'])
  await page.keyboard.press('Escape')
  await expect(me).toBeFocused()
  await open(page, '/settings/workspace')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Name', { exact: true }), 'the link leads past everything').toBeFocused()
  await expectFocusSeen(page)
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

test('every stop of the tab order in the inbox has a name and can be seen', async ({ page, server }) => {
  await enter(page, server)
  await new Caller(server, await chatKey(page), { name: 'Tabitha Stop' }).write('Stop everywhere')
  await page.getByRole('link', { name: /Tabitha Stop/ }).click()
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  const seen: string[] = []
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press('Tab')
    const stop = await focused(page)
    if (stop === 'BODY' || (n > 5 && stop === 'Skip to content')) break
    expect(stop, `stop ${n} after ${seen.at(-1)}`).not.toMatch(/^(A|BUTTON|DIV|LI)$/)
    expect(await page.evaluate(() => { const box = document.activeElement!.getBoundingClientRect(); return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight }), `${stop} is in sight`).toBe(true)
    await expectFocusSeen(page)
    seen.push(stop)
  }
  expect(seen.length).toBeGreaterThan(15)
})
