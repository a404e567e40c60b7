"""A spillover matrix computed from single-stain controls."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from longate._validation import listed, one_of, suggest
from longate.cytometry.compensation import Compensation
from longate.cytometry.sample import Sample
from longate.cytometry.single_stain import (
    MIN_NEGATIVE,
    MIN_POSITIVE,
    Split,
    slope_of_medians,
    slope_through_negatives,
    split_by_unstained,
    split_by_valley,
    without_pile_up,
)
from longate.exceptions import PanelError, PanelWarning, SpilloverError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Control: TypeAlias = "Sample | pd.DataFrame"

PILE = 10


@dataclass(frozen=True, repr=False, eq=False)
class SpilloverEstimate:
    """A spillover matrix from single-stain controls, and how sure it is.

    Parameters
    ----------
    compensation : Compensation
        The matrix, each row divided by the signal in the fluorochrome's own detector.
    table : pandas.DataFrame
        One row per fluorochrome and detector: ``fluorochrome, peak, detector, slope,
        low, high`` (95 %), ``r, slope_dim, slope_bright, n_positive, n_negative,
        negative`` (``unstained`` or ``own``) and ``n_at_limit`` (events piled up at the
        detector's largest value, which were left out).
    splits : dict of str to Split
        Positive and negative events of each control, all detectors, not compensated.
    """

    compensation: Compensation
    table: pd.DataFrame
    splits: dict[str, Split]

    def __repr__(self) -> str:
        """Say what was found, and how sure."""
        off = self.table[self.table["peak"] != self.table["detector"]]
        width = float((off["high"] - off["low"]).max()) if len(off) else 0.0
        return (
            f"SpilloverEstimate · {len(self.splits)} controls x "
            f"{len(self.compensation.detectors)} detectors · condition number "
            f"{self.compensation.condition_number:.2f} · widest interval {width:.2g}"
        )


def spillover_from_controls(
    controls: Mapping[str, Control],
    *,
    unstained: Control | None = None,
    detectors: Sequence[str] | None = None,
    peaks: Mapping[str, str] | None = None,
    method: str = "line",
    trusted: Sequence[str] = (),
) -> SpilloverEstimate:
    """Compute a spillover matrix from single-stain controls.

    Each entry is the slope of the line of least absolute deviations through the medians
    of the negative events and the positive events of a control (see
    :func:`longate.cytometry.single_stain.slope_through_negatives`): deterministic, and
    hardly moved by outliers. Positive are events brighter in the fluorochrome's own
    detector than 99.5 % of the unstained control, or than the valley in the control's
    own histogram.

    Parameters
    ----------
    controls : mapping of str to Sample or pandas.DataFrame
        Control per fluorochrome, not compensated; a frame has one column per detector.
        Keys are the detectors that the fluorochromes are made for, or fluorochromes
        with detectors in `peaks`.
    unstained : Sample or pandas.DataFrame, optional
        Events without fluorochrome. Without it every control needs negative events of
        its own.
    detectors : sequence of str, optional
        Columns of the matrix; by default the fluorochromes' own, so that it is square.
        More detectors than fluorochromes make a matrix of least squares.
    peaks : mapping of str to str, optional
        The own (brightest) detector of each fluorochrome, where its name is another.
    method : {"line", "medians"}
        The line above, or the ratio of the differences of medians (Bagwell & Adams
        1993, doi:10.1111/j.1749-6632.1993.tb38775.x). They agree where signals lie on a
        line through the negatives; ``slope_dim`` and ``slope_bright`` tell.
    trusted : sequence of str
        Fluorochromes that may be brighter in another detector than in their own.

    Returns
    -------
    SpilloverEstimate

    Warns
    -----
    PanelWarning
        Where events pile up at the largest value of a detector: these are left out.

    Raises
    ------
    SpilloverError
        If a control has too few positive or negative events, is brightest in another
        detector than its own (a swapped tube), lacks a detector, or the fluorochromes
        cannot be told apart; the control is named.

    Examples
    --------
    >>> import longate as lg, numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> light = np.repeat([0.0, 1000.0], 500) * rng.lognormal(0, 0.3, 1000)
    >>> noise = lambda: rng.normal(0, 5, 1000)
    >>> fitc = pd.DataFrame({"B": light + noise(), "Y": 0.2 * light + noise()})
    >>> pe = pd.DataFrame({"B": 0.05 * light + noise(), "Y": light + noise()})
    >>> found = lg.spillover_from_controls({"B": fitc, "Y": pe})
    >>> found.compensation.matrix.round(2).tolist()
    [[1.0, 0.2], [0.05, 1.0]]
    """
    one_of("method", method, ("line", "medians"), SpilloverError)
    peaks = {
        fluorochrome: (peaks or {}).get(fluorochrome, fluorochrome)
        for fluorochrome in controls
    }
    _refuse_unknown(controls, peaks, trusted)
    columns = list(detectors) if detectors is not None else list(peaks.values())
    for fluorochrome, peak in peaks.items():
        if peak not in columns:
            msg = (
                f"the detector {peak!r} of {fluorochrome!r} is not among the detectors "
                f"{listed(columns, most=30)}{suggest(peak, columns)}"
            )
            raise SpilloverError(msg)
    blank = None if unstained is None else _events(unstained, columns, "unstained")
    rows: list[dict[str, Any]] = []
    splits = {}
    for fluorochrome, control in controls.items():
        own = columns.index(peaks[fluorochrome])
        try:
            split, piled = _split(_events(control, columns, fluorochrome), own, blank)
            if fluorochrome not in trusted:
                _refuse_wrong_tube(split, own, columns)
        except SpilloverError as error:
            msg = f"single-stain control {fluorochrome!r}: {error}"
            raise SpilloverError(msg) from None
        _warn_of_piles(fluorochrome, piled, columns)
        splits[fluorochrome] = split
        zero = "own" if blank is None else "unstained"
        about = {"fluorochrome": fluorochrome, "negative": zero, "method": method}
        rows += _rows(about, split, own, columns, piled)
    return _estimate(rows, splits, columns, peaks)


def _refuse_unknown(
    controls: Mapping[str, Control], peaks: Mapping[str, str], trusted: Sequence[str]
) -> None:
    if not controls:
        msg = "there is no single-stain control"
        raise SpilloverError(msg)
    for name in trusted:
        if name not in controls:
            msg = f"trusted {name!r} is no control{suggest(name, controls)}"
            raise SpilloverError(msg)
    owners: dict[str, str] = {}
    for fluorochrome, peak in peaks.items():
        if peak in owners:
            msg = (
                f"{owners[peak]!r} and {fluorochrome!r} have the same own detector "
                f"{peak!r}"
            )
            raise SpilloverError(msg)
        owners[peak] = fluorochrome


def _events(control: Control, columns: Sequence[str], name: str) -> NDArray[np.float64]:
    try:
        if isinstance(control, Sample):
            values = [control.column(detector) for detector in columns]
        else:
            values = [control[detector].to_numpy(float) for detector in columns]
    except (PanelError, KeyError) as error:
        known: list[str] = (
            [] if isinstance(control, Sample) else [str(c) for c in control.columns]
        )
        what = error.args[0] if error.args else error
        msg = f"control {name!r} lacks a detector: {what}{suggest(str(what), known)}"
        raise SpilloverError(msg) from None
    table = np.column_stack([np.asarray(column, dtype=np.float64) for column in values])
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        msg = (
            f"control {name!r} holds {table[row, column]} in detector "
            f"{columns[column]!r}, event {row}"
        )
        raise SpilloverError(msg)
    return table


def _split(
    events: NDArray[np.float64], own: int, blank: NDArray[np.float64] | None
) -> tuple[Split, list[int]]:
    if len(events) < MIN_POSITIVE:
        msg = f"it has {len(events)} events; at least {MIN_POSITIVE} are needed"
        raise SpilloverError(msg)
    used, piled = without_pile_up(events, PILE)
    events = events[used]
    if blank is None:
        split = split_by_valley(events, own)
    else:
        split = split_by_unstained(events, own, blank)
    if len(split.negative) < MIN_NEGATIVE:
        msg = (
            f"it has {len(split.negative)} negative events; at least {MIN_NEGATIVE} "
            "are needed, here or in an unstained control"
        )
        raise SpilloverError(msg)
    if len(split.positive) < MIN_POSITIVE:
        msg = (
            f"it has {len(split.positive)} positive events of {len(events)}; at least "
            f"{MIN_POSITIVE} are needed"
        )
        raise SpilloverError(msg)
    return split, piled


def _refuse_wrong_tube(split: Split, own: int, columns: Sequence[str]) -> None:
    """Raise where the control is brightest in a detector that is not its own."""
    rise = np.median(split.positive, axis=0) - np.median(split.negative, axis=0)
    brightest = int(rise.argmax())
    # An event is positive by its own detector, whichever fluorochrome it has.
    if brightest != own:
        msg = (
            f"it is brightest in {columns[brightest]!r} (by {rise[brightest]:.4g}), "
            f"not in its own detector {columns[own]!r} (by {rise[own]:.4g}); is this "
            "the right tube? If so, name it in trusted="
        )
        raise SpilloverError(msg)


def _warn_of_piles(
    fluorochrome: str, piled: Sequence[int], columns: Sequence[str]
) -> None:
    full = [f"{c!r} ({n})" for c, n in zip(columns, piled, strict=True) if n]
    if full:
        msg = (
            f"single-stain control {fluorochrome!r} has events piled up at the largest "
            f"value of "
            f"{', '.join(full)}; they are left out"
        )
        warnings.warn(msg, PanelWarning, stacklevel=3)


def _rows(
    about: dict[str, str],
    split: Split,
    own: int,
    columns: Sequence[str],
    piled: Sequence[int],
) -> list[dict[str, Any]]:
    rows = []
    for index, detector in enumerate(columns):
        slope = slope_through_negatives(split, own, index)
        if about["method"] == "medians":
            slope = slope_of_medians(split, own, index, slope)
        rows.append(
            {
                "fluorochrome": about["fluorochrome"],
                "peak": columns[own],
                "detector": detector,
                **vars(slope),
                "n_positive": len(split.positive),
                "n_negative": len(split.negative),
                "negative": about["negative"],
                "n_at_limit": piled[index],
            }
        )
        if index == own:  # exactly 1 by definition
            rows[-1].update(slope=1.0, low=1.0, high=1.0)
    return rows


def _estimate(
    rows: list[dict[str, Any]],
    splits: dict[str, Split],
    columns: list[str],
    peaks: Mapping[str, str],
) -> SpilloverEstimate:
    import pandas as pd

    table = pd.DataFrame(rows)
    fluorochromes = list(peaks)
    matrix = table["slope"].to_numpy().reshape(len(fluorochromes), len(columns))
    if [
        peaks[fluorochrome] for fluorochrome in fluorochromes
    ] == columns and fluorochromes == columns:
        compensation = Compensation(matrix, columns)
    elif sorted(fluorochromes) == sorted(columns):
        order = [fluorochromes.index(name) for name in columns]
        compensation = Compensation(matrix[order], columns)
    else:
        compensation = Compensation(matrix, columns, fluorochromes)
    return SpilloverEstimate(compensation, table, splits)
