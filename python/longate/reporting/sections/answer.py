"""The answer first, and what these patients can and cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.longitudinal.sentences import family_words, permuted, within
from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.longitudinal import ResponderAnalysis
PICTURE = (
    "Thin lines are patients; a line that stops has no value at later visits. Thick "
    "lines are group means with 95 % intervals at each visit: they describe the "
    "groups. Whether the groups changed differently is the difference in change above."
)

QUESTION = (
    "The question is whether the blood NK compartment shifted towards a mature "
    "phenotype. Cells that left the blood, or came into it, look the same as cells "
    "that matured there."
)


def answer_section(
    result: ResponderAnalysis, families: Mapping[str, ResponderAnalysis]
) -> doc.Section:
    """Return the results' own sentences, the difference in change first, pictured.

    Parameters
    ----------
    result : ResponderAnalysis
        The primary analysis.
    families : mapping of str to ResponderAnalysis
        Declared families beside it, by their unit.
    """
    blocks = [_primary(result)] if len(result.table) == 1 else []
    blocks += [] if blocks else [doc.paragraph(family_words(result.table))]
    for unit, family in families.items():
        blocks.append(doc.paragraph(f"Immune subsets, {unit}. {family.headline}"))
    answer = doc.paragraph(result.headline, kind="answer")
    asked = doc.paragraph(QUESTION, kind="note")
    return doc.Section("answer", "Answer", [answer, asked, *blocks])


def _primary(result: ResponderAnalysis) -> str:
    """Return the picture of all patients beside the sentences about them."""
    from longate.plot import trajectories

    row = result.table.iloc[0].to_dict()
    sentences = [
        within(result.groups, row["scale"], result.confidence),
        permuted(row),
        PICTURE,
    ]
    words = "".join(doc.paragraph(sentence) for sentence in sentences)
    drawn = doc.picture(
        trajectories(result),
        alt=f"{row['outcome']} of each patient over the visits, by response",
    )
    return doc.lead(words, drawn)


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
    return doc.Section(
        "limits", "What this number of patients can and can't show", blocks
    )
