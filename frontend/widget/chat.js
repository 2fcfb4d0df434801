// The chat inside the frame: puts the parts together and decides what each of them hears of the others.

import { Api } from './parts/api.js';
import { Attachments } from './parts/attachments.js';
import { filesAlone } from './parts/clipboard.js';
import { Composer } from './parts/composer.js';
import { Conversation, toRows } from './parts/conversation.js';
import { h, icon } from './parts/dom.js';
import { connectHost } from './parts/host.js';
import { Intro } from './parts/intro.js';
import { Log } from './parts/log.js';
import { Outbox } from './parts/outbox.js';
import { Store } from './parts/store.js';
import { Stream } from './parts/stream.js';
import { words } from './parts/words.js';

const HIDDEN_REST = 60_000; // Browsers allow few connections to one server: a tab nobody looks at gives its own back.

const main = document.getElementById('chat');
const config = JSON.parse(main.dataset.config);
const store = new Store(`tandem:${config.key}:`);
const host = connectHost(onHost);
const api = new Api(config.key, visitorToken());
const conversation = new Conversation();

let online = config.online;
let link = 'connecting';
let late = false; // The connection has been missing long enough to say so.
let open = false;
let page;
let earlier = 'idle';
let toldSeen = 0;
let toldHost = '';
let patience;
let theyType = false;
let toldTyping = 0;

open = !host.embedded;

const outbox = new Outbox({
  store,
  post: (entry) => api.send(entry),
  locks: navigator.locks,
  lockName: `tandem:${config.key}:outbox`,
  onSent: (message) => conversation.put(message),
  onChange: () => render(),
});

const intro = new Intro(config, store);
const log = new Log({
  teamName: config.name,
  intro: intro.element,
  older: loadEarlier,
  end: () => markSeen(),
  retry: (id) => (id ? outbox.retry(id) : outbox.kick()),
  edit: takeBack,
});
const attachments = new Attachments(api, log.scroller);
const composer = new Composer({
  config,
  api,
  store,
  send,
  uploaded: (attachment, file) => attachments.keep(attachment, file),
  typed,
  resized: () => log.keep(),
});

const title = h('h1', { tabindex: -1 }, h('bdi', {}, config.name));
const status = h('span', { class: 'status' });
const away = h('p', { class: 'away', dir: 'auto', hidden: true });
const line = h('p', { class: 'connection', role: 'status' });
const typing = h('p', { class: 'typing', role: 'status' });
const shut = h('button', { class: 'close', type: 'button', 'aria-label': words.close, title: words.close, onclick: () => host.send({ tandem: 'close' }) }, icon('x'));

main.replaceChildren(
  h('header', {}, h('span', { class: 'avatar', 'aria-hidden': 'true' }, [...config.name][0] ?? ''), h('div', {}, title, status), host.embedded ? shut : null),
  line,
  log.element,
  h('footer', {}, typing, away, composer.element),
  h('div', { class: 'drop', 'aria-hidden': 'true' }, words.drop),
);

const stream = new Stream({ open: (signal) => api.stream(signal), onEvent, onState });

composer.ready();
render();
listen();
host.send({ tandem: 'ready' });
stream.start();
outbox.kick();
bePatient();

/** Who the visitor is to the server: a secret made here and kept here, or by the site's loader where we may keep nothing. */
function visitorToken() {
  if (!store.get('token')) {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    store.set('token', btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, ''));
  }
  // Nobody else may say who the visitor is: a link with somebody's token in it would let that somebody read along.
  const kept = host.embedded && !store.lasts('token') && location.hash.slice(1);
  if (/^[\w-]{43}$/.test(kept)) {
    store.set('token', kept);
    store.set('spoke', '1');
  }
  return store.get('token'); // Read back, so that two tabs opened together end up with the same one.
}

/** @returns {boolean} whether it was taken */
function send(text, files) {
  const who = intro.answer();
  if (!who) return false;
  toldTyping = 0;
  outbox.add({ text, attachments: files.map((file) => file.id), ...who, ...(page && { page }) }, files);
  return true;
}

/** Gives a refused message back to the text field. */
function takeBack(id) {
  const entry = outbox.list().find((e) => e.id === id);
  if (!entry) return;
  // What the server does not know any more has to be attached again.
  composer.restore(entry.body.text, entry.failed === 422 ? [] : entry.files);
  outbox.discard(id);
}

/** Tells the team that the visitor writes, every three seconds at most. Whoever has said nothing yet is nobody to them. */
function typed() {
  if (!conversation.visitorSpoke || link !== 'connected' || Date.now() - toldTyping < 3000) return;
  toldTyping = Date.now();
  api.typing();
}

