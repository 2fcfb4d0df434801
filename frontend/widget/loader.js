// What a site embeds: a button in the corner and, once it is wanted, a frame with the chat from our own origin.
//
//   <script async src="https://tandem.example/widget.js" data-channel="KEY"></script>
//
// Optional: data-open="true" opens at once, data-position="left". Tag managers that drop data attributes leave the address: there
// widget.js?channel=KEY&open=true&position=left says the same. The page can call window.tandem.open(), close() and
// toggle(). Nothing of the page is read but its address, without query and fragment, and nothing in it is changed but
// one element added behind the body: sites whose links replace the body leave it where it is, with the chat in it.

import { SMALL, css } from './loader-style.js';

const PATIENCE = 15_000; // After this the frame counts as not loaded.

const MOST_RETURNS = 100; // A page that takes the chat away each time it comes back has its way in the end.

// Our own mark: `window.tandem` may be an element of the page's, and a symbol is nobody else's.
const MARK = Symbol.for('tandem.widget');

const TOLD = Symbol.for('tandem.told'); // That the page was told why there is no chat.

const script = document.currentScript ?? document.querySelector('script[data-channel][src*="widget.js"], script[src*="/widget.js?channel="]');
const options = script?.src ? { ...Object.fromEntries(new URL(script.src).searchParams), ...script.dataset } : {};
if (options.channel) begin();
else if (!window[TOLD]) {
  define(TOLD, true);
  console.warn('Tandem: no chat, the script names no channel. Add data-channel="KEY" to it; where that is dropped (Google Tag Manager), write widget.js?channel=KEY.');
}

/** One chat on a page, however often its script comes: with each page of a site whose links replace the body. */
function begin() {
  const origin = new URL(script.src).origin;
  const name = `${origin} ${options.channel}`;
  const there = window[MARK];
  if (there?.name === name) {
    there.script = script;
    return there.stay();
  }
  // Another channel's takes over once the page that the first belongs to is gone.
  if (there?.script.isConnected) return;
  there?.end();
  const { mount, stay, end, ...calls } = createWidget(origin);
  define(MARK, { name, script, stay, end, calls });
  // What the page calls so itself, in its scripts, stays; elements of that name do not count.
  if (!Object.hasOwn(window, 'tandem') || window.tandem === there?.calls) define('tandem', calls, true);
  if (document.body) mount();
  else addEventListener('DOMContentLoaded', mount, { once: true });
}

function define(name, value, enumerable = false) {
  Object.defineProperty(window, name, { value, enumerable, configurable: true, writable: true });
}

