// The live connection: opens the event stream, notices when it is dead, and opens it again for as long as the page lives.

import { isPassing, retryAfter } from './api.js';
import { Backoff, Pause } from './backoff.js';
import { sseParser } from './sse.js';

const SILENCE = 40_000; // Keep-alives come every 15 s: after this the connection is dead, whatever the browser thinks.
const STEADY = 5_000; // Shorter connections do not count as success, or a server that drops everyone would be hammered.

export class Stream {
  #controller = null;
  #pause = new Pause();
  #heard = 0;
  #hurry = false;
  #running = false;
  #wanted = false;

  /**
   * @param {object} options
   * @param {(signal: AbortSignal) => Promise<Response>} options.open
   * @param {(event: string, data: any) => void} options.onEvent
   * @param {(state: 'connecting' | 'connected' | 'unavailable') => void} options.onState
   * @param {Backoff} [options.backoff]
   */
  constructor({ open, onEvent, onState, backoff = new Backoff() }) {
    Object.assign(this, { open, onEvent, onState, backoff });
  }

  async start() {
    this.#wanted = true;
    if (this.#running) return;
    this.#running = true;
    while (this.#wanted) {
      this.#hurry = false;
      const wait = await this.#connectOnce();
      if (this.#wanted && !this.#hurry) await this.#pause.wait(Math.max(wait, this.backoff.next()));
    }
    this.#running = false;
  }

  stop() {
    this.#wanted = false;
    this.restart();
  }

  /** Connects anew at once: the network has changed under us. */
  restart() {
    this.#hurry = true;
    this.backoff.reset();
    this.#controller?.abort();
    this.#pause.wake();
  }

  /** Connects anew at once, unless the present connection was heard of lately. */
  check() {
    if (!this.#controller || Date.now() - this.#heard > SILENCE / 2) this.restart();
  }

  /** @returns {Promise<number>} the least time to wait before the next attempt */
  async #connectOnce() {
    const controller = (this.#controller = new AbortController());
    const began = (this.#heard = Date.now());
    let watchdog = setTimeout(() => controller.abort(), SILENCE);
    try {
      const response = await this.open(controller.signal);
      if (!response.ok) {
        if (isPassing(response.status)) return retryAfter(response);
        this.onState('unavailable');
        return this.backoff.max;
      }
      const parse = sseParser();
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        this.#heard = Date.now();
        clearTimeout(watchdog);
        watchdog = setTimeout(() => controller.abort(), SILENCE);
        for (const { event, data } of parse(decoder.decode(value, { stream: true }))) this.#deliver(event, data);
      }
    } catch {
      // Refused, cut or aborted: all the same, try again.
    } finally {
      clearTimeout(watchdog);
      controller.abort();
      this.#controller = null;
    }
    if (Date.now() - began > STEADY) this.backoff.reset();
    this.onState('connecting');
    return 0;
  }

  #deliver(event, data) {
    let parsed;
    try {
      parsed = JSON.parse(data);
    } catch {
      return; // An event of a later server that we do not know.
    }
    if (event === 'snapshot') this.onState('connected');
    this.onEvent(event, parsed);
  }
}
