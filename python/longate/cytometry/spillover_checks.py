"""Checks of the numbers and names of a spillover matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import is_missing
from longate._validation import listed, suggest
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


def numbers_of(matrix: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only copy of a table of numbers.

    Raises
    ------
    SpilloverError
        If it is none.
    """
    try:
        values = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"a spillover matrix must be a table of numbers: {error}"
        raise SpilloverError(msg) from None
    values.setflags(write=False)
    return values


def names_of(names: Sequence[str], what: str) -> tuple[str, ...]:
    """Return names as a tuple, all different.

    Parameters
    ----------
    names : sequence of str
        As given.
    what : str
        What they name, for the message.

    Raises
    ------
    SpilloverError
        If it is one string, or a name is empty or occurs twice.
    """
    if isinstance(names, str):
        msg = f"{what}s must be a list of names, not one string: {names!r}"
        raise SpilloverError(msg)
    found = tuple("" if is_missing(name) else str(name) for name in names)
    if not all(name.strip() for name in found):
        msg = f"the spillover matrix has a {what} without a name: {list(found)}"
        raise SpilloverError(msg)
    twice = [name for k, name in enumerate(found) if name in found[:k]]
    if twice:
        msg = f"the spillover matrix names a {what} twice: {listed(twice)}"
        raise SpilloverError(msg)
    return found


def refuse_not_finite(
    values: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str]
) -> None:
    """Raise, naming row and column, if an entry is NaN or infinite."""
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0]
        entry = float(values[row, column])
        shown = "NaN" if np.isnan(entry) else f"{entry}"
        msg = (
            f"the spillover matrix holds {shown} in row {rows[row]!r}, column "
            f"{columns[column]!r}; it must be finite"
        )
        raise SpilloverError(msg)


def refuse_unfit_out(out: NDArray[Any], shape: tuple[int, int]) -> None:
    """Raise unless kernels can write compensated columns into `out`."""
    wanted = (
        "out must be a writable Fortran-ordered array of float64 or float32 of shape "
        f"{shape}; got "
    )
    if not isinstance(out, np.ndarray):
        msg = wanted + type(out).__name__
        raise SpilloverError(msg)
    fits = out.shape == shape and out.T.flags.c_contiguous and out.flags.writeable
    if not fits or out.dtype not in (np.float64, np.float32):
        state = "" if out.flags.writeable else "a read-only "
        order = "" if out.T.flags.c_contiguous else ", in another order"
        msg = f"{wanted}{state}{out.dtype} of shape {out.shape}{order}"
        raise SpilloverError(msg)


def refuse_percentages(
    values: NDArray[np.float64], columns: Sequence[str], rows: Sequence[str]
) -> None:
    """Raise where every fluorochrome's share of its own detector is 100."""
    if tuple(rows) == tuple(columns) and (values.diagonal() == 100.0).all():
        msg = (
            "the spillover matrix has 100 all along its diagonal (channels "
            f"{listed(rows, most=20)}): these are percentages; divide them by 100"
        )
        raise SpilloverError(msg)


def refuse_unfit_shape(
    values: NDArray[np.float64],
    columns: Sequence[str],
    fluorochromes: Sequence[str] | None,
) -> None:
    """Raise unless a matrix fits its names, with a detector per fluorochrome."""
    rows = columns if fluorochromes is None else fluorochromes
    if values.ndim != 2 or values.shape != (len(rows), len(columns)):
        fits = f"{len(columns)} channels"
        if fluorochromes is not None:
            fits = f"{len(rows)} fluorochromes x {len(columns)} detectors"
        msg = f"a spillover matrix of shape {values.shape} does not fit {fits}"
        raise SpilloverError(msg)
    if len(rows) > len(columns):
        msg = (
            f"{len(rows)} fluorochromes cannot be told apart by {len(columns)} "
            f"detectors "
            f"(fluorochromes {listed(rows)}; detectors {listed(columns)})"
        )
        raise SpilloverError(msg)


def renamed_names(
    names: Mapping[str, str], detectors: Sequence[str], fluorochromes: Sequence[str]
) -> tuple[list[str], list[str] | None]:
    """Return detectors and fluorochromes under other names; None where both agree.

    Raises
    ------
    SpilloverError
        If an old name is not in the matrix.
    """
    known = [*fluorochromes, *detectors]
    for name in names:
        if name not in known:
            msg = (
                f"the spillover matrix has no fluorochrome or detector {name!r}"
                f"{suggest(name, known)}"
            )
            raise SpilloverError(msg)
    columns = [names.get(name, name) for name in detectors]
    rows = [names.get(name, name) for name in fluorochromes]
    return columns, None if rows == columns else rows


def rows_of(wanted: Sequence[str], fluorochromes: Sequence[str]) -> list[int]:
    """Return the rows of some fluorochromes.

    Raises
    ------
    SpilloverError
        If one is not in the matrix.
    """
    for name in wanted:
        if name not in fluorochromes:
            has = f"; it has {listed(fluorochromes)}"
            msg = (
                f"the spillover matrix has no fluorochrome {name!r}"
                f"{suggest(name, fluorochromes) or has}"
            )
            raise SpilloverError(msg)
    return [list(fluorochromes).index(name) for name in wanted]


def singular(error: SpilloverError, fluorochromes: Sequence[str]) -> SpilloverError:
    """Return the kernel's complaint of a matrix that cannot be solved, with names."""
    if len(error.args) == 2:  # the kernel knows the fluorochrome by its number
        number = error.args[1]
        return SpilloverError(
            f"the spectrum of fluorochrome {fluorochromes[number]!r} is empty or made "
            f"up of those of {listed(fluorochromes[:number], most=20)}: these cannot "
            "be told apart"
        )
    return SpilloverError(f"{error} (channels {listed(fluorochromes, most=20)})")
