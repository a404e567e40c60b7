"""The grammar of the report: escaped text, tables, pictures, sections, a page.

Everything that enters a page passes through one of these functions, and each of
them escapes, so that a hostile patient code or file name stays text.
"""

from __future__ import annotations

import base64
import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longate.reporting.stylesheet import STYLESHEET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LONG = 44  # characters after which a cell of a table may break


@dataclass(frozen=True)
class Section:
    """One part of a report: an anchor, a heading, and finished HTML blocks."""

    anchor: str
    heading: str
    blocks: list[str] = field(default_factory=list)

    def html(self) -> str:
        """Return the section as HTML."""
        body = "\n".join(block for block in self.blocks if block)
        return (
            f'<section id="{escape(self.anchor)}">\n'
            f"<h2>{escape(self.heading)}</h2>\n{body}\n</section>"
        )


def escape(text: object) -> str:
    """Return text that is safe inside an element and inside a quoted attribute."""
    return html.escape(str(text), quote=True)


def paragraph(text: object, *, kind: str = "") -> str:
    """Return an escaped paragraph, with a class of the stylesheet if given."""
    attribute = f' class="{escape(kind)}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>"


def heading(text: object) -> str:
    """Return an escaped heading within a section."""
    return f"<h3>{escape(text)}</h3>"


def beside(*blocks: str) -> str:
    """Return blocks side by side where the page is wide enough."""
    return f'<div class="beside">{"".join(f"<div>{b}</div>" for b in blocks)}</div>'


def lead(words: str, block: str) -> str:
    """Return words with a block to their right, below them on a narrow page."""
    return f'<div class="lead"><div>{words}</div><div>{block}</div></div>'


def bullets(items: Sequence[object], *, kind: str = "") -> str:
    """Return an escaped list; nothing for no items."""
    if not items:
        return ""
    attribute = f' class="{escape(kind)}"' if kind else ""
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul{attribute}>{rows}</ul>"


def facts(pairs: Mapping[str, object]) -> str:
    """Return names and values as a definition list."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in pairs.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def folded(summary: str, block: str) -> str:
    """Return a block that opens when its summary line is clicked."""
    return f"<details><summary>{escape(summary)}</summary>\n{block}\n</details>"


def table(
    frame: pd.DataFrame,
    *,
    headings: Mapping[str, str] | None = None,
    digits: Mapping[str, int] | None = None,
    caption: str = "",
) -> str:
    """Return a frame as an HTML table, numbers to the right.

    Parameters
    ----------
    frame : DataFrame
        The rows; the index is not shown.
    headings : mapping, optional
        Words instead of column names.
    digits : mapping, optional
        Decimals of a column; without it three significant digits.
    caption : str
        A line above the table.
    """
    headings, digits = headings or {}, digits or {}
    numeric = {c: frame[c].dtype.kind in "iuf" for c in frame.columns}
    head = "".join(
        f"<th{_kind('', numeric[c])}>{escape(headings.get(str(c), c))}</th>"
        for c in frame.columns
    )
    body = []
    for row in frame.itertuples(index=False):
        words = [number(v, digits.get(str(c))) for c, v in zip(frame, row, strict=True)]
        cells = "".join(
            f"<td{_kind(text, numeric[c])}>{escape(text)}</td>"
            for c, text in zip(frame, words, strict=True)
        )
        body.append(f"<tr>{cells}</tr>")
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{above}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{chr(10).join(body)}</tbody></table></div>"
    )


def _kind(text: str, numeric: bool) -> str:  # noqa: FBT001 - a private flag
    if numeric:
        return ' class="n"'
    return ' class="long"' if len(text) > LONG else ""


def number(value: Any, decimals: int | None = None) -> str:
    """Return a value as a reader wants it: short numbers, an en dash for missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value)
        return "–" if text in {"nan", "NaT", "<NA>", "None"} else text
    if isinstance(value, int):
        return f"{value:,}"
    if decimals is not None:
        return f"{value:,.{decimals}f}".replace("-", "−")
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:#.3g}".rstrip(".").replace("-", "−")


def probability(value: float) -> str:
    """Return a p value with two significant digits, never as zero."""
    if math.isnan(value):
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def picture(
    drawn: Figure | Axes, *, alt: str, caption: str = "", dpi: int = 110
) -> str:
    """Return a matplotlib figure as an inline PNG with its description.

    Parameters
    ----------
    drawn : matplotlib Figure or Axes
        What is rendered: the figure, or the whole figure of the axes.
    alt : str
        What the picture shows, for those who cannot see it.
    caption : str
        A line below the picture.
    dpi : int
        Dots per inch; the page shows the picture at 96 dots per inch or less.
    """
    from longate.plot.canvas import png, whole_figure

    figure = whole_figure(drawn)
    data = base64.b64encode(png(figure, dpi=dpi)).decode("ascii")
    width = round(96 * float(figure.get_figwidth()))
    words = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure><img src="data:image/png;base64,{data}" width="{width}" '
        f'alt="{escape(alt)}">{words}</figure>'
    )


def page(
    title: str, *, banner: Sequence[str], sections: Sequence[Section], foot: str
) -> str:
    """Return a whole HTML page that needs nothing else to be read.

    Parameters
    ----------
    title : str
        Of the page.
    banner : sequence of str
        Notices above everything, e.g. that data are simulated.
    sections : sequence of Section
        In their order; the contents list links to them.
    foot : str
        The last line.
    """
    notices = "".join(f'<p class="banner">{escape(text)}</p>' for text in banner)
    links = "".join(
        f'<li><a href="#{escape(s.anchor)}">{escape(s.heading)}</a></li>'
        for s in sections
    )
    body = "\n".join(section.html() for section in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLESHEET}</style>\n</head>\n"
        f"<body>\n<header>\n{notices}\n<h1>{escape(title)}</h1>\n</header>\n"
        f"<nav><ul>{links}</ul></nav>\n<main>\n{body}\n</main>\n"
        f"<footer><p>{escape(foot)}</p></footer>\n</body>\n</html>\n"
    )
