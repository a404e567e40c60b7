"""Sections on files that could not be used, and on the origin of every number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping


def problems_section(study: Any, populations: Any) -> doc.Section:
    """Return the files that were left out and why, or that there are none.

    Parameters
    ----------
    study : Study
        With ``.samples``.
    populations : Populations
        Whose ``.problems`` has those of the study and those of gating.
    """
    problems = populations.problems
    if len(problems):
        files = f"{len(problems)} of {len(study.samples)} files"
        block = doc.table(problems, caption=f"{files}; all others were used")
    else:
        block = doc.paragraph(f"None: all {len(study.samples)} files were used.")
    blocks = [block, *_repairs(study), *_lost_gates(populations)]
    return doc.Section("problems", "Problems of files", blocks)


def _repairs(study: Any) -> list[str]:
    """Return the violations of the standard in the files, and their repairs."""
    table = study.diagnosis
    if not len(table):
        return [doc.paragraph("No file violates the FCS standard.")]
    words = (
        f"{table['file'].nunique()} files violate the FCS standard and were repaired"
    )
    return [doc.table(table, caption=words)]


def _lost_gates(populations: Any) -> list[str]:
    """Return the gates that files of gates have and the strategies lack."""
    import pandas as pd

    rows = [
        (tube, one.gate, one.reason)
        for tube, strategy in populations.strategies.items()
        for one in strategy.problems
    ]
    if not rows:
        return []
    table = pd.DataFrame(rows, columns=["tube", "gate", "reason"])
    words = "Gates that the strategies could not take over from their files"
    return [doc.table(table, caption=words)]


def provenance_section(entries: Mapping[str, object]) -> doc.Section:
    """Return versions, seeds and identities as names and values.

    Parameters
    ----------
    entries : mapping
        Name to value, in the order shown.
    """
    return doc.Section("provenance", "Provenance", [doc.facts(entries)])
