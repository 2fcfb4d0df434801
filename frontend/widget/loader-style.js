// The look of the launcher and the panel. A constructed style sheet, since the host's policy may forbid inline styles;
// inside a shadow root, since the host's own rules must not reach it. Plain colours stand before those in OKLCH for
// browsers that do not know it.

/** Where the panel takes the whole screen; the script asks the same question. */
export const SMALL = '(max-width: 479px), (max-height: 479px)';

export const css = `
:host {
  all: initial !important;
  position: fixed !important;
  z-index: 2147483000 !important;
  inset: auto 20px 20px auto !important;
  display: block !important;
  font: 500 13px/20px Inter, system-ui, sans-serif !important;
  color-scheme: light dark !important;
  --surface: #fff;
  --line: #e3e4e8;
  --text: #15171c;
  --accent: oklch(52% .19 275);
}
:host([data-position=left]) { inset: auto auto 20px 20px !important; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
button { font: inherit; color: inherit; cursor: pointer; border: 0; }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
.launcher {
  position: relative;
  display: grid;
  place-items: center;
  width: 56px;
  height: 56px;
  padding: 0;
  border-radius: 50%;
  background: #4f52ce;
  background: var(--accent);
  color: #fff;
  box-shadow: 0 1px 2px #10122033, 0 8px 24px -6px #10122066;
  transition: transform .12s ease-out, background .12s ease-out;
}
.launcher:hover { background: #4347b8; background: oklch(47% .18 275); }
.launcher:active { transform: scale(.96); }
.launcher svg {
  grid-area: 1 / 1;
  width: 26px;
  height: 26px;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
  transition: opacity .12s ease-out, transform .12s ease-out;
}
.launcher[aria-expanded=true] .talk, .launcher[aria-expanded=false] .shut { opacity: 0; transform: scale(.7); }
.badge {
  position: absolute;
  top: -2px;
  inset-inline-end: -2px;
  min-width: 20px;
  height: 20px;
  padding: 0 5px;
  border: 2px solid #fff;
  border-radius: 999px;
  background: #15171c;
  color: #fff;
  font-size: 11px;
  font-weight: 600;
  line-height: 16px;
  text-align: center;
  font-variant-numeric: tabular-nums;
}
.launcher[aria-expanded=true] .badge { display: none; }
.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.panel {
  position: absolute;
  bottom: 68px;
  right: 0;
  width: 384px;
  max-width: calc(100vw - 40px);
  height: min(640px, 100vh - 108px);
  height: min(640px, 100dvh - 108px);
  overflow: hidden;
  border: 1px solid var(--line);
  border-radius: 14px;
  background: var(--surface);
  color: var(--text);
  box-shadow: 0 1px 2px #1012200f, 0 16px 48px -12px #1012204d;
  transform-origin: bottom right;
  transition: opacity .18s ease-out, transform .18s ease-out, visibility 0s;
}
:host([data-position=left]) .panel { right: auto; left: 0; transform-origin: bottom left; }
.panel[inert] { visibility: hidden; opacity: 0; transform: translateY(8px) scale(.985); transition: opacity .12s ease-out, transform .12s ease-out, visibility 0s .12s; }
iframe { display: block; width: 100%; height: 100%; border: 0; opacity: 0; color-scheme: light dark; }
iframe.ready { opacity: 1; }
.failed { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 12px; padding: 24px; text-align: center; }
.failed p { margin: 0; }
.failed div { display: flex; gap: 8px; }
.failed button { padding: 6px 12px; border-radius: 6px; background: none; box-shadow: inset 0 0 0 1px var(--line); }
@media (prefers-color-scheme: dark) {
  :host { --surface: #131518; --line: #2a2c31; --text: #eceef2; --accent: oklch(58% .18 275); }
  .badge { border-color: #131518; background: #eceef2; color: #15171c; }
  .panel { box-shadow: 0 1px 2px #0006, 0 16px 48px -12px #000c; }
}
@media ${SMALL} {
  .panel, :host([data-position=left]) .panel { position: fixed; inset: 0; width: 100%; max-width: none; height: 100vh; height: 100dvh; border: 0; border-radius: 0; }
  .launcher[aria-expanded=true] { visibility: hidden; }
}
@media (prefers-reduced-motion: reduce) {
  .launcher, .launcher svg, .panel, .panel[inert] { transition: none; }
}
@media print { :host { display: none !important; } }
`;
