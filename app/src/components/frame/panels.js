// The edges of the list and of the details can be dragged, or moved with the arrow keys; where there is room for three panels, details
// can be put away. In the page itself and not in the app: it works before the app is awake, and the app need not carry it.
// `data-panels` and `style` of <html> say how it is now, the cookie is for the next page (panels.rs).
{
  const root = document.documentElement
  const put = (panels) => {
    root.dataset.panels = panels.join('.')
    root.setAttribute('style', `--list-w:${panels[0]}px;--details-w:${panels[1]}px`)
  }
  const now = () => root.dataset.panels.split('.').map(Number)
  const keep = () => {
    const secure = location.protocol === 'https:' ? ';Secure' : ''
    document.cookie = `panels=${root.dataset.panels};Path=/;Max-Age=31536000;SameSite=Lax${secure}`
  }
  const widthOf = (edge) => edge.parentElement.getBoundingClientRect().width
  /** Makes a panel as wide as asked for, or as wide as its limits and the window allow. */
  const widen = (edge, width) => {
    const panels = now()
    const { place } = edge.dataset
    panels[place] = Math.min(Math.max(Math.round(width), edge.ariaValueMin), edge.ariaValueMax)
    put(panels)
    panels[place] = edge.ariaValueNow = Math.round(widthOf(edge))
    put(panels)
  }
  /** 1 where a wider panel moves its edge to the right, else -1. */
  const toRight = (edge) => ((edge.dataset.place === '0') === (getComputedStyle(edge).direction === 'ltr') ? 1 : -1)
  const on = (type, act) => document.addEventListener(type, (event) => {
    const edge = event.target.closest?.('.resizer')
    if (edge) act(edge, event)
  })

  /** How wide the panel would be if its edge were under the pointer. */
  const wideTo = (edge, event) => {
    const panel = edge.parentElement.getBoundingClientRect()
    return toRight(edge) > 0 ? event.clientX - panel.left : panel.right - event.clientX
  }
  // Nobody takes an edge exactly in its middle: what is between stays between.
  let between = 0
  on('pointerdown', (edge, event) => {
    edge.setPointerCapture(event.pointerId)
    between = widthOf(edge) - wideTo(edge, event)
  })
  // Else the browser drags the link that the edge has just left, or marks text.
  on('mousedown', (edge, event) => {
    event.preventDefault()
    edge.focus()
  })
  on('pointermove', (edge, event) => {
    if (edge.hasPointerCapture(event.pointerId)) widen(edge, wideTo(edge, event) + between)
  })
  on('lostpointercapture', keep)
  on('dblclick', (edge) => {
    widen(edge, edge.dataset.usual)
    keep()
  })
  on('focusin', (edge) => {
    edge.ariaValueNow = Math.round(widthOf(edge))
  })
  on('keydown', (edge, event) => {
    const step = 16 * toRight(edge)
    const width = {
      ArrowRight: widthOf(edge) + step,
      ArrowLeft: widthOf(edge) - step,
      Home: edge.ariaValueMin,
      End: edge.ariaValueMax,
      Enter: edge.dataset.usual,
    }[event.key]
    if (width === undefined) return
    event.preventDefault()
    widen(edge, width)
    keep()
  })
  // In narrow windows they slide over the thread: that is the app's.
  document.addEventListener('click', (event) => {
    if (!event.target.closest?.('.turn-details') || !matchMedia('(min-width: 1100px)').matches) return
    event.stopPropagation()
    const panels = now()
    put([panels[0], panels[1], 1 - panels[2]])
    keep()
  }, true)
}
