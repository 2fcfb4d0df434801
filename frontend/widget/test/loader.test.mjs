// The loader in a page that is only as much of one as it needs. How browsers do it: end2end/tests/embed.spec.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

class Listened {
  listeners = new Map();
  addEventListener(type, heard) {
    this.listeners.set(type, (this.listeners.get(type) ?? new Set()).add(heard));
  }
  fire(type, event = {}) {
    for (const heard of this.listeners.get(type) ?? []) heard(event);
  }
  forget() {
    this.listeners.clear();
  }
}

class Part extends Listened {
  children = [];
  dataset = {};
  style = {};
  attributes = {};
  classList = { add() {} };
  contentWindow = { postMessage() {} };
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  append(...children) {
    for (const child of children) if (child instanceof Part) child.parent = this;
    this.children.push(...children);
  }
  prepend(child) {
    this.append(child);
  }
  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = undefined;
  }
  attachShadow() {
    this.append((this.shadow = new Part()));
    return this.shadow;
  }
  focus() {}
  get isConnected() {
    return this === document.documentElement || !!this.parent?.isConnected;
  }
  *all() {
    yield this;
    for (const child of this.children) if (child instanceof Part) yield* child.all();
  }
}

const wait = setTimeout;
let times = 0;

/** A page with one script; `said` is what the console says. */
async function page(src, dataset = {}) {
  for (const name of ['tandem.widget', 'tandem.told']) delete globalThis[Symbol.for(name)];
  delete globalThis.tandem;
  const window = new Listened();
  const watching = new Set();
  const said = [];
  const script = (src, dataset) => Object.assign(new Part(), { src, dataset });
  const root = new Part();
  Object.assign(globalThis, {
    window: globalThis,
    document: { createElement: () => new Part(), createElementNS: () => new Part(), documentElement: root, body: new Part(), querySelector: () => null },
    addEventListener: window.addEventListener.bind(window),
    matchMedia: () => Object.assign(new Listened(), { matches: false }),
    visualViewport: null,
    // What waits for a frame must not keep the tests waiting.
    setTimeout: (work, ms) => wait(work, ms).unref(),
    location: { origin: 'https://shop.example', pathname: '/' },
    MutationObserver: class {
      constructor(changed) {
        watching.add(changed);
      }
      observe() {}
      disconnect() {}
    },
  });
  const run = async (src, dataset = {}) => {
    document.currentScript = script(src, dataset);
    document.documentElement.append(document.currentScript);
    const { warn } = console;
    console.warn = (text) => said.push(text);
    await import(`../loader.js?${++times}`);
    console.warn = warn;
  };
  const part = (name, value) => [...document.documentElement.all()].find((one) => one.attributes[name] === value);
  /** What `document.open()` takes: everything, and the listeners of everything. */
  const open = () => {
    for (const one of [window, ...document.documentElement.all()]) one.forget();
    for (const child of document.documentElement.children) child.parent = undefined;
    document.documentElement = new Part();
    for (const changed of watching) changed();
  };
  await run(src, dataset);
  return { window, said, run, open, part };
}

const there = (part) => !!part('class', 'launcher');

test('loader: the channel is named by the tag or, where data attributes are dropped, by the address', async () => {
  const by = async (src, dataset) => {
    const { part, said } = await page(src, dataset);
    assert.ok(there(part), src);
    assert.deepEqual(said, []);
    part('class', 'launcher').fire('click');
    return part('title', 'Chat').attributes.src;
  };
  assert.equal(await by('https://t.example/widget.js', { channel: 'abc' }), 'https://t.example/widget/abc');
  assert.equal(await by('https://t.example/widget.js?channel=abc'), 'https://t.example/widget/abc');
  assert.equal(await by('https://t.example/widget.js?channel=a%2Fb'), 'https://t.example/widget/a%2Fb');
  assert.equal(await by('https://t.example/widget.js?channel=other', { channel: 'abc' }), 'https://t.example/widget/abc');
  const { part } = await page('https://t.example/widget.js?channel=abc&open=true&position=left');
  assert.equal(part('class', 'launcher').attributes['aria-expanded'], 'true');
});

test('loader: without a channel the console says once why there is no chat', async () => {
  for (const src of ['https://t.example/widget.js', 'https://t.example/widget.js?v=3', '']) {
    const { part, said, run } = await page(src);
    await run(src);
    assert.ok(!there(part));
    assert.equal(said.length, 1);
    assert.match(said[0], /widget\.js\?channel=KEY/);
    await run('https://t.example/widget.js', { channel: 'abc' });
    assert.ok(there(part), 'the right one still works');
  }
});

test('loader: after document.open() the chat is back and every button of it works, once', async () => {
  const { window, part, open, run } = await page('https://t.example/widget.js', { channel: 'abc' });
  const launcher = () => part('class', 'launcher');
  const isOpen = () => launcher().attributes['aria-expanded'] === 'true';
  launcher().fire('click');
  for (let n = 0; n < 3; n++) {
    open();
    await run('https://t.example/widget.js', { channel: 'abc' });
    assert.ok(isOpen(), 'as it was');
    const frame = part('title', 'Chat');
    const event = (tandem) => ({ source: frame.contentWindow, origin: 'https://t.example', data: { tandem } });
    part('class', 'failed').hidden = false;
    window.fire('message', event('ready'));
    assert.ok(part('class', 'failed').hidden, 'it hears that the chat is ready');
    launcher().fire('click');
    assert.ok(!isOpen());
    launcher().fire('click');
    assert.ok(isOpen());
    part('class', 'panel').parent.fire('keydown', { key: 'Escape', stopPropagation() {} });
    assert.ok(!isOpen());
    launcher().fire('click');
    part('role', 'alert').children[1].children[1].fire('click');
    assert.ok(!isOpen(), 'Close chat');
    launcher().fire('click');
    part('role', 'alert').children[1].children[0].fire('click');
    assert.notEqual(part('title', 'Chat'), frame, 'Try again');
  }
});
