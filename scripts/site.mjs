// Makes the folder that the server embeds, from the compiled WebAssembly, style sheets, icons and widget. Called by scripts/site.
// Everything is made in memory or in a cache beside the folder. A file is written only if its content changed, because every change
// compiles the server again.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

const root = process.env.TANDEM_ROOT
const tools = path.join(process.env.TANDEM_TOOLS, 'node_modules')
const target = process.env.CARGO_TARGET_DIR
const site = path.join(target, 'site')
const cache = path.join(target, 'site-cache')
const { default: binaryen } = await import(path.join(tools, 'binaryen/index.js'))
const [compiled, ...flags] = process.argv.slice(2)
const dev = flags.includes('--dev')

/** What a browser must load, compressed by brotli: the program without which nothing reacts, the styles, the widget. */
/** The aim for `main` is 380 kB. Filters, views, tags and search brought it from 395 to 412 kB, notices, presence and closing to 424: their types are part of every event. */
const BUDGET = { main: 426_000, styles: 40_000, widget: 20_000 }
/** The most that one file of a piece may bring. Larger ones are cut again (app/src/piece/parts.rs). */
const FILE_BUDGET = 150_000
/** The splitter makes a chunk for each set of pieces that share code. Chunks below this size are sent together in one file: a request for a few hundred bytes costs more. */
const SMALL_CHUNK = 10_000
/** The files of all pieces. Every one is a request. */
const MOST_FILES = 20
/** What the compiler of the pinned Rust version may emit, as wasm-opt and as binaryen's own API call it; all of it is in every browser since 2023. */
const WASM_FEATURES = {
  'bulk-memory': 'BulkMemory', 'bulk-memory-opt': 'BulkMemoryOpt', 'call-indirect-overlong': 'CallIndirectOverlong', multivalue: 'Multivalue',
  'mutable-globals': 'MutableGlobals', 'nontrapping-float-to-int': 'NontrappingFPToInt', 'reference-types': 'ReferenceTypes', 'sign-ext': 'SignExt',
}
const ENABLED = Object.keys(WASM_FEATURES).map((name) => `--enable-${name}`)
/** The oldest supported browsers. All of them know nesting, `light-dark()` and `@starting-style`. */
const BROWSERS = 'chrome 123, firefox 129, safari 17.5'
/** Passes for size: restructured control flow, then two rounds, because the second still finds duplicates. They save 1.4 %. */
const WASM_PASSES = ['--flatten', '--rereloop', '-Oz', '-Oz']
/**
 * Functions of type-erased views for hydrating in pieces (`hydrate_lazy`). This app hydrates at once, but the view's vtable refers to the
 * functions, so no compiler removes them. Emptying them saves 18 kB. Each returns a state with the id of its own type, or a future of one,
 * so the compiler cannot have merged it with a function that is called. (It did merge others that look unused, such as
 * `hydrate_from_template`.)
 */
const NEVER_CALLED = /IntoAny\$GT\$8into_any13hydrate_async(28_\$u7b\$\$u7b\$closure\$u7d\$\$u7d\$)?17h[0-9a-f]{16}E$/
const COMPRESSIBLE = /\.(js|mjs|css|html|svg|json|webmanifest|txt|wasm|bin|xml)$/
/** Read by the server at its start or build, and never sent. */
const UNSENT = new Set(['manifest.json', 'icons.svg'])

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex')
const exists = (...parts) => fs.existsSync(path.join(root, ...parts))
const read = (...parts) => fs.readFileSync(path.join(root, ...parts))
const fail = (message) => { console.error(`scripts/site: ${message}`); process.exit(1) }

function run(program, ...args) {
  try {
    return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 })
  } catch {
    return fail(`${program} failed; see above`)
  }
}

/** The files by their path in the site folder. */
const files = new Map()
/** Stores a file in `assets/` with its hash in the name, so that browsers may cache it for ever. Returns its URL. */
function hashed(name, bytes) {
  const { name: stem, ext } = path.parse(name)
  const out = `assets/${stem}.${sha(bytes).slice(0, 8)}${ext}`
  files.set(out, Buffer.from(bytes))
  return `/${out}`
}

