"""Arrays of any shape put on a scale, or brought back from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import scale_forward, scale_inverse
from longate._validation import one_of, unmasked
from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

PRECISIONS = ("exact", "fast")


Kernel = tuple[Any, ...]
"""A scale by its name and parameters, and those of a scale within it."""


def to_scaled(
    scale: Kernel,
    values: ArrayLike,
    precision: str,
    out: NDArray[np.float64] | None,
    *,
    unit: float = 1.0,
) -> NDArray[np.float64]:
    """Put values on a scale.

    Parameters
    ----------
    scale : (str, tuple of float)
        Name and parameters.
    values : array-like of float, any shape
    precision : {"exact", "fast"}
    out : numpy.ndarray of float64, the same shape, or None
        Where to put the scaled values; None makes a new array.
    unit : float
        The scaled values come times this.

    Returns
    -------
    numpy.ndarray of float64, the same shape

    Raises
    ------
    TransformError
        If `precision` is neither, or `out` cannot be used.
    """
    return _convert(partial(scale_forward, scale, unit=unit), values, precision, out)


def to_values(
    scale: Kernel,
    scaled: ArrayLike,
    precision: str,
    out: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Bring scaled values back to values; arguments as for :func:`to_scaled`."""
    return _convert(partial(scale_inverse, scale), scaled, precision, out)


def _convert(
    kernel: Callable[..., None],
    numbers: ArrayLike,
    precision: str,
    out: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    one_of("precision", precision, PRECISIONS, TransformError)
    fast = precision == "fast"
    try:
        array = np.asarray(unmasked(numbers), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"a scale takes numbers: {error}"
        raise TransformError(msg) from None
    if out is not None:
        _refuse_unusable(out, array.shape)
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        # Numbers in the order in which they stand in memory.
        turned = _convert(kernel, array.T, precision, None if out is None else out.T)
        return turned.T if out is None else out
    flat = np.ascontiguousarray(array).reshape(-1)
    if not flat.flags.aligned:
        flat = flat.copy()
    if out is not None and out.flags.carray:
        target = out.reshape(-1)
        kernel(None if _same_memory(flat, target) else flat, target, fast=fast)
        return out
    result = np.empty(array.shape)
    kernel(flat, result.reshape(-1), fast=fast)
    if out is None:
        return result
    out[...] = result
    return out


def _refuse_unusable(out: object, shape: tuple[int, ...]) -> None:
    """Refuse an `out` where results of a shape cannot be put."""
    if not isinstance(out, np.ndarray) or out.dtype != np.float64:
        found = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        msg = f"out must be a numpy array of float64; got {found}"
        raise TransformError(msg)
    if out.shape != shape:
        msg = f"out must have the shape of the numbers, {shape}; it has {out.shape}"
        raise TransformError(msg)
    if not out.flags.writeable:
        msg = "out is read-only; give a writable array, such as a copy of it"
        raise TransformError(msg)


def _same_memory(flat: NDArray[np.float64], target: NDArray[np.float64]) -> bool:
    """Return whether two contiguous arrays are one; they may not overlap otherwise."""
    if flat.ctypes.data == target.ctypes.data:
        return True
    if np.may_share_memory(flat, target):
        msg = (
            "out overlaps with the numbers, which would change while they are read; "
            "give the same array for both, or one of its own"
        )
        raise TransformError(msg)
    return False
