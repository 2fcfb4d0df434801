// Settings: sessions, invitations and rights (N10, S20, S26, S42, S44), teams, the workspace, and the theme.
import { type BrowserContext, type Page } from '@playwright/test'
import { expect, waitUntilHydrated, open, test } from '../fixtures/test'
import { ApiVisitor, type Person, Visitor, requestFunction, callFunction, chatKey, openAsOwner, joinAsMember, owner, signIn } from '../fixtures/people'

test.use({ world: { name: 'settings' } })

/** A person with this name. The address follows from the name, so each test uses its own name. */
const newPerson = (name: string): Person => ({ name, email: `${name.toLowerCase().replace(/\W+/g, '.')}@example.com`, password: 'a phrase of my own' })
/** The limit for changed rights to reach an open page: one second (S20), plus time for a busy machine. */
const WITHIN_SECONDS = { timeout: 2_500 }

/** The browser logs every refusal to its console. */
const REFUSAL_ERRORS = /the server responded with a status of 4(01|03|22)/

/** Opens a new tab in a browser that is already signed in. */
async function openTab(context: BrowserContext, path = '/inbox'): Promise<Page> {
  const page = await context.newPage()
  await open(page, path)
  return page
}

test('S44: a new password ends the other sessions, and the old password no longer works', async ({ server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS)
  const noa = newPerson('Noa Berg')
  const here = await openContext()
  await joinAsMember(here, server, noa)
  const page = await openTab(here, '/settings/sessions')
  const elsewhere = await (await openContext()).newPage()
  await signIn(elsewhere, noa.email, noa.password)

  await page.getByLabel('Current password').fill('not my phrase')
  await page.getByLabel('New password').fill('an even longer phrase')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('Current password')).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('Current password').fill(noa.password)
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('New password')).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('New password').fill('an even longer phrase')
  await page.getByRole('button', { name: 'Change password' }).click()

  await expect(page.getByText('Password changed. Your other sessions have ended.')).toBeVisible()
  await expect(elsewhere).toHaveURL(/\/sign-in/, WITHIN_SECONDS)
  await expect(page.getByText('This session')).toBeVisible()
  await expect(page.getByRole('button', { name: /^End / })).toHaveCount(0)

  await elsewhere.getByLabel('E-mail').fill(noa.email)
  await elsewhere.getByLabel('Password', { exact: true }).fill(noa.password)
  await elsewhere.getByRole('button', { name: 'Sign in' }).click()
  await expect(elsewhere.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible()
  await expect(elsewhere).toHaveURL(/\/sign-in/)
  await signIn(elsewhere, noa.email, 'an even longer phrase')
})

