// The server's side of the chat, over same-origin requests that carry the visitor's token and never a cookie.

const LONGEST_WAIT = 5 * 60_000;

export class Api {
  /** @param {string} key the channel @param {string} token */
  constructor(key, token) {
    this.base = `/api/chat/${encodeURIComponent(key)}`;
    this.token = token;
  }

  /** @returns {Promise<Response>} */
  request(path, { headers, ...init } = {}) {
    return fetch(this.base + path, {
      ...init,
      headers: { ...headers, Authorization: `Bearer ${this.token}` },
      credentials: 'omit',
      cache: 'no-store',
    });
  }

  /** @param {import('./outbox.js').Entry} entry @returns {Promise<import('./outbox.js').Outcome>} */
  send(entry) {
    return settle(() => this.#json('/messages', entry.body), async (response) => ({ message: (await response.json()).message }));
  }

  /** @param {number} before @returns {Promise<{messages: object[], more: boolean}>} */
  async older(before) {
    const response = await this.request(`/messages?before=${before}`, { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  seen(n) {
    return settle(() => this.#json('/seen', { n }), () => ({ done: true }));
  }

  /** Says that the visitor writes. Nothing depends on it. */
  typing() {
    this.#json('/typing', { on: true }).catch(() => {});
  }

  /** @param {AbortSignal} signal */
  stream(signal) {
    return this.request('/stream', { signal, headers: { Accept: 'text/event-stream' } });
  }

  /** @param {File} file @param {AbortSignal} signal @returns {Promise<{file: object} | {failed: number} | {retry: number}>} */
  upload(file, signal) {
    const headers = { 'Content-Type': file.type || 'application/octet-stream' };
    const path = `/attachments?name=${encodeURIComponent(file.name || 'file')}`;
    return settle(
      () => this.request(path, { method: 'POST', headers, body: file, signal }),
      async (response) => ({ file: await response.json() }),
    );
  }

  /** @returns {Promise<ArrayBuffer>} */
  async download(id) {
    const response = await this.request(`/attachments/${encodeURIComponent(id)}`);
    if (!response.ok) throw new Error(String(response.status));
    return response.arrayBuffer();
  }

  #json(path, body) {
    const headers = { 'Content-Type': 'application/json' };
    return this.request(path, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(30_000) });
  }
}

/** Sorts what can happen to a request into done, refused for good, and to be repeated. */
async function settle(request, success) {
  try {
    const response = await request();
    if (response.ok) return await success(response);
    if (isPassing(response.status)) return { retry: retryAfter(response) };
    return { failed: response.status };
  } catch {
    return { retry: 0 }; // No answer, or half of one: it may or may not have arrived, so ask again with the same id.
  }
}

/** Answers that say nothing about the request itself. */
export const isPassing = (status) => status >= 500 || [408, 425, 429].includes(status);

/** @returns {number} milliseconds asked for by Retry-After, in seconds or as a date; 0 if it says nothing */
export function retryAfter(response, now = Date.now()) {
  const value = response.headers.get('Retry-After');
  if (!value) return 0;
  const ms = /^\d+$/.test(value) ? value * 1000 : Date.parse(value) - now;
  return ms > 0 ? Math.min(ms, LONGEST_WAIT) : 0;
}
