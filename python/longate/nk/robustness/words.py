"""Sentences for what a panel and a study cannot exclude."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from longate.nk.robustness.calls import CallRules
    from longate.nk.thresholds.positivity_thresholds import PositivityThresholds

# Handling: CD56dimCD16- is below 3 % of NK cells in fresh blood, 17-36 % after
# cryopreservation (Blood 2015;125:1842).
_FRESH_DIM16NEG = 0.03


def cannot_exclude(
    samples: pd.DataFrame, rules: CallRules, thresholds: PositivityThresholds
) -> Iterator[str]:
    """Yield a sentence for each thing that stays open.

    Parameters
    ----------
    samples : DataFrame
        Of the report.
    rules : CallRules
        What was measured, and the scheme with its notes.
    thresholds : PositivityThresholds
        The sources, and the study with its controls.
    """
    for note in rules.scheme.notes:
        yield note[:1].upper() + note[1:].rstrip(".") + "."
    yield _drug(thresholds)
    if "fraction_dim16neg" in samples:
        yield _handling(samples, thresholds)
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
    return (
        "Drug fluorescence not excluded: no unstained or FMO tube of the patients at "
        f"{', '.join(missing)}."
    )


def _handling(samples: pd.DataFrame, thresholds: PositivityThresholds) -> str:
    share = samples["fraction_dim16neg"]
    high = samples.loc[share > _FRESH_DIM16NEG, "sample"]
    sheet = thresholds.populations.study.samples
    told = (
        f"CD56dim CD16- cells are {100 * share.median():.1f} % of NK cells (median; "
        f"highest {100 * share.max():.1f} %)"
    )
    delays = "hours_to_stain" in sheet and sheet["hours_to_stain"].notna().any()
    if len(high):
        told += (
            f", above 3 % in {len(high)} of {len(samples)} samples: delay or freezing "
            "cannot be told from biology there"
        )
    else:
        told += ", below 3 % everywhere: no sign of delay or freezing"
    return told + ("." if delays else "; hours_to_stain is not recorded.")