/** Runs `make(folder)` once for each key and keeps the folder. Deletes older ones of the same kind. */
function cached(kind, key, make) {
  const folder = path.join(cache, `${kind}-${key.slice(0, 16)}`)
  if (!fs.existsSync(path.join(folder, '.done'))) {
    fs.mkdirSync(cache, { recursive: true })
    for (const old of fs.readdirSync(cache).filter((name) => name.startsWith(`${kind}-`))) fs.rmSync(path.join(cache, old), { recursive: true })
    fs.mkdirSync(folder)
    make(folder)
    fs.writeFileSync(path.join(folder, '.done'), '')
  }
  return folder
}

// --- WebAssembly ------------------------------------------------------------------------------------------------------

/** Replaces the bodies of the functions of such names by a trap; what only they use goes with the next optimisation. Says how many. */
function empty(file, names) {
  const module = binaryen.readBinary(fs.readFileSync(file))
  module.setFeatures(Object.values(WASM_FEATURES).reduce((all, name) => all | binaryen.Features[name], 0))
  let emptied = 0
  for (let at = 0; at < module.getNumFunctions(); at++) {
    const one = module.getFunctionByIndex(at)
    const { name, base } = binaryen.getFunctionInfo(one)
    if (base === '' && names.test(name)) {
      binaryen.Function(one).body = module.unreachable()
      emptied++
    }
  }
  fs.writeFileSync(file, module.emitBinary())
  module.dispose()
  return emptied
}

const WHOLE = 'frontend.wasm'
/** The main file as wasm-bindgen names it; the others as the splitter does. */
const MAIN = 'app_bg.wasm'
/** All small chunks, one behind the other. */
const SHARED = 'chunks.bin'
const isPiece = (name) => /^(split|chunk)_\w+\.wasm$/.test(name)

/** Cuts the program where `app/src/piece/parts.rs` says, and makes each part small. */
function cut(out) {
  run('wasm-split-cli', path.join(compiled, WHOLE), out, '--target', 'web', '--out-name', 'app')
  // Exports and names stay: the pieces import them, and `empty` looks for them.
  run('wasm-bindgen', path.join(out, 'app.wasm'), '--keep-lld-exports', '--no-demangle', '--target', 'web', '--no-typescript', '--out-name', 'app', '--out-dir', out)
  fs.rmSync(path.join(out, 'app.wasm'))
  if (!dev) {
    let emptied = 0
    for (const name of fs.readdirSync(out).filter((name) => name === MAIN || isPiece(name))) {
      const file = path.join(out, name)
      emptied += empty(file, NEVER_CALLED)
      run('wasm-opt', '--quiet', ...WASM_PASSES, ...ENABLED, file, '-o', file)
    }
    if (emptied === 0) fail(`no function is called ${NEVER_CALLED}: look what they are called now`)
  }
  join(out)
  // Bundled, because the loader of the pieces and the snippets of crates are files of their own.
  run('esbuild', path.join(out, 'app.js'), '--bundle', '--format=esm', '--minify', '--log-level=warning', '--log-override:duplicate-object-key=silent', `--outfile=${path.join(out, 'bundle.js')}`)
}

/** Joins the small chunks into one file, and lets the loader take each of them out of it. */
function join(out) {
  const small = fs.readdirSync(out).filter((name) => name.startsWith('chunk_') && isPiece(name) && fs.statSync(path.join(out, name)).size < SMALL_CHUNK).sort()
  if (small.length === 0) return
  const loader = path.join(out, '__wasm_split.js')
  let text = fs.readFileSync(loader, 'utf8')
  let at = 0
  for (const name of small) {
    const end = at + fs.statSync(path.join(out, name)).size
    const before = `fetch(new URL("./${name}", import.meta.url))`
    if (!text.includes(before)) fail(`the loader no longer fetches ${name}: look at what it does instead`)
    text = text.replace(before, `fetchChunk(${at}, ${end})`)
    at = end
  }
  fs.writeFileSync(path.join(out, SHARED), Buffer.concat(small.map((name) => fs.readFileSync(path.join(out, name)))))
  // A failed fetch is tried again by the next piece.
  const fetchChunk = `let chunks;
async function fetchChunk(from, to) {
  const all = chunks ??= fetch(new URL("./${SHARED}", import.meta.url)).then((answer) => answer.ok ? answer.arrayBuffer() : Promise.reject(new Error("HTTP " + answer.status)));
  try {
    return new Response((await all).slice(from, to), { headers: { "content-type": "application/wasm" } });
  } catch (error) {
    if (chunks === all) chunks = undefined;
    throw error;
  }
}
`
  fs.writeFileSync(loader, fetchChunk + text)
}

