"""Every patient over the visits: the primary outcome and the immune subsets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.longitudinal import ResponderAnalysis

CAPTION = (
    "Thin lines are patients, a line that stops is a patient who left. Thick lines are "
    "group means with 95 % intervals at each visit; they describe the groups. Whether "
    "the groups changed differently is the difference of changes, under Effects."
)
SCALES = {
    "identity": "",
    "log": "; logarithmic axes, geometric means",
    "logit": "; means on the logit scale",
}


def over_time_section(
    result: ResponderAnalysis, families: Mapping[str, ResponderAnalysis]
) -> doc.Section:
    """Return trajectories by response, all patients drawn.

    Parameters
    ----------
    result : ResponderAnalysis
        The primary analysis.
    families : mapping of str to ResponderAnalysis
        By unit; one panel per outcome.
    """
    from longate.plot import trajectories, trajectory_panels

    blocks = [
        doc.picture(
            trajectories(result),
            alt=f"{result.table['outcome'].iloc[0]} of each patient over the visits, "
            "by response",
            caption=CAPTION,
        )
        if len(result.table) == 1
        else doc.picture(
            trajectory_panels(result), alt="Each outcome over the visits, by response"
        )
    ]
    for unit, family in families.items():
        scale = SCALES[family.design.measure.scale]
        blocks += [
            doc.heading(f"Immune subsets, {unit}"),
            doc.picture(
                trajectory_panels(family, ylabel=unit),
                alt=f"Immune subsets, {unit}, of each patient over the visits, by "
                f"response: {', '.join(family.design.outcomes)}",
                caption=f"Immune subsets, {unit}{scale}.",
            ),
        ]
    return doc.Section("over-time", "Patients over time", blocks)
