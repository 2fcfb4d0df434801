// A reader for text/event-stream, because EventSource cannot send an Authorization header.

/**
 * @returns {(chunk: string) => {event: string, data: string}[]} feed it text as it comes; it gives finished events
 */
export function sseParser() {
  let rest = '';
  let event = '';
  let data = [];
  let first = true;

  return (chunk) => {
    const done = [];
    rest += chunk;
    if (first && rest) {
      rest = rest.replace(/^\ufeff/, '');
      first = false;
    }
    for (;;) {
      const end = rest.search(/[\r\n]/);
      // A \r at the very end may be half of \r\n: wait for the other half.
      if (end < 0 || (rest[end] === '\r' && end === rest.length - 1)) return done;
      const line = rest.slice(0, end);
      rest = rest.slice(end + (rest.startsWith('\r\n', end) ? 2 : 1));
      if (line === '') {
        if (data.length) done.push({ event: event || 'message', data: data.join('\n') });
        event = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
  };
}
