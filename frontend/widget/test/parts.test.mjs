import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { retryAfter } from '../parts/api.js';
import { Backoff, Pause } from '../parts/backoff.js';
import { filesAlone } from '../parts/clipboard.js';
import { Conversation, toRows } from '../parts/conversation.js';
import { sizeOf } from '../parts/dom.js';
import { connectHost } from '../parts/host.js';
import { linkify } from '../parts/linkify.js';
import { sseParser } from '../parts/sse.js';
import { Store } from '../parts/store.js';
import { timeOf, uuidv7 } from '../parts/uuid.js';

test('uuidv7: form, time and order', () => {
  const id = uuidv7();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(timeOf(id) - Date.now()) < 1000);
  const many = Array.from({ length: 20_000 }, () => uuidv7());
  assert.deepEqual([...many].sort(), many);
  assert.equal(new Set(many).size, many.length);
});

test('uuidv7: sorts after ids of other tabs and survives a clock that goes back', () => {
  const future = uuidv7('', Date.now() + 60_000);
  assert.ok(uuidv7('', Date.now() - 60_000) > future);
  const other = '0fffffff-ffff-7fff-bfff-ffffffffffff';
  assert.ok(uuidv7(other) > other);
});

test('store: what lasts is told from what lives as long as the page', () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  let blocked = false;
  const store = new Store('t:', () => {
    if (blocked) throw new Error('blocked');
    return storage;
  });
  assert.equal(store.lasts('a'), false);
  store.set('a', '1');
  assert.equal(store.lasts('a'), true);
  blocked = true;
  store.set('b', '2');
  assert.equal(store.lasts('b'), false);
  assert.equal(store.get('b'), '2');
});

test('linkify: the table that the app is held to', () => {
  const cases = JSON.parse(readFileSync(new URL('../../../app/model/src/links.json', import.meta.url), 'utf8'));
  assert.ok(cases.length > 100);
  const faults = [];
  for (const { text, links } of cases) {
    const pieces = linkify(text);
    assert.equal(pieces.map((piece) => piece.text).join(''), text, 'nothing is lost');
    const found = pieces.filter((piece) => piece.href).map((piece) => [piece.text, piece.href, ...(piece.host ? [piece.host] : [])]);
    if (JSON.stringify(found) !== JSON.stringify(links)) faults.push(`${JSON.stringify(text)}: ${JSON.stringify(found)}, not ${JSON.stringify(links)}`);
  }
  assert.equal(faults.length, 0, faults.join('\n'));
});

test('linkify: hostile input takes linear time', () => {
  const began = performance.now();
  for (const c of ['a', 'a@', 'a.', 'https://', '(', '@a.', 'https://a.example/)', 'a@a.', 'mailto:', 'mailto:a@', 'tel:', 'tel:1', 'www.', 'ü', 'www.ü', 'a@ü.', 'https://(', ',https://', "'a@", "'", '_https://', '_https://a.example/_~']) linkify(c.repeat(100_000 / c.length));
  linkify(`https://a.example/${')'.repeat(100_000)}`);
  assert.ok(performance.now() - began < 1500, `${performance.now() - began} ms`);
});

test('sse: the same events however the text is cut', () => {
  const text = '\ufeff: hi\r\nevent: snapshot\r\ndata: {"a":1}\r\n\r\n:\n\nevent:message\ndata:x\ndata: y\rid: 7\r\rdata\n\nevent: lost\n\ndata: z\n\n';
  const expected = [
    { event: 'snapshot', data: '{"a":1}' },
    { event: 'message', data: 'x\ny' },
    { event: 'message', data: '' },
    { event: 'message', data: 'z' },
  ];
  for (let size = 1; size <= text.length; size++) {
    const parse = sseParser();
    const events = [];
    for (let i = 0; i < text.length; i += size) events.push(...parse(text.slice(i, i + size)));
    assert.deepEqual(events, expected, `cut every ${size}`);
  }
});

test('back-off: from half a second to thirty, jittered, and back', () => {
  const low = new Backoff({ random: () => 0 });
  const high = new Backoff({ random: () => 1 });
  assert.deepEqual([1, 2, 3].map(() => low.next()), [500, 1000, 2000]);
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(() => high.next()), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  for (let i = 0; i < 5000; i++) assert.ok(high.next() <= 30_000);
  high.reset();
  assert.equal(high.next(), 1000);
});

