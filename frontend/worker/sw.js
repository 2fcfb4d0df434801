// The service worker: keeps what everybody's browser loads alike (program, pieces, styles, font), so that a second visit loads the page
// and nothing else, and has a page for when the server cannot be reached. Nothing personal is ever kept (S24): pages and answers always
// come from the server.

/* global ASSETS */
/** What this version consists of; every name carries a hash. Put in by scripts/site.mjs, so that the worker changes when one of them does. */
const OURS = ASSETS
const OFFLINE = '/offline.html'
/** Its name does not begin as what signing out clears (sign_out.js): there is nothing of anybody in it. */
const CACHE = 'shell'
/** Pages of people; visitors' chats and files are left alone. */
const PAGE = /^\/(inbox|settings|sign-in)?(\/|$)/

self.addEventListener('install', (event) => {
  event.waitUntil(fill())
})

// It takes over when the last tab of the version before has gone: no tab ever misses a file that it may still ask for.
self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([drop(), self.registration.navigationPreload?.enable()]))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname.startsWith('/assets/')) event.respondWith(asset(event, url.pathname))
  else if (request.mode === 'navigate' && request.destination === 'document' && PAGE.test(url.pathname)) event.respondWith(page(event))
})

/** Adds the files that are missing. Nothing is kept unless all of them are right: a login page of a network answers everything with 200. */
async function fill() {
  const cache = await caches.open(CACHE)
  const missing = []
  for (const url of OURS) {
    const kept = await cache.match(url, { ignoreVary: true })
    if (!kept || !isRight(url, kept)) missing.push(url)
  }
  // The offline page has no hash in its name, so it is always fetched again.
  const files = await Promise.all([...missing.map((url) => load(url, 'default')), load(OFFLINE, 'reload')])
  await Promise.all([...missing, OFFLINE].map((url, at) => cache.put(url, files[at])))
}

/** Fetches a file. A wrong answer in the browser's own cache is fetched once more from the server. */
async function load(url, cache) {
  let answer = await fetch(url, { cache })
  if (!isRight(url, answer) && cache !== 'reload') answer = await fetch(url, { cache: 'reload' })
  if (!isRight(url, answer)) throw new TypeError(`${url} is something else`)
  return answer
}

/** Whether an answer can be the file. Only the offline page is HTML. */
function isRight(url, answer) {
  const isPage = (answer.headers.get('content-type') ?? '').startsWith('text/html')
  return answer.ok && !answer.redirected && isPage === (url === OFFLINE)
}

/** Forgets what belongs to older versions. */
async function drop() {
  const cache = await caches.open(CACHE)
  const ours = new Set([...OURS, OFFLINE])
  await Promise.all((await cache.keys()).filter(({ url }) => !ours.has(new URL(url).pathname)).map((old) => cache.delete(old)))
}

/** A cache that fails, or that has something else under the name, must not keep the file from the page. */
async function asset(event, path) {
  const { request } = event
  const kept = await lookUp(request.url)
  if (kept && isRight(request.url, kept)) return kept
  // The browser deleted the files to free space. The offline page is gone with them.
  if (OURS.includes(path)) event.waitUntil(fill().catch(() => {}))
  return fetch(request)
}

async function page(event) {
  try {
    // A preload that failed does not mean that the network fails. Not every browser preloads.
    const answer = (await event.preloadResponse?.catch(() => undefined)) ?? (await fetch(event.request))
    // A proxy without a server behind it.
    return [502, 504].includes(answer.status) ? ((await lookUp(OFFLINE)) ?? answer) : answer
  } catch {
    return (await lookUp(OFFLINE)) ?? Response.error()
  }
}

async function lookUp(url) {
  try {
    return await caches.match(url, { cacheName: CACHE, ignoreVary: true })
  } catch {
    return undefined
  }
}
