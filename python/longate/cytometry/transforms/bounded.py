"""A scale whose values are held back at bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate.cytometry.transforms.transform import Transform
from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Bounded(Transform):
    """A scale between bounds: scaled values beyond one count as the bound.

    Transformations of Gating-ML with ``boundMin`` or ``boundMax`` are such scales, and
    a gate that reaches beyond a bound holds the values that are held back there::

        bounded(x) = min(max(f(x), low), high)

    Infinities lie on a bound, and NaN stays. :meth:`inverse` is that of the base scale
    between the bounds and NaN beyond.

    Parameters
    ----------
    base : Transform
        The scale, which is neither a :class:`Grid` nor bounded itself.
    low, high : float
        Scaled values, `low` at most `high`; infinite where there is no bound.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    References
    ----------
    Gating-ML 2.0, section 6.1 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Bounded(lg.Linear(t=100.0), low=0.2)([-50.0, 30.0, 170.0]).tolist()
    [0.2, 0.3, 1.7]
    """

    name: ClassVar[str] = "bounded"

    base: Transform
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        if not isinstance(self.base, Transform) or len(self.base.kernel) > 2:
            msg = (
                "Bounded requires a base scale that is neither a grid nor bounded; got "
                f"{self.base!r}"
            )
            raise TransformError(msg)
        for word in ("low", "high"):
            value = getattr(self, word)
            try:
                object.__setattr__(self, word, float(value))
            except (TypeError, ValueError, OverflowError):
                msg = f"Bounded requires a number {word}; got {value!r}"
                raise TransformError(msg) from None
        # An empty array: the kernel checks the parameters and names what is wrong.
        self(np.empty(0))

    @property
    def parameters(self) -> tuple[float, ...]:
        """The bounds."""
        return (self.low, self.high)

    @property
    def kernel(self) -> tuple[Any, ...]:
        """Name, parameters and base scale, as kernels and JSON take them."""
        return (self.name, self.parameters, self.base.kernel)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"name": "bounded", "parameters": {...}}``, the base within.

        An infinite bound is None, since JSON has no infinity.
        """
        bounds = {
            word: value if np.isfinite(value) else None
            for word, value in (("low", self.low), ("high", self.high))
        }
        parameters = {"base": self.base.to_json(), **bounds}
        return {"name": self.name, "parameters": parameters}

    @classmethod
    def _of(cls, parameters: Mapping[str, Any]) -> Bounded:
        own = dict(parameters)
        base = Transform.from_json(own.pop("base"))
        return cls(base, **{key: x for key, x in own.items() if x is not None})
