// A server with the chat's interface and nothing behind it, for trying the widget by hand and in tests.
//
//   node test/fake.mjs [--port 4100] [--assets DIR] [--data FILE] [--away]
//
// DIR holds the built widget.js, chat.js and chat.css. FILE keeps conversations over a restart. POST /fake/team with
// {"text", "author", "attachments"} writes to every visitor; POST /fake/fail {"status", "times", "retry_after"} makes
// the next requests that send fail; POST /fake/drop ends all streams, POST /fake/online {"online"} changes the status.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PAGE = 50;
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'";
const TYPES = { '.js': 'text/javascript', '.css': 'text/css' };

/** @param {{assets?: string, data?: string, away?: boolean, config?: object, lang?: string, dir?: string}} [options] */
export function fakeServer({ assets, data, away = false, config = {}, lang = 'en', dir = 'ltr' } = {}) {
  const state = load(data) ?? { n: 0, visitors: {}, files: {} };
  const streams = new Set();
  const log = [];
  let online = !away;
  let failure = null;

  const save = () => data && writeFileSync(data, JSON.stringify(state));
  const visitor = (token) => (state.visitors[token] ??= { messages: [], bodies: {}, seen: 0 });
  const emit = (token, event, value) => {
    for (const s of streams) if (!token || s.token === token) s.response.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  };
  const page = (messages) => ({ messages: messages.slice(-PAGE), more: messages.length > PAGE });

  function team(token, { text = '', author = 'Priya', attachments = [], at = Date.now() }) {
    state.n += 1 + (state.n % 3); // Gaps are normal.
    const message = { id: crypto.randomUUID(), n: state.n, at, from: 'team', author, text, attachments };
    visitor(token).messages.push(message);
    save();
    emit(token, 'message', message);
    return message;
  }

  async function handle(request, response) {
    const url = new URL(request.url, 'http://fake');
    const send = (status, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const refuse = (status, code, headers) => send(status, { error: { code, message: code } }, headers);
    const bytes = await readBody(request);
    const json = () => JSON.parse(bytes.toString() || '{}');
    log.push({ method: request.method, path: url.pathname, search: url.search, body: bytes.length < 20_000 ? bytes.toString() : '' });

    if (url.pathname === '/fake/team') {
      for (const token of Object.keys(state.visitors)) team(token, json());
      return send(200, {});
    }
    if (url.pathname === '/fake/fail') return (failure = json()), send(200, {});
    if (url.pathname === '/fake/online') return (online = json().online), emit(null, 'status', { online }), send(200, {});
    if (url.pathname === '/fake/drop') return streams.forEach((s) => s.response.destroy()), send(200, {});
    if (url.pathname.startsWith('/widget/')) return document(response, decodeURIComponent(url.pathname.slice(8)));
    if (/^\/(widget\.js|chat\.js|chat\.css)$/.test(url.pathname) && assets) {
      response.writeHead(200, { 'Content-Type': TYPES[url.pathname.match(/\.\w+$/)[0]] });
      return response.end(readFileSync(join(assets, url.pathname)));
    }

    const [, , , , resource, id] = url.pathname.split('/');
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!url.pathname.startsWith('/api/chat/')) return refuse(404, 'not_found');
    if (!token) return refuse(401, 'no_token');
    const me = visitor(token);

    if (resource === 'stream') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      const stream = { token, response };
      streams.add(stream);
      const alive = setInterval(() => response.write(':\n\n'), 15_000);
      response.on('close', () => (streams.delete(stream), clearInterval(alive)));
      return response.write(`event: snapshot\ndata: ${JSON.stringify({ ...page(me.messages), online })}\n\n`);
    }
    if (resource === 'messages' && request.method === 'GET') {
      return send(200, page(me.messages.filter((m) => m.n < Number(url.searchParams.get('before')))));
    }
    if (request.method === 'POST' && !['seen', 'typing'].includes(resource) && failure?.times > 0) {
      failure.times -= 1;
      return refuse(failure.status, 'asked_for', failure.retry_after ? { 'Retry-After': failure.retry_after } : {});
    }
    if (resource === 'messages') {
      const body = json();
      const text = bytes.toString();
      const old = me.messages.find((m) => m.id === body.id);
      if (old) return me.bodies[body.id] === text ? send(200, { message: old }) : refuse(409, 'conflict');
      state.n += 1;
      const attachments = body.attachments.map((a) => state.files[a].about);
      const message = { id: body.id, n: state.n, at: Date.now(), from: 'visitor', author: null, text: body.text, attachments };
      me.messages.push(message);
      me.bodies[body.id] = text;
      save();
      emit(token, 'message', message);
      return send(200, { message });
    }
    if (resource === 'seen') {
      me.seen = json().n;
      save();
      return send(204);
    }
    if (resource === 'typing') return send(204);
    if (resource === 'attachments' && request.method === 'POST') {
      const about = { id: crypto.randomUUID(), name: url.searchParams.get('name'), size: bytes.length, type: request.headers['content-type'] };
      state.files[about.id] = { about, bytes: bytes.toString('base64') };
      save();
      return send(201, about);
    }
    if (resource === 'attachments' && state.files[id]) {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      return response.end(Buffer.from(state.files[id].bytes, 'base64'));
    }
    refuse(404, 'not_found');
  }

  function document(response, key) {
    const shown = {
      key,
      name: 'Acme support',
      greeting: 'Hello. Ask us anything about your order, we usually answer within a few minutes.',
      online,
      away: 'We are away until Monday 09:00. Leave your e-mail and we will write back.',
      max_upload: 10_485_760,
      ...config,
    };
    const escaped = JSON.stringify(shown).replace(/&/g, '&amp;').replace(/'/g, '&#39;').replace(/</g, '&lt;');
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': CSP });
    response.end(`<!doctype html><html lang="${lang}" dir="${dir}"><head><meta charset="utf-8"><title>Chat</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<link rel="stylesheet" href="/chat.css"><script type="module" src="/chat.js"></script></head>
<body><main id="chat" data-config='${escaped}'></main><noscript>This chat needs JavaScript.</noscript></body></html>`);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  return { server, state, log, team, streams };
}

function load(file) {
  try {
    return JSON.parse(readFileSync(file));
  } catch {
    return null;
  }
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

// The test runner loads every file of its folder; it wants no server from this one.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && !process.env.NODE_TEST_CONTEXT) {
  const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
  const port = Number(option('--port') ?? 4100);
  const { server } = fakeServer({ assets: option('--assets'), data: option('--data'), away: process.argv.includes('--away') });
  server.listen(port, () => console.log(`http://localhost:${port}`));
}
