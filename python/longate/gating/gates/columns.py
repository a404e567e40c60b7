"""Columns of events, as kernels take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import suggest, unmasked
from longate.exceptions import GateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from longate.gating.gates.dimension import Axis

# What most columns are: no other type of numbers is the same object.
_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def columns_of(
    name: str, axes: Sequence[Axis], values: Mapping[Any, ArrayLike]
) -> list[NDArray[Any]]:
    """Return the columns of some axes, in their order, as kernels take them.

    Parameters
    ----------
    name : str
        Of the gate, for errors.
    axes : sequence of str or Dimension
        Which columns.
    values : mapping of axis to (n_events,) array-like
        By axis, or by the name of one.

    Returns
    -------
    list of (n_events,) numpy.ndarray of float32 or float64

    Raises
    ------
    GateError
        If a column is missing or holds no numbers, or columns differ in length.
    """
    if type(values) is not dict:
        return _checked_columns(name, axes, values)
    columns: list[NDArray[Any]] = []
    for axis in axes:
        column = values.get(axis)
        if not (
            type(column) is np.ndarray
            and (column.dtype is _SINGLE or column.dtype is _DOUBLE)
            and column.ndim == 1
            and (not columns or len(column) == len(columns[0]))
        ):
            return _checked_columns(name, axes, values)
        columns.append(column)
    return columns


def _checked_columns(
    name: str, axes: Sequence[Axis], values: Mapping[Any, ArrayLike]
) -> list[NDArray[Any]]:
    """Return columns that kernels do not take as they are."""
    if not hasattr(values, "__contains__") or isinstance(values, np.ndarray):
        kind = type(values).__name__
        msg = f"gate {name!r} needs {{axis: column}} or a data frame; got {kind}"
        raise GateError(msg)
    columns = [_numbers(name, axis, values) for axis in axes]
    if len({len(column) for column in columns}) > 1:
        named = zip(axes, columns, strict=True)
        told = {str(axis): column.shape for axis, column in named}
        msg = f"gate {name!r} needs columns of one length; got shapes {told}"
        raise GateError(msg)
    return columns


def _numbers(name: str, axis: Axis, values: Mapping[Any, ArrayLike]) -> NDArray[Any]:
    """Return a column as numbers that kernels take, in one piece."""
    key: Any = axis if axis in values else str(axis)
    if key not in values:
        near = suggest(str(axis), map(str, values))
        msg = f"gate {name!r} needs values of {str(axis)!r}{near}"
        raise GateError(msg)
    try:
        column = np.asarray(unmasked(values[key]))
        if column.dtype.kind not in "biufO":
            msg = f"{column.dtype} is no kind of number to be gated"
            raise TypeError(msg)
        # Single precision stays: doubles have all its numbers.
        kind = np.float32 if column.dtype == np.float32 else np.float64
        column = np.ascontiguousarray(column, dtype=kind)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"gate {name!r}: the values of {str(axis)!r}: {error}"
        raise GateError(msg) from None
    if column.ndim != 1:
        msg = (
            f"gate {name!r} needs one number per event on {str(axis)!r}; got "
            f"shape {column.shape}"
        )
        raise GateError(msg)
    return column
