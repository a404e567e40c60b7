"""What a panel and a study cannot exclude, in words beside the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from longate.nk.robustness.moved_calls import CallRules
    from longate.nk.thresholds.positivity_thresholds import Anchors

# Handling: CD56dimCD16- is below 3 % of NK cells in fresh blood, 17-36 % after
# cryopreservation (Blood 2015;125:1842).
_FRESH_DIM16NEG = 0.03


def cannot_exclude(
    samples: pd.DataFrame, rules: CallRules, anchors: Anchors
) -> Iterator[str]:
    """Yield a sentence for each thing that stays open.

    Parameters
    ----------
    samples : DataFrame
        Of the report.
    rules : CallRules
        What was measured, and the scheme with its notes.
    anchors : Anchors
        The sources, and the study with its controls.
    """
    for note in rules.scheme.notes:
        yield note[:1].upper() + note[1:].rstrip(".") + "."
    yield _drug(anchors)
    if "fraction_dim16neg" in samples:
        yield _handling(samples, anchors)
    used = anchors.table[anchors.table["marker"].isin(rules.scheme.markers)]
    sources = used.drop_duplicates(["marker", "source", "class"])
    sensitive = sources.loc[sources["class"] == "treatment-sensitive", "marker"]
    if len(sensitive):
        names = ", ".join(dict.fromkeys(sensitive))
        yield (
            f"Treatment-sensitive anchors ({names}): their threshold may follow the "
            "cells and not the instrument."
        )
    frozen = sources.loc[sources["source"].isin(["frozen", "user"]), "marker"]
    if len(frozen):
        names = ", ".join(dict.fromkeys(frozen))
        yield f"Thresholds that do not follow the instrument: {names}."


def _drug(anchors: Anchors) -> str:
    sheet = anchors.populations.study.samples
    sheet = sheet[sheet["tube"] == anchors.tube]
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


def _handling(samples: pd.DataFrame, anchors: Anchors) -> str:
    share = samples["fraction_dim16neg"]
    high = samples.loc[share > _FRESH_DIM16NEG, "sample"]
    sheet = anchors.populations.study.samples
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
