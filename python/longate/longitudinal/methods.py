"""A paragraph for the methods section of a paper, in words and numbers."""

from __future__ import annotations

from typing import Any

from longate.longitudinal.sentences import interval, number, p_words

_SCALES = {
    "identity": "as measured",
    "log": "as natural logarithm",
    "logit": "as log odds",
    "fraction": "as fractions",
}


def methods_of(result: Any) -> str:
    """Return what was compared, how, in whom and with which software.

    Parameters
    ----------
    result : ResponderAnalysis
        The analysis.
    """
    design, table = result.design, result.table
    percent = f"{100 * result.confidence:g} %"
    first: dict[str, Any] = table.iloc[0].to_dict()
    sizes = f"{first['n_responder']} responders and {first['n_non_responder']}"
    unknown = len(design.labels.patients("unclassifiable"))
    said = [
        f"The outcome was {design.measure.name}, analysed "
        f"{_SCALES[design.measure.scale]}",
        f"patients were labelled by the rule {design.labels.rule}",
        f"the visits, in order, were {design.order}",
        f"changes from {design.baseline} to {design.last} were compared between "
        f"{sizes} non-responders by Welch's t test (two-sided) with {percent} "
        f"confidence intervals; beside it stands the permutation of labels with the "
        f"studentised difference ({_allocations(first)})",
    ]
    if len(table) > 1:
        said.append(
            f"{len(table)} outcomes formed one declared family, adjusted by the method "
            f"of Benjamini and Hochberg"
        )
    if unknown:
        said.append(
            f"{unknown} patients could not be classified; they entered sensitivity "
            f"analyses only"
        )
    said += design.labels.limits
    said.append(
        "changes within groups are described by intervals and were not tested apart"
    )
    if len(table) == 1:
        said.append(
            f"the difference of changes was {number(first['estimate'])} "
            f"({interval(first['low'], first['high'])}), {p_words(first['p'])}"
        )
    versions = ", ".join(
        f"{name} {version}" for name, version in result.provenance["versions"].items()
    )
    said.append(
        f"software: {versions}; seed {result.provenance['seed']}, run "
        f"{result.provenance['run_id']}"
    )
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in said)


def _allocations(row: dict[str, Any]) -> str:
    """Return how many allocations the permutation looked at."""
    count = row.get("permutation_allocations", row.get("permutation_labellings"))
    return f"{int(count)} allocations" if count == count and count else "exact"
