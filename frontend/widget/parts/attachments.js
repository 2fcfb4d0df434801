// Shows attachments: common pictures inline, everything else as a row to download. The bytes need the token, so they are
// fetched and handed to the page as blob addresses, with a type chosen here and not by whoever uploaded them.

import { h, icon, sizeOf } from './dom.js';
import { words } from './words.js';

const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

export class Attachments {
  /** One element per attachment for the life of the page, so that a picture is fetched once and never blinks. */
  #elements = new Map();
  #waiting = new Map();
  #watcher;

  /** @param {import('./api.js').Api} api @param {Element} scroller pictures are fetched when they come near it */
  constructor(api, scroller) {
    this.api = api;
    this.#watcher = new IntersectionObserver((seen) => seen.forEach((s) => s.isIntersecting && this.#near(s.target)), {
      root: scroller,
      rootMargin: '300px',
    });
  }

  /** Remembers a file that was just uploaded from here, to show it without fetching it back. */
  keep(attachment, file) {
    if (PICTURES.includes(attachment.type)) this.#elements.set(attachment.id, this.#picture(attachment, file));
  }

  /** @param {import('./conversation.js').Attachment} attachment @returns {Element} */
  element(attachment) {
    let element = this.#elements.get(attachment.id);
    if (!element) {
      element = PICTURES.includes(attachment.type) ? this.#picture(attachment) : this.#row(attachment);
      this.#elements.set(attachment.id, element);
    }
    return element;
  }

  #picture(attachment, file) {
    const img = h('img', { alt: attachment.name });
    const link = h('a', { class: 'picture', target: '_blank', rel: 'noopener noreferrer', 'aria-label': words.picture(attachment.name) }, img);
    const show = (bytes) => {
      link.href = img.src = URL.createObjectURL(new Blob([bytes], { type: attachment.type }));
    };
    const fallBack = () => {
      const row = this.#row(attachment);
      this.#elements.set(attachment.id, row);
      link.replaceWith(row);
    };
    img.addEventListener('error', fallBack);
    if (file) {
      show(file);
    } else {
      this.#waiting.set(link, () => this.api.download(attachment.id).then(show, fallBack));
      this.#watcher.observe(link);
    }
    return link;
  }

  #near(link) {
    this.#watcher.unobserve(link);
    this.#waiting.get(link)?.();
    this.#waiting.delete(link);
  }

  #row(attachment) {
    const note = h('small', {}, sizeOf(attachment.size));
    const save = async () => {
      note.textContent = words.downloading;
      try {
        const bytes = await this.api.download(attachment.id);
        const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
        h('a', { href: url, download: attachment.name }).click();
        setTimeout(() => URL.revokeObjectURL(url), 60_000);
        note.textContent = sizeOf(attachment.size);
      } catch {
        note.textContent = words.downloadFailed;
      }
    };
    const label = h('span', {}, h('b', { dir: 'auto' }, attachment.name), note);
    return h('button', { class: 'file', type: 'button', title: words.download(attachment.name), onclick: save }, icon('file'), label, icon('download'));
  }
}