/** @param {string} origin */
function createWidget(origin) {
  const key = options.channel;
  const remember = `tandem:${key}`;
  const small = matchMedia(SMALL);
  const host = document.createElement('tandem-chat');
  const root = host.attachShadow({ mode: 'open' });
  const life = new AbortController();
  const { signal } = life;
  const watch = new MutationObserver(stay);
  let mounted = false;
  let returns = 0;
  let frame = null;
  let isOpen = false;
  let isReady = false;
  let wantsFocus = false;
  let unread = 0;
  let timer;

  const badge = make('span', { class: 'badge', hidden: '', 'aria-hidden': 'true' });
  const news = make('span', { class: 'quiet', role: 'status' });
  const launcher = make('button', { class: 'launcher', type: 'button', 'aria-label': 'Open chat', 'aria-expanded': 'false', 'aria-controls': 'panel' },
    drawing('talk', 'M2.992 16.342a2 2 0 0 1 .094 1.167l-1.065 3.29a1 1 0 0 0 1.236 1.168l3.413-.998a2 2 0 0 1 1.099.092 10 10 0 1 0-4.777-4.719'),
    drawing('shut', 'm6 9 6 6 6-6'),
    badge,
  );
  const again = make('button', { type: 'button' }, 'Try again');
  const giveUp = make('button', { type: 'button' }, 'Close chat');
  const failed = make('div', { class: 'failed', role: 'alert', hidden: '' }, make('p', {}, 'The chat could not be loaded.'), make('div', {}, again, giveUp));
  const panel = make('div', { class: 'panel', id: 'panel', inert: '' }, failed);

  return { mount, stay, end, open: () => show(true), close, toggle };

  function mount() {
    if (mounted || signal.aborted) return;
    mounted = true;
    if (options.position === 'left') host.dataset.position = 'left';
    addStyle(root);
    root.append(panel, launcher, news);
    settle();

    // Whoever wrote before is told of answers on every page; nobody else loads more than the button.
    if (options.open === 'true' || (recall('sessionStorage') === 'open' && !small.matches)) show(false);
    else if (recall('localStorage')) whenIdle(() => frame ?? load());
  }

  /** Behind the body, and back there when the whole document is put in anew. */
  function settle() {
    document.documentElement.append(host);
    watch.observe(document, { childList: true });
    watch.observe(document.documentElement, { childList: true });
    listen();
  }

  /** Each time it is put in: `document.open()` takes the listeners of the window and of all that is in it. Those still there stay one. */
  function listen() {
    launcher.addEventListener('click', toggle);
    again.addEventListener('click', retry);
    giveUp.addEventListener('click', close);
    root.addEventListener('keydown', escape);
    addEventListener('message', hear, { signal });
    addEventListener('blur', tell, { signal }); // The visitor may have gone into the frame; it should know which page this is by now.
    visualViewport?.addEventListener('resize', fit, { signal });
    visualViewport?.addEventListener('scroll', fit, { signal });
    small.addEventListener('change', fit, { signal });
  }

  function retry() {
    wantsFocus = true;
    load();
  }

  function escape(event) {
    if (event.key !== 'Escape' || !isOpen) return;
    event.stopPropagation();
    close();
  }

  /** Comes back with what it was, if the page took it away: the chat itself keeps what is being written. */
  function stay() {
    if (!mounted || host.isConnected || !document.documentElement || signal.aborted || ++returns > MOST_RETURNS) return;
    settle();
    if (frame) load();
  }

  function end() {
    life.abort();
    clearTimeout(timer);
    watch.disconnect();
    host.remove();
  }

  function toggle() {
    if (isOpen) close();
    else show(true);
  }

  function close() {
    if (!isOpen) return;
    const hadFocus = root.activeElement && root.activeElement !== launcher;
    isOpen = false;
    launcher.setAttribute('aria-expanded', 'false');
    if (hadFocus) launcher.focus();
    panel.inert = true;
    note('sessionStorage', '');
    fit();
    tell();
  }

  function show(focus) {
    isOpen = true;
    wantsFocus = focus;
    launcher.setAttribute('aria-expanded', 'true');
    panel.inert = false;
    note('sessionStorage', 'open');
    if (!frame) load();
    fit();
    tell();
  }

  function load() {
    clearTimeout(timer);
    frame?.remove();
    isReady = false;
    failed.hidden = true;
    const kept = recall('localStorage');
    const fragment = kept?.length > 1 ? `#${kept}` : '';
    frame = make('iframe', { title: 'Chat', src: `${origin}/widget/${encodeURIComponent(key)}${fragment}`, referrerpolicy: 'strict-origin' });
    // The browser's own error page also "loads"; the chat would have said that it is ready before that.
    frame.addEventListener('load', () => waitFor(2_000));
    waitFor(PATIENCE);
    panel.prepend(frame);
  }

  function waitFor(ms) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!isReady) failed.hidden = false;
    }, ms);
  }

  function hear(event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    const { tandem, count, active, keep } = event.data ?? {};
    if (tandem === 'ready') {
      isReady = true;
      failed.hidden = true;
      frame.classList.add('ready');
      tell();
    } else if (tandem === 'close') {
      close();
    } else if (tandem === 'unread') {
      // That there is a conversation; which, only if the browser lets the chat keep nothing itself.
      if (active) note('localStorage', keep ?? '1');
      showUnread(Number(count) || 0);
    }
  }

  /** Tells the chat whether it is seen, and on which page. */
  function tell() {
    if (!isReady) return;
    const focus = isOpen && wantsFocus;
    wantsFocus = false;
    if (focus) frame.focus();
    frame.contentWindow.postMessage({ tandem: isOpen ? 'open' : 'close', focus, page: location.origin + location.pathname }, origin);
  }

  function showUnread(count) {
    const words = count === 1 ? '1 unread message' : `${count} unread messages`;
    badge.hidden = !count;
    badge.textContent = count > 99 ? '99+' : count;
    launcher.setAttribute('aria-label', count ? `Open chat, ${words}` : 'Open chat');
    if (count > unread && !isOpen) news.textContent = words;
    unread = count;
  }

  /** On a phone the panel ends where the keyboard begins. */
  function fit() {
    const view = visualViewport;
    const fits = isOpen && small.matches && view && Math.abs(view.scale - 1) < 0.01 && view.height < innerHeight;
    panel.style.height = fits ? `${view.height}px` : '';
    panel.style.top = fits ? `${view.offsetTop}px` : '';
    panel.style.bottom = fits ? 'auto' : '';
  }

  // Storage may be blocked on the host page; then the chat starts closed and quiet on each page.
  function recall(storage) {
    try {
      return window[storage].getItem(remember);
    } catch {
      return null;
    }
  }
  function note(storage, value) {
    try {
      window[storage].setItem(remember, value);
    } catch {
      // See recall.
    }
  }
}

function addStyle(root) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make('style', {}, css));
  }
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function drawing(name, d) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const path = document.createElementNS(ns, 'path');
  svg.setAttribute('class', name);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', d);
  svg.append(path);
  return svg;
}

function whenIdle(work) {
  if (window.requestIdleCallback) requestIdleCallback(work, { timeout: 3000 });
  else setTimeout(work, 1000);
}
