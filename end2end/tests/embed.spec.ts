// The web chat embedded in a site of another origin (H5). It must not disturb the site's page.
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'
import { type Page } from '@playwright/test'
import { expect, test as base } from '../fixtures/test'
import { callFunction, pasteOrDrop, chatKey, openAsOwner } from '../fixtures/people'

/** Pages that embed the chat in unusual ways. `script` holds the attributes of their script tags. */
function hostPages(script: string, server: string, key: string): Record<string, { html: string; headers?: Record<string, string> }> {
  const page = (body: string, head = '') => `<head><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,">${head}</head><body>${body}</body>`
  const tag = `<script async ${script}></script>`
  // Turbo, Livewire and Astro do this for a click on a link: they replace the body and create its scripts again so that they run.
  const swap = `function swap(markup, scripts = true) {
    const body = document.createElement('body')
    body.innerHTML = markup
    for (const old of scripts ? body.querySelectorAll('script') : []) {
      const anew = document.createElement('script')
      for (const { name, value } of old.attributes) anew.setAttribute(name, value)
      old.replaceWith(anew)
    }
    document.body.replaceWith(body)
  }`
  const isolated = (policy: string, attributes = '') => ({
    headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': policy },
    html: page(`<h1>Isolated</h1><script async ${attributes} ${script}></script>`),
  })
  return {
    '/turbo': { html: page(`<h1>One</h1>${tag}`, `<script>${swap}; window.second = ${JSON.stringify(`<h1>Two</h1>${tag}`).replaceAll('</', '<\\/')}</script>`) },
    '/id': { html: page(`<section id="tandem"><h2>Tandems</h2></section><form name="tandem"></form><img name="tandem" alt="">${tag}`) },
    '/own': { html: page(`${tag}`, '<script>var tandem = { mine: true }</script>') },
    '/twice': { html: page(`${tag}<script defer ${script}></script><h1>Twice</h1>`, `<script ${script}></script>`) },
    '/strict': {
      html: page(`<h1>Strict</h1>${tag}`),
      headers: { 'content-security-policy': `default-src 'none'; script-src ${server}; frame-src ${server}; img-src data:; require-trusted-types-for 'script'` },
    },
    // Google Tag Manager creates the script tag again, without its data attributes.
    '/managed': { html: page(`<h1>Managed</h1><script>document.head.append(Object.assign(document.createElement('script'), { src: '${server}/widget.js?channel=${key}' }))</script>`) },
    '/nameless': { html: page(`<h1>Nameless</h1><script async src="${server}/widget.js"></script><script async src="${server}/widget.js"></script>`) },
    '/credentialless': isolated('credentialless'),
    '/require-corp': isolated('require-corp', 'crossorigin'),
  }
}

/**
 * A site of another origin that embeds the chat with the line from Settings. `url` has Tandem's host name. `foreign` has another one, so
 * the browser treats the chat as a third party and gives it no storage.
 */
