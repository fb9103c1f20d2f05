/** One page, no script, nothing loaded: it must open from a stick on a machine without a network. */
export const htmlStyle = `
:root { color-scheme: light dark;
  --page: #ffffff; --panel: #f4f6f8; --ink: #16202a; --soft: #556270; --line: #d5dce3;
  --good: #116b3a; --good-bar: #2f9e64; --bad: #b3261e; --bad-bar: #d64a41;
  --unsure: #8a5a00; --unsure-bar: #d99a1c; --quiet-bar: #9aa7b4; --mark: #3a5ccc; }
@media (prefers-color-scheme: dark) { :root {
  --page: #10151b; --panel: #19212a; --ink: #e7edf3; --soft: #9fb0c0; --line: #2e3a46;
  --good: #63d297; --good-bar: #2f9e64; --bad: #ff8a80; --bad-bar: #d64a41;
  --unsure: #f0c060; --unsure-bar: #c98a14; --quiet-bar: #5b6977; --mark: #8ea8ff; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 66rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.4rem 0 0.2rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 0.6rem; padding-top: 0.6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.6rem 0 0.4rem; }
p { margin: 0.5rem 0; max-width: 46rem; }
.mode { display: inline-block; padding: 0.1rem 0.6rem; border: 2px solid currentColor; border-radius: 0.3rem; font-weight: 700; letter-spacing: 0.06em; }
.mode.live { color: var(--bad); } .mode.drill { color: var(--mark); } .mode.tabletop { color: var(--soft); }
.soft { color: var(--soft); fill: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 0.7rem; margin: 1rem 0; padding: 0; list-style: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.6rem 0.8rem; }
.cards b { display: block; font-size: 1.15rem; }
.cards span { color: var(--soft); font-size: 0.85rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; margin: 0.6rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem 0.35rem 0; border-bottom: 1px solid var(--line); }
td, th { overflow-wrap: break-word; }
td:nth-child(2), table.facts td, code { overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; }
table.facts th { width: 13rem; font-weight: 600; color: var(--soft); }
code, pre { font-family: ui-monospace, monospace; font-size: 0.85em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.6rem 0.8rem; white-space: pre-wrap; }
ul { padding-left: 1.1rem; } li { margin: 0.2rem 0; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .unsure { color: var(--unsure); } .quiet { color: var(--soft); }
.timeline { display: block; margin: 0.8rem 0 1.2rem; overflow: visible; }
.timeline text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.timeline .label { fill: var(--ink); font-size: 13px; paint-order: stroke; stroke: var(--page); stroke-width: 4px; } .timeline .mark-name { fill: var(--mark); }
.timeline .grid { stroke: var(--line); } .timeline .mark { stroke: var(--mark); stroke-dasharray: 2 3; }
.track { fill: var(--panel); } .bar { fill: var(--quiet-bar); }
.bar.passed { fill: var(--good-bar); } .bar.failed { fill: var(--bad-bar); } .bar.could-not-verify, .bar.interrupted { fill: var(--unsure-bar); }
.bar.wait { fill: var(--page); fill-opacity: 0.55; stroke: var(--ink); stroke-opacity: 0.5; stroke-width: 0.7; }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; font-size: 0.85rem; color: var(--soft); margin: 0; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 0.9rem; height: 0.7rem; border-radius: 2px; margin-right: 0.35rem; vertical-align: baseline; }
.legend .w { background: var(--page); border: 1px solid var(--ink); }
@media (max-width: 40rem) {
  .wide-only { display: none; }
  table thead { display: none; } table, tbody, tr, th, td { display: block; width: auto; }
  tr { border-bottom: 1px solid var(--line); padding: 0.45rem 0; } td, table.facts th { border: 0; padding: 0.1rem 0; width: auto; }
  td[data-label]:not([data-label=""])::before { content: attr(data-label) ": "; color: var(--soft); }
}
@media print {
  :root { color-scheme: light; --page: #fff; --panel: #f4f6f8; --ink: #000; --soft: #444; --line: #bbb; --good: #0b5a2e; --bad: #9b1c15; --unsure: #6d4700; --mark: #2a46a8; --quiet-bar: #9aa7b4; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; } tr, li, .cards li, .timeline { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { margin: 16mm 14mm; }
}
`;
