"""Differences of changes, changes within groups beside them, and sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.longitudinal import ResponderAnalysis

GROUPS = {
    "outcome": "outcome",
    "label": "group",
    "n": "patients",
    "mean_change": "mean change",
    "interval": "95 % interval",
    "sd_change": "SD of change",
    "factor": "as ratio [95 %]",
}


def effects_section(
    result: ResponderAnalysis, families: Mapping[str, ResponderAnalysis]
) -> doc.Section:
    """Return forest plots and tables of effects, each group's change beside them.

    Parameters
    ----------
    result : ResponderAnalysis
        The primary analysis.
    families : mapping of str to ResponderAnalysis
        By unit, each with its own false-discovery control.
    """
    blocks = _effects(result, "Primary outcome")
    for unit, family in families.items():
        blocks += _effects(family, f"Immune subsets, {unit}")
    return doc.Section("effects", "Effects", blocks)


def _effects(result: ResponderAnalysis, words: str) -> list[str]:
    from longate.plot import effects

    outcomes = ", ".join(result.design.outcomes)
    several = len(result.table) > 1
    note = (
        f"Family of {len(result.table)} outcomes declared together; p adjusted by "
        "Benjamini-Hochberg. Intervals are not adjusted."
        if several
        else "One declared outcome, no adjustment."
    )
    return [
        doc.heading(f"{words}: difference of changes"),
        doc.picture(
            effects(result),
            alt=f"Forest plot of the difference of changes of {outcomes}",
            caption=note,
        ),
        doc.table(_effect_rows(result), caption=_scale_words(result)),
        doc.heading("Change within each group, beside the difference"),
        doc.paragraph(
            "Intervals only: the groups are not tested apart, because a difference "
            "between significant and not significant is not itself a finding.",
            kind="note",
        ),
        doc.table(_group_rows(result), headings=GROUPS),
    ]


def _scale_words(result: ResponderAnalysis) -> str:
    scale = result.design.measure.scale
    words = {"log": "natural logarithms", "logit": "empirical logits"}
    return f"On the scale of analysis: {words.get(scale, 'the values as they are')}"


def _effect_rows(result: ResponderAnalysis) -> pd.DataFrame:
    table = result.table
    ratio = result.design.measure.ratio
    rows = {
        "outcome": table["outcome"],
        "patients": _pairs(table["n_responder"], table["n_non_responder"], " v "),
        "difference": table["estimate"].map(doc.number),
        "95 % interval": _intervals(table, "low", "high"),
    }
    if ratio:
        rows[ratio] = table["ratio"].map(doc.number)
        rows["95 % interval of the ratio"] = _intervals(
            table, "ratio_low", "ratio_high"
        )
    rows["p"] = table["p"].map(doc.probability)
    if len(table) > 1:
        rows["p adjusted"] = table["p_adjusted"].map(doc.probability)
    rows["permutation p"] = table["permutation_p"].map(doc.probability)
    rows["smallest possible"] = table["permutation_floor"].map(doc.probability)
    if table["problem"].astype(bool).any():
        rows["problem"] = table["problem"]
    return pd.DataFrame(rows)


def _group_rows(result: ResponderAnalysis) -> pd.DataFrame:
    groups = result.groups
    shown = groups.assign(
        label=groups["label"].str.replace(" - ", " − "),
        interval=_intervals(groups, "low", "high"),
        factor=[
            f"{doc.number(r)} [{words}]" if pd.notna(r) else "–"
            for r, words in zip(
                groups["ratio"],
                _intervals(groups, "ratio_low", "ratio_high"),
                strict=True,
            )
        ],
    )
    columns = list(GROUPS)
    if groups["ratio"].isna().all():
        columns.remove("factor")
    if len(result.table) == 1:
        columns.remove("outcome")
    return shown[columns]


def _intervals(table: pd.DataFrame, low: str, high: str) -> pd.Series:
    pairs = zip(table[low], table[high], strict=True)
    words = [f"{doc.number(a)} to {doc.number(b)}" for a, b in pairs]
    return pd.Series(words, index=table.index)


def _pairs(first: pd.Series, second: pd.Series, between: str) -> pd.Series:
    return first.astype(str) + between + second.astype(str)


def sensitivity_section(
    result: ResponderAnalysis, families: Mapping[str, ResponderAnalysis]
) -> doc.Section:
    """Return the analyses beside the primary one; disagreement is shown, not resolved.

    Parameters
    ----------
    result : ResponderAnalysis
        The primary analysis.
    families : mapping of str to ResponderAnalysis
        By unit; their rows stand folded.
    """
    blocks = [
        doc.paragraph(
            "The first row is the primary analysis. The others show how much it owes "
            "to its method, to labels that are not known, and to single patients. "
            "None of them replaces it.",
        ),
        doc.table(_sensitivity_rows(result)),
    ]
    for unit, family in families.items():
        rows = doc.table(_sensitivity_rows(family))
        blocks.append(doc.folded(f"Immune subsets, {unit}", rows))
    return doc.Section("sensitivity", "Sensitivity", blocks)


def _sensitivity_rows(result: ResponderAnalysis) -> pd.DataFrame:
    table = result.sensitivity
    rows = {
        "outcome": table["outcome"],
        "analysis": table["analysis"],
        "difference": table["estimate"].map(doc.number),
        "95 % interval": _intervals(table, "low", "high"),
        "p": table["p"].map(doc.probability),
        "patients": _pairs(table["n_responder"], table["n_non_responder"], " v "),
        "note": table["note"],
    }
    if len(result.table) == 1:
        del rows["outcome"]
    return pd.DataFrame(rows)
