"""Sentences for what a panel and a study cannot exclude."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longate._validation import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longate.nk.robustness.calls import CallRules
    from longate.nk.thresholds.positivity_thresholds import PositivityThresholds

_FAR_RED = re.compile(
    r"^(APC|(AF|ALEXA(FLUOR)?)(647|660|680|700)|CY5(?!\d)|R(6|7|8)\d\d|RL\d|RED|R\d+A?$)"
)
"""Names of fluorochromes and detectors that a red laser excites."""


def cannot_exclude(
    handling: str, rules: CallRules, thresholds: PositivityThresholds
) -> Iterator[str]:
    """Yield a sentence for each thing that stays open.

    Parameters
    ----------
    handling : str
        The sentence on CD56dim CD16- cells; empty where CD16 is not called.
    rules : CallRules
        What was measured, and the scheme with its notes.
    thresholds : PositivityThresholds
        The sources, and the study with its controls.
    """
    for note in rules.scheme.notes:
        yield note[:1].upper() + note[1:].rstrip(".") + "."
    yield _drug(thresholds)
    if handling:
        yield handling
    used = thresholds.table[thresholds.table["marker"].isin(rules.scheme.markers)]
    sources = used.drop_duplicates(["marker", "source", "class"])
    sensitive = sources.loc[sources["class"] == "treatment-sensitive", "marker"]
    if len(sensitive):
        names = ", ".join(dict.fromkeys(sensitive))
        yield (
            f"Treatment-sensitive sources ({names}): these thresholds may follow the "
            "cells and not the instrument."
        )
    fixed = sources.loc[sources["source"].isin(["gate", "user"]), "marker"]
    if len(fixed):
        names = ", ".join(dict.fromkeys(fixed))
        yield f"Thresholds that do not follow the instrument: {names}."


def _drug(thresholds: PositivityThresholds) -> str:
    sheet = thresholds.populations.study.samples
    sheet = sheet[sheet["tube"] == thresholds.tube]
    roles = sheet["role"].astype(str).str.casefold()
    control = roles.str.startswith("fmo:") | (roles == "unstained")
    visits = set(sheet.loc[roles == "sample", "visit"].astype(str))
    covered = set(sheet.loc[control, "visit"].astype(str)) if control.any() else set()
    missing = sorted(visits - covered)
    if not missing:
        return (
            "Every visit has an unstained or FMO tube: drug fluorescence can be looked "
            "for there."
        )
    named = far_red_markers(thresholds)
    where = (
        f" in {listed(named, most=12)}, where mitoxantrone, which fluoresces in the "
        "far red, would be seen"
        if named
        else ""
    )
    return (
        f"Drug fluorescence not excluded{where}: no unstained or FMO tube of the "
        f"patients at {', '.join(missing)}."
    )


def far_red_markers(thresholds: PositivityThresholds) -> list[str]:
    """Return the markers of the tube that are measured in the far red.

    Parameters
    ----------
    thresholds : PositivityThresholds
        Whose tube it is.

    Returns
    -------
    list of str
        ``"NKG2A (APC-A)"`` ..., by the names of detectors (APC, Alexa Fluor 647 and
        700, APC-H7 and the like), of the first file of the tube.
    """
    events = next(thresholds.populations.each_sample(thresholds.tube))
    return [
        f"{channel.marker} ({channel.detector})"
        for channel in events.panel
        if channel.kind == "fluorescence"
        and channel.marker
        and _FAR_RED.match(re.sub(r"[\s_/.-]", "", channel.detector.upper()))
    ]
