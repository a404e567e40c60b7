"""The answer first, and what these patients can and cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.longitudinal.sentences import family_words, permuted, within
from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.longitudinal import ResponderAnalysis


def answer_section(
    result: ResponderAnalysis, families: Mapping[str, ResponderAnalysis]
) -> doc.Section:
    """Return the results' own sentences, the difference of changes first.

    Parameters
    ----------
    result : ResponderAnalysis
        The primary analysis.
    families : mapping of str to ResponderAnalysis
        Declared families beside it, by their unit.
    """
    blocks = [doc.paragraph(result.headline, kind="answer")]
    if len(result.table) == 1:
        row = result.table.iloc[0].to_dict()
        blocks += [
            doc.paragraph(within(result.groups, row["scale"], result.confidence)),
            doc.paragraph(permuted(row)),
        ]
    else:
        blocks.append(doc.paragraph(family_words(result.table)))
    for unit, family in families.items():
        blocks.append(doc.paragraph(f"Immune subsets, {unit}. {family.headline}"))
        blocks.append(doc.paragraph(family_words(family.table), kind="note"))
    return doc.Section("answer", "Answer", blocks)


def limits_section(
    result: ResponderAnalysis, families: Mapping[str, ResponderAnalysis]
) -> doc.Section:
    """Return the limits of this number of patients, and the assumptions.

    Parameters
    ----------
    result : ResponderAnalysis
        The primary analysis.
    families : mapping of str to ResponderAnalysis
        Whose limits are added where no sentence has said them before.
    """
    blocks = [doc.bullets(result.limits, kind="limits")]
    said = set(result.limits)
    for unit, family in families.items():
        more = [line for line in family.limits if line not in said]
        said |= set(more)
        if more:
            blocks.append(doc.heading(f"Immune subsets, {unit}"))
            blocks.append(doc.bullets(more, kind="limits"))
    assumptions = doc.bullets(result.assumptions, kind="limits")
    blocks.append(doc.folded("What the numbers rest on", assumptions))
    return doc.Section("limits", "What this number of patients can't show", blocks)