function onEvent(event, data) {
  if (event === 'snapshot') {
    online = data.online;
    theyType = false;
    const take = () => {
      conversation.snapshot(data);
      render();
    };
    if (conversation.known) take();
    else log.quietly(take);
  } else if (event === 'message') {
    conversation.live(data);
    render();
  } else if (event === 'status') {
    online = data.online;
    render();
  } else if (event === 'typing') {
    theyType = data.on;
    render();
  }
}

function onState(state) {
  if (state === 'connected') {
    outbox.kick();
    composer.nudge();
  } else if (link === 'connected') {
    bePatient();
  }
  link = state;
  render();
}

/** A blink of the connection is not worth a word. */
function bePatient() {
  late = false;
  clearTimeout(patience);
  patience = setTimeout(() => ((late = true), render()), 1500);
}

async function loadEarlier() {
  if (earlier === 'loading' || !conversation.more) return;
  earlier = 'loading';
  render();
  try {
    const older = await api.older(conversation.messages[0].n);
    earlier = 'idle';
    log.quietly(() => {
      conversation.older(older);
      render();
    });
  } catch {
    earlier = 'failed';
    render();
  }
}

/** Tells the server, and the other tabs, how far the visitor has read. */
async function markSeen() {
  const n = conversation.newestFromTeam;
  if (!open || document.hidden || !log.atEnd || !n) return;
  if (n > Number(store.get('seen'))) store.set('seen', String(n));
  if (n <= toldSeen) return;
  const before = toldSeen;
  toldSeen = n;
  const outcome = await api.seen(n);
  if ('retry' in outcome && toldSeen === n) toldSeen = before; // Told again with the next message or connection.
}

function onHost(message) {
  page = message.page ? String(message.page).slice(0, 2000) : page;
  if (message.tandem !== 'open' && message.tandem !== 'close') return;
  open = message.tandem === 'open';
  // On a touch screen the keyboard would cover half of the conversation before anything was read.
  if (open && message.focus) (matchMedia('(pointer: coarse)').matches ? title : composer.text).focus();
  render();
}

function render() {
  const { messages, known, more } = conversation;
  const pending = outbox.list();
  // Someone who never wrote needs not wait to learn that nothing was said.
  const settled = known || !store.get('spoke');
  if (conversation.visitorSpoke) store.set('spoke', '1');

  intro.ask(settled && !messages.length && !pending.length);
  log.show({ rows: toRows(messages, pending), known: settled, more, earlier, stalled: outbox.stalled, attachments });

  markSeen();
  tellHost();

  status.textContent = online ? words.online : words.away;
  status.classList.toggle('on', online);
  typing.textContent = theyType && link === 'connected' ? words.typing : '';
  away.hidden = online || !config.away;
  away.textContent = config.away ?? '';
  line.textContent =
    link === 'connected' ? '' : link === 'unavailable' ? words.unavailable : !navigator.onLine ? words.offline : late ? words.connecting : '';
}

function tellHost() {
  const count = conversation.unread(Number(store.get('seen')));
  const active = !!store.get('spoke');
  if (toldHost === `${count} ${active}`) return;
  toldHost = `${count} ${active}`;
  host.send({ tandem: 'unread', count, active }, store.lasts('token') ? undefined : { keep: api.token });
}

function listen() {
  let rest;
  const back = () => {
    stream.restart();
    outbox.kick();
    composer.nudge();
    render();
  };
  addEventListener('online', back);
  addEventListener('offline', back); // Some systems say "offline" and are not: trying is the only way to know.
  addEventListener('pageshow', (event) => event.persisted && back());
  document.addEventListener('visibilitychange', () => {
    clearTimeout(rest);
    if (document.hidden) {
      rest = setTimeout(() => stream.stop(), HIDDEN_REST);
      return;
    }
    if (link !== 'connected') bePatient();
    stream.check();
    stream.start();
    outbox.kick();
    render();
  });
  addEventListener('storage', (event) => event.key?.startsWith(store.prefix) && render()); // Another tab wrote or read.

  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing) host.send({ tandem: 'close' });
  });

  // Over the text field a drag that has words as well is the browser's: it puts them where the pointer is.
  const carriesFiles = ({ dataTransfer, target }) =>
    dataTransfer?.types.includes('Files') && (!dataTransfer.types.includes('text/plain') || !target.closest?.('textarea, input'));
  const dragging = (on) => main.classList.toggle('dragging', on);
  addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    dragging(true);
  });
  addEventListener('dragleave', (event) => event.relatedTarget ?? dragging(false));
  addEventListener('drop', (event) => {
    dragging(false);
    // Beside a text field words have nowhere to go: the files count there, and the frame must not be left for them.
    const files = carriesFiles(event) ? [...event.dataTransfer.files] : filesAlone(event.dataTransfer);
    if (!files.length && !carriesFiles(event)) return;
    event.preventDefault();
    composer.attach(files);
  });
}
