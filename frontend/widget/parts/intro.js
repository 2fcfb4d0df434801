// What stands above the first message: the greeting and, until something was said, two optional fields.

import { h } from './dom.js';
import { words } from './words.js';

export class Intro {
  /** @param {{name: string, greeting?: string}} config @param {import('./store.js').Store} store */
  constructor(config, store) {
    this.store = store;
    const who = store.getJson('who') ?? {};
    this.name = h('input', { id: 'name', type: 'text', autocomplete: 'name', maxlength: 100, dir: 'auto' });
    this.email = h('input', { id: 'email', type: 'email', autocomplete: 'email', maxlength: 254, dir: 'ltr', 'aria-describedby': 'who-hint' });
    this.name.value = who.name ?? '';
    this.email.value = who.email ?? '';
    this.hint = h('p', { id: 'who-hint', role: 'status' }, words.whoHint);
    this.fields = h('div', { class: 'who', hidden: true }, label(words.name, this.name), label(words.email, this.email), this.hint);
    this.fields.addEventListener('input', () => {
      store.setJson('who', this.#values());
      if (this.email.ariaInvalid) this.#mark(this.#badEmail());
    });
    this.element = h('div', { class: 'intro' }, config.greeting ? greeting(config) : null, this.fields);
  }

  ask(wanted) {
    this.fields.hidden = !wanted;
  }

  /** @returns {{name?: string, email?: string} | null} null when something has to be corrected first */
  answer() {
    if (this.fields.hidden) return {};
    if (this.#badEmail()) {
      this.#mark(true);
      this.email.focus();
      return null;
    }
    return Object.fromEntries(Object.entries(this.#values()).filter(([, value]) => value));
  }

  #values() {
    return { name: this.name.value.trim(), email: this.email.value.trim() };
  }

  #badEmail() {
    return !!this.email.value.trim() && !this.email.checkValidity();
  }

  #mark(bad) {
    this.email.ariaInvalid = bad ? 'true' : null;
    this.hint.classList.toggle('bad', bad);
    this.hint.textContent = bad ? words.badEmail : words.whoHint;
  }
}

const greeting = (config) =>
  h(
    'div',
    { class: 'message team first last' },
    h('div', { class: 'head' }, h('b', { dir: 'auto' }, config.name)),
    h('div', { class: 'body' }, h('div', { class: 'bubble' }, h('p', { dir: 'auto' }, config.greeting))),
  );

const label = (text, input) => h('label', {}, h('span', {}, text, ' ', h('i', {}, words.optional)), input);