test('pause: ends by itself or when woken', async () => {
  const pause = new Pause();
  await pause.wait(1);
  const long = pause.wait(60_000);
  pause.wake();
  await long;
});

test('Retry-After: seconds, date, nonsense', () => {
  const response = (value) => new Response('', { headers: value ? { 'Retry-After': value } : {} });
  assert.equal(retryAfter(response('7')), 7000);
  assert.equal(retryAfter(response('Thu, 01 Jan 1970 00:00:09 GMT'), 4000), 5000);
  for (const value of [null, 'soon', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT']) assert.equal(retryAfter(response(value)), 0);
  assert.equal(retryAfter(response('99999999')), 300_000);
});

test('store: goes on in memory where storage is blocked or full', () => {
  const blocked = new Store('p:', () => {
    throw new Error('SecurityError');
  });
  blocked.setJson('out:1', { a: 1 });
  assert.deepEqual(blocked.getJson('out:1'), { a: 1 });
  assert.deepEqual(blocked.keys('out:'), ['out:1']);
  blocked.remove('out:1');
  assert.equal(blocked.get('out:1'), null);
  assert.equal(blocked.getJson('nothing'), null);
});

const m = (n, from = 'team', at = n * 1000) => ({ id: `id${n}`, n, at, from, author: from === 'team' ? 'Priya' : null, text: `t${n}`, attachments: [] });
const range = (a, b) => Array.from({ length: b - a + 1 }, (_, i) => m(a + i));
const ns = (c) => c.messages.map((x) => x.n);

test('conversation: snapshots join what is known', () => {
  const c = new Conversation();
  c.snapshot({ messages: range(51, 100), more: true });
  c.older({ messages: range(1, 50), more: false });
  c.live(m(101));
  c.snapshot({ messages: range(60, 109), more: true });
  assert.deepEqual(ns(c), range(1, 109).map((x) => x.n));
  assert.equal(c.more, false);
});

test('conversation: a hole is never shown as continuous, even if an acknowledgement came first', () => {
  const c = new Conversation();
  c.snapshot({ messages: range(1, 3), more: false });
  c.put(m(100, 'visitor'));
  c.snapshot({ messages: range(51, 100), more: true });
  assert.deepEqual(ns(c), range(51, 100).map((x) => x.n));
  assert.equal(c.more, true);
});

test('conversation: an acknowledgement that overtakes the first snapshot stays', () => {
  const c = new Conversation();
  c.put(m(9, 'visitor'));
  c.snapshot({ messages: range(1, 5), more: false });
  assert.deepEqual(ns(c), [1, 2, 3, 4, 5, 9]);
  assert.equal(c.unread(3), 2);
  assert.equal(c.newestFromTeam, 5);
  assert.equal(c.visitorSpoke, true);
});

test('rows: groups, days, and pending ones once', () => {
  const day = new Date(2026, 0, 5, 12).getTime();
  const messages = [m(1, 'team', day), m(2, 'team', day + 60_000), m(3, 'visitor', day + 90_000), m(4, 'team', day + 86_400_000)];
  const entry = (id, failed) => ({ id, at: day + 86_400_001, body: { text: 'p' }, files: [], failed });
  const rows = toRows(messages, [entry('id3'), entry('p1', 413), entry('p2')]);
  assert.deepEqual(
    rows.map((r) => (r.kind === 'day' ? 'day' : `${r.key}${r.first ? '<' : ''}${r.last ? '>' : ''} ${r.state}${r.newest ? ' newest' : ''}`)),
    ['day', 'id1< sent', 'id2> sent', 'id3<> sent newest', 'day', 'id4<> sent', 'p1<> failed', 'p2<> sending'],
  );
});

test('sizes are short', () => {
  assert.deepEqual([0, 999, 1536, 20_000, 1_234_567, 10_485_760].map(sizeOf), ['0 B', '999 B', '1.5 kB', '20 kB', '1.2 MB', '10 MB']);
});

/** What a paste or a drop carries. */
const carried = (text, ...names) => withList(text, '', ...names);
const withList = (text, list, ...names) => ({
  files: names.map((name) => ({ name })),
  getData: (type) => ({ 'text/plain': text, 'text/uri-list': list })[type] ?? '',
});
const taken = (data) => filesAlone(data).map((file) => file.name);

test('clipboard: what has words is text, and only what has none is a file', () => {
  const cells = carried('Lamp\t4\nShade\t2', 'image.png');
  assert.deepEqual(taken(cells), [], 'cells of a spreadsheet come with a picture of themselves');
  assert.deepEqual(filesAlone(carried('order 4711')), []);
  assert.deepEqual(taken(carried('', 'a.png', 'b.pdf')), ['a.png', 'b.pdf']);
  assert.deepEqual(taken(carried(' \r\n', 'a.png')), ['a.png']);
  assert.deepEqual(taken(carried('file:///home/anna/a.pdf\r\nfile:///home/anna/b.pdf\r\n', 'a.pdf', 'b.pdf')), ['a.pdf', 'b.pdf']);
  assert.deepEqual(filesAlone(carried('see file:///home/anna/a.pdf', 'a.png')), []);
  assert.deepEqual(filesAlone(null), []);
});

test('clipboard: text that only names the files, their paths or their addresses is no words', () => {
  for (const [text, names, list] of [
    ['quarterly report.pdf', ['quarterly report.pdf']],
    ['a.pdf\nb.png', ['a.pdf', 'b.png']],
    ['a.pdf\rb.png\r', ['a.pdf', 'b.png']],
    ['re\u0301sume\u0301.pdf', ['r\u00e9sum\u00e9.pdf']],
    ['C:\\Users\\Anna B\\report.pdf', ['report.pdf']],
    ['\\\\server\\share\\report.pdf', ['report.pdf']],
    ['/home/anna/report.pdf\n/report.pdf\n~/report.pdf', ['report.pdf']],
    ['https://x.example/a.png', ['download.png'], '# from a tab\r\nhttps://x.example/a.png\r\n'],
  ]) {
    assert.deepEqual(taken(withList(text, list ?? '', ...names)), names, text);
  }
  for (const [text, names, list] of [
    ['https://x.example/a.png', ['image.png']],
    ['look: https://x.example/a.png', ['a.png'], 'https://x.example/a.png'],
    ['report.pdf is the one', ['report.pdf']],
    ['see /home/anna/report.pdf', ['report.pdf']],
    ['/home/anna/other.pdf', ['report.pdf']],
    ['a.pdf\nand more', ['a.pdf']],
  ]) {
    assert.deepEqual(taken(withList(text, list ?? '', ...names)), [], text);
  }
});

test('host: an app or a file that shows the chat hears of it and is heard, but nothing secret', () => {
  const talk = (ancestor, from) => {
    const sent = [];
    const heard = [];
    let hear;
    const parent = { postMessage: (message, to) => sent.push([message, to]) };
    Object.assign(globalThis, { window: { parent }, location: { ancestorOrigins: ancestor && [ancestor] }, addEventListener: (_, work) => (hear = work) });
    const { send } = connectHost((message) => heard.push(message.tandem));
    hear({ source: parent, origin: from, data: { tandem: 'open' } });
    send({ tandem: 'unread' }, { keep: 'secret' });
    return [heard.length, sent[0][1], 'keep' in sent[0][0]];
  };
  // Chromium calls a file so in one place and "null" in the other, and takes no message for the former.
  assert.deepEqual(talk('file://', 'null'), [1, '*', false]);
  assert.deepEqual(talk('file://', 'file://'), [1, '*', false]);
  assert.deepEqual(talk(undefined, 'file://'), [1, '*', false]);
  assert.deepEqual(talk('null', 'null'), [1, '*', false]);
  assert.deepEqual(talk('capacitor://localhost', 'capacitor://localhost'), [1, 'capacitor://localhost', true]);
  assert.deepEqual(talk('https://shop.example', 'https://shop.example'), [1, 'https://shop.example', true]);
  assert.deepEqual(talk('https://shop.example', 'null'), [0, 'https://shop.example', true]);
});
