// Splits plain text into words and links: http, https, mailto and tel, names that begin with www., and addresses of mailboxes. The app has
// the same rule in app/model/src/links.rs; both are held to the cases in links.json beside it. In doubt something is no link.

// What ends a sentence, a part of it or its emphasis, in several scripts: at the end of a link it is no part of it.
const ends = ".,;:!?'*([…–—‘’·،؛؟۔।॥։׃።፣၊။៕།\u037e\u0387";
// What no address has in it: quotes, the marks of scripts that put no space behind them, and characters that are not seen or that change
// which way others run, so that an address could read as another one.
const unseen =
  '\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u070f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
  '\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}';
const apart = new RegExp(`[\\s${unseen}<>"\`\\\\{}|^“”„‟«»‹›、。，．｡､；：！？「」『』【】《》〈〉〔〕［］（）｛｝＜＞]`, 'u');
const isUnseen = new RegExp(`[${unseen}]`, 'u');
// Letters that are read as others (wide, bold, long, ligatures) are no part of a host's name.
const isForm = /[\u0130\u017f\u2100-\u218f\u2460-\u24ff\ufb00-\ufb06\uff00-\uffef\u{1d400}-\u{1d7ff}]/u;
const isHost = (c) => /[a-z\d.-]/i.test(c) || (c > '\x7f' && /\p{Alphabetic}/u.test(c) && !isForm.test(c) && !isUnseen.test(c));

const begins = /https?:\/\/|www\.|mailto:|tel:|@/gi;

/**
 * @param {string} text
 * @returns {{text: string, href?: string, host?: string}[]} pieces that, joined, are the text again; `host` is shown beside a link whose
 *   host is written in letters that can be taken for others
 */
export function linkify(text) {
  const pieces = [];
  let done = 0;
  begins.lastIndex = 0;
  for (let match; (match = begins.exec(text)); ) {
    const at = match.index;
    const found = match[0] === '@' ? mailbox(text, at, done) : named(text, at, match[0].toLowerCase());
    if (!found) {
      begins.lastIndex = at + 1;
      continue;
    }
    // What looked like a link and is none is passed over whole.
    begins.lastIndex = found.end;
    if (!found.href) continue;
    const { begin = at, end, href, host } = found;
    if (begin > done) pieces.push({ text: text.slice(done, begin) });
    pieces.push({ text: text.slice(begin, end), href, ...(host && { host }) });
    done = end;
  }
  if (done < text.length) pieces.push({ text: text.slice(done) });
  return pieces;
}

/** A link that begins with its scheme or with `www.`. */
function named(text, at, scheme) {
  // Underlines may be there for emphasis, and are then behind the link as well; so is "~". Others end every link.
  let before = at - 1;
  while (text[before] === '_') before -= 1;
  if (/[a-z\d]/i.test(text[before] ?? '')) return null;
  const mark = '_~'.includes(text[at - 1] ?? ' ') ? text[at - 1] : '';
  const from = at + scheme.length;
  if (mark === '_' && (scheme === 'mailto:' || scheme === 'tel:')) return null;
  if (scheme === 'mailto:') {
    // Only whom it goes to: copies, subject and text are nobody's but the writer's to decide.
    const local = sticky(/[\w.+-]+(?=@)/y, text, from);
    return local && address(text, at, local, from + local.length);
  }
  if (scheme === 'tel:') {
    const all = sticky(/[\d+().-]+/y, text, from);
    const number = all.slice(0, run(all, 0));
    const digits = number.replace(/\D/g, '').length;
    if (digits < 3 || digits > 15 || number.lastIndexOf('+') > 0 || sticky(/[\p{Alphabetic}\p{N}]/uy, text, from + all.length)) return null;
    return { end: from + number.length, href: `tel:${number}` };
  }
  const isWww = scheme === 'www.';
  const first = isWww ? at : from;
  let end = from;
  while (end < text.length && !'/?#'.includes(text[end]) && !isApart(text, end)) end += 1;
  const none = { end };
  // A name before an "@" is there to be taken for the host.
  const host = !text.slice(first, end).includes('@') && hostOf(text, first);
  if (!host || !isPage(host, isWww)) return none;
  const to = first + host.written;
  const port = sticky(/:\d+/y, text, to);
  const path = to + port.length;
  if (Number(port.slice(1)) > 65535) return none;
  const next = text[path] ?? ' ';
  const href = `${isWww ? 'https://' : scheme}${host.ascii}${port}`;
  if ('/?#'.includes(next)) {
    let last = run(text, path);
    while (mark && last > path && (text[last - 1] === mark || ends.includes(text[last - 1]))) last -= 1;
    return isOpen(mark, text, last) ? { end: last } : { end: last, href: href + text.slice(path, last), host: host.seen };
  }
  // The sentence goes on, or it is something else.
  const isEnd = isApart(text, path) || ends.includes(next) || ')]'.includes(next) || (next === mark && isApart(text, path + 1)) || (!port && next > '\x7f');
  return isEnd && !isOpen(mark, text, path) ? { end: path, href, host: host.seen } : none;
}