/** Which files each piece consists of, as the splitter's loader names them. */
function piecesOf(loader) {
  const file = (text) => (text.includes('fetchChunk(') ? SHARED : /"\.\/((?:split|chunk)_\w+\.wasm)"/.exec(text)?.[1])
  const shared = new Map([...loader.matchAll(/const (__chunk_\w+) = makeLoad\(([^]*?)\n, \[\]\);/g)].map(([, name, load]) => [name, file(load)]))
  const pieces = [...loader.matchAll(/export const __wasm_split_load_(\w+) = wrapAsyncCb\(makeLoad\(([^]*?), \[([^\]]*)\]\)\);/g)].map(([, name, load, deps]) => {
    const files = [file(load), ...deps.split(',').map((dep) => dep.trim()).filter(Boolean).map((dep) => shared.get(dep))]
    return [name, [...new Set(files.filter(Boolean))]]
  })
  if (pieces.length === 0) fail('the loader of wasm-split-cli names no piece: look at what it writes now')
  return Object.fromEntries(pieces)
}

/** The program (`frontend`): its loader, its WebAssembly, and the files of its pieces. */
function program() {
  const key = sha(fs.readFileSync(path.join(compiled, WHOLE)), process.env.WASM_BINDGEN_VERSION, process.env.WASM_SPLIT_VERSION, ENABLED.join(), WASM_PASSES.join(), NEVER_CALLED.source, fs.readFileSync(path.join(tools, 'binaryen/package.json')), String(SMALL_CHUNK), cut.toString(), join.toString())
  const folder = cached(dev ? 'dev-app' : 'app', key, cut)
  const pieces = piecesOf(fs.readFileSync(path.join(folder, '__wasm_split.js'), 'utf8'))
  let js = fs.readFileSync(path.join(folder, 'bundle.js'), 'utf8')
  // All lie in one folder, and the names are resolved against the script's own address.
  const name = (file, as) => {
    if (!js.includes(file)) fail(`the loader no longer names ${file}: look at what it does instead`)
    const url = hashed(as, fs.readFileSync(path.join(folder, file)))
    js = js.replaceAll(file, path.basename(url))
    return url
  }
  const wasm = name(MAIN, 'app.wasm')
  const urls = new Map([...new Set(Object.values(pieces).flat())].sort().map((file) => [file, name(file, file.replace(/^split_/, ''))]))
  return { js: hashed('app.js', js), wasm, pieces: Object.fromEntries(Object.entries(pieces).map(([piece, files]) => [piece, files.map((file) => urls.get(file))])) }
}

// --- CSS, font, public files -------------------------------------------------------------------------------------------

const font = () => hashed('inter-latin.woff2', fs.readFileSync(path.join(tools, '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2')))

