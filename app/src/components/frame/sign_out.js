// Signing out takes along what this browser keeps of Tandem, in every tab. What was written and not sent stays, under the name of whoever
// wrote it (state/browser.rs, `unsent`), and nobody else is shown it. In the page itself and not in the app: it works before the app is awake.
{
  const { member } = document.documentElement.dataset
  const HERE = 'tandem:member'
  const goes = (name) => name.startsWith('tandem') && !name.startsWith('tandem:unsent:')
  // Storage may be blocked; then nothing is kept, and nothing breaks.
  const attempt = (work) => {
    try {
      return work()
    } catch {
      return undefined
    }
  }

  /** Whether somebody else, or nobody, is signed in here by now: what stands on this page is no longer for whoever sits before it. */
  const isPast = () => {
    const now = attempt(() => localStorage.getItem(HERE))
    return now !== undefined && now !== member
  }
  const leave = () => (attempt(() => localStorage.getItem(HERE)) ? location.reload() : location.replace('/sign-in'))
  attempt(() => localStorage.setItem(HERE, member))
  addEventListener('storage', (event) => {
    if ((event.key === HERE || event.key === null) && isPast()) leave()
  })
  // "Back" may show a page as it was left.
  addEventListener('pageshow', (event) => {
    if (event.persisted && isPast()) leave()
  })

  const clear = () => {
    for (const storage of [() => localStorage, () => sessionStorage]) {
      attempt(() => Object.keys(storage()).filter(goes).forEach((name) => storage().removeItem(name)))
    }
    const emptied = async (names, remove) => Promise.all((await names()).filter(goes).map(remove))
    return Promise.allSettled([
      emptied(() => caches.keys(), (name) => caches.delete(name)),
      emptied(
        async () => (await indexedDB.databases()).map(({ name }) => name),
        (name) => new Promise((done) => {
          const request = indexedDB.deleteDatabase(name)
          request.onsuccess = request.onerror = request.onblocked = done
        }),
      ),
    ])
  }
  document.addEventListener('submit', async (event) => {
    const form = event.target
    if (form.getAttribute('action') !== '/api/fn/sign_out') return
    event.preventDefault()
    await Promise.race([clear(), new Promise((done) => setTimeout(done, 1000))])
    form.submit()
  })
}
