// T7, T9, T13, D6: acting as the guides describe it, line by line: "Assigning Conversations", "Mentioning Team Members", "Closing
// Conversations" and "Response Workflow". Each step is a line of a guide.
import { type BrowserContext, type Page } from '@playwright/test'
import { expect, open, openAlone, test } from '../fixtures/test'
import { ApiVisitor, Visitor, chatKey, joinAsMember, openAsOwner } from '../fixtures/people'
import type { Server } from '../fixtures/server'

test.use({ world: { name: 'seed acting' } })

const row = (page: Page, text: string) => page.getByRole('link', { name: new RegExp(text) })
const messages = (page: Page) => page.getByRole('region', { name: 'Messages' })
const details = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const header = (page: Page) => page.getByRole('main', { name: 'Conversation' }).locator('header')
const composer = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true })
const note = (page: Page) => page.getByRole('textbox', { name: 'Note', exact: true })
const bell = (page: Page) => page.getByRole('button', { name: /^Notices/ })
const notices = (page: Page) => page.getByRole('dialog', { name: 'Notices' })
const closing = (page: Page) => page.getByRole('dialog', { name: 'Close conversation' })

async function colleague(openContext: () => Promise<BrowserContext>, server: Server, name: string): Promise<Page> {
  const context = await openContext()
  await joinAsMember(context, server, { name, email: `${name.toLowerCase().replace(/\W+/g, '.')}@example.com`, password: 'a phrase of my own' })
  const page = await context.newPage()
  await open(page, '/inbox?view=all')
  return page
}

/** Somebody outside writes, and the page shows the list. */
async function write(page: Page, server: Server, ...names: string[]): Promise<void> {
  for (const name of names) await new ApiVisitor(server, await chatKey(page), { name }).write(`Hello from ${name}`)
  await open(page, '/inbox?view=all')
}

/** By how much one part of an element's colour exceeds the other two. The canvas turns any notation into these parts. */
const excess = (page: Page, selector: string, of: 'red' | 'green') =>
  page.locator(selector).evaluate((element, of) => {
    const canvas = document.createElement('canvas').getContext('2d')!
    canvas.fillStyle = getComputedStyle(element).color
    canvas.fillRect(0, 0, 1, 1)
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data
    return of === 'green' ? green - Math.max(red, blue) : red - Math.max(green, blue)
  }, of)

test('T9: Assigning Conversations', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const ben = await colleague(openContext, server, 'Ben Assignee')
  await write(page, server, 'Anton Assigned')

  await test.step('Open conversation', async () => {
    await row(page, 'Anton Assigned').click()
    await expect(page.getByRole('heading', { level: 1, name: 'Anton Assigned' })).toBeVisible()
  })
  await test.step('Click assignee dropdown', async () => {
    await details(page).getByRole('button', { name: 'Assigned to: Nobody' }).click()
    await expect(page.getByRole('dialog', { name: 'Assigned to' })).toBeVisible()
  })
  await test.step('Select team member', async () => {
    await page.getByRole('dialog', { name: 'Assigned to' }).getByRole('option', { name: 'Ben Assignee' }).click()
    await expect(details(page).getByRole('button', { name: 'Assigned to: Ben Assignee' })).toBeVisible()
    await expect(row(page, 'Anton Assigned'), 'everybody sees on the card who has it').toContainText('Ben Assignee')
    await expect(messages(page)).toContainText('You assigned it to Ben Assignee')
  })
  await test.step('Notification sent to assignee', async () => {
    await expect(bell(ben)).toHaveAccessibleName('Notices, 1 new')
    await bell(ben).click()
    await notices(ben).getByRole('link', { name: /New: Mara Lindqvist assigned Anton Assigned to you/ }).click()
    await expect(details(ben).getByRole('button', { name: 'Assigned to: You' })).toBeVisible()
    await expect(bell(page), 'whoever assigns is told nothing').toHaveAccessibleName('Notices')
  })
})

