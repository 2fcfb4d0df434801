// localStorage that cannot fail: where the browser blocks it or it is full, values live in memory until the page goes.

export class Store {
  #memory = new Map();

  /**
   * @param {string} prefix put before every key
   * @param {() => Storage} [storage] asked every time, since merely touching localStorage may throw
   */
  constructor(prefix, storage = () => localStorage) {
    this.prefix = prefix;
    this.storage = storage;
  }

  get(key) {
    if (this.#memory.has(key)) return this.#memory.get(key);
    return this.#try((s) => s.getItem(this.prefix + key)) ?? null;
  }

  set(key, value) {
    const kept = this.#try((s) => (s.setItem(this.prefix + key, value), true));
    if (kept) this.#memory.delete(key);
    else this.#memory.set(key, value);
  }

  /** Whether a value outlives the page. */
  lasts(key) {
    return !this.#memory.has(key) && this.get(key) !== null;
  }

  remove(key) {
    this.#memory.delete(key);
    this.#try((s) => s.removeItem(this.prefix + key));
  }

  /** Keys that start with `start`, without our prefix. */
  keys(start = '') {
    const found = new Set([...this.#memory.keys()].filter((key) => key.startsWith(start)));
    this.#try((s) => {
      for (let i = 0; i < s.length; i++) {
        const key = s.key(i);
        if (key.startsWith(this.prefix + start)) found.add(key.slice(this.prefix.length));
      }
    });
    return [...found];
  }

  getJson(key) {
    try {
      return JSON.parse(this.get(key));
    } catch {
      return null;
    }
  }

  setJson(key, value) {
    this.set(key, JSON.stringify(value));
  }

  #try(work) {
    try {
      return work(this.storage());
    } catch {
      return undefined;
    }
  }
}