/** Bundles a style sheet. Every file that it refers to gets its hashed name. */
function css(file, fontUrl, used) {
  const args = ['--bundle', '--minify', '--targets', BROWSERS, path.join(root, file)]
  const text = run('lightningcss', ...args).toString()
  return text.trim().replace(/url\((["']?)(\/[^"')]+)\1\)/g, (_, quote, url) => {
    const name = url.replace(/^\/(assets\/)?/, '').replace(/[?#].*$/, '')
    if (name === 'inter-latin.woff2') return `url(${fontUrl})`
    if (!exists('public', name)) fail(`${file} names ${url}, and public/${name} does not exist`)
    used.add(name)
    return `url(${hashed(name, read('public', name))})`
  })
}

function publicFiles(used) {
  if (!exists('public')) return
  for (const entry of fs.readdirSync(path.join(root, 'public'), { recursive: true })) {
    const full = path.join(root, 'public', entry)
    if (!used.has(entry) && !path.basename(entry).startsWith('.') && fs.statSync(full).isFile()) files.set(entry, fs.readFileSync(full))
  }
}

// --- icons -----------------------------------------------------------------------------------------------------------

/** One sprite of the icons in the enum of icon.rs. Our own drawing in style/icons has priority over Lucide's with the same name. */
function icons() {
  const list = 'app/src/components/ui/icon.rs'
  if (!exists(list)) console.error(`scripts/site: no ${list} yet, so no icons`)
  const names = new Set(exists(list) ? [...read(list).toString().matchAll(/Self::\w+\s*=>\s*"([a-z0-9-]+)"/g)].map((found) => found[1]) : [])
  const symbols = [...names].sort().map((name) => {
    const own = path.join(root, 'style/icons', `${name}.svg`)
    const lucide = path.join(tools, 'lucide-static/icons', `${name}.svg`)
    const source = [own, lucide].find((file) => fs.existsSync(file)) ?? fail(`there is no icon "${name}", neither in Lucide nor in style/icons`)
    const [, attributes, inner] = /<svg([^>]*)>([\s\S]*)<\/svg>/.exec(fs.readFileSync(source, 'utf8'))
    const viewBox = /viewBox="([^"]+)"/.exec(attributes)[1]
    const paint = source === own
      ? [...attributes.matchAll(/(?:fill|stroke[a-z-]*)="[^"]*"/g)].map((found) => found[0]).join(' ')
      : '' // The style sheet draws Lucide's lines, so that a filled icon can be filled.
    return `<symbol id="i-${name}" viewBox="${viewBox}" ${paint}>${inner.replace(/\s+/g, ' ').replaceAll('> <', '><').replaceAll(' />', '/>').trim()}</symbol>`
  })
  files.set('icons.svg', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" hidden aria-hidden="true">${symbols.join('')}</svg>\n`))
}

// --- widget ----------------------------------------------------------------------------------------------------------

function widget(fontUrl, used) {
  if (!exists('frontend/widget')) { console.error('scripts/site: no frontend/widget yet, so no web-chat widget'); return {} }
  const script = (file, format) =>
    run('esbuild', path.join(root, 'frontend/widget', file), '--bundle', '--minify', `--format=${format}`, '--target=es2020', '--log-level=warning')
  // Other sites' pages contain this name, so it has no hash.
  files.set('widget.js', script('loader.js', 'iife'))
  return { chat_js: hashed('chat.js', script('chat.js', 'esm')), chat_css: hashed('chat.css', css('frontend/widget/chat.css', fontUrl, used)) }
}

// --- installing: the service worker, the page for when there is no network ----------------------------------------------

function worker(manifest) {
  const here = (file) => path.join(root, 'frontend/worker', file)
  const bundle = (file, ...args) => run('esbuild', here(file), '--minify', '--log-level=warning', ...args).toString()
  const js = hashed('offline.js', bundle('offline.js'))
  files.set('offline.html', Buffer.from(fs.readFileSync(here('offline.html'), 'utf8').replace('{css}', manifest.css).replace('{js}', js)))
  // The widget is for other people's visitors.
  const kept = [manifest.app.js, manifest.app.wasm, ...new Set(Object.values(manifest.app.pieces).flat()), manifest.css, manifest.font, js]
  files.set('sw.js', Buffer.from(bundle('sw.js', `--define:ASSETS=${JSON.stringify(kept)}`)))
  return kept
}

/** What browsers ask for before they offer to install; returns what is missing. */
function installable(kept) {
  const app = JSON.parse(files.get('manifest.webmanifest') ?? '{}')
  const faults = []
  const must = (is, what) => is || faults.push(`cannot be installed: ${what}`)
  must(app.name && app.short_name && app.id, 'the manifest has no name, short name or id')
  must(['standalone', 'minimal-ui', 'fullscreen'].includes(app.display), 'the manifest says no display of an app')
  must(app.start_url?.startsWith(app.scope), 'the start lies outside the scope')
  const sizes = (app.icons ?? []).map(({ src, sizes, type, purpose }) => {
    const bytes = files.get(src.slice(1))
    must(bytes, `${src} does not exist`)
    // The size stands at a fixed place in a PNG.
    const real = bytes && type === 'image/png' ? `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}` : sizes
    must(real === sizes, `${src} is ${real} and not ${sizes}`)
    return `${sizes} ${purpose}`
  })
  for (const size of ['192x192 any', '512x512 any', '512x512 maskable']) must(sizes.includes(size), `there is no icon ${size}`)
  const text = files.get('sw.js').toString()
  for (const url of kept) must(files.has(url.slice(1)) && text.includes(url), `the service worker does not keep ${url}`)
  must(text.includes('/offline.html') && files.has('offline.html'), 'there is no page for when there is no network')
  return faults
}

// --- writing ---------------------------------------------------------------------------------------------------------

const brotli = promisify(zlib.brotliCompress)
const gzip = promisify(zlib.gzip)
const quality = dev ? 4 : 11
const packers = {
  br: (bytes) => {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
    return brotli(bytes, { params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  },
  gz: (bytes) => gzip(bytes, { level: dev ? 4 : 9 }),
}

/** Adds the compressed forms, from the cache if possible. */
async function compress() {
  const folder = path.join(cache, 'compressed')
  fs.mkdirSync(folder, { recursive: true })
  const wanted = new Set()
  await Promise.all([...files].filter(([name]) => COMPRESSIBLE.test(name) && !UNSENT.has(name)).flatMap(([name, bytes]) =>
    Object.entries(packers).map(async ([ending, pack]) => {
      const key = `${sha(bytes)}.${quality}.${ending}`
      wanted.add(key)
      const kept = path.join(folder, key)
      if (!fs.existsSync(kept)) {
        fs.writeFileSync(`${kept}.new`, await pack(bytes))
        fs.renameSync(`${kept}.new`, kept)
      }
      files.set(`${name}.${ending}`, fs.readFileSync(kept))
    })))
  for (const old of fs.readdirSync(folder)) if (!wanted.has(old)) fs.rmSync(path.join(folder, old))
}

function write() {
  fs.mkdirSync(site, { recursive: true })
  for (const [name, bytes] of files) {
    const full = path.join(site, name)
    if (fs.existsSync(full) && fs.readFileSync(full).equals(bytes)) continue
    fs.mkdirSync(path.dirname(full), { recursive: true })
    // Written atomically: a server that is being compiled must not embed half a file.
    fs.writeFileSync(path.join(cache, 'new'), bytes)
    fs.renameSync(path.join(cache, 'new'), full)
  }
  for (const name of fs.readdirSync(site, { recursive: true })) {
    const full = path.join(site, name)
    if (fs.existsSync(full) && fs.statSync(full).isFile() && !files.has(name)) fs.rmSync(full)
  }
}

/** Prints a table. Returns the parts that exceed their budget. */
function sizes(manifest) {
  const plain = (url) => (url ? url.slice(1) : undefined)
  const pieces = Object.entries(manifest.app.pieces)
  const shared = pieces.flatMap(([, urls]) => urls).filter((url, at, all) => all.indexOf(url) !== at)
  const groups = {
    main: [manifest.app.wasm, manifest.app.js].map(plain),
    styles: [manifest.css].map(plain),
    ...Object.fromEntries(pieces.map(([name, urls]) => [`piece ${name}`, urls.filter((url) => !shared.includes(url)).map(plain)])),
    'shared by pieces': [...new Set(shared)].map(plain),
    widget: ['widget.js', plain(manifest.chat_js), plain(manifest.chat_css)],
    font: [plain(manifest.font)],
  }
  const row = (name, raw, sent, note = '') => console.log(`${name.padEnd(36)}${String(raw).padStart(10)}${String(sent).padStart(10)}  ${note}`.trimEnd())
  row('', 'bytes', 'brotli')
  const over = []
  const all = new Set(pieces.flatMap(([, urls]) => urls))
  for (const [group, names] of Object.entries(groups)) {
    let sum = 0
    for (const name of names.filter((name) => files.has(name))) {
      const sent = files.get(files.has(`${name}.br`) ? `${name}.br` : name).length
      sum += sent
      row(name, files.get(name).length, sent)
      if (all.has(`/${name}`) && sent > FILE_BUDGET) over.push(`${name}: ${sent} bytes compressed, ${FILE_BUDGET} allowed for a file of a piece`)
    }
    if (!BUDGET[group]) continue
    row(`${group} together`, '', sum, `of ${BUDGET[group]}`)
    if (sum > BUDGET[group]) over.push(`${group}: ${sum} bytes compressed, ${BUDGET[group]} allowed`)
  }
  row('files of pieces', '', all.size, `of ${MOST_FILES}`)
  if (all.size > MOST_FILES) over.push(`${all.size} files of pieces, ${MOST_FILES} allowed: let pieces that share much become one`)
  return over
}

const used = new Set()
const fontUrl = font()
const style = hashed('main.css', css('style/main.css', fontUrl, used))
const manifest = { app: program(), css: style, ...widget(fontUrl, used), font: fontUrl }
icons()
publicFiles(used)
const kept = worker(manifest)
files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest)}\n`))
await compress()
write()
const over = [...sizes(manifest), ...installable(kept)]
if (flags.includes('--check') && over.length) fail(`not as it must be\n  ${over.join('\n  ')}`)
