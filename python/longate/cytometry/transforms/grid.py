"""A scale cut into cells: the step function on which some programs gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate.cytometry.transforms.transform import Transform
from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Grid(Transform):
    """A scale cut into whole cells, as FlowJo and FACSDiva gate on one.

    With the base scale f and r = 0 (or 1/2 with ``nearest=True``)::

        cell(x) = floor(cells (f(x) - low) / (high - low) + r)

    kept within 0 and the last cell. Cells of a :class:`FlowJoBiex` from 0 to 1 begin at
    channels of its table, ``ceil(j length / cells)``. The smallest value of each cell
    is found once, on the base scale's exact forward function, so that no value near a
    border is decided by rounding: a polygon whose vertices are whole numbers, on two
    such axes, holds the events that it holds in whole numbers.

    NaN and infinities stay. :meth:`inverse` gives the smallest value of a cell; that of
    cell 0 and of cells beyond the axis is where the base scale has it.

    Parameters
    ----------
    base : Transform
        The scale that is cut, which is no grid itself.
    cells : float
        Their number between `low` and `high`, whole, from 2 to 65536.
    low, high : float
        Scaled values where cell 0 begins, and where the last one ends.
    nearest : bool
        Whether positions are rounded instead of cut.
    overflow : bool
        Whether values from `high` on have a cell of their own, number `cells`; they
        have the last one, ``cells - 1``, otherwise.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    Examples
    --------
    >>> import longate as lg
    >>> grid = lg.Grid(lg.Linear(t=1024.0), cells=256, nearest=True)
    >>> grid([-5.0, 1.9, 2.0, 1e6]).tolist()
    [0.0, 0.0, 1.0, 255.0]
    >>> grid.inverse([1.0]).tolist()
    [2.0]
    >>> lg.Grid(lg.FlowJoBiex(), overflow=True)([0.0, 1e9]).tolist()
    [28.0, 256.0]
    """

    name: ClassVar[str] = "grid"

    base: Transform
    cells: float = 256.0
    low: float = 0.0
    high: float = 1.0
    nearest: bool = False
    overflow: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.base, Transform) or len(self.base.kernel) > 2:
            msg = (
                "Grid requires a base scale that is no grid and not bounded; got "
                f"{self.base!r}"
            )
            raise TransformError(msg)
        for word in ("cells", "low", "high"):
            value = getattr(self, word)
            try:
                object.__setattr__(self, word, float(value))
            except (TypeError, ValueError, OverflowError):
                msg = f"Grid requires a number {word}; got {value!r}"
                raise TransformError(msg) from None
        for word in ("nearest", "overflow"):
            value = getattr(self, word)
            if not isinstance(value, bool | np.bool_):
                msg = f"Grid requires {word} to be True or False; got {value!r}"
                raise TransformError(msg)
            object.__setattr__(self, word, bool(value))
        # An empty array: the kernel checks the parameters and names what is wrong.
        self(np.empty(0))

    @property
    def parameters(self) -> tuple[float, ...]:
        """Cells, low, high, 1/2 where positions are rounded, 1 with an overflow."""
        offset = 0.5 if self.nearest else 0.0
        return (self.cells, self.low, self.high, offset, float(self.overflow))

    @property
    def kernel(self) -> tuple[Any, ...]:
        """Name, parameters and base scale, as kernels and JSON take them."""
        return (self.name, self.parameters, self.base.kernel)

    @property
    def last(self) -> int:
        """The number of the last cell."""
        return int(self.cells) - (0 if self.overflow else 1)

    def vertices(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the cells of vertices, which are not kept within the axis.

        Parameters
        ----------
        values : array-like of float, any shape
            Coordinates in data units.

        Returns
        -------
        numpy.ndarray of float64, the same shape
            Whole numbers. Beyond the axis the base scale goes on, if it does not
            saturate itself.
        """
        array = np.asarray(values, dtype=np.float64)
        offset = 0.5 if self.nearest else 0.0
        width = self.high - self.low
        found = np.floor((self.base(array) - self.low) * self.cells / width + offset)
        within = ~((found < 0) | (found > self.last))
        return np.where(within, self(array), found)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"name": "grid", "parameters": {...}}``, the base scale within."""
        own = {word: value for word, value in vars(self).items() if word != "base"}
        parameters = {"base": self.base.to_json(), **own}
        return {"name": self.name, "parameters": parameters}

    @classmethod
    def _of(cls, parameters: Mapping[str, Any]) -> Grid:
        own = dict(parameters)
        return cls(base=Transform.from_json(own.pop("base")), **own)
