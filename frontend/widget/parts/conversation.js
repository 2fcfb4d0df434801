// What is known of the conversation, kept free of the page so that it can be tested alone.

/**
 * @typedef {{id: string, name: string, size: number, type: string}} Attachment
 * @typedef {{id: string, n: number, at: number, from: 'visitor' | 'team', author: string | null, text: string,
 *   attachments: Attachment[]}} Message
 */

const GROUP = 5 * 60_000;

export class Conversation {
  /** @type {Map<string, Message>} */
  #byId = new Map();
  /** The live connection has shown us everything up to this n. */
  #reached = 0;
  /** There are older messages on the server. */
  more = false;
  /** The server has told us at least once what there is. */
  known = false;

  /** @returns {Message[]} in order */
  get messages() {
    return [...this.#byId.values()].sort((a, b) => a.n - b.n);
  }

  /** @param {Message} message one that we know of by having sent it; others may lie before it */
  put(message) {
    this.#byId.set(message.id, message);
  }

  /** @param {Message} message the next one on the live connection */
  live(message) {
    this.put(message);
    this.#reached = Math.max(this.#reached, message.n);
  }

  /** Takes the newest messages. After a long absence there may be a hole behind them; then the old ones are dropped,
   *  to be fetched again as pages, so that the list never hides a gap. */
  snapshot({ messages, more }) {
    const oldest = messages[0]?.n ?? 0;
    if (!this.known || (more && oldest > this.#reached)) {
      for (const [id, m] of this.#byId) if (m.n < oldest) this.#byId.delete(id);
      this.more = more;
    }
    this.known = true;
    messages.forEach((m) => this.live(m));
  }

  /** Takes a page of older messages. */
  older({ messages, more }) {
    messages.forEach((m) => this.put(m));
    this.more = more && messages.length > 0;
  }

  /** The newest n from the team, 0 if there is none. */
  get newestFromTeam() {
    return Math.max(0, ...this.messages.filter((m) => m.from === 'team').map((m) => m.n));
  }

  unread(seen) {
    return this.messages.filter((m) => m.from === 'team' && m.n > seen).length;
  }

  get visitorSpoke() {
    return this.messages.some((m) => m.from === 'visitor');
  }
}

/**
 * The lines to show: dividers between days, then messages, of which those by one sender close in time form a group.
 * @param {Message[]} messages
 * @param {import('./outbox.js').Entry[]} pending unsent ones; those already among the messages are left out
 */
export function toRows(messages, pending) {
  const known = new Set(messages.map((m) => m.id));
  const all = [
    ...messages.map((m) => ({ ...m, key: m.id, state: 'sent' })),
    ...pending
      .filter((entry) => !known.has(entry.id))
      .map((entry) => ({
        key: entry.id,
        from: 'visitor',
        author: null,
        at: entry.at,
        text: entry.body.text,
        attachments: entry.files,
        state: entry.failed ? 'failed' : 'sending',
        failed: entry.failed,
      })),
  ];
  const lastSent = all.findLast((m) => m.from === 'visitor' && m.state === 'sent');
  const rows = [];
  all.forEach((m, i) => {
    const before = all[i - 1];
    const after = all[i + 1];
    if (!before || !sameDay(before.at, m.at)) rows.push({ kind: 'day', key: `day:${dayOf(m.at)}:${m.key}`, at: m.at });
    rows.push({ ...m, kind: 'message', first: !joins(before, m), last: !joins(m, after), newest: m === lastSent });
  });
  return rows;
}

const joins = (a, b) =>
  !!a && !!b && a.from === b.from && a.author === b.author && a.state === b.state && b.at - a.at < GROUP && sameDay(a.at, b.at);

const dayOf = (at) => new Date(at).toDateString();
const sameDay = (a, b) => dayOf(a) === dayOf(b);
