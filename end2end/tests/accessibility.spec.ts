// Every page and state, in both themes, wide and narrow: no violation of WCAG 2.2 AA (axe, N13) and no horizontal overflow.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, Visitor, chatKey, openAsOwner, owner } from '../fixtures/people'

test.use({ world: { name: 'accessibility', seed: { conversations: 60, messages: 700 } } })

const APPEARANCES = [
  { width: 1440, height: 900, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
  // In these two combinations only the colours are new.
  { width: 390, height: 844, colorScheme: 'light', only: ['color-contrast'] },
  { width: 1440, height: 900, colorScheme: 'dark', only: ['color-contrast'] },
] as const

/** Checks the page's current state in every size and theme. */
async function expectAccessibleEverywhere(page: Page, { mainOnPhone = true } = {}): Promise<void> {
  for (const { width, height, colorScheme, ...rest } of APPEARANCES) {
    await test.step(`${width} ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height })
      const only = 'only' in rest ? [...rest.only] : []
      // A phone shows only the list, which is a region. The main landmark is the conversation, which is hidden.
      const except = width < 720 && !mainOnPhone ? ['landmark-one-main'] : []
      await expectAccessible(page, { only, except })
      await expectNoOverflow(page)
    })
  }
}

test('sign-in, set-up, invitation and the page for unknown addresses', async ({ page, problems }) => {
  problems.allow(/the server responded with a status of 4\d\d/)
  for (const path of ['/sign-in', '/setup?token=x', '/setup', '/invite?token=x', '/nothing-here']) {
    await page.goto(path)
    await expectAccessibleEverywhere(page)
  }
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill('nobody@example.com')
  await page.getByLabel('Password', { exact: true }).fill('not this phrase')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible()
  await expectAccessibleEverywhere(page)
})

test('the inbox: the list, an empty view, an unknown conversation', async ({ page, server, problems }) => {
  problems.allow(/the server responded with a status of 404/)
  await openAsOwner(page, server)
  await expect(page.locator('a.row').nth(5)).toBeVisible()
  await expectAccessibleEverywhere(page, { mainOnPhone: false })
  await open(page, '/inbox?view=missed')
  await expectAccessibleEverywhere(page, { mainOnPhone: false })
  await open(page, '/inbox/01920000-0000-7000-8000-00000000dead')
  await expectAccessibleEverywhere(page)
})

test('a thread: messages, composer, note, details, a field being edited', async ({ page, server }) => {
  await openAsOwner(page, server)
  const key = await chatKey(page)
  const visitor = new ApiVisitor(server, key, { name: 'Ada Accessible', email: 'ada@example.com' })
  await visitor.write('Hello https://example.com/a?b=c and good-bye')
  await page.getByRole('link', { name: /Ada Accessible/ }).click()
  const text = page.getByRole('textbox', { name: 'Message' })
  await text.fill('An answer')
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('.mark-state[data-state=sent]')).toBeVisible()
  await page.getByLabel('Files to attach').setInputFiles({ name: 'prices.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n') })
  await expectAccessibleEverywhere(page)
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await page.getByRole('textbox', { name: 'Note' }).fill('A note')
  await expectAccessible(page, { within: '.composer' })
  await page.getByRole('button', { name: 'Add note' }).click()
  await expect(page.getByText('Only your team sees this').first()).toBeVisible()
  await expectAccessibleEverywhere(page)

  const details = page.getByRole('complementary', { name: 'Details' })
  await details.getByRole('button', { name: /^Edit E-mail/ }).click()
  await details.getByRole('textbox', { name: 'E-mail' }).fill('not an address')
  await page.keyboard.press('Enter')
  await expect(details.getByText('Enter a valid e-mail address, like name@example.com.')).toBeVisible()
  await expectAccessible(page)
  // On a phone, the details cover the thread.
  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('button', { name: 'Details', exact: true }).click()
  await expect(details).toBeVisible()
  await expectAccessible(page)
  await expectNoOverflow(page)
})

test('every open menu', async ({ page, server }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page), { name: 'Menu Person' }).write('Many menus')
  await page.getByRole('link', { name: /Menu Person/ }).click()
  const details = page.getByRole('complementary', { name: 'Details' })
  await expect(details.getByRole('button', { name: /New/ })).toBeVisible()
  const menus = [
    [page.getByRole('button', { name: `${owner(server).name}: theme, sessions, sign out` }), 'Your account'],
    [page.getByRole('button', { name: 'Close conversation' }), 'Close conversation'],
    [details.getByRole('button', { name: 'Open', exact: true }), 'Status'],
    [details.getByRole('button', { name: /New/ }), 'Lead status'],
  ] as const
  for (const [button, name] of menus) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await button.click()
      await expect(page.getByRole('menu', { name, exact: true })).toBeVisible()
      await expectAccessible(page, { within: `[role=menu][aria-label="${name}"]` })
      await expectNoOverflow(page)
      await page.keyboard.press('Escape')
      await expect(page.getByRole('menu', { name, exact: true })).toBeHidden()
    }
  }
})

for (const part of ['', '/channels', '/members', '/teams', '/tags', '/closing', '/notifications', '/sessions', '/system', '/audit', '/workspace']) {
  test(`settings${part}`, async ({ page, server }) => {
    await openAsOwner(page, server, `/settings${part}`)
    if (part === '/members') {
      await page.getByLabel(/^Who is it for/).fill('Somebody')
      await page.getByRole('button', { name: 'Create link' }).click()
      await expect(page.getByRole('textbox', { name: 'Invitation link' })).toBeVisible()
    }
    await expect(page.getByRole('heading', { level: 1 }).last()).toBeVisible()
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
    await expectAccessibleEverywhere(page, { mainOnPhone: part !== '' })
  })
}

test('the web chat page and its frame, before and during a conversation', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const visitor = await Visitor.arrive(await openContext(), await chatKey(page))
  await expect(visitor.chat.getByRole('textbox', { name: 'Write a message' })).toBeVisible()
  await expectAccessibleEverywhere(visitor.page)
  await visitor.write('Is this accessible?')
  await expect(visitor.chat.getByText('Sent')).toBeVisible()
  await visitor.chat.locator('input[type=file]').setInputFiles({ name: 'question.txt', mimeType: 'text/plain', buffer: Buffer.from('?') })
  await expect(visitor.chat.getByText('question.txt')).toBeVisible()
  await expectAccessibleEverywhere(visitor.page)
})
