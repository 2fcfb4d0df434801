// Waiting between attempts: longer each time, never in step with other visitors, and cut short when there is news.

export class Backoff {
  /** @param {{min?: number, max?: number, random?: () => number}} [options] milliseconds */
  constructor({ min = 500, max = 30_000, random = Math.random } = {}) {
    Object.assign(this, { min, max, random, tries: 0 });
  }

  /** The next delay: between one half and the whole of a ceiling that doubles. */
  next() {
    const ceiling = Math.min(this.max, this.min * 2 ** (this.tries + 1));
    this.tries = Math.min(this.tries + 1, 20);
    return ceiling * (0.5 + this.random() * 0.5);
  }

  reset() {
    this.tries = 0;
  }
}

/** A sleep that `wake` ends early. */
export class Pause {
  #end = null;

  wait(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake(), ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake() {
    const end = this.#end;
    this.#end = null;
    end?.();
  }
}
