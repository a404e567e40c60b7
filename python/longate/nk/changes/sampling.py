"""Checks of sampling and specimens, and the number of cells in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed
from longate.exceptions import MaturationError

if TYPE_CHECKING:
    import pandas as pd

SAMPLING = ("all", "uniform")
"""Ways of choosing events under which a score means what it says."""

FROZEN = "pbmc_frozen"
"""The specimen of the sheet whose cells were frozen."""

WANTED = 300
"""NK events wanted for an index: its counting SD is then about .016."""

BETTER = 1000
"""NK events that are better: its counting SD is then about .008."""


def refuse_density_dependent(samples: pd.DataFrame, sampling: str | None) -> None:
    """Refuse events that were not chosen uniformly.

    Parameters
    ----------
    samples : DataFrame
        Rows of the sheet, with ``sample`` and perhaps ``sampling``.
    sampling : str or None
        What the caller declares for all files; the column ``sampling`` of the sheet
        where None. ``"all"`` and ``"uniform"`` will do.

    Raises
    ------
    MaturationError
        If events were thinned by density, or in a way that is not known.
    """
    if sampling is not None:
        declared = {"every file": sampling}
    elif "sampling" in samples:
        rows = samples[["sample", "sampling"]].dropna()
        declared = dict(rows.astype(str).itertuples(index=False, name=None))
    else:
        return
    wrong = {
        sample: how
        for sample, how in declared.items()
        if how.strip().casefold() not in SAMPLING
    }
    if wrong:
        how = next(iter(wrong.values()))
        msg = (
            f"events of {listed(wrong)} are declared as sampled {how!r}; a share of "
            "cells means something only where every cell had the same chance to be in "
            "the file (density-dependent down-sampling, as SPADE does, flattens it). "
            "Score the original files, or sample them uniformly; 'all' and 'uniform' "
            "will do"
        )
        raise MaturationError(msg)


def any_frozen(samples: pd.DataFrame) -> bool:
    """Return whether any sample of the sheet was frozen (``pbmc_frozen``).

    Parameters
    ----------
    samples : DataFrame
        Rows of the sheet.
    """
    if "specimen" not in samples:
        return False
    words = samples["specimen"].dropna().astype(str).str.strip().str.casefold()
    return bool((words == FROZEN).any())


def recorded_clones(samples: pd.DataFrame) -> dict[str, str]:
    """Return KIR -> clones of the sheet's column ``kir_clones``; empty without one.

    Parameters
    ----------
    samples : DataFrame
        Rows of the sheet.

    Raises
    ------
    MaturationError
        If samples of the study were stained with different clones: KIR- would mean
        another thing in each.
    """
    if "kir_clones" not in samples:
        return {}
    words = samples["kir_clones"].dropna().astype(str).str.strip()
    found = list(dict.fromkeys(word for word in words if word))
    if len(found) > 1:
        msg = (
            f"the sheet's kir_clones differ between samples ({listed(found)}): KIR- "
            "means negative for other clones in each, so one score cannot hold them; "
            "score them apart, or say with clones={'KIR': ...} that they are the same"
        )
        raise MaturationError(msg)
    return {"KIR": found[0]} if found else {}


def refuse_mixed_specimens(pairs: pd.DataFrame) -> None:
    """Refuse to compare visits of one patient whose specimens differ.

    Parameters
    ----------
    pairs : DataFrame
        ``patient, from, to`` and perhaps ``specimen_from, specimen_to``.

    Raises
    ------
    MaturationError
        If a patient's two samples are of different specimens.
    """
    if "specimen_from" not in pairs:
        return
    both = pairs["specimen_from"].notna() & pairs["specimen_to"].notna()
    differ = pairs[both & (pairs["specimen_from"] != pairs["specimen_to"])]
    if len(differ):
        row = differ.iloc[0]
        msg = (
            f"specimens differ between the visits of {listed(differ['patient'])} "
            f"({row['from']}: {row['specimen_from']}, {row['to']}: "
            f"{row['specimen_to']}); freezing and lysis change CD16, CD62L and the "
            "share of CD56dim CD16- cells, so such visits are not compared: leave "
            "these patients out, or declare the specimen right"
        )
        raise MaturationError(msg)


def cells_in_words(n: int) -> str:
    """Say whether a number of NK events is enough.

    Returns
    -------
    str
        ``"few"`` under 300, ``"enough"`` under 1000, else ``"good"``.
    """
    if n < WANTED:
        return "few"
    return "enough" if n < BETTER else "good"


def few_cells_note(table: pd.DataFrame) -> tuple[str, ...]:
    """Return a note that names samples with few cells, or nothing.

    Parameters
    ----------
    table : DataFrame
        With ``sample`` and ``n``.
    """
    few = table[table["n"] < WANTED]
    if few.empty:
        return ()
    named = [f"{s} ({n})" for s, n in zip(few["sample"], few["n"], strict=True)]
    return (
        f"{len(few)} samples have fewer than {WANTED} NK events on the axis: "
        f"{listed(named)}. They stay in, with wide intervals; acquire more events "
        f"where you can ({BETTER} are better).",
    )
