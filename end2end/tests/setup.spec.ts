// The start of an instance: set-up link, sample data, sign-in.
import { expect, expectNoOverflow, waitUntilHydrated, test } from '../fixtures/test'
import { OWNER, openAsOwner, setUp } from '../fixtures/people'

test.use({ world: { name: 'set-up' } })

test('an empty instance redirects to its set-up, which shows errors', async ({ page, server }) => {
  test.skip(server.isSetUp, 'needs an empty instance: it runs first on its server')
  await page.goto('/inbox')
  await expect(page).toHaveURL(/\/setup$/)
  await expect(page.getByText('This link is incomplete')).toBeVisible()

  await page.goto(server.setupLink!)
  await page.getByLabel('Workspace').fill('Acme')
  await page.getByLabel('Your name').fill(OWNER.name)
  await page.getByLabel('E-mail').fill(OWNER.email)
  await page.getByLabel('Add sample conversations').uncheck()
  await page.getByLabel('Password', { exact: true }).fill('short')
  await page.getByRole('button', { name: 'Create workspace' }).click()
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('Workspace'), 'valid input is kept').toHaveValue('Acme')
  await expect(page.getByLabel('Your name')).toHaveValue(OWNER.name)
  await expect(page.getByLabel('E-mail')).toHaveValue(OWNER.email)
  await expect(page.getByLabel('Add sample conversations')).not.toBeChecked()
  await expect(page).toHaveURL(/\/setup\?/)
  await page.goto(server.setupLink!.replace(/token=.*/, 'token=guessed'))
  await page.getByLabel('Workspace').fill('Mine now')
  await page.getByLabel('Your name').fill('Mallory')
  await page.getByLabel('E-mail').fill('mallory@example.com')
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password)
  await page.getByRole('button', { name: 'Create workspace' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible()
  await page.goto('/inbox')
  await expect(page, 'the instance is still not set up').toHaveURL(/\/setup$/)
})

test('with sample data, the first inbox has conversations; the set-up link works only once', async ({ page, server }) => {
  test.skip(server.isSetUp, 'needs an empty instance')
  await setUp(page, server, { sample: true })
  await expect(page.locator('a.row').nth(9)).toBeVisible()
  await expect(page.getByRole('link', { name: /^\d+\s*New$/ })).toBeVisible()
  for (const width of [1440, 1024, 390]) {
    await page.setViewportSize({ width, height: 844 })
    await expectNoOverflow(page)
  }
  await page.context().clearCookies()
  await page.goto(server.setupLink!)
  await page.getByLabel('Workspace').fill('Mine now')
  await page.getByLabel('Your name').fill('Mallory')
  await page.getByLabel('E-mail').fill('mallory@example.com')
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password)
  await page.getByRole('button', { name: 'Create workspace' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible()
  await page.goto('/inbox')
  await expect(page).toHaveURL(/\/sign-in\?next=/)
})

test('S41: a wrong password and an unknown address get the same error', async ({ page, server, openContext }) => {
  await openAsOwner(await (await openContext()).newPage(), server)
  const errors: string[] = []
  for (const email of [OWNER.email, 'nobody@example.com']) {
    await page.goto('/sign-in')
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('not this phrase')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const alert = page.getByRole('alert').filter({ hasText: /./ }).first()
    await expect(alert).toBeVisible()
    errors.push(await alert.innerText())
    await expect(page.getByLabel('E-mail')).toHaveValue(email)
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('')
    await expect(page.getByLabel('Password', { exact: true })).toBeFocused()
  }
  expect(errors[1]).toBe(errors[0])
})

test('S36: signing in leads to the requested page, and never to another site', async ({ page: ownerPage, server, openContext }) => {
  await openAsOwner(ownerPage, server)
  for (const [wanted, arrived] of [['/settings/teams', /\/settings\/teams$/], ['//evil.example/', /127\.0\.0\.1:\d+\/inbox/]] as const) {
    const page = await (await openContext()).newPage()
    await page.goto(`/sign-in?next=${encodeURIComponent(wanted)}`)
    await page.getByLabel('E-mail').fill(OWNER.email)
    await page.getByLabel('Password', { exact: true }).fill(OWNER.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page).toHaveURL(arrived)
  }
})
