"""The sections that a report has beyond the analysis itself, from the results given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from longate.exceptions import StudyError
from longate.longitudinal import ResponderAnalysis
from longate.nk import PositivityThresholds, ReferenceChange, Robustness
from longate.reporting.truth import TruthComparison
from longate.workspaces.concordance import Concordance

if TYPE_CHECKING:
    from collections.abc import Sequence

KNOWN = (
    "per_microlitre(...)",
    "a ResponderAnalysis or {unit: ResponderAnalysis}",
    "PositivityThresholds",
    "maturation.superiority()",
    "ReferenceChange",
    "Robustness",
    "Concordance or (Concordance, ResponderAnalysis)",
    "TruthComparison",
)
"""What a section can be made of."""


@dataclass
class Contents:
    """The results of a report's further sections; None where a section is left out."""

    counts: pd.DataFrame | None = None
    families: dict[str, ResponderAnalysis] = field(default_factory=dict)
    thresholds: PositivityThresholds | None = None
    superiority: pd.DataFrame | None = None
    reference: ReferenceChange | None = None
    robustness: Robustness | None = None
    truth: TruthComparison | None = None
    concordance: Concordance | None = None
    exact: ResponderAnalysis | None = None
    """With a concordance: the analysis of counts under exact geometry."""


def contents_of(sections: Sequence[Any]) -> Contents:
    """Return results by the section that they make.

    Parameters
    ----------
    sections : sequence
        Results, in any order; None is passed over.

    Raises
    ------
    StudyError
        If something makes no section, or two make the same.
    """
    if isinstance(sections, str | pd.DataFrame | Mapping) or not isinstance(
        sections, Iterable
    ):
        sections = [sections]
    found = Contents()
    taken: set[str] = set()
    for one in sections:
        if one is None:
            continue
        if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], Concordance):
            one, found.exact = one
        name, value = _section(one)
        if name in taken:
            msg = f"sections has two results for the section {name!r} of the report"
            raise StudyError(msg)
        taken.add(name)
        setattr(found, name, value)
    return found


def _section(one: Any) -> tuple[str, Any]:
    by_kind = {
        PositivityThresholds: "thresholds",
        ReferenceChange: "reference",
        Robustness: "robustness",
        Concordance: "concordance",
        TruthComparison: "truth",
    }
    for kind, name in by_kind.items():
        if isinstance(one, kind):
            return name, one
    if isinstance(one, ResponderAnalysis):
        return "families", {"cells per µL blood": one}
    is_families = isinstance(one, Mapping) and all(
        isinstance(family, ResponderAnalysis) for family in one.values()
    )
    if is_families:
        return "families", dict(one)
    if isinstance(one, pd.DataFrame):
        if "per_microlitre" in one.columns:
            return "counts", one
        if {"from", "to"} <= set(one.columns):
            return "superiority", one
        what = f"a table with the columns {', '.join(map(str, one.columns[:8]))}"
    else:
        what = f"a {type(one).__name__}"
    msg = f"no section of the report is made of {what}; give any of {'; '.join(KNOWN)}"
    raise StudyError(msg)
