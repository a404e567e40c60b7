"""The immune subsets of every patient over the visits, by response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.longitudinal import ResponderAnalysis

SCALES = {
    "identity": "Group means",
    "log": "Logarithmic axes, geometric group means",
    "logit": "Group means formed on the logit scale (of rare events: of fractions)",
    "fraction": "Group means of fractions",
}


def over_time_section(families: Mapping[str, ResponderAnalysis]) -> doc.Section:
    """Return a panel of trajectories for each subset, all patients drawn.

    Parameters
    ----------
    families : mapping of str to ResponderAnalysis
        By unit; one panel per outcome.
    """
    from longate.plot import trajectory_panels

    blocks = []
    for unit, family in families.items():
        scale = SCALES[family.design.measure.scale]
        blocks += [
            doc.heading(unit[0].upper() + unit[1:]),
            doc.picture(
                trajectory_panels(family, ylabel=unit),
                alt=f"Immune subsets, {unit}, of each patient over the visits, by "
                f"response: {', '.join(family.design.outcomes)}",
                caption=f"{scale} with 95 % intervals at each visit; thin lines are "
                "patients.",
            ),
        ]
    return doc.Section("subsets", "Immune subsets over time", blocks)
