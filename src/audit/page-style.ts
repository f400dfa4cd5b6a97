/** How the page looks: by day and by night, on paper and on a phone. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #faf9f6; --card: #ffffff; --ink: #23262b; --soft: #6a6f78; --line: #e6e3dc;
  --whole: #dcd8ce; --idle: #c9573c; --save: #26786f; --save-soft: #8fbdb7; --chosen: #7a5ea8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171b; --card: #1c1f24; --ink: #e8e6e1; --soft: #989ea8; --line: #2c3037;
    --whole: #3a3f48; --idle: #ec8a6c; --save: #6fc6bb; --save-soft: #3f7d76; --chosen: #b79be0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 52rem; margin: 0 auto; padding: 3.5rem 1.25rem 4rem; }
h1 { font-size: 1.05rem; font-weight: 500; color: var(--soft); margin: 0 0 .4rem; letter-spacing: .01em; }
h2 { font-size: 1.15rem; font-weight: 600; margin: 3.25rem 0 .2rem; }
p { margin: .3rem 0 1rem; max-width: 42rem; }
.said { color: var(--soft); }
.lead { font-size: clamp(1.7rem, 4.6vw, 2.5rem); line-height: 1.2; font-weight: 600; letter-spacing: -.015em; margin: 0 0 1.6rem; max-width: none; text-wrap: balance; }
.lead b { color: var(--idle); font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; margin: 0 0 1.25rem; }
.figures div { background: var(--card); padding: 1rem 1.1rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: .1rem 0 0; font-size: 1.35rem; font-weight: 600; letter-spacing: -.01em; }
.advice { background: var(--card); border: 1px solid var(--line); border-left: 3px solid var(--save); border-radius: 12px; padding: 1.1rem 1.25rem; }
.advice p { margin: 0; max-width: none; }
.advice p + p { margin-top: .35rem; color: var(--soft); }
.advice strong { font-weight: 600; }
.plot { overflow-x: auto; margin: .75rem 0 0; }
.plot svg { display: block; width: 100%; min-width: 34rem; height: auto; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--soft); }
svg .row { font-size: 13px; }
svg .ours { font-weight: 600; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .zero { stroke: var(--soft); stroke-width: 1; }
svg .hit { fill: transparent; }
svg .whole { fill: var(--whole); }
svg .idle { fill: var(--idle); }
svg .column:hover .hit { fill: var(--line); opacity: .45; }
svg .mark line { stroke-width: 2; opacity: .35; }
svg .mark:hover line { opacity: 1; }
svg .tier-5m line { stroke: var(--save-soft); } svg .tier-5m circle, svg .tier-5m path { fill: var(--save-soft); }
svg .tier-1h line { stroke: var(--save); } svg .tier-1h circle, svg .tier-1h path { fill: var(--save); }
svg .tier-chosen line { stroke: var(--chosen); } svg .tier-chosen circle, svg .tier-chosen path { fill: var(--chosen); }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; color: var(--soft); font-size: .85rem; margin: .2rem 0 0; padding: 0; list-style: none; }
.key i { display: inline-block; width: .7rem; height: .7rem; border-radius: 3px; margin-right: .45rem; vertical-align: -.05rem; }
.key .round { border-radius: 50%; }
table { width: 100%; border-collapse: collapse; margin: .75rem 0 0; font-size: .93rem; }
.wide { overflow-x: auto; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .85rem; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: .38rem .75rem .38rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; white-space: nowrap; }
td.bar { width: 34%; min-width: 6rem; padding-right: 0; }
td.bar svg { display: block; width: 100%; height: .55rem; border-radius: 3px; }
td.name { overflow-wrap: anywhere; min-width: 7.5rem; }
@media (max-width: 34rem) { td.bar { display: none; } td, th { padding-right: .5rem; font-size: .85rem; } }
details { margin: .9rem 0 0; color: var(--soft); }
summary { cursor: pointer; width: fit-content; font-size: .9rem; }
details table { color: var(--ink); }
footer { margin-top: 3.5rem; border-top: 1px solid var(--line); padding-top: 1.1rem; color: var(--soft); font-size: .88rem; }
footer p { margin: .3rem 0; }
@media print { body { background: none; } main { max-width: none; padding: 0; } h2, .plot, table { break-inside: avoid; } }
`;
