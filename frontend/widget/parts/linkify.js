// Splits plain text into words and links. Only http, https and mailto ever become links.

// Every repetition is bounded or cannot back up, so the time is linear in the length of the text. Invisible and
// direction-changing characters end an address: they could make it read as another one.
const stop = '\\s<>"\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff';
const mail = '[\\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\\.){1,8}[a-z]{2,24}';
const link = new RegExp(`\\bhttps?://[^${stop}]+|\\b(?:mailto:)?${mail}`, 'gi');

/**
 * @param {string} text
 * @returns {{text: string, href?: string}[]} pieces that, joined, are the text again
 */
export function linkify(text) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(link)) {
    const shown = trim(match[0]);
    const href = address(shown);
    if (!href) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) });
    pieces.push({ text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** A full stop or bracket after an address belongs to the sentence, unless the bracket was opened inside. */
function trim(url) {
  let end = url.length;
  let open = 0;
  for (const c of url) open += c === '(' ? 1 : c === ')' ? -1 : 0;
  while (end > 0) {
    const last = url[end - 1];
    if (last === ')' && open < 0) open += 1;
    else if (!'.,;:!?\'"]}*’”»…'.includes(last)) break;
    end -= 1;
  }
  return url.slice(0, end);
}

function address(shown) {
  try {
    const url = new URL(/^(https?|mailto):/i.test(shown) ? shown : `mailto:${shown}`);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
