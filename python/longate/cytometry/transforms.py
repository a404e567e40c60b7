"""Scales of an axis, with the parameters of Gating-ML 2.0.

Each is a small frozen value that can be called on an array. The top of scale ``t``
maps to 1; NaN stays NaN and infinities stay infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from longate._core import scale_forward, scale_inverse
from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


class HasNegativeReferences(Protocol):
    """What can say how far each channel reaches below zero; a study can."""

    def negative_references(
        self, *, tube: str | None = None
    ) -> Mapping[str, tuple[float, float | None]]:
        """Return detector -> (top of scale, 5th percentile of negative values)."""


@dataclass(frozen=True)
class Transform:
    """A scale; use one of the named ones."""

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for parameter, value in vars(self).items():
            try:
                object.__setattr__(self, parameter, float(value))
            except (TypeError, ValueError):
                kind = type(self).__name__
                msg = f"{kind} requires a number {parameter}; got {value!r}"
                raise TransformError(msg) from None
        # An empty array: the kernel checks the parameters and names what is wrong.
        scale_forward(self.kernel, np.empty(0))

    @property
    def parameters(self) -> tuple[float, ...]:
        """The parameters in the order of the standard."""
        return tuple(vars(self).values())

    @property
    def kernel(self) -> tuple[str, tuple[float, ...]]:
        """Name and parameters, as kernels and JSON take them."""
        return (self.name, self.parameters)

    def __call__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Put values on the scale.

        Parameters
        ----------
        values : array-like of float, any shape
            Compensated values.

        Returns
        -------
        numpy.ndarray of float64, the same shape
        """
        return _on_flat(scale_forward, self.kernel, values)

    def inverse(self, places: ArrayLike) -> NDArray[np.float64]:
        """Bring places on the scale back to values; the shape is kept."""
        return _on_flat(scale_inverse, self.kernel, places)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"name": ..., "parameters": {...}}``."""
        return {"name": self.name, "parameters": dict(vars(self))}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Transform:
        """Rebuild a scale from what :meth:`to_json` gave.

        Raises
        ------
        TransformError
            If no scale has this name, or a parameter is wrong.
        """
        kinds = {kind.name: kind for kind in (Linear, Arcsinh, Logicle)}
        kind = kinds.get(data.get("name", ""))
        if kind is None:
            msg = f"no scale is called {data.get('name')!r}; known are {sorted(kinds)}"
            raise TransformError(msg)
        try:
            return kind(**data["parameters"])
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{data!r} is not a scale {data['name']!r}: {error}"
            raise TransformError(msg) from None


def _on_flat(kernel: Any, scale: Any, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    flat = kernel(scale, np.ascontiguousarray(array).reshape(-1))
    return np.asarray(flat, dtype=np.float64).reshape(array.shape)


@dataclass(frozen=True)
class Linear(Transform):
    """Linear scale, ``y = (x + a) / (t + a)``.

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    a : float
        What lies below 0, from 0 to `t`; ``-a`` maps to 0.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    References
    ----------
    Gating-ML 2.0, section 6.2 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Linear(t=200.0, a=0.0)([50.0]).tolist()
    [0.25]
    """

    name: ClassVar[str] = "linear"

    t: float = 262144.0
    a: float = 0.0


@dataclass(frozen=True)
class Arcsinh(Transform):
    """Inverse hyperbolic sine.

    ``y = (asinh(x sinh(m ln 10) / t) + a ln 10) / ((m + a) ln 10)``

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    m : float
        Decades, above 0.
    a : float
        Extra negative decades, at least 0.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    References
    ----------
    Gating-ML 2.0, section 6.4 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> float(lg.Arcsinh(t=1000.0, m=4.0, a=1.0)([-1.0])[0].round(6))
    -0.000856
    """

    name: ClassVar[str] = "arcsinh"

    t: float = 262144.0
    m: float = 4.5
    a: float = 0.0

    @classmethod
    def with_cofactor(cls, cofactor: float) -> Arcsinh:
        """Return ``asinh(x / cofactor)``, as used in mass cytometry (often 5).

        Parameters
        ----------
        cofactor : float
            Above 0.

        Examples
        --------
        >>> import longate as lg
        >>> float(lg.Arcsinh.with_cofactor(5.0)([10.0])[0].round(6))
        1.443635
        """
        if not cofactor > 0:
            msg = f"cofactor must be above 0, got {cofactor!r}"
            raise TransformError(msg)
        return cls(t=cofactor * float(np.sinh(1.0)), m=1.0 / float(np.log(10.0)), a=0.0)


@dataclass(frozen=True)
class Logicle(Transform):
    """Logicle: linear around zero, logarithmic above, solved exactly.

    The inverse of ``B(y) = α e^(by) - γ e^(-dy) + φ`` whose constants follow from
    the four parameters; values below zero are the reflection of those above.

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    w : float
        Width of the linear part in decades, from 0 to ``m / 2``.
    m : float
        Decades, above 0.
    a : float
        Extra negative decades, from ``-w`` to ``m - 2 w``.

    Raises
    ------
    TransformError
        If a parameter is out of its range; the message names the constraint.

    References
    ----------
    Parks 2006, doi:10.1002/cyto.a.20258; Moore & Parks 2012,
    doi:10.1002/cyto.a.22030; Gating-ML 2.0, section 6.5.

    Examples
    --------
    >>> import longate as lg
    >>> scale = lg.Logicle(t=1000.0, w=1.0, m=4.0, a=0.0)
    >>> float(scale([-10.0])[0].round(6))
    0.067574
    """

    name: ClassVar[str] = "logicle"

    t: float = 262144.0
    w: float = 0.5
    m: float = 4.5
    a: float = 0.0

    @classmethod
    def for_study(
        cls, study: HasNegativeReferences, *, tube: str | None = None, m: float = 4.5
    ) -> dict[str, Logicle]:
        """Return one scale per detector for a whole study, never per file.

        ``t`` is the largest ``$PnR``; ``w = (m - log10(t / |r|)) / 2`` with ``r`` the
        5th percentile of the negative compensated values pooled over the files,
        kept within 0 and ``m / 2`` (``w`` is 0 where a channel has none).

        Parameters
        ----------
        study : Study
            The study whose files are looked at.
        tube : str, optional
            Which tube; needed where a study has several.
        m : float
            Decades.

        Returns
        -------
        dict of str to Logicle
            By detector, ready for ``GatingStrategy(scale=...)``.

        References
        ----------
        Parks 2006, doi:10.1002/cyto.a.20258, on the choice of W.
        """
        scales = {}
        for detector, (top, reference) in study.negative_references(tube=tube).items():
            width = 0.0
            if reference is not None:
                width = (m - float(np.log10(top / abs(reference)))) / 2
            scales[detector] = cls(t=top, w=min(max(width, 0.0), m / 2), m=m, a=0.0)
        return scales
