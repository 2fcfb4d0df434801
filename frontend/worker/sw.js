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
  if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request))
  else if (request.mode === 'navigate' && request.destination === 'document' && PAGE.test(url.pathname)) event.respondWith(page(event))
})

/** Adds what is not kept yet. A file that was loaded before comes out of the browser's own cache. */
async function fill() {
  const cache = await caches.open(CACHE)
  const kept = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname))
  // The offline page has no hash in its name: it is always taken afresh.
  await cache.addAll([...OURS.filter((url) => !kept.has(url)), new Request(OFFLINE, { cache: 'reload' })])
}

/** Forgets what belongs to older versions. */
async function drop() {
  const cache = await caches.open(CACHE)
  const ours = new Set([...OURS, OFFLINE])
  await Promise.all((await cache.keys()).filter(({ url }) => !ours.has(new URL(url).pathname)).map((old) => cache.delete(old)))
}

/** The name says what is in it, so what is kept is right. */
async function asset(request) {
  return (await caches.match(request.url, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request)
}

async function page(event) {
  try {
    // A preload that broke off says nothing about the network.
    return (await event.preloadResponse.catch(() => undefined)) ?? (await fetch(event.request))
  } catch {
    return (await caches.match(OFFLINE, { cacheName: CACHE, ignoreVary: true })) ?? Response.error()
  }
}
