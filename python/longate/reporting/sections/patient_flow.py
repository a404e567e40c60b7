"""Who was followed, who was labelled how, and who enters the primary analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate._validation import table_of
from longate.exceptions import ClinicalError
from longate.plot.palette import LABELS
from longate.reporting import document as doc

if TYPE_CHECKING:
    import pandas as pd

    from longate.longitudinal import ResponderAnalysis


def flow_section(result: ResponderAnalysis, response: Any) -> doc.Section:
    """Return n per step and label, and each patient's label with its reason.

    Parameters
    ----------
    result : ResponderAnalysis
        Whose ``.participant_flow`` is shown for its first outcome.
    response : Response or DataFrame or None
        Columns patient, label and, where known, reason, deciding_visit and rule.
    """
    flow = result.participant_flow
    first = flow[flow["outcome"] == flow["outcome"].iloc[0]]
    blocks = [
        doc.paragraph(
            "Response is known only of those who were followed: every comparison of "
            "responders and non-responders is conditional on that.",
        ),
        doc.table(_by_label(first), caption="Number of patients"),
    ]
    if response is not None:
        table = table_of(response, "response", ClinicalError)
        rule = getattr(response, "rule", None)
        if rule is not None:
            blocks.append(
                doc.paragraph(f"Rule {rule.name}: {rule.statement} ({rule.source}).")
            )
        columns = ["patient", "label", "reason", "deciding_visit"]
        shown = table[[c for c in columns if c in table]]
        headings = {"deciding_visit": "decided at"}
        reasons = doc.table(shown, headings=headings)
        blocks.append(doc.folded("Each patient's label and its reason", reasons))
    return doc.Section("flow", "Participant flow and response", blocks)


def _by_label(flow: pd.DataFrame) -> pd.DataFrame:
    """Return steps by label, without steps that concern nobody."""
    wide = flow.pivot_table(
        index="step", columns="label", values="n", aggfunc="sum", sort=False
    )
    wide = wide[wide.sum(axis=1) > 0].fillna(0).astype(int)
    known = [label for label in LABELS if label in wide]
    others = [c for c in wide.columns if c not in known and wide[c].sum() > 0]
    wide = wide[[*known, *others]]
    return wide.assign(all=wide.sum(axis=1)).reset_index()
