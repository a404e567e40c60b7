"""Differences in change, changes within groups beside them, and sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from longate.plot.palette import outcome_words
from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.longitudinal import ResponderAnalysis

LEVEL = "95 %"


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
    blocks = _effects(result, f"Primary outcome, {_named(result)}")
    for unit, family in families.items():
        blocks += _effects(family, f"Immune subsets, {unit}")
    return doc.Section("effects", "Effects", blocks)


def _named(result: ResponderAnalysis) -> str:
    return ", ".join(outcome_words(name) for name in result.design.outcomes)


def _effects(result: ResponderAnalysis, words: str) -> list[str]:
    from longate.plot import effects

    outcomes = ", ".join(result.design.outcomes)
    return [
        doc.heading(f"{words}: difference in change"),
        doc.picture(
            effects(result),
            alt=f"Forest plot of the difference in change of {outcomes}",
        ),
        doc.table(_effect_rows(result)),
        doc.paragraph(_effect_note(result), kind="note"),
    ]


def _effect_note(result: ResponderAnalysis) -> str:
    design = result.design
    unit = {
        "identity": "Changes are differences",
        "log": "Changes are ratios",
        "logit": "Changes are odds ratios (of rare events: differences of fractions)",
        "fraction": "Changes are differences of fractions",
    }[design.measure.scale]
    low, high = (
        float(result.table["permutation_smallest_p"].agg(f)) for f in ("min", "max")
    )
    floor = doc.probability(low)
    if low != high:
        floor = f"{floor} to {doc.probability(high)}"
    family = ""
    if len(result.table) > 1:
        family = (
            f" p adjusted by Benjamini-Hochberg over the {len(result.table)} outcomes "
            "declared together; intervals are not adjusted."
        )
    return (
        f"{unit} from {design.baseline} to {design.last} with {LEVEL} intervals. "
        "Changes within a group are described and not tested: a difference between "
        f"significant and not significant is not itself a finding.{family} The "
        f"smallest possible permutation p here is {floor}."
    )


def _effect_rows(result: ResponderAnalysis) -> pd.DataFrame:
    """Return one row per outcome: both groups' changes beside their difference."""
    table = result.table
    ratio = result.design.measure.ratio if table["ratio"].notna().any() else None
    rows = {}
    if len(table) > 1:
        rows["outcome"] = table["outcome"]
    for label, n in (
        ("responder", "n_responder"),
        ("non-responder", "n_non_responder"),
    ):
        own = result.groups[result.groups["label"] == label].set_index("outcome")
        names = ("ratio", "ratio_low", "ratio_high")
        changes = _estimates(own, names if ratio else ("mean_change", "low", "high"))
        counts = table[n].astype(str)
        rows[f"change in {label}s (n)"] = (
            table["outcome"].map(changes).fillna("–") + " (" + counts + ")"
        )
    names = ("ratio", "ratio_low", "ratio_high")
    rows[ratio or "difference in change"] = _estimates(
        table, names if ratio else ("estimate", "low", "high")
    )
    rows["p"] = table["p"].map(doc.probability)
    if len(table) > 1:
        rows["p adjusted"] = table["p_adjusted"].map(doc.probability)
    rows["permutation p"] = table["permutation_p"].map(doc.probability)
    if table["problem"].astype(bool).any():
        rows["problem"] = table["problem"]
    return pd.DataFrame(rows)


def _estimates(table: pd.DataFrame, names: tuple[str, str, str]) -> pd.Series:
    """Return ``0.06 [0.04, 0.08]`` for each row, an en dash where not known."""

    def written(a: float, b: float, c: float) -> str:
        if pd.isna(a):
            return "–"
        return f"{doc.number(a)} [{doc.number(b)}, {doc.number(c)}]"

    words = [written(*row) for row in table[list(names)].itertuples(index=False)]
    if names[0] == "ratio":
        # Rare events have no ratio: their difference of fractions, named as such.
        own = "estimate" if "estimate" in table else "mean_change"
        plain = table[[own, "low", "high"]].itertuples(index=False)
        words = [
            f"{written(*row)} as a fraction"
            if word == "–" and pd.notna(row[0])
            else word
            for word, row in zip(words, plain, strict=True)
        ]
    return pd.Series(words, index=table.index)


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
    first, second = (table[n].astype(str) for n in ("n_responder", "n_non_responder"))
    rows = {
        "outcome": table["outcome"],
        "analysis": table["analysis"],
        f"difference [{LEVEL}]": _estimates(table, ("estimate", "low", "high")),
        "p": table["p"].map(doc.probability),
        "patients": first + " v " + second,
        "note": table["note"],
    }
    if len(result.table) == 1:
        del rows["outcome"]
    return pd.DataFrame(rows)