test('T7: Mentioning Team Members', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const ben = await colleague(openContext, server, 'Ben Mentioned')
  const lead = await Visitor.arrive(await openContext(), await chatKey(page))
  await lead.write('Can you deliver on Sunday?')
  await row(page, 'Can you deliver on Sunday').click()

  await test.step('In the message composer:', () => composer(page).pressSequentially('A case for '))
  await test.step('Type @followed by name', async () => {
    await composer(page).pressSequentially('@ben ment')
    await expect(page.getByRole('listbox', { name: 'Mention' }).getByRole('option')).toHaveCount(1)
  })
  await test.step('Select from dropdown', async () => {
    await page.getByRole('listbox', { name: 'Mention' }).getByRole('option', { name: /Ben Mentioned/ }).click()
    await expect(note(page), 'it became a note').toHaveValue('A case for @Ben Mentioned ')
    await expect(page.getByText('Tells Ben Mentioned.')).toBeVisible()
    await page.getByRole('button', { name: 'Add note' }).click()
    await expect(messages(page).locator('.mention')).toHaveText('@Ben Mentioned')
  })
  await test.step('Team member is notified', async () => {
    await expect(bell(ben)).toHaveAccessibleName('Notices, 1 new')
    await bell(ben).click()
    await notices(ben).getByRole('link', { name: /New: Mara Lindqvist mentioned you/ }).click()
    await expect(messages(ben).locator('.mention')).toHaveText('@Ben Mentioned')
  })
  await test.step("Mentions are internal - the lead doesn't see them.", async () => {
    await page.getByRole('button', { name: 'Reply', exact: true }).click()
    await composer(page).fill('We ask, and write again')
    await page.getByRole('button', { name: /^Send to/ }).click()
    // What came after the note is there, so the note would be, too.
    await lead.sees('We ask, and write again')
    await lead.page.reload()
    await lead.sees('We ask, and write again')
    await expect(lead.chat.getByText(/A case for|Ben Mentioned/)).toHaveCount(0)
  })
})

test.describe('Closing Conversations', () => {
  for (const [line, who, reason, logged] of [
    ['Issue resolved', 'Rosa Resolved', 'Resolved', 'You closed it: Resolved'],
    ['Lead qualified and handed off', 'Quentin Qualified', 'Qualified and handed off', 'You closed it: Qualified and handed off'],
    ['Lead not interested', 'Nadia Not', 'Not interested', 'You closed it: Not interested'],
    ['Spam or invalid', 'Silas Spam', 'Spam or invalid', 'You closed it: Spam or invalid'],
  ]) {
    test(`T13: Close when: ${line}`, async ({ page, server }) => {
      await openAsOwner(page, server)
      await write(page, server, who)
      await row(page, who).click()
      await openAlone(page)
      await page.getByRole('button', { name: 'Close conversation' }).click()
      await page.getByRole('menuitem', { name: reason, exact: true }).click()
      await expect(messages(page)).toContainText(logged)
      await expect(details(page).getByRole('button', { name: 'Closed', exact: true })).toBeVisible()
      await open(page, '/inbox?view=closed')
      await expect(row(page, who)).toBeVisible()
      await open(page, '/inbox?view=all')
      await expect(row(page, who)).toHaveCount(0)
    })
  }

  test('T13: To close:', async ({ page, server, openContext }) => {
    await openAsOwner(page, server)
    const other = await colleague(openContext, server, 'Cleo Counterpart')
    await write(page, server, 'Stella Status', 'Dirk Details')
    await row(page, 'Dirk Details').click()

    await test.step('Click Close in details panel', async () => {
      // The button is in the header of the conversation, above the details, so that it is there while they are hidden.
      await page.getByRole('button', { name: 'Close conversation' }).click()
      await page.getByRole('menuitem', { name: 'Resolved' }).click()
      for (const one of [page, other]) await expect(row(one, 'Dirk Details')).toHaveCount(0)
    })
    await row(page, 'Stella Status').click()
    await expect(page.getByRole('heading', { level: 1, name: 'Stella Status' })).toBeVisible()
    await openAlone(page)
    await test.step('Or select status dropdown', async () => {
      await details(page).getByRole('button', { name: 'Open', exact: true }).click()
      await expect(page.getByRole('menu', { name: 'Status' }).getByRole('menuitemradio')).toHaveText(['Open', 'Pending', 'Closed'])
    })
    await test.step('Choose "Closed"', async () => {
      await page.getByRole('menu', { name: 'Status' }).getByRole('menuitemradio', { name: 'Closed' }).click()
      await closing(page).getByRole('button', { name: 'Resolved' }).click()
      await expect(details(page).getByRole('button', { name: 'Closed', exact: true })).toBeVisible()
      await expect(messages(page)).toContainText('You closed it: Resolved')
      await expect(row(other, 'Stella Status')).toHaveCount(0)
    })
  })
})

