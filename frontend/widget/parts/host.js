// Talks with the page that embeds us, through the loader there. Nothing said in the conversation ever goes this way, and the key to
// it only where the browser lets us keep nothing ourselves.

/**
 * @param {(message: {tandem: string, page?: string}) => void} onMessage
 * @returns {{embedded: boolean, send: (message: object, secret?: {keep: string}) => void}}
 */
export function connectHost(onMessage) {
  const host = window.parent;
  if (host === window) return { embedded: false, send() {} };

  // Where the browser does not tell who embeds us, the first greeting from our own parent window does.
  let origin = called(location.ancestorOrigins?.[0]);
  addEventListener('message', (event) => {
    if (event.source !== host || typeof event.data?.tandem !== 'string') return;
    origin ??= called(event.origin);
    if (called(event.origin) === origin) onMessage(event.data);
  });

  // A page without an origin of its own (a file, a sandbox) cannot be named: whoever it is hears nothing secret.
  const send = (message, secret) =>
    !origin || origin === 'null' ? host.postMessage(message, '*') : host.postMessage({ ...message, ...secret }, origin);
  return { embedded: true, send };
}

/** A file has no origin; that some browsers call it one is nothing to send a message to. */
const called = (origin) => (origin === 'file://' ? 'null' : origin);
