/** How the page looks: by day and by night, on paper and on a phone. Colours of marks have a contrast of 3 and more. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #faf9f6; --card: #ffffff; --ink: #23262b; --soft: #5f646d; --line: #e6e3dc;
  --whole: #cdc8bb; --idle: #bf4a2f; --five: #2f6db5; --hour: #1d766b; --chosen: #7a4fb0; --save: #1d766b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171b; --card: #1c1f24; --ink: #e8e6e1; --soft: #a2a8b2; --line: #2c3037;
    --whole: #484e59; --idle: #f08e70; --five: #7fb0ee; --hour: #62cabc; --chosen: #c3a2f2; --save: #62cabc;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 52rem; margin: 0 auto; padding: 3.5rem 1.25rem 4rem; }
.eyebrow { color: var(--soft); margin: 0 0 .35rem; max-width: none; }
h1 { font-size: clamp(1.75rem, 4.8vw, 2.6rem); line-height: 1.18; font-weight: 650; letter-spacing: -.018em; margin: 0 0 1.5rem; text-wrap: balance; }
h1 b { color: var(--idle); font-weight: inherit; }
h2 { font-size: 1.2rem; font-weight: 600; letter-spacing: -.005em; margin: 3.4rem 0 .2rem; }
p { margin: .3rem 0 1rem; max-width: 42rem; text-wrap: pretty; }
.said { color: var(--soft); }
.share { height: .7rem; border-radius: .35rem; background: var(--whole); overflow: hidden; margin: 0 0 1.5rem; }
.share i { display: block; height: 100%; min-width: 2px; background: var(--idle); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 1.25rem 1.5rem; margin: 0 0 2rem; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; border-left: 2px solid var(--line); padding-left: .9rem; }
.figures dd { margin: 0; font-size: 1.45rem; font-weight: 600; letter-spacing: -.012em; line-height: 1.3; }
.figures dt { color: var(--soft); font-size: .875rem; line-height: 1.4; }
.advice { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--save); border-radius: 10px; padding: 1.15rem 1.35rem; }
.advice p { margin: 0; max-width: none; }
.advice p:not(:first-child) { margin-top: .45rem; color: var(--soft); }
.advice strong { font-weight: 600; }
pre { margin: .8rem 0; padding: .6rem .85rem; background: var(--ground); border: 1px solid var(--line); border-radius: 7px; white-space: pre-wrap; }
pre span { white-space: nowrap; }
code { font: .9rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; user-select: all; }
.plot { margin: .9rem 0 0; }
.plot svg { display: block; width: 100%; height: auto; }
.on-narrow { display: none; }
@media (max-width: 34rem) { .on-wide { display: none; } .on-narrow { display: block; } }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--soft); }
svg .row { font-size: 13.5px; }
svg .nobodys { fill: var(--soft); font-style: italic; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .zero { stroke: var(--soft); stroke-width: 1; }
svg .hit { fill: transparent; }
svg .whole { fill: var(--whole); }
svg .idle { fill: var(--idle); }
svg .column:hover .hit { fill: var(--line); opacity: .5; }
svg .mark { fill: var(--mark); }
svg .mark line { stroke: var(--mark); stroke-width: 2; opacity: .4; }
svg .mark:hover line, svg .mark.advised line { opacity: 1; }
svg text.advised { font-size: 13.5px; font-weight: 700; fill: var(--mark); }
.tier-5m { --mark: var(--five); } .tier-1h { --mark: var(--hour); } .tier-chosen { --mark: var(--chosen); }
.key { display: flex; flex-wrap: wrap; gap: .35rem 1.3rem; color: var(--soft); font-size: .875rem; margin: .4rem 0 0; padding: 0; list-style: none; }
.key li { display: flex; align-items: center; gap: .5rem; }
table { width: 100%; border-collapse: collapse; margin: .75rem 0 0; font-size: .93rem; }
.wide { overflow-x: auto; }
thead th { text-align: left; font-weight: 500; color: var(--soft); font-size: .85rem; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead td { border-bottom: 1px solid var(--line); }
tbody td, tbody th { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: 400; }
tbody th { overflow-wrap: anywhere; min-width: 6rem; }
td.n, tbody td.n, thead th.n { text-align: right; white-space: nowrap; }
td small { display: block; color: var(--soft); }
td.bar { width: 34%; min-width: 6rem; padding-right: 0; }
td.bar svg { display: block; width: 100%; height: .55rem; border-radius: 3px; }
details { margin: .9rem 0 0; color: var(--soft); }
summary { cursor: pointer; width: fit-content; font-size: .9rem; padding: .15rem 0; }
summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--five); outline-offset: 3px; border-radius: 3px; }
details table { color: var(--ink); }
footer { margin-top: 3.75rem; border-top: 1px solid var(--line); padding-top: 1.1rem; color: var(--soft); font-size: .88rem; }
footer p { margin: .3rem 0; }
@media (max-width: 34rem) {
  main { padding-top: 2rem; }
  .figures { grid-template-columns: 1fr 1fr; }
  td.bar { display: none; }
  tbody td, tbody th, thead th { padding-right: .6rem; font-size: .85rem; }
  td.n:last-of-type { padding-right: 0; }
  td b { display: block; }
}
@media (forced-colors: active) {
  .share i, svg .idle, svg .mark { forced-color-adjust: none; }
}
@media print {
  :root { --ground: #fff; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  .plot, .advice, tr { break-inside: avoid; }
}
`;
