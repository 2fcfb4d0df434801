// Messages not yet acknowledged by the server: one entry each in the store, sent strictly in the order of their ids.
//
// An entry leaves the store only when the server acknowledged it (or the visitor takes it back after a refusal), and is
// repeated with the same id and body until then; the server keeps one. Several tabs share the store: each works through
// the whole list from its head, one tab at a time where the browser has Web Locks. Without them two tabs may repeat the
// same head, which is harmless, but none passes an entry that is not acknowledged, so the order holds all the same.

import { Backoff, Pause } from './backoff.js';
import { uuidv7 } from './uuid.js';

const SLOT = 'out:';

/**
 * @typedef {{id: string, at: number, body: object, files: object[], failed?: number}} Entry
 *   `body` is what is posted, unchanged on every attempt; `failed` is the status of a final refusal.
 * @typedef {{message: object} | {failed: number} | {retry: number}} Outcome `retry`: at least so many milliseconds
 */

export class Outbox {
  /** True while the head waits for another attempt. */
  stalled = false;
  #running = false;
  #again = false;
  #pause = new Pause();

  /**
   * @param {object} options
   * @param {import('./store.js').Store} options.store
   * @param {(entry: Entry) => Promise<Outcome>} options.post never throws
   * @param {(message: object) => void} options.onSent
   * @param {() => void} options.onChange
   * @param {LockManager} [options.locks]
   * @param {string} [options.lockName]
   * @param {Backoff} [options.backoff]
   */
  constructor({ store, post, onSent, onChange, locks, lockName = 'outbox', backoff = new Backoff() }) {
    Object.assign(this, { store, post, onSent, onChange, locks, lockName, backoff });
  }

  /** @returns {Entry[]} oldest first */
  list() {
    return this.store
      .keys(SLOT)
      .sort()
      .map((key) => this.store.getJson(key))
      .filter((entry) => entry?.id && entry.body);
  }

  /** @returns {Entry} */
  add(body, files = []) {
    const id = uuidv7(this.list().at(-1)?.id);
    const entry = { id, at: Date.now(), body: { id, ...body }, files };
    this.store.setJson(SLOT + id, entry);
    this.onChange();
    this.kick();
    return entry;
  }

  /** Sends a refused entry again as a new message: its old id may be what the server objects to. */
  retry(id) {
    const entry = this.store.getJson(SLOT + id);
    if (!entry) return;
    const { id: _, ...body } = entry.body;
    this.add(body, entry.files);
    this.discard(id);
  }

  discard(id) {
    this.store.remove(SLOT + id);
    this.onChange();
  }

  /** Tries now: there is something new to send, or the connection is back. */
  async kick() {
    this.#again = true;
    this.#pause.wake();
    if (this.#running) return;
    this.#running = true;
    while (this.#again) {
      this.#again = false;
      let wait;
      while ((wait = await this.#alone(() => this.#sendHead())) !== null) {
        if (!wait) continue;
        this.#setStalled(true);
        await this.#pause.wait(wait);
      }
      this.#setStalled(false);
    }
    this.#running = false;
  }

  /** @returns {Promise<number | null>} milliseconds to wait before going on, null when there is nothing to send */
  async #sendHead() {
    const head = this.list().find((entry) => !entry.failed);
    if (!head) return null;
    const outcome = await this.post(head);
    if ('retry' in outcome) return Math.max(outcome.retry, this.backoff.next());
    this.backoff.reset();
    this.stalled = false;
    if ('message' in outcome) {
      this.store.remove(SLOT + head.id);
      this.onSent(outcome.message);
    } else {
      this.store.setJson(SLOT + head.id, { ...head, failed: outcome.failed });
    }
    this.onChange();
    return 0;
  }

  /** Runs `work` while no other tab does. */
  async #alone(work) {
    if (!this.locks) return work();
    let begun = false;
    try {
      return await this.locks.request(this.lockName, () => {
        begun = true;
        return work();
      });
    } catch (error) {
      if (begun) throw error;
      this.locks = undefined; // Locks are refused where storage is blocked; then no other tab shares our list either.
      return work();
    }
  }

  #setStalled(stalled) {
    if (this.stalled === stalled) return;
    this.stalled = stalled;
    this.onChange();
  }
}
