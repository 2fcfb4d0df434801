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

/** The most bytes that a browser has to load, compressed with brotli. */
const BUDGET = { inbox: 450_000, settings: 450_000, widget: 20_000 }
/** The features that the pinned compiler may emit, with their names in wasm-opt and in binaryen. All browsers since 2023 have them. */
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
const NEVER_CALLED = /IntoAny>::into_any::hydrate_async::(\{\{closure\}\}::)?h[0-9a-f]{16}$/
const COMPRESSIBLE = /\.(js|mjs|css|html|svg|json|webmanifest|txt|wasm|xml)$/
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

/** Replaces the bodies of functions with such names by a trap. The next optimisation removes what only they use. */
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
  if (emptied === 0) fail(`no function of ${path.basename(file)} is called ${names}: look what they are called now`)
  fs.writeFileSync(file, module.emitBinary())
  module.dispose()
}

/** A part of the app (`frontend/src/bin`): its loader and its WebAssembly. */
function program(part) {
  const compiledPart = path.join(compiled, `${part}.wasm`)
  const key = sha(fs.readFileSync(compiledPart), process.env.WASM_BINDGEN_VERSION, ENABLED.join(), WASM_PASSES.join(), NEVER_CALLED.source, fs.readFileSync(path.join(tools, 'binaryen/package.json')))
  const folder = cached(dev ? `dev-${part}` : part, key, (out) => {
    run('wasm-bindgen', compiledPart, '--target', 'web', '--no-typescript', '--out-name', part, '--out-dir', out)
    const raw = path.join(out, `${part}_bg.wasm`)
    if (!dev) {
      empty(raw, NEVER_CALLED)
      run('wasm-opt', ...WASM_PASSES, ...ENABLED, raw, '-o', raw)
    }
    // Bundled, because crates may include JavaScript snippets.
    run('esbuild', path.join(out, `${part}.js`), '--bundle', '--format=esm', '--minify', '--log-level=warning', `--outfile=${path.join(out, 'bundle.js')}`)
  })
  const wasm = hashed(`${part}.wasm`, fs.readFileSync(path.join(folder, `${part}_bg.wasm`)))
  const js = fs.readFileSync(path.join(folder, 'bundle.js'), 'utf8')
  if (!js.includes(`${part}_bg.wasm`)) fail(`the JavaScript of wasm-bindgen no longer names ${part}_bg.wasm: look at what it does instead`)
  // Both are in the same folder, and the name is relative to the script's URL.
  return { js: hashed(`${part}.js`, js.replaceAll(`${part}_bg.wasm`, path.basename(wasm))), wasm }
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
  const groups = {
    inbox: [manifest.inbox.wasm, manifest.inbox.js, manifest.css].map(plain),
    settings: [manifest.settings.wasm, manifest.settings.js, manifest.css].map(plain),
    widget: ['widget.js', plain(manifest.chat_js), plain(manifest.chat_css)],
    font: [plain(manifest.font)],
  }
  const row = (name, raw, sent, note = '') => console.log(`${name.padEnd(36)}${String(raw).padStart(10)}${String(sent).padStart(10)}  ${note}`.trimEnd())
  row('', 'bytes', 'brotli')
  const over = []
  for (const [group, names] of Object.entries(groups)) {
    let sum = 0
    for (const name of names.filter((name) => files.has(name))) {
      const sent = files.get(files.has(`${name}.br`) ? `${name}.br` : name).length
      sum += sent
      row(name, files.get(name).length, sent)
    }
    if (!BUDGET[group]) continue
    row(`${group} together`, '', sum, `of ${BUDGET[group]}`)
    if (sum > BUDGET[group]) over.push(`${group}: ${sum} bytes compressed, ${BUDGET[group]} allowed`)
  }
  return over
}

const used = new Set()
const fontUrl = font()
const style = hashed('main.css', css('style/main.css', fontUrl, used))
const manifest = { inbox: program('inbox'), settings: program('settings'), css: style, ...widget(fontUrl, used), font: fontUrl }
icons()
publicFiles(used)
files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest)}\n`))
await compress()
write()
const over = sizes(manifest)
if (flags.includes('--check') && over.length) fail(`over budget\n  ${over.join('\n  ')}`)