/** Whether an underline has no other end: it is no emphasis. */
const isOpen = (mark, text, end) => mark === '_' && text[end] !== '_';

/** The address of a mailbox around the "@" at a place. */
function mailbox(text, at, done) {
  const whole = /[\w.+-]*$/.exec(text.slice(Math.max(done, at - 65), at))[0];
  const local = whole.replace(/^[._+-]+/, '');
  const before = at - whole.length;
  const outside = [...text.slice(Math.max(done, before - 2 * mostMarks), before)];
  const last = outside.at(-1) ?? '';
  if (!local || whole.length > 64 || local.endsWith('.') || /[\p{Alphabetic}\p{N}=&%@#$?`\\]/u.test(last) || isUnseen.test(last)) return null;
  if (isRest(outside)) return null;
  return address(text, at - local.length, local, at);
}

// What may stand in the address of a mailbox as well as around it, and how people write its apostrophe; how many of them are looked at.
const marks = "'’´!*/^{}~";
const mostMarks = 8;

/**
 * Whether what was taken for the address of a mailbox is the rest of a longer one: the "Neil@" of "O'Neil@" is somebody else. Quotes and
 * emphasis have no word before them.
 */
function isRest(before) {
  let at = before.length;
  while (at > 0 && before.length - at < mostMarks && marks.includes(before[at - 1])) at -= 1;
  return at < before.length && at > 0 && /[\p{Alphabetic}\p{N}._+-]/u.test(before[at - 1]);
}

function address(text, begin, local, at) {
  const host = hostOf(text, at + 1);
  if (!host || !hasDomain(host) || sticky(/[\w@]/y, text, at + 1 + host.written)) return null;
  return { begin, end: at + 1 + host.written, href: `mailto:${local}@${host.ascii}`, host: host.seen };
}

/** The host that stands at a place. */
function hostOf(text, from) {
  let end = from;
  for (const c of text.slice(from, from + 501)) {
    if (!isHost(c)) break;
    end += c.length;
  }
  let name = text.slice(from, end).replace(/\.+$/, '');
  if (name.length > 500) return null;
  // No top-level domain has letters of both kinds: the sentence goes on without a space.
  const last = name.lastIndexOf('.') + 1;
  const beyond = name.slice(last).search(/[^\x00-\x7f]/);
  if (beyond > 0) name = name.slice(0, last + beyond);
  let ascii = name.toLowerCase();
  const isCoded = /[^\x00-\x7f]/.test(ascii);
  try {
    if (isCoded) ascii = new URL(`https://${ascii}`).hostname;
  } catch {
    return null;
  }
  const labels = ascii.split('.');
  if (ascii.length > 253 || labels.some((label) => !/^(?!-)[a-z\d-]{0,62}[a-z\d]$/.test(label))) return null;
  return { written: name.length, ascii, labels, seen: isCoded ? ascii : undefined };
}

const hasDomain = ({ labels }) => labels.length > 1 && /^(?:[a-z]{2,}|xn--.*)$/.test(labels.at(-1));

/** Whether there can be a page: a domain, an address of four numbers, or a single name as within a company. */
function isPage(host, isWww) {
  const { labels, seen } = host;
  if (isWww) return labels.length > 2 && hasDomain(host);
  const numbers = labels.length === 4 && labels.every((label) => /^\d+$/.test(label) && Number(label) < 256);
  return hasDomain(host) || numbers || (labels.length === 1 && !seen && /^[a-z]/.test(labels[0]));
}

/**
 * Where an address ends at most: at what no address has in it, or at a bracket that was not opened within it, without the marks of the
 * sentence.
 */
function run(text, from) {
  const open = { ')': 0, ']': 0 };
  let end = from;
  let former = '';
  while (end < text.length) {
    const c = String.fromCodePoint(text.codePointAt(end));
    if (c === '(') open[')'] += 1;
    if (c === '[') open[']'] += 1;
    if (c in open && --open[c] < 0) break;
    // Several addresses without a space between them.
    if (isApart(text, end) || ((former === ',' || former === ';') && sticky(/https?:\/\//iy, text, end))) break;
    former = c;
    end += c.length;
  }
  while (end > from && ends.includes(text[end - 1])) end -= 1;
  return end;
}

const isApart = (text, at) => at >= text.length || apart.test(String.fromCodePoint(text.codePointAt(at)));

/** What a sticky expression finds at a place. */
function sticky(expression, text, at) {
  expression.lastIndex = at;
  return expression.exec(text)?.[0] ?? '';
}
