// L5: opening a conversation at a message that was found, and what is around it.
import { expect, open, test, waitUntilHydrated } from '../fixtures/test'
import { openAsOwner } from '../fixtures/people'
import { field, found, group, messages, conversation, note } from '../fixtures/searching'

test.use({ world: { name: 'search-opening' } })

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
