// UUID version 7 (RFC 9562): time-ordered, so the ids of unsent messages are also the order to send them in.

let lastTime = 0;
let counter = 0;

/**
 * A new id, greater than every id made before by this page and greater than `after`.
 * @param {string} [after] an id from elsewhere (another tab, before a reload) that must sort before the new one
 * @param {number} [now]
 */
export function uuidv7(after = '', now = Date.now()) {
  let time = Math.max(now, lastTime);
  if (after) time = Math.max(time, timeOf(after) + 1);
  const random = crypto.getRandomValues(new Uint8Array(10));

  // The 12 bits behind the time count up within one millisecond; they start low to leave room.
  counter = time === lastTime ? counter + 1 : random[0];
  if (counter > 0xfff) {
    time += 1;
    counter = random[0];
  }
  lastTime = time;

  const variant = (random[2] & 0x3f) | 0x80;
  const digits = hex(time, 12) + '7' + hex(counter, 3) + hex(variant, 2) + [...random.slice(3)].map((b) => hex(b, 2)).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Milliseconds since 1970 held in a version 7 id. */
export const timeOf = (id) => parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

const hex = (value, width) => value.toString(16).padStart(width, '0');
