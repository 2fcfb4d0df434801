// Once everything that this page needs is here: the worker that keeps it for the next visit (frontend/worker). Where there is none, as on a
// plain http address of another machine, every visit is like the first.
if ('serviceWorker' in navigator) {
  addEventListener('load', () => {
    const later = self.requestIdleCallback ?? setTimeout
    later(() => navigator.serviceWorker.register('/sw.js').catch(() => {}))
  })
}
