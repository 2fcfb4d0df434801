// The list of messages. Lines are updated in place, so that a screen reader hears each once and nothing jumps.

import { h, icon } from './dom.js';
import { linkify } from './linkify.js';
import { locale, words } from './words.js';

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const fullFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
const NEAR = 48;

export class Log {
  /** The newest message is in view, and is to stay so. */
  atEnd = true;
  #rows = new Map();
  #mayAsk = false;

  /**
   * @param {object} on
   * @param {string} on.teamName said where a message has no author
   * @param {Element} on.intro shown above the first message
   * @param {() => void} on.older asks for earlier messages
   * @param {() => void} on.end the newest message came into view
   * @param {(id: string) => void} on.retry
   * @param {(id: string) => void} on.edit
   */
  constructor(on) {
    this.on = on;
    this.earlier = h('button', { class: 'earlier', type: 'button', onclick: on.older });
    this.list = h('div', { class: 'rows' });
    this.skeleton = h('div', { class: 'skeleton', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
    this.content = h('div', { class: 'content' }, this.earlier, on.intro, this.skeleton, this.list);
    this.scroller = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': words.messages, tabindex: 0 }, this.content);
    this.pill = h('button', { class: 'pill', type: 'button', hidden: true, onclick: () => this.toEnd() }, icon('down'), words.newMessages);
    this.element = h('div', { class: 'frame' }, this.scroller, this.pill);

    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    // Pictures that arrive, a keyboard that opens and a text field that grows all move the end: stay there.
    const keep = new ResizeObserver(() => this.keep());
    keep.observe(this.scroller);
    keep.observe(this.content);
  }

  /**
   * @param {object} view
   * @param {ReturnType<import('./conversation.js').toRows>} view.rows
   * @param {boolean} view.known false while we do not know yet what was said before
   * @param {boolean} view.more
   * @param {'idle' | 'loading' | 'failed'} view.earlier
   * @param {boolean} view.stalled the first unsent message waits for the connection
   * @param {import('./attachments.js').Attachments} view.attachments
   */
  show(view) {
    const height = this.scroller.scrollHeight;
    const oldest = this.list.firstChild;
    const newest = view.rows.findLast((row) => row.kind === 'message');
    const isNews = newest && !this.#rows.has(newest.key);

    this.on.intro.hidden = view.more || !view.known;
    this.skeleton.hidden = view.known;
    this.earlier.hidden = !view.more;
    this.#mayAsk = view.more && view.earlier === 'idle';
    this.earlier.textContent = { idle: words.earlier, loading: words.earlierLoading, failed: words.earlierFailed }[view.earlier];
    this.#reconcile(view);

    const grewAbove = oldest && oldest !== this.list.firstChild;
    if (this.atEnd || (isNews && newest.state === 'sending')) this.toEnd();
    else if (grewAbove) this.scroller.scrollTop += this.scroller.scrollHeight - height;
    else if (isNews) this.pill.hidden = false;
  }

  /** Runs `work` without announcing what it adds: history is not news. */
  quietly(work) {
    this.scroller.setAttribute('aria-live', 'off');
    work();
    setTimeout(() => this.scroller.setAttribute('aria-live', 'polite'), 500);
  }

  /** Stays at the end if it was there. */
  keep() {
    if (this.atEnd) this.toEnd();
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#scrolled();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const wasAtEnd = this.atEnd;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.atEnd) this.pill.hidden = true;
    if (this.atEnd && !wasAtEnd) this.on.end();
    if (scrollTop < NEAR && this.#mayAsk && scrollHeight > clientHeight) this.on.older();
  }

  #reconcile(view) {
    const rows = new Map();
    let place = null;
    for (const row of view.rows) {
      const line = this.#rows.get(row.key) ?? (row.kind === 'day' ? dayLine(row) : new Line(row, this.on));
      rows.set(row.key, line);
      line.update?.(row, view);
      const next = place ? place.nextSibling : this.list.firstChild;
      if (line.element !== next) this.list.insertBefore(line.element, next);
      place = line.element;
    }
    for (const [key, line] of this.#rows) if (!rows.has(key)) line.element.remove();
    this.#rows = rows;
  }
}

function dayLine({ at }) {
  const age = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  return { element: h('div', { class: 'day' }, [words.today, words.yesterday][age] ?? dayFormat.format(at)) };
}

/** One message: who and when, the text, the attachments, and what became of it. */
class Line {
  #shown = '';
  #state = '';

  constructor(row, on) {
    this.on = on;
    this.head = h('div', { class: 'head' });
    this.body = h('div', { class: 'body' });
    this.foot = h('div', { class: 'foot' });
    this.element = h('div', {}, this.head, this.body, this.foot);
    if (row.from === 'team') this.head.append(h('b', { dir: 'auto' }, row.author || on.teamName), timeOf(row.at));
  }

  update(row, view) {
    this.element.className = `message ${row.from} ${row.state}${row.first ? ' first' : ''}${row.last ? ' last' : ''}`;
    this.head.hidden = !row.first || row.from !== 'team';

    const shown = JSON.stringify([row.text, row.attachments]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.body.replaceChildren(
        ...(row.text ? [h('div', { class: 'bubble' }, h('p', { dir: 'auto' }, ...textNodes(row.text)))] : []),
        ...(row.attachments ?? []).map((a) => view.attachments.element(a)),
      );
    }

    // Only what has changed is written: whatever is written is read aloud.
    const state = [row.state, row.newest, row.last, row.failed, view.stalled].join();
    if (row.from !== 'visitor' || state === this.#state) return;
    this.#state = state;
    this.foot.hidden = row.state === 'sent' ? !row.last && !row.newest : row.state === 'sending' && !row.last;
    this.foot.replaceChildren(...this.#footOf(row, view.stalled));
  }

  #footOf(row, stalled) {
    if (row.state === 'failed') {
      return [
        icon('alert'),
        h('span', {}, `${words.notSent}. ${words.refused[row.failed] ?? words.refusedOther}`),
        h('button', { type: 'button', onclick: () => this.on.retry(row.key) }, words.tryAgain),
        h('button', { type: 'button', onclick: () => this.on.edit(row.key) }, words.edit),
      ];
    }
    if (row.state === 'sending') {
      return stalled
        ? [icon('clock'), words.waiting, h('button', { type: 'button', onclick: () => this.on.retry(null) }, words.sendNow)]
        : [words.sending];
    }
    return row.newest ? [timeOf(row.at), icon('check'), words.sent] : [timeOf(row.at)];
  }
}

const timeOf = (at) => h('time', { dir: 'auto', datetime: new Date(at).toISOString(), title: fullFormat.format(at) }, timeFormat.format(at));

// A link runs from left to right by itself, whatever runs around it: nothing before it turns it around.
const textNodes = (text) =>
  linkify(text).flatMap(({ text, href, host }) =>
    href ? [h('a', { href, dir: 'ltr', target: '_blank', rel: 'noopener noreferrer nofollow' }, text), host ? ` (${host})` : ''] : text,
  );
