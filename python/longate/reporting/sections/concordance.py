"""Section on the counts of the program in which the gates were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.reporting import document as doc

if TYPE_CHECKING:
    from longate.longitudinal import ResponderAnalysis
    from longate.workspaces.concordance import Concordance

MOST_ROWS = 60
"""So many populations that differ are listed."""


def concordance_section(
    compared: Concordance,
    result: ResponderAnalysis | None = None,
    exact: ResponderAnalysis | None = None,
) -> doc.Section:
    """Return stored counts beside ours, and the answer under both geometries.

    Parameters
    ----------
    compared : Concordance
        From :func:`longate.concordance`.
    result : ResponderAnalysis, optional
        The analysis of counts on the program's grid.
    exact : ResponderAnalysis, optional
        The same analysis of counts under exact geometry.
    """
    from longate.plot import concordance as draw

    known = compared.table.dropna(subset=["stored", "grid", "exact"])
    equal = int((known["difference"] == 0).sum())
    as_drawn = int((known["difference_exact"] == 0).sum())
    program = compared.program
    blocks = [
        doc.paragraph(
            f"{program} stored a count for {len(known)} of {len(compared.table)} "
            f"populations whose file is at hand. Decided on {program}'s grid of cells, "
            f"{equal} of these are equal; decided as they are drawn, {as_drawn}. "
            "Children inherit the difference of their parent."
        )
    ]
    if len(known):
        picture = doc.picture(draw(compared), alt="ours minus the stored counts")
        blocks += [picture, _by_kind(compared)]
    blocks += [_reasons(compared), _differing(compared)]
    if compared.untested:
        words = ", ".join(compared.untested)
        blocks.append(
            doc.paragraph(
                f"No stored count of this workspace tests {words}.", kind="note"
            )
        )
    if result is not None and exact is not None:
        blocks += _both_answers(result, exact, program)
    heading = f"Agreement with {program}"
    return doc.Section("concordance", heading, blocks)


def _by_kind(compared: Concordance) -> str:
    headings = {
        "grid_equal": "equal on the grid",
        "exact_equal": "equal, exact",
        "grid_difference": "events off, grid",
        "exact_difference": "events off, exact",
    }
    words = "By kind of gate and axes, each with what its parents pass on"
    return doc.table(compared.summary, headings=headings, caption=words)


def _reasons(compared: Concordance) -> str:
    counts = compared.table["reason"].value_counts()
    table = counts.rename("populations").rename_axis("reason").reset_index()
    table["meaning"] = [compared.reasons.get(one, "") for one in table["reason"]]
    return doc.table(table, caption="Why counts are or are not equal")


def _differing(compared: Concordance) -> str:
    table = compared.table
    off = table[table["difference"].fillna(0).ne(0) | table["difference"].isna()]
    off = off[off["reason"] != "not computed (-1)"]
    if off.empty:
        return ""
    columns = ["sample", "population", "gate", "stored", "grid", "exact", "reason"]
    shown = off[[*columns, "detail"]].head(MOST_ROWS)
    more = f"; the first {MOST_ROWS} of {len(off)}" if len(off) > MOST_ROWS else ""
    return doc.table(shown, caption=f"Populations not equal to the stored count{more}")


def _both_answers(
    result: ResponderAnalysis, exact: ResponderAnalysis, program: str
) -> list[str]:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for words, one in ((f"{program}'s grid", result), ("exact", exact)):
        for row in one.table.to_dict("records"):
            kept = {key: row.get(key) for key in ("estimate", "low", "high", "p")}
            rows.append({"outcome": row["outcome"], "geometry": words, **kept})
    caption = "Between-group difference in change from baseline under both geometries"
    return [
        doc.heading("The answer under both geometries"),
        doc.table(pd.DataFrame(rows), caption=caption),
    ]