const test = base.extend<{ site: { url: string; foreign: string; key: string } }>({
  site: async ({ page, server }, use) => {
    await openAsOwner(page, server)
    const key = await chatKey(page)
    const html = (title: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">
      <style>button { background: rgb(255, 0, 0); font-size: 40px } iframe { border: 9px solid red }</style></head>
      <body><h1>${title}</h1><p id="mine">A site of its own.</p><a href="/second">Second page</a>
      <script>window.before = Object.keys(window).length</script>
      <script async src="${server.url}/widget.js" data-channel="${key}"></script></body></html>`
    const hostPagesByPath = hostPages(`src="${server.url}/widget.js" data-channel="${key}"`, server.url, key)
    const http = createServer((request, response) => {
      response.setHeader('content-type', 'text/html')
      const hostPage = hostPagesByPath[request.url ?? '']
      for (const [name, value] of Object.entries(hostPage?.headers ?? {})) response.setHeader(name, value)
      response.end(hostPage ? `<!doctype html><html lang="en">${hostPage.html}</html>` : html(request.url === '/second' ? 'Second page' : 'Shop'))
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as { port: number }
    await use({ url: `http://127.0.0.1:${port}`, foreign: `http://localhost:${port}`, key })
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  },
})

test.use({ world: { name: 'embed' } })

/** The chat frame. */
const chat = (page: Page) => page.frameLocator('iframe[title="Chat"]')
const writeMessage = async (page: Page, text: string) => {
  await chat(page).getByRole('textbox', { name: 'Write a message' }).fill(text)
  await chat(page).getByRole('textbox', { name: 'Write a message' }).press('Enter')
}
const expectMessage = (page: Page, text: string) => expect(chat(page).getByRole('log').getByText(text)).toBeVisible({ timeout: 15_000 })

test('H5: a visitor opens the chat, writes, gets the reply live, and keeps all after a reload', async ({ page, site, openContext }) => {
  const context = await openContext()
  const shop = await context.newPage()
  const requestedPaths: string[] = []
  shop.on('request', (request) => requestedPaths.push(new URL(request.url()).pathname))
  await shop.goto(site.url)
  const bubble = shop.getByRole('button', { name: 'Open chat' })
  await expect(bubble).toBeVisible()
  await expect(bubble).toHaveAttribute('aria-expanded', 'false')
  expect(requestedPaths.filter((path) => path.startsWith('/widget/')), 'only the button is loaded before the chat is opened').toEqual([])

  await bubble.click()
  await expect(bubble).toHaveAttribute('aria-expanded', 'true')
  await chat(shop).getByLabel(/^Name/).fill('Ines Embed')
  await chat(shop).getByLabel(/^E-mail/).fill('not an address')
  await writeMessage(shop, 'Hello from the shop')
  await expect(chat(shop).getByText('Enter a valid e-mail address')).toBeVisible()
  await chat(shop).getByLabel(/^E-mail/).fill('ines@example.com')
  await writeMessage(shop, 'Hello from the shop')
  await expectMessage(shop, 'Hello from the shop')

  const row = page.getByRole('link', { name: /Hello from the shop/ })
  await expect(row).toContainText('Ines Embed')
  await row.click()
  await expect(page.getByRole('complementary', { name: 'Details' }).getByText('ines@example.com')).toBeVisible()
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello Ines')
  await page.keyboard.press('Control+Enter')
  await expectMessage(shop, 'Hello Ines')

  // While the chat is closed, the button counts unread replies.
  await chat(shop).getByRole('button', { name: 'Close chat' }).click()
  await expect(bubble).toHaveAttribute('aria-expanded', 'false')
  await page.getByRole('textbox', { name: 'Message' }).fill('Are you still there?')
  await page.keyboard.press('Control+Enter')
  await expect(shop.getByRole('button', { name: 'Open chat, 1 unread message' })).toBeVisible({ timeout: 15_000 })
  await shop.getByRole('link', { name: 'Second page' }).click()
  await expect(shop.getByRole('button', { name: 'Open chat, 1 unread message' }), 'on every page').toBeVisible({ timeout: 15_000 })
  await shop.getByRole('button', { name: /^Open chat/ }).click()
  for (const text of ['Hello from the shop', 'Hello Ines', 'Are you still there?']) await expectMessage(shop, text)
  await expect(shop.getByRole('button', { name: 'Open chat', exact: true })).toBeVisible()
  // The member sees that the visitor has read the reply.
  await expect(page.locator('.mark-state[data-state=read]').last()).toBeVisible()

  await shop.reload()
  for (const text of ['Hello from the shop', 'Hello Ines', 'Are you still there?']) await expectMessage(shop, text)
  const other = await (await openContext()).newPage()
  await other.goto(site.url)
  await other.getByRole('button', { name: 'Open chat' }).click()
  await expect(chat(other).getByRole('textbox', { name: 'Write a message' })).toBeVisible()
  await expect(chat(other).getByText('Hello Ines'), 'another visitor does not see it').toHaveCount(0)
})

test('H5: the chat adds one element and one global to the page, no cookie, and shares no styles with it', async ({ site, openContext }) => {
  const context = await openContext()
  const shop = await context.newPage()
  await shop.goto(site.url)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await writeMessage(shop, 'Do not mind me')
  await expectMessage(shop, 'Do not mind me')
  const pageState = await shop.evaluate(() => ({
    added: [...document.body.children].map((one) => one.tagName.toLowerCase()),
    globals: Object.keys(window).slice((window as unknown as { before: number }).before),
    calls: Object.keys((window as unknown as { tandem: object }).tandem).sort(),
    text: document.getElementById('mine')!.textContent,
  }))
  expect(pageState.added).toEqual(['h1', 'p', 'a', 'script', 'script'])
  expect(await shop.evaluate(() => [...document.documentElement.children].map((one) => one.tagName.toLowerCase()))).toEqual(['head', 'body', 'tandem-chat'])
  expect(pageState.globals.filter((name) => name !== 'before')).toEqual(['tandem'])
  expect(pageState.calls).toEqual(['close', 'open', 'toggle'])
  expect(pageState.text).toBe('A site of its own.')
  expect(await context.cookies(), 'no cookies at all').toEqual([])
  // The frame tells the site after the server has stored the message.
  const siteStorage = () => shop.evaluate(() => Object.entries({ ...localStorage }))
  await expect.poll(siteStorage, 'the site learns only that a conversation exists').toEqual([[`tandem:${site.key}`, '1']])
  const bubble = await shop.getByRole('button', { name: 'Open chat' }).evaluate((button) => getComputedStyle(button).fontSize)
  expect(bubble, 'the site’s styles do not apply').not.toBe('40px')
  await shop.evaluate(() => (window as unknown as { tandem: { close(): void } }).tandem.close())
  await expect(shop.getByRole('button', { name: 'Open chat' })).toHaveAttribute('aria-expanded', 'false')
  await expect(shop.locator('iframe[title="Chat"]')).toBeHidden()
  await shop.evaluate(() => (window as unknown as { tandem: { toggle(): void } }).tandem.toggle())
  await expect(chat(shop).getByRole('textbox', { name: 'Write a message' })).toBeFocused()
  await shop.keyboard.press('Escape')
  await expect(shop.getByRole('button', { name: 'Open chat' })).toBeFocused()
})

test('H5: the conversation survives a reload although the browser blocks third-party storage', async ({ site, openContext }) => {
  const shop = await (await openContext()).newPage()
  await shop.goto(site.foreign)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await writeMessage(shop, 'Will you remember me?')
  await expectMessage(shop, 'Will you remember me?')
  await expect(chat(shop).getByText('Sent')).toBeVisible()
  await shop.reload()
  await expect(chat(shop).getByRole('log').getByText('Will you remember me?')).toBeVisible({ timeout: 4_000 })
})

test('H5: after a server restart the chat continues without a reload, and no message is lost or duplicated', async ({ page, site, server, openContext, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /EventSource/)
  const shop = await (await openContext()).newPage()
  await shop.goto(site.url)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await writeMessage(shop, 'Before the restart')
  await expectMessage(shop, 'Before the restart')
  await expect(page.getByRole('link', { name: /Before the restart/ })).toBeVisible()
  await server.stop()
  await writeMessage(shop, 'During the restart')
  await expect(chat(shop).getByRole('log').getByText('During the restart')).toBeVisible()
  await server.restart()
  await expect(page.getByRole('link', { name: /During the restart/ })).toBeVisible({ timeout: 25_000 })
  await page.getByRole('link', { name: /During the restart/ }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('We are back')
  await page.keyboard.press('Control+Enter')
  await expectMessage(shop, 'We are back')
  await expect(page.getByRole('region', { name: 'Messages' }).getByText('During the restart')).toHaveCount(1)
  await expect(chat(shop).getByRole('log').getByText('During the restart')).toHaveCount(1)
})

test('H6: the chat shows Away while chat is off, then Online again', async ({ page, site, server, openContext }) => {
  await callFunction(page, server, 'set_chat', { on: false })
  const shop = await (await openContext()).newPage()
  await shop.goto(site.url)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await expect(chat(shop).getByText('Away', { exact: true })).toBeVisible()
  await expect(chat(shop).getByText('Nobody is here right now. Leave a message and we will reply.')).toBeVisible()
  await callFunction(page, server, 'set_chat', { on: true })
  await expect(chat(shop).getByText('Online', { exact: true })).toBeVisible()
  await expect(chat(shop).getByText('Nobody is here right now.')).toBeHidden()
})

test('H5: only allowed sites can embed the chat', async ({ page, site, server, openContext, problems }) => {
  problems.allow(/frame-ancestors/, /Refused to frame/, /Framing .* violates/)
  const boot = await callFunction<{ channels: { id: string; name: string; greeting: string; auto_reply: string; kind: string }[] }>(page, server, 'bootstrap')
  const { id, name, greeting, auto_reply } = boot.channels.find((channel) => channel.kind === 'web_chat')!
  const allow = (origins: string[]) => callFunction(page, server, 'edit_channel', { edit: { id, name, greeting, auto_reply, origins } })
  await allow(['https://elsewhere.example'])
  const shop = await (await openContext()).newPage()
  await shop.goto(site.url)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await expect(shop.getByText('The chat could not be loaded.')).toBeVisible()
  await allow([site.url])
  await shop.getByRole('button', { name: 'Try again' }).click()
  await expect(chat(shop).getByRole('textbox', { name: 'Write a message' })).toBeVisible()
  await allow([])
})

test('H5: pages that replace their body keep the chat open, with its draft and scroll position', async ({ site, openContext }) => {
  const shop = await (await openContext()).newPage()
  await shop.goto(`${site.url}/turbo`)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  for (let n = 0; n < 14; n++) await writeMessage(shop, `Line ${n}`)
  await expectMessage(shop, 'Line 13')
  const field = chat(shop).getByRole('textbox', { name: 'Write a message' })
  const frame = shop.frames().at(-1)!
  const scrolled = () => frame.evaluate(() => Math.max(...[...document.querySelectorAll('*')].map((one) => one.scrollTop)))
  await field.fill('Half a sen')
  await frame.evaluate(() => ([...document.querySelectorAll('*')].find((one) => one.scrollTop > 0)!.scrollTop = 40))
  const expectUnchanged = async (how: string) => {
    await expect(shop.locator('tandem-chat'), how).toHaveCount(1)
    await expect(field, how).toHaveValue('Half a sen')
    await expect(shop.getByRole('button', { name: 'Open chat' }), how).toHaveAttribute('aria-expanded', 'true')
    expect(await scrolled(), how).toBe(40)
  }
  await shop.evaluate('swap(second)')
  await expect(shop.getByRole('heading', { name: 'Two' })).toBeVisible()
  await expectUnchanged('a new body with the script')
  await shop.evaluate('swap("<h1>Three</h1>")')
  await expectUnchanged('a new body without the script')
  await shop.evaluate('document.body.innerHTML = "<h1>Four</h1>"')
  await expectUnchanged('new body content, as htmx sets it')
  await field.press('End')
  await field.pressSequentially('tence')
  await expect(field, 'the visitor can continue to type').toHaveValue('Half a sentence')

  // A closed chat stays closed, and the page's calls still work.
  await shop.evaluate('tandem.close()')
  await shop.evaluate('swap(second)')
  await expect(shop.getByRole('button', { name: 'Open chat' })).toHaveAttribute('aria-expanded', 'false')
  await shop.evaluate('tandem.open()')
  await expect(field).toHaveValue('Half a sentence')

  // If the whole document is replaced, the chat is loaded again with its draft.
  await shop.evaluate('document.documentElement.replaceChildren(document.head.cloneNode(true), document.createElement("body"))')
  await expect(field).toHaveValue('Half a sentence')
  await expect(shop.getByRole('button', { name: 'Open chat' })).toHaveAttribute('aria-expanded', 'true')
  await shop.evaluate('document.documentElement.replaceWith(document.documentElement.cloneNode(false)); document.documentElement.append(document.createElement("body"))')
  await expect(field).toHaveValue('Half a sentence')
})

test('H5: the chat changes to another channel when the new page names one', async ({ site, openContext, problems }) => {
  // The other channel does not exist. The server's error page cannot be framed.
  problems.allow(/Failed to load resource|frame-ancestors/)
  const shop = await (await openContext()).newPage()
  await shop.goto(`${site.url}/turbo`)
  await expect(shop.getByRole('button', { name: 'Open chat' })).toBeVisible()
  await shop.evaluate((key) => {
    const other = (window as unknown as { second: string }).second.replace(key, 'another')
    ;(window as unknown as { swap(markup: string): void }).swap(other)
  }, site.key)
  await expect(shop.locator('tandem-chat')).toHaveCount(1)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await expect(shop.locator('iframe[title="Chat"]')).toHaveAttribute('src', /widget\/another$/)
})

for (const path of ['/credentialless', '/require-corp']) {
  test(`H5: the chat works on a cross-origin isolated page (${path.slice(1)})`, async ({ site, openContext }) => {
    const shop = await (await openContext()).newPage()
    await shop.goto(site.url + path)
    expect(await shop.evaluate(() => crossOriginIsolated)).toBe(true)
    await shop.getByRole('button', { name: 'Open chat' }).click()
    await writeMessage(shop, `From ${path}`)
    await expectMessage(shop, `From ${path}`)
  })
}

test('H5: the chat works with name clashes in the page, with its script loaded twice, and with a strict policy', async ({ site, openContext }) => {
  const shop = await (await openContext()).newPage()
  const bubble = shop.getByRole('button', { name: 'Open chat' })
  for (const path of ['/id', '/own', '/twice', '/strict']) {
    await shop.goto(site.url + path)
    await expect(bubble, path).toHaveCount(1)
    await bubble.click()
    await expect(chat(shop).getByRole('textbox', { name: 'Write a message' }), path).toBeVisible()
    await chat(shop).getByRole('button', { name: 'Close chat' }).click()
    await expect(shop.locator('tandem-chat'), path).toHaveCount(1)
    expect(await bubble.evaluate((button) => getComputedStyle(button).borderRadius), path).toBe('50%')
  }
  await shop.goto(`${site.url}/id`)
  await expect(bubble).toBeVisible()
  await shop.evaluate('tandem.open()')
  await expect(bubble, 'the calls work despite elements with the same name').toHaveAttribute('aria-expanded', 'true')
  await shop.goto(`${site.url}/own`)
  await expect(bubble).toBeVisible()
  expect(await shop.evaluate('tandem'), 'the page’s own variable is unchanged').toEqual({ mine: true })
})

test('H5: the script’s address can name the channel; without a channel, the console shows one warning', async ({ site, openContext, problems }) => {
  problems.allow(/the script names no channel/)
  const shop = await (await openContext()).newPage()
  const consoleTexts: string[] = []
  shop.on('console', (message) => consoleTexts.push(message.text()))
  await shop.goto(`${site.url}/managed`)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await expect(chat(shop).getByRole('textbox', { name: 'Write a message' })).toBeVisible()
  expect(consoleTexts).toEqual([])
  await shop.goto(`${site.url}/nameless`, { waitUntil: 'load' })
  expect(consoleTexts).toEqual([expect.stringContaining('widget.js?channel=KEY')])
  await expect(shop.locator('tandem-chat')).toHaveCount(0)
})

test('H5: after document.open() the chat is back, and all its buttons work', async ({ site, openContext }) => {
  const shop = await (await openContext()).newPage()
  await shop.goto(site.url)
  const bubble = shop.getByRole('button', { name: 'Open chat' })
  await bubble.click()
  const field = chat(shop).getByRole('textbox', { name: 'Write a message' })
  await field.fill('Half a sen')
  await shop.evaluate('document.open(); document.write("<!doctype html><html lang=en><title>Anew</title><body><h1>Anew</h1></body></html>"); document.close()')
  await expect(field).toHaveValue('Half a sen')
  await expect(bubble).toHaveAttribute('aria-expanded', 'true')
  // The loader knows that the chat is ready, so no error appears after the time limit.
  await shop.waitForTimeout(2_500)
  await expect(shop.getByText('The chat could not be loaded.')).toBeHidden()
  await bubble.click()
  await expect(bubble).toHaveAttribute('aria-expanded', 'false')
  await bubble.click()
  await field.press('Escape')
  await expect(bubble).toHaveAttribute('aria-expanded', 'false')
})

test('H5: the chat works on a page from a local file, as apps use it', async ({ site, server, openContext }, info) => {
  const file = info.outputPath('host.html')
  await writeFile(file, `<!doctype html><html lang="en"><title>App</title><h1>App</h1><script async src="${server.url}/widget.js" data-channel="${site.key}"></script></html>`)
  const app = await (await openContext()).newPage()
  await app.goto(pathToFileURL(file).href)
  await app.getByRole('button', { name: 'Open chat' }).click()
  await writeMessage(app, 'From an app')
  await expectMessage(app, 'From an app')
  await expect(app.getByText('The chat could not be loaded.')).toBeHidden()
  await chat(app).getByRole('button', { name: 'Close chat' }).click()
  await expect(app.getByRole('button', { name: 'Open chat' })).toHaveAttribute('aria-expanded', 'false')
})

test('H5: the chat continues after Back to a cached page', async ({ page, site, openContext }) => {
  const shop = await (await openContext()).newPage()
  await shop.goto(site.url)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  await writeMessage(shop, 'Before I go on')
  await expectMessage(shop, 'Before I go on')
  await chat(shop).getByRole('textbox', { name: 'Write a message' }).fill('Half')
  await shop.goto(`${site.url}/second`)
  await shop.goBack()
  await expect(chat(shop).getByRole('textbox', { name: 'Write a message' })).toHaveValue('Half')
  await page.getByRole('link', { name: /Before I go on/ }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('Welcome back')
  await page.keyboard.press('Control+Enter')
  await expectMessage(shop, 'Welcome back')
})

test('H5: pasted cells are text, a pasted image is a file, and dragged text goes into the field', async ({ site, openContext }) => {
  const shop = await (await openContext()).newPage()
  await shop.goto(site.url)
  await shop.getByRole('button', { name: 'Open chat' }).click()
  const field = chat(shop).getByRole('textbox', { name: 'Write a message' })
  await expect(field).toBeVisible()
  expect(await field.evaluate(pasteOrDrop, { how: 'paste', text: 'Lamp\t4', picture: true }), 'the browser inserts the text').toBe(false)
  await expect(chat(shop).getByText('image.png')).toHaveCount(0)
  expect(await field.evaluate(pasteOrDrop, { how: 'drop', text: 'order 4711', picture: false })).toBe(false)
  expect(await field.evaluate(pasteOrDrop, { how: 'paste', text: '', picture: true })).toBe(true)
  await expect(chat(shop).getByText('image.png')).toHaveCount(1)
  expect(await field.evaluate(pasteOrDrop, { how: 'drop', text: '', picture: true })).toBe(true)
  await expect(chat(shop).getByText('image.png')).toHaveCount(2)
  expect(await field.evaluate(pasteOrDrop, { how: 'paste', text: 'image.png', picture: true }), 'a text that is only the file’s name does not count as text').toBe(true)
  await expect(chat(shop).getByText('image.png')).toHaveCount(3)
})
