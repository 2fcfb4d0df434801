// The page that stands in for one that cannot be loaded. It stands at that page's address: loading it again leads there.

/** How often it asks whether the server is back, in milliseconds. */
const EVERY = 5_000

const theme = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1]
if (theme) document.documentElement.dataset.theme = theme

async function look() {
  try {
    // Anything that the server itself says: a proxy in front of it answers 5xx while it is away.
    const { status } = await fetch('/healthz', { cache: 'no-store' })
    if (status < 500) location.reload()
  } catch {
    // Not yet.
  }
}

addEventListener('online', look)
setInterval(look, EVERY)
addEventListener('DOMContentLoaded', () => document.getElementById('again').addEventListener('click', () => location.reload()))
