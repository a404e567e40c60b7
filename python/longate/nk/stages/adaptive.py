"""Assessability of adaptive NK cells, patient by patient.

Adaptive cells are CD57+ NKG2C+. Donors without the gene of NKG2C (KLRC2; about 4 % are
homozygous) have adaptive cells that lack it, which look like other CD57+ cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed
from longate.nk.stages.index import ADAPTIVE
from longate.nk.stages.scheme import CD56_BRIGHT

if TYPE_CHECKING:
    import pandas as pd

    from longate.nk.stages.scheme import StageScheme

NKG2C_ABSENT = 0.01
"""Share of CD56dim cells that a threshold at the 99 % point of negatives calls NKG2C+
although none is."""

_COLUMNS = {"cmv": "CMV", "cmv_status": "CMV", "fcerig": "FcERIg", "fceri_g": "FcERIg"}


def patients_without_nkg2c(
    phenotypes: pd.DataFrame, scheme: StageScheme
) -> tuple[str, ...]:
    """Return patients whose CD56dim cells lack NKG2C at every visit.

    Parameters
    ----------
    phenotypes : DataFrame
        ``patient, sample, n_events`` and one column per call.
    scheme : StageScheme
        Nobody is returned where it has no adaptive stage.

    Returns
    -------
    tuple of str
        Patients with CD56dim cells of whom at most 1 % are NKG2C+ in each sample.
    """
    if ADAPTIVE not in {stage.label for stage in scheme.stages}:
        return ()
    calls = {call: phenotypes[call].to_numpy(bool) for call in scheme.markers}
    dim = phenotypes[scheme.looks_at(calls) & ~calls[CD56_BRIGHT]]
    positive = dim["n_events"].where(dim["NKG2C"].astype(bool), 0)
    keys = ["patient", "sample"]
    summed = (
        dim.assign(_positive=positive)
        .groupby(keys, sort=False, observed=True)[["n_events", "_positive"]]
        .sum()
    )
    summed = summed[summed["n_events"] > 0]
    absent = summed["_positive"] <= NKG2C_ABSENT * summed["n_events"]
    everywhere = absent.groupby("patient", sort=False, observed=True).all()
    return tuple(str(name) for name in everywhere.index[everywhere])


def not_assessable_note(
    patients: tuple[str, ...], samples: pd.DataFrame
) -> tuple[str, ...]:
    """Return a note on patients whose adaptive cells are not assessable, or nothing.

    Parameters
    ----------
    patients : tuple of str
        From :func:`patients_without_nkg2c`.
    samples : DataFrame
        Rows of the sheet; its columns ``cmv`` (or ``cmv_status``) and ``fcerig`` are
        quoted where they are there.
    """
    if not patients:
        return ()
    names = [c for c in samples if str(c).strip().casefold() in _COLUMNS]
    words = []
    for patient in patients:
        own = samples[samples["patient"].astype(str) == patient]
        known = [
            f"{_COLUMNS[str(c).strip().casefold()]} {value}"
            for c in names
            for value in dict.fromkeys(own[c].dropna().astype(str))
        ]
        words.append(f"{patient} ({', '.join(known)})" if known else patient)
    return (
        f"Adaptive cells are not assessable in {listed(words, most=12)}: NKG2C is "
        f"absent at all visits (at most {NKG2C_ABSENT:.0%} of CD56dim cells), as in "
        "donors without KLRC2, whose adaptive cells lack NKG2C and are counted as "
        "dim_CD57.",
    )
