import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../parts/backoff.js';
import { Outbox } from '../parts/outbox.js';
import { Store } from '../parts/store.js';

class FakeStorage extends Map {
  getItem = (k) => this.get(k) ?? null;
  setItem = (k, v) => void this.set(k, v);
  removeItem = (k) => void this.delete(k);
  key = (i) => [...this.keys()][i];
  get length() {
    return this.size;
  }
}

/** One lock at a time by name, in the order asked, as the browser has it. */
function fakeLocks() {
  let tail = Promise.resolve();
  return {
    request(_name, work) {
      const mine = tail.then(work);
      tail = mine.catch(() => {});
      return mine;
    },
  };
}

const quick = () => new Backoff({ min: 1, max: 2 });
const settled = async (...boxes) => {
  for (let i = 0; i < 500; i++) {
    await new Promise((r) => setTimeout(r, 2));
    if (boxes.every((b) => !b.list().some((e) => !e.failed))) return;
  }
};

/** A tab: its own outbox over shared storage, in front of a server that keeps each id once. */
function tab(storage, server, { locks, answer = () => 'ok' } = {}) {
  const sent = [];
  const box = new Outbox({
    store: new Store('k:', () => storage),
    locks,
    backoff: quick(),
    onChange() {},
    onSent: (message) => sent.push(message.id),
    async post(entry) {
      const what = answer(entry);
      await new Promise((r) => setTimeout(r, Math.random() * 3));
      if (what === 'lost') return { retry: 0 }; // Never arrived.
      if (typeof what === 'number') return { failed: what };
      if (!server.some((e) => e.id === entry.id)) server.push(entry.body);
      if (what === 'unanswered') return { retry: 0 }; // Arrived, but the answer did not.
      return { message: { id: entry.id } };
    },
  });
  return { box, sent };
}

test('sends in order, through losses, each once', async () => {
  const storage = new FakeStorage();
  const server = [];
  const { box } = tab(storage, server, { answer: () => ['ok', 'lost', 'unanswered'][Math.floor(Math.random() * 3)] });
  for (let i = 0; i < 30; i++) box.add({ text: i });
  assert.equal(box.list().length, 30);
  await settled(box);
  assert.deepEqual(server.map((b) => b.text), [...Array(30).keys()]);
  assert.equal(storage.size, 0);
});

for (const kind of ['with locks', 'without locks'])
  test(`two tabs neither lose, double nor disorder, ${kind}`, async () => {
    const storage = new FakeStorage();
    const server = [];
    const locks = kind === 'with locks' ? fakeLocks() : undefined;
    const answer = () => (Math.random() < 0.3 ? 'lost' : Math.random() < 0.3 ? 'unanswered' : 'ok');
    const [a, b] = [tab(storage, server, { locks, answer }), tab(storage, server, { locks, answer })];
    const ids = [];
    for (let i = 0; i < 20; i++) ids.push((i % 2 ? a : b).box.add({ text: i }).id);
    a.box.kick();
    b.box.kick();
    await settled(a.box, b.box);
    assert.deepEqual(server.map((e) => e.text), [...Array(20).keys()]);
    assert.deepEqual([...ids].sort(), ids);
  });

test('with locks two tabs never post at the same time', async () => {
  const storage = new FakeStorage();
  const locks = fakeLocks();
  let inside = 0;
  const make = () =>
    new Outbox({
      store: new Store('k:', () => storage),
      locks,
      backoff: quick(),
      onChange() {},
      onSent() {},
      async post(entry) {
        assert.equal(++inside, 1);
        await new Promise((r) => setTimeout(r, 2));
        inside -= 1;
        return { message: { id: entry.id } };
      },
    });
  const [a, b] = [make(), make()];
  for (let i = 0; i < 10; i++) (i % 2 ? a : b).add({ text: i });
  await settled(a, b);
  assert.equal(storage.size, 0);
});

test('a refused message stays, does not block the next ones, and can be sent as a new one', async () => {
  const storage = new FakeStorage();
  const server = [];
  let refuse = true;
  const { box } = tab(storage, server, { answer: (e) => (refuse && e.body.text === 'long' ? 413 : 'ok') });
  const first = box.add({ text: 'long' }, [{ id: 'f' }]);
  box.add({ text: 'next' });
  await settled(box);
  assert.deepEqual(server.map((b) => b.text), ['next']);
  assert.deepEqual(box.list().map((e) => [e.id, e.failed]), [[first.id, 413]]);
  refuse = false;
  box.retry(first.id);
  await settled(box);
  assert.deepEqual(server.map((b) => b.text), ['next', 'long']);
  assert.notEqual(server[1].id, first.id);
  assert.equal(storage.size, 0);
});

test('entries survive a reload with the same id and body', async () => {
  const storage = new FakeStorage();
  const server = [];
  const { box } = tab(storage, server, { answer: () => 'lost' });
  const entry = box.add({ text: 'kept', attachments: ['a'] });
  await new Promise((r) => setTimeout(r, 10));
  assert.equal(box.stalled, true);
  const after = tab(storage, server);
  after.box.kick();
  await settled(after.box);
  assert.deepEqual(server, [{ id: entry.id, text: 'kept', attachments: ['a'] }]);
  assert.deepEqual(after.sent, [entry.id]);
  box.kick(); // The old page finds nothing more to do and comes to rest.
});

test('a lock that is refused does not stop the messages', async () => {
  const storage = new FakeStorage();
  const server = [];
  const { box } = tab(storage, server, { locks: { request: () => Promise.reject(new Error('SecurityError')) } });
  box.add({ text: 'x' });
  await settled(box);
  assert.equal(server.length, 1);
});

test('unreadable entries are passed over', async () => {
  const storage = new FakeStorage();
  storage.set('k:out:0', '{broken');
  const server = [];
  const { box } = tab(storage, server);
  box.add({ text: 'x' });
  await settled(box);
  assert.equal(server.length, 1);
});
