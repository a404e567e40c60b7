"""Stylesheet of a report, carried inside the page."""

from __future__ import annotations

STYLESHEET = """
:root { --ink: #222; --soft: #666; --line: #ddd; --wash: #f6f7f8; --blue: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
  Arial, sans-serif; }
header, nav, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
h1 { font-size: 27px; line-height: 1.25; margin: 22px 0 10px; }
h2 { font-size: 20px; margin: 0 0 10px; }
h3 { font-size: 16px; margin: 22px 0 6px; }
p { margin: 8px 0; max-width: 82ch; }
.banner { max-width: none; margin: 12px 0 0; padding: 8px 14px; font-weight: 600;
  background: #fff4d6; border-left: 4px solid #e69f00; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 8px 0;
  list-style: none; border-top: 1px solid var(--line);
  border-bottom: 1px solid var(--line); font-size: 13.5px; }
a { color: var(--blue); text-decoration: none; }
a:hover { text-decoration: underline; }
section { padding: 26px 0 10px; border-bottom: 1px solid var(--line); }
.answer { max-width: none; font-size: 18px; line-height: 1.45; padding: 14px 18px;
  background: #eef5fa; border-left: 4px solid var(--blue); }
.note { color: var(--soft); font-size: 13.5px; }
ul.limits { max-width: 86ch; padding-left: 20px; }
ul.limits li { margin: 5px 0; }
.wide { overflow-x: auto; margin: 10px 0; }
table { border-collapse: collapse; font-size: 13.5px;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: 0 0 4px; }
th { text-align: left; font-weight: 600; border-bottom: 1.5px solid var(--ink);
  vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); vertical-align: top; }
th, td { padding: 4px 14px 4px 0; }
td { white-space: nowrap; }
td.long { white-space: normal; min-width: 300px; }
th.n, td.n { text-align: right; }
tbody tr:hover { background: var(--wash); }
figure { margin: 14px 0; }
figure img { display: block; max-width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: 13.5px; max-width: 86ch; margin-top: 4px; }
.beside { display: flex; flex-wrap: wrap; gap: 8px 34px; align-items: flex-start; }
.lead { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px 34px;
  align-items: start; }
@media (max-width: 900px) { .lead { grid-template-columns: minmax(0, 1fr); } }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px;
  font-size: 13.5px; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
pre.tree { font-size: 12.5px; line-height: 1.4; background: var(--wash);
  padding: 10px 14px; overflow-x: auto; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--blue); }
footer { color: var(--soft); font-size: 13px; padding-bottom: 40px; }
@media print { nav { display: none; } section { break-inside: avoid-page; } }
"""
