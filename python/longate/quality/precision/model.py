"""The model that a table of measurements can estimate, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.quality.precision.likelihood import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from longate.quality.precision.measurements import Measurements

REPEATABILITY = "repeatability"


@dataclass(frozen=True)
class EstimableModel:
    """The model that can be estimated, and what cannot.

    Parameters
    ----------
    model : Model
        With the terms that the design can tell.
    names : list of str
        Of its components, in order.
    df : list of float
        Of each, by ranks of the design in the order of the terms.
    lost : dict of str to str
        Component -> why it is not estimable.
    merged : str or None
        The term whose variance holds repeatability, where nothing was measured twice
        within its levels.
    """

    model: Model
    names: list[str]
    df: list[float]
    lost: dict[str, str]
    merged: str | None


def fixed_effects(
    read: Measurements,
) -> tuple[NDArray[np.float64], list[tuple[str, str, int]]]:
    """Return the matrix of fixed effects, and (column, level, position) of its biases.

    Parameters
    ----------
    read : Measurements
        The measurements.

    Raises
    ------
    DesignError
        If a fixed effect is aliased with the specimens or with earlier ones.
    """
    columns, labels = [np.zeros((len(read.y), 0))], []
    at = 0
    for name, values in read.fixed.items():
        if values.dtype == object:
            levels = sorted(dict.fromkeys(values.tolist()))
            block = np.array(
                [[float(value == level) for level in levels] for value in values]
            )
            # Deviations from the mean of all levels.
            block = block[:, :-1] - block[:, -1:]
            labels += [(name, level, at + i) for i, level in enumerate(levels)]
        else:
            block = (values - values.mean())[:, None]
            labels.append((name, "slope", at))
        before = _rank(read, columns)
        if _rank(read, [*columns, block]) < before + block.shape[1]:
            msg = (
                f"the fixed effect {name!r} is aliased with the specimens or with "
                "earlier fixed effects: no specimen was measured at several of its "
                "levels, so a difference may as well be biology"
            )
            raise DesignError(msg)
        columns.append(block)
        at += block.shape[1]
    return np.column_stack(columns), labels


def estimable_model(read: Measurements, x: NDArray[np.float64]) -> EstimableModel:
    """Return the model whose every component is told apart from the others.

    Parameters
    ----------
    read : Measurements
        The measurements.
    x : (n, p) array
        Fixed effects.
    """
    blocks = [x]
    rank = _rank(read, blocks)
    levels, df, lost = {}, [], {}
    for name, level in read.levels.items():
        z = (level[:, None] == np.arange(level.max() + 1)[None, :]).astype(float)
        reached = _rank(read, [*blocks, z])
        if reached == rank:
            lost[name] = (
                "not estimable from this design: no specimen and level above it has "
                f"two levels of {name}"
            )
            continue
        levels[name] = level
        df.append(float(reached - rank))
        blocks.append(z)
        rank = reached
    left = len(read.y) - rank
    merged = None
    if left == 0 and levels:
        # One measurement in each innermost level: its variance holds repeatability.
        merged = list(levels)[-1]
        levels.pop(merged)
        lost[REPEATABILITY] = (
            "not estimable from this design: no level of "
            f"{merged} has two measurements; its variance is within {merged}"
        )
    else:
        df.append(float(left))
    names = [*levels, merged or REPEATABILITY]
    return EstimableModel(
        Model(read.y, read.specimen, x, levels, read.known), names, df, lost, merged
    )


def _rank(read: Measurements, blocks: Sequence[NDArray[np.float64]]) -> int:
    """Return the rank of the specimens together with further columns."""
    columns = np.column_stack([np.zeros((len(read.y), 0)), *blocks])
    if not columns.shape[1]:
        return read.n_specimens
    # Within specimens alone: as many columns as specimens would be slow.
    sums = np.zeros((read.n_specimens, columns.shape[1]))
    np.add.at(sums, read.specimen, columns)
    sizes = np.bincount(read.specimen)[:, None]
    inside = columns - (sums / sizes)[read.specimen]
    return read.n_specimens + int(np.linalg.matrix_rank(inside))
