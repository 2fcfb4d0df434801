// Where the visitor writes: a text field that grows, attachments that upload at once, a draft that survives a reload.

import { Backoff, Pause } from './backoff.js';
import { filesAlone } from './clipboard.js';
import { h, icon, sizeOf } from './dom.js';
import { words } from './words.js';

const MOST_FILES = 10;

export class Composer {
  /** @type {{name: string, size: number, type: string, id?: string, error?: string, stalled?: boolean, element: Element, stop: AbortController}[]} */
  #files = [];
  #sendWhenUploaded = false;
  #pause = new Pause();

  /**
   * @param {object} on
   * @param {{max_upload?: number, max_text?: number}} on.config
   * @param {import('./api.js').Api} on.api
   * @param {import('./store.js').Store} on.store
   * @param {(attachment: object, file: File) => void} on.uploaded
   * @param {() => void} on.typed
   * @param {() => void} on.resized
   * @param {(text: string, files: object[]) => boolean} on.send false when it cannot be sent yet
   */
  constructor(on) {
    this.on = on;
    this.text = h('textarea', { rows: 1, placeholder: words.write, 'aria-label': words.write, maxlength: on.config.max_text ?? 10_000, dir: 'auto', enterkeyhint: 'send' });
    this.picker = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1 });
    this.chips = h('div', { class: 'chips' });
    this.hint = h('p', { class: 'hint', role: 'status' });
    const attach = h('button', { class: 'attach', type: 'button', 'aria-label': words.attach, title: words.attach, onclick: () => this.picker.click() }, icon('clip'));
    const send = h('button', { class: 'send', type: 'submit', 'aria-label': words.send, title: words.send }, icon('up'));
    this.element = h('form', { class: 'composer' }, this.chips, this.hint, h('div', { class: 'line' }, attach, this.picker, this.text, send));

    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener('keydown', (event) => {
      // 229 is how some browsers mark the Enter that only accepts a suggestion of the input method.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener('input', () => {
      this.#sendWhenUploaded = false;
      this.#say('');
      this.#changed();
      on.typed();
    });
    this.text.addEventListener('paste', (event) => {
      const files = filesAlone(event.clipboardData);
      if (!files.length) return;
      event.preventDefault();
      this.attach(files);
    });
    this.picker.addEventListener('change', () => {
      this.attach(this.picker.files);
      this.picker.value = '';
      this.text.focus();
    });

    const draft = on.store.getJson('draft');
    this.text.value = draft?.text ?? '';
    for (const file of draft?.files ?? []) this.#addChip({ ...file });
    addEventListener('resize', () => this.#grow());
  }

  /** To be called once the element is in the page: only then can it be measured. */
  ready() {
    this.#changed();
  }

  /** Puts a message that was not accepted back for editing. */
  restore(text, files) {
    this.text.value = [this.text.value.trim(), text].filter(Boolean).join('\n');
    for (const file of files) this.#addChip({ ...file });
    this.#changed();
    this.text.focus();
  }

  /** @param {Iterable<File>} files */
  attach(files) {
    this.#say('');
    for (const file of files) {
      if (this.#files.length >= MOST_FILES) {
        this.#say(words.tooMany(MOST_FILES));
        break;
      }
      const chip = this.#addChip({ name: file.name || 'file', size: file.size, type: file.type });
      const limit = this.on.config.max_upload;
      if (limit && file.size > limit) this.#fail(chip, words.tooLarge(sizeOf(limit)));
      else this.#upload(chip, file);
    }
    this.#changed();
  }

  /** The connection is back: uploads need not wait any longer. */
  nudge() {
    this.#pause.wake();
  }

  #submit() {
    const text = this.text.value.trim();
    const running = this.#files.some((file) => !file.id && !file.error);
    this.#sendWhenUploaded = running;
    if (running) return this.#say(words.sendsAfterUpload);
    if (this.#files.some((file) => file.error)) return this.#say(words.fixUploads);
    if (!text && !this.#files.length) return this.text.focus();
    if (!this.on.send(text, this.#files.map(plain))) return;
    this.text.value = '';
    this.#files = [];
    this.chips.replaceChildren();
    this.#say('');
    this.#changed();
  }

  async #upload(chip, file) {
    const backoff = new Backoff();
    while (!chip.stop.signal.aborted) {
      const outcome = await this.on.api.upload(file, chip.stop.signal);
      if (chip.stop.signal.aborted) return;
      if ('retry' in outcome) {
        this.#note(chip, words.uploadWaits);
        await this.#pause.wait(Math.max(outcome.retry, backoff.next()));
        this.#note(chip, words.uploading);
        continue;
      }
      if ('failed' in outcome) return this.#fail(chip, outcome.failed === 413 ? words.tooLarge(sizeOf(this.on.config.max_upload ?? 0)) : words.uploadFailed);
      Object.assign(chip, plain(outcome.file));
      this.on.uploaded(outcome.file, file);
      chip.element.classList.remove('busy');
      this.#note(chip, sizeOf(chip.size));
      this.#changed();
      if (this.#sendWhenUploaded) this.#submit();
      return;
    }
  }

  #addChip(chip) {
    const remove = h('button', { type: 'button', 'aria-label': words.remove(chip.name), title: words.remove(chip.name), onclick: () => this.#remove(chip) }, icon('x'));
    chip.stop = new AbortController();
    chip.element = h('div', { class: chip.id ? 'chip' : 'chip busy' }, icon('file'), h('span', {}, h('b', { dir: 'auto' }, chip.name), h('small', {}, chip.id ? sizeOf(chip.size) : words.uploading)), remove);
    this.#files.push(chip);
    this.chips.append(chip.element);
    return chip;
  }

  #remove(chip) {
    chip.stop.abort();
    chip.element.remove();
    this.#files = this.#files.filter((file) => file !== chip);
    this.#say('');
    this.#changed();
    this.text.focus();
  }

  #fail(chip, reason) {
    chip.error = reason;
    chip.element.className = 'chip bad';
    this.#note(chip, reason);
    if (this.#sendWhenUploaded) this.#submit();
  }

  #note(chip, text) {
    chip.element.querySelector('small').textContent = text;
  }

  #say(text) {
    this.hint.textContent = text;
  }

  #changed() {
    const files = this.#files.filter((file) => file.id).map(plain);
    if (this.text.value || files.length) this.on.store.setJson('draft', { text: this.text.value, files });
    else this.on.store.remove('draft');
    this.element.classList.toggle('filled', !!this.text.value.trim() || this.#files.length > 0);
    this.#grow();
  }

  #grow() {
    this.text.style.height = 'auto';
    this.text.style.height = `${this.text.scrollHeight}px`; // The style sheet sets the greatest height.
    this.on.resized(); // For a moment it was small, and the list above may have slipped.
  }
}

const plain = ({ id, name, size, type }) => ({ id, name, size, type });
