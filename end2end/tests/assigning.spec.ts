// T9: a member or a team gets a conversation by a list found by typing; the second of two is told who was first.
import { type Page } from '@playwright/test'
import { expect, expectAccessible, expectNoOverflow, open, test } from '../fixtures/test'
import { ApiVisitor, callFunction, chatKey, joinAsMember, openAsOwner } from '../fixtures/people'

test.use({ world: { name: 'assigning' } })

const details = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const row = (page: Page, name: string) => page.getByRole('link', { name: new RegExp(name) })
const TEAM = '0193b0a0-0000-7000-8000-00000000ab01'

test('T9: a member and a team are found by typing, and a colleague sees it at once', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page), { name: 'Tess Team' }).write('Who has time?')
  await callFunction(page, server, 'add_team', { id: TEAM, name: 'Front desk' })
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Basil Found', email: 'basil.assigning@example.com', password: 'a phrase of my own' })
  const colleague = await context.newPage()
  await open(colleague, '/inbox?view=all')
  await row(colleague, 'Tess Team').click()
  await row(page, 'Tess Team').click()

  const button = details(page).getByRole('button', { name: /^Assigned to:/ })
  await button.click()
  const list = page.getByRole('dialog', { name: 'Assigned to' })
  await expect(list.getByRole('option').first()).toHaveText(/Nobody/)
  await expectAccessible(page)
  await expectNoOverflow(page)
  await page.keyboard.type('basil')
  await expect(list.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(list).toBeHidden()
  await expect(button).toHaveAccessibleName('Assigned to: Basil Found')
  await expect(button).toBeFocused()
  await expect(details(colleague).getByRole('button', { name: 'Assigned to: You' })).toBeVisible()

  await page.keyboard.press('Enter')
  await page.keyboard.type('front')
  await page.keyboard.press('Enter')
  await expect(details(page).getByRole('button', { name: 'Team: Front desk' })).toBeVisible()
  await expect(details(colleague).getByRole('button', { name: 'Team: Front desk' })).toBeVisible()
  await expect(colleague.getByRole('region', { name: 'Messages' })).toContainText('gave it to Front desk')
  await page.locator('.toast', { hasText: 'Given to the team' }).getByRole('button', { name: 'Undo' }).click()
  for (const one of [page, colleague]) await expect(details(one).getByRole('button', { name: 'Team: No team' })).toBeVisible()
})

test('T9: two take the same conversation, and the second is told who was first', async ({ page, server, openContext, problems }) => {
  problems.allow(/the server responded with a status of 409/)
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page), { name: 'Clara Claimed' }).write('Anybody?')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Second Hand', email: 'second.assigning@example.com', password: 'a phrase of my own' })
  const second = await context.newPage()
  await open(second, '/inbox?view=all')
  await row(second, 'Clara Claimed').click()
  await row(page, 'Clara Claimed').click()
  // The second one's click is on its way while the first one's arrives.
  let release = () => {}
  const first = new Promise<void>((done) => { release = done })
  await second.route('**/api/fn/change_state', async (route) => { await first; await route.continue() })
  await second.getByRole('button', { name: 'Assign to yourself' }).click()
  await page.getByRole('button', { name: 'Assign to yourself' }).click()
  await expect(page.getByRole('button', { name: 'Assigned to you. Press to unassign.' })).toBeVisible()
  release()
  await expect(second.locator('.toast', { hasText: /^It was given to .+ a moment ago/ })).toBeVisible()
  await expect(details(second).getByRole('button', { name: /^Assigned to: (?!You|Nobody)/ })).toBeVisible()
})

test('T13: two close the same conversation at once: it is closed once, and both see for whose reason', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page), { name: 'Clement Closed' }).write('Anybody?')
  const context = await openContext()
  await joinAsMember(context, server, { name: 'Third Hand', email: 'third.assigning@example.com', password: 'a phrase of my own' })
  const second = await context.newPage()
  for (const one of [second, page]) {
    await open(one, '/inbox?view=all')
    await row(one, 'Clement Closed').click()
  }
  let release = () => {}
  const first = new Promise<void>((done) => { release = done })
  await second.route('**/api/fn/change_state', async (route) => { await first; await route.continue() })
  const close = async (one: Page, reason: string) => {
    await one.getByRole('button', { name: 'Close conversation' }).click()
    await one.getByRole('menuitem', { name: reason }).click()
  }
  await close(second, 'Not interested')
  await close(page, 'Resolved')
  await open(page, '/inbox?view=closed')
  await row(page, 'Clement Closed').click()
  const messages = (one: Page) => one.getByRole('region', { name: 'Messages' })
  await expect(messages(page)).toContainText('closed it: Resolved')
  release()
  await open(second, '/inbox?view=closed')
  await row(second, 'Clement Closed').click()
  for (const one of [second, page]) {
    await expect(messages(one).getByText(/closed it/)).toHaveCount(1)
    await expect(messages(one)).toContainText('closed it: Resolved')
  }
})