test('T9, T13, D6: Response Workflow', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  const other = await colleague(openContext, server, 'Cora Colleague')
  const customer = await Visitor.arrive(await openContext(), await chatKey(page))
  for (const text of ['My parcel is late', 'It was for a birthday']) await customer.write(text)
  await open(page, '/inbox?view=all')

  await test.step('Select Conversation', async () => {
    await test.step('Click from conversation list', () => row(page, 'It was for a birthday').click())
    await test.step('Review message history', async () => {
      for (const text of ['My parcel is late', 'It was for a birthday']) await expect(messages(page).getByText(text)).toBeVisible()
    })
  })

  await test.step('Assign Yourself', async () => {
    const person = header(page).getByRole('button', { name: 'Assign to yourself' })
    await test.step('Click person icon (top right)', async () => {
      const [icon, bar] = [(await person.boundingBox())!, (await header(page).boundingBox())!]
      expect(icon.x, 'in the right half of the header').toBeGreaterThan(bar.x + bar.width / 2)
      await expect(person).toHaveAttribute('aria-pressed', 'false')
      expect(await excess(page, '.thread-bar [aria-pressed]', 'green'), 'it is not green yet').toBeLessThan(20)
      await person.click()
    })
    await test.step('Toggle “Assign Yourself” to green', async () => {
      await expect(header(page).getByRole('button', { name: 'Assigned to you. Press to unassign.' })).toHaveAttribute('aria-pressed', 'true')
      await expect.poll(() => excess(page, '.thread-bar [aria-pressed=true]', 'green')).toBeGreaterThan(20)
      await expect(row(other, 'It was for a birthday'), 'so that nobody answers twice').toContainText('Mara Lindqvist')
    })
  })

  await test.step('Link Contact', async () => {
    await test.step('Check for linked contact', () =>
      expect(details(page)).toContainText('Not a contact yet. Add a name or an e-mail address to create one.'))
    // Contacts cannot be searched for and linked by hand yet. One is made from what is known.
    await test.step('Search and assign if missing', async () => {
      await details(page).getByRole('button', { name: /Edit name/i }).click()
      await details(page).getByRole('textbox', { name: /name/i }).fill('Berta Birthday')
      await page.keyboard.press('Enter')
      await expect(details(page)).not.toContainText('Not a contact yet')
    })
    await test.step('Ensures proper logging', async () => {
      for (const one of [page, other]) await expect(row(one, 'Berta Birthday')).toBeVisible()
    })
  })

  await test.step('Respond to Message', async () => {
    await test.step('Type in message bar', () => composer(page).fill('It arrives tomorrow'))
    await test.step('Send response', async () => {
      await page.getByRole('button', { name: /^Send to/ }).click()
      await customer.sees('It arrives tomorrow')
    })
    await test.step('Continue dialogue as needed', async () => {
      await customer.write('Before noon?')
      await expect(messages(page).getByText('Before noon?')).toBeVisible()
      await composer(page).fill('Yes, before noon')
      await page.getByRole('button', { name: /^Send to/ }).click()
      await customer.sees('Yes, before noon')
    })
  })

  await test.step('Close Conversation', async () => {
    await openAlone(page)
    const cross = header(page).getByRole('button', { name: 'Close conversation' })
    await test.step('Click red “X” when complete', async () => {
      expect(await excess(page, '.thread-bar .icon-btn[popovertarget=close-in-header]', 'red'), 'it is red').toBeGreaterThan(20)
      await cross.click()
    })
    await test.step('Optional closure message', async () => {
      await page.getByRole('menuitem', { name: 'With a message…' }).click()
      await closing(page).getByRole('textbox', { name: 'Last words' }).fill('Happy birthday!')
      await closing(page).getByRole('button', { name: 'Resolved' }).click()
      await expect(closing(page)).toBeHidden()
      await customer.sees('Happy birthday!')
      await expect(customer.chat.getByText('Happy birthday!')).toHaveCount(1)
    })
    await test.step('Logs to contact profile', async () => {
      await expect(details(page).getByRole('button', { name: 'Closed', exact: true })).toBeVisible()
      await expect(messages(page)).toContainText('You closed it: Resolved')
      await expect(messages(page)).toContainText('Happy birthday!')
    })
  })
})