test('S44: a member ends a session in the list', async ({ server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS)
  const ida = newPerson('Ida Holm')
  const here = await openContext()
  await joinAsMember(here, server, ida)
  const elsewhere = await openContext({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' })
  const other = await elsewhere.newPage()
  await signIn(other, ida.email, ida.password)
  const page = await openTab(here, '/settings/sessions')
  await page.getByRole('button', { name: 'End Firefox on Linux' }).click()
  await expect(page.getByText('Firefox on Linux')).toBeHidden()
  await expect(other).toHaveURL(/\/sign-in/, WITHIN_SECONDS)
  await page.reload()
  await expect(page.getByText('This session')).toBeVisible()
  await expect(page.getByText('Firefox on Linux')).toHaveCount(0)
})

test('S44: signing out ends the session, and Back shows no data', async ({ server, openContext, problems }) => {
  // The server may inform the other tab before this tab does.
  problems.allow(REFUSAL_ERRORS)
  const eva = newPerson('Eva Lund')
  const context = await openContext()
  await joinAsMember(context, server, eva)
  const page = await openTab(context)
  const key = await chatKey(page)
  await new ApiVisitor(server, key, { name: 'Secretive Person' }).write('For members only')
  await page.getByRole('link', { name: /For members only/ }).click()
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('For members only')
  const second = await openTab(context)

  await page.getByRole('button', { name: `${eva.name}: theme, sessions, sign out` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(second, 'the other tab is signed out too').toHaveURL(/\/sign-in/, WITHIN_SECONDS)
  await page.goBack()
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(page.locator('body')).not.toContainText('Secretive Person')
  expect(await page.evaluate(() => Object.keys(localStorage)), 'nothing is stored').toEqual([])
  await page.goto('/inbox')
  await expect(page).toHaveURL(/\/sign-in\?next=/)
})

test('S24: signing out deletes all stored data in every tab, except unsent messages and drafts', async ({ server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS, /Failed to load resource/, /net::ERR/, /EventSource/)
  const [una, vito] = [newPerson('Una Moss'), newPerson('Vito Sand')]
  const context = await openContext()
  await joinAsMember(context, server, una)
  const page = await openTab(context)
  const caller = new ApiVisitor(server, await chatKey(page), { name: 'Patient Person' })
  await caller.write('Are you still there?')
  await page.getByRole('link', { name: /Are you still there/ }).click()
  // A second tab on another page.
  const second = await openTab(context, '/settings/sessions')
  await page.evaluate(async () => {
    localStorage.setItem('tandem:planted', 'x')
    sessionStorage.setItem('tandem:planted', 'x')
    localStorage.setItem('somebody-elses', 'x')
    await (await caches.open('tandem-planted')).put('/planted', new Response('x'))
    await new Promise((done) => {
      const request = indexedDB.open('tandem-planted')
      request.onsuccess = () => {
        request.result.close()
        done(null)
      }
    })
  })
  // No reply and no draft reaches the server.
  await page.route(/api\/fn\/(send_message|save_draft)/, (route) => route.abort())
  const text = page.getByRole('textbox', { name: 'Message' })
  await text.fill('Una wrote this')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Una wrote this')
  await text.fill('Una was about to write')

  await page.getByRole('button', { name: `${una.name}: theme, sessions, sign out` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(second, 'the other tab is signed out too').toHaveURL(/\/sign-in/, WITHIN_SECONDS)
  const storedNames = () => page.evaluate(async () => ({
    local: Object.keys(localStorage).map((name) => name.replace(/[0-9a-f-]{36}/g, 'ID')).sort(),
    session: Object.keys(sessionStorage),
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }))
  const nothing = { session: [], caches: [], databases: [] }
  const unsentNames = ['somebody-elses', 'tandem:unsent:ID:draft:ID:reply', 'tandem:unsent:ID:outbox:ID']
  expect(await storedNames()).toEqual({ local: unsentNames, ...nothing })

  // Another member in the same browser does not see it and does not send it.
  await page.unroute(/api\/fn\/(send_message|save_draft)/)
  await joinAsMember(context, server, vito)
  await open(page, '/inbox')
  await page.getByRole('link', { name: /Are you still there/ }).click()
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Are you still there?')
  await expect(text).toHaveValue('')
  await page.reload()
  await waitUntilHydrated(page)
  await expect(page.getByRole('region', { name: 'Messages' })).not.toContainText('Una wrote this')
  await page.getByRole('button', { name: `${vito.name}: theme, sessions, sign out` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  expect(await storedNames(), 'her unsent data is still there').toEqual({ local: unsentNames, ...nothing })

  // After she signs in again, the message is sent and the draft is restored.
  await signIn(page, una.email, una.password)
  await page.getByRole('link', { name: /Are you still there|Una wrote this/ }).click()
  await expect(text).toHaveValue('Una was about to write')
  await expect(page.getByRole('region', { name: 'Messages' }).getByText('Una wrote this')).toHaveCount(1)
  await expect.poll(async () => (await storedNames()).local.filter((name) => name.includes('outbox')), 'the server has received it').toEqual([])
})

test('S24: a tab of a signed-out member reloads when another member signs in', async ({ server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS)
  const [wim, xenia] = [newPerson('Wim Reed'), newPerson('Xenia Ford')]
  const context = await openContext()
  await joinAsMember(context, server, wim)
  const oldTab = await openTab(context)
  // He did not press "Sign out". For example, his session expired.
  await joinAsMember(context, server, xenia)
  const page = await openTab(context)
  await expect(page.getByRole('button', { name: `${xenia.name}: theme, sessions, sign out` })).toBeVisible()
  await expect(oldTab.getByRole('button', { name: `${xenia.name}: theme, sessions, sign out` }), 'the tab reloads').toBeVisible(WITHIN_SECONDS)
})

test('S26, S42: an agent joins through an invitation and cannot administer', async ({ page, server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS)
  await openAsOwner(page, server, '/settings/members')
  await page.getByLabel(/^Who is it for/).fill('Jonas from support')
  await page.getByLabel('Role', { exact: true }).selectOption('agent')
  await page.getByRole('button', { name: 'Create link' }).click()
  const link = await page.getByRole('textbox', { name: 'Invitation link' }).inputValue()
  expect(link, 'a complete link').toContain(`${server.url}/invite?token=`)
  await expect(page.getByRole('button', { name: 'Revoke the invitation for Jonas from support' })).toBeVisible()

  const jonas = newPerson('Jonas Falk')
  const agent = await (await openContext()).newPage()
  await agent.goto(link)
  await agent.getByLabel('Your name').fill(jonas.name)
  await agent.getByLabel('E-mail').fill(jonas.email)
  await agent.getByLabel('Password', { exact: true }).fill(jonas.password)
  await agent.getByRole('button', { name: 'Join' }).click()
  await expect(agent).toHaveURL(/\/inbox/)
  await waitUntilHydrated(agent)
  // The owner's page updates without a reload.
  await expect(page.getByRole('row', { name: new RegExp(jonas.email) })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Revoke the invitation for Jonas from support' })).toBeHidden()

  for (const part of ['channels', 'members', 'teams', 'tags', 'workspace', 'system']) {
    await open(agent, `/settings/${part}`)
    await expect(agent.getByText('Only owners and admins can change this.')).toBeVisible()
  }
  const boot = await callFunction<{ me: { member: { id: string } }; workspace: { name: string } }>(agent, server, 'bootstrap')
  const promotion = { id: boot.me.member.id, role: 'owner', visibility: 'all', disabled: false }
  expect((await requestFunction(agent, server, 'edit_member', promotion)).status()).toBe(403)
  expect((await requestFunction(agent, server, 'invite', { new: { role: 'agent', visibility: 'all', note: '' } })).status()).toBe(403)
  expect((await requestFunction(agent, server, 'system_status')).status()).toBe(403)

  const late = await (await openContext()).newPage()
  await late.goto(link)
  await late.getByLabel('Your name').fill('Somebody Else')
  await late.getByLabel('E-mail').fill('somebody.else@example.com')
  await late.getByLabel('Password', { exact: true }).fill('a phrase of my own')
  await late.getByRole('button', { name: 'Join' }).click()
  await expect(late.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible()
  await expect(late).toHaveURL(/\/invite/)
})

test('S42: a revoked invitation does not work', async ({ page, server, openContext }) => {
  await openAsOwner(page, server, '/settings/members')
  await page.getByLabel(/^Who is it for/).fill('Nobody after all')
  await page.getByRole('button', { name: 'Create link' }).click()
  const link = await page.getByRole('textbox', { name: 'Invitation link' }).inputValue()
  await page.getByRole('button', { name: 'Revoke the invitation for Nobody after all' }).click()
  await expect(page.getByRole('button', { name: 'Revoke the invitation for Nobody after all' })).toBeHidden()
  await expect(page.getByRole('textbox', { name: 'Invitation link' }), 'the revoked link is hidden').toBeHidden()
  const late = await (await openContext()).newPage()
  await late.goto(link)
  await late.getByLabel('Your name').fill('Nobody')
  await late.getByLabel('E-mail').fill('nobody@example.com')
  await late.getByLabel('Password', { exact: true }).fill('a phrase of my own')
  await late.getByRole('button', { name: 'Join' }).click()
  await expect(late.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible()
  await expect(late).toHaveURL(/\/invite/)
})

test('a viewer can only read', async ({ page, server, openContext }) => {
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('Read me, viewer')
  const context = await openContext()
  await joinAsMember(context, server, newPerson('Vera Lindt'), { role: 'viewer' })
  const viewer = await openTab(context)
  await expect(viewer.getByRole('button', { name: /^Chat o/ })).toBeHidden()
  await viewer.getByRole('link', { name: /Read me, viewer/ }).click()
  await expect(viewer.getByRole('region', { name: 'Messages' })).toContainText('Read me, viewer')
  await expect(viewer.getByText('You can read this conversation but not reply to it.')).toBeVisible()
  await expect(viewer.getByRole('textbox')).toHaveCount(0)
  for (const name of ['Assign to yourself', 'Close conversation', 'Status', 'Assigned to', /^Edit /]) {
    await expect(viewer.getByRole('button', { name })).toHaveCount(0)
  }
  const conversation = new URL(viewer.url()).pathname.split('/').pop()!
  const message = { new: { id: '01920000-0000-7000-8000-000000000001', conversation, mode: 'reply', text: 'no', attachments: [] } }
  expect((await requestFunction(viewer, server, 'send_message', message)).status()).toBe(403)
  expect((await requestFunction(viewer, server, 'change_state', { conversation, seen: { status: 'open', assignee: null, inbound: 1 }, act: 'reopen' })).status()).toBe(403)
})

test('S20: changes of visibility, role and membership apply immediately to an open inbox', async ({ page, server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS)
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('Not for everybody')
  const kim = newPerson('Kim Dahl')
  const context = await openContext()
  await joinAsMember(context, server, kim)
  const agent = await openTab(context)
  await agent.getByRole('link', { name: /Not for everybody/ }).click()
  await expect(agent.getByRole('textbox', { name: 'Message' })).toBeVisible()
  await agent.getByRole('link', { name: 'Inbox', exact: true }).click()

  await open(page, '/settings/members')
  await page.getByLabel(`What ${kim.name} sees`).selectOption('mine')
  await expect(agent.getByText('No conversations yet')).toBeVisible(WITHIN_SECONDS)
  await expect(agent.getByText('Not for everybody')).toHaveCount(0)
  await page.getByLabel(`What ${kim.name} sees`).selectOption('all')
  const row = agent.getByRole('link', { name: /Not for everybody/ })
  await expect(row).toBeVisible(WITHIN_SECONDS)

  await row.click()
  await expect(agent.getByRole('textbox', { name: 'Message' })).toBeVisible()
  await page.getByLabel(`Role of ${kim.name}`).selectOption('viewer')
  await expect(agent.getByText('You can read this conversation but not reply to it.')).toBeVisible(WITHIN_SECONDS)

  await page.getByRole('button', { name: `Disable ${kim.name}` }).click()
  await expect(agent).toHaveURL(/\/sign-in/, WITHIN_SECONDS)
  await expect(page.getByRole('row', { name: new RegExp(kim.email) })).toContainText('Disabled')
  await agent.goto('/inbox')
  await expect(agent).toHaveURL(/\/sign-in/)
})

test('a member of a team sees the conversations of the team’s channel', async ({ page, server, openContext, problems }) => {
  problems.allow(REFUSAL_ERRORS)
  await openAsOwner(page, server)
  await new ApiVisitor(server, await chatKey(page)).write('For the team')
  const lea = newPerson('Lea Strand')
  const context = await openContext()
  await joinAsMember(context, server, lea, { visibility: 'teams' })
  const agent = await openTab(context)
  await expect(agent.getByText('No conversations yet')).toBeVisible()

  await open(page, '/settings/teams')
  await page.getByRole('button', { name: 'Add team' }).click()
  await expect(page.getByLabel('New team')).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('New team').fill('Support')
  await page.getByRole('button', { name: 'Add team' }).click()
  const team = page.locator('section.card').filter({ has: page.getByRole('heading', { name: 'Support' }) })
  await expect(team).toContainText('No members yet.')
  await team.getByRole('group', { name: 'Members' }).getByLabel(lea.name).check()
  await expect(team).toContainText('1 member')
  const channel = team.getByRole('group', { name: 'Channels' }).getByRole('checkbox')
  await channel.check()
  await expect(agent.getByRole('link', { name: /For the team/ })).toBeVisible()
  await channel.uncheck()
  await expect(agent.getByRole('link', { name: /For the team/ })).toHaveCount(0)
})

test('the workspace’s name and switches are saved', async ({ page, server, openContext }) => {
  await openAsOwner(page, server, '/settings/workspace')
  const key = await chatKey(page)
  await page.getByLabel('Name', { exact: true }).fill('Acme & Söhne')
  await page.getByRole('button', { name: 'Save name' }).click()
  await expect(page.getByRole('button', { name: 'Save name' })).toHaveAttribute('aria-disabled', 'true')
  await page.getByRole('switch', { name: 'Pending after a reply' }).uncheck()
  await page.getByRole('switch', { name: 'Chat', exact: true }).uncheck()
  await page.reload()
  await waitUntilHydrated(page)
  await expect(page.getByRole('switch', { name: 'Pending after a reply' })).not.toBeChecked()
  await expect(page.getByRole('switch', { name: 'Chat', exact: true })).not.toBeChecked()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Acme & Söhne')
  const visitor = await (await openContext()).newPage()
  await visitor.goto(`/chat/${key}`)
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('Acme & Söhne')
  await page.getByRole('switch', { name: 'Chat', exact: true }).check()
  await page.getByRole('switch', { name: 'Pending after a reply' }).check()
})

test('the chosen theme is stored and part of the next page’s HTML', async ({ page, server }) => {
  await openAsOwner(page, server)
  await page.getByRole('button', { name: `${owner(server).name}: theme, sessions, sign out` }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  const html = await (await page.request.get('/inbox')).text()
  expect(html).toContain('data-theme="dark"')
})
