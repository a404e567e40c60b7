"""The logicle scale, and its width from data."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from longate.cytometry.transforms.transform import Transform
from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike


class HasNegativeReferences(Protocol):
    """What can say how far each channel reaches below zero; a study can."""

    def negative_references(
        self, *, tube: str | None = None
    ) -> Mapping[str, tuple[float, float | None]]:
        """Return detector -> (top of scale, 5th percentile of negative values)."""


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
        Extra negative decades, from ``-w`` to ``m - 2 w``; ``m + a`` at most 100.

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
    element: ClassVar[str] = "logicle"

    t: float = 262144.0
    w: float = 0.5
    m: float = 4.5
    a: float = 0.0

    @classmethod
    def estimate(
        cls,
        data: ArrayLike,
        *,
        t: float = 262144.0,
        m: float = 4.5,
        a: float = 0.0,
        q: float = 0.05,
    ) -> Logicle:
        """Return the scale whose linear part just holds the negative values of `data`.

        ``w = (m - log10(t / |r|)) / 2``, where r is the quantile `q` of the negative
        values: the most negative ones, a share `q`, may lie beyond the linear part.
        Without negative values no width is needed: `w` is 0. NaN and infinities are
        left out.

        Parameters
        ----------
        data : array-like of float, any shape
            Compensated values of one channel.
        t : float
            Top of scale, above 0.
        m : float
            Decades, above 0.
        a : float
            Extra negative decades.
        q : float
            Which quantile of the negative values, between 0 and 1; the paper takes
            0.05.

        Returns
        -------
        Logicle
            With `w` kept within 0 and ``m / 2``, the range of the definition.

        Raises
        ------
        TransformError
            If `data` holds no finite number, `q` is not between 0 and 1, or `t`, `m` or
            `a` break the definition.

        References
        ----------
        Parks 2006, doi:10.1002/cyto.a.20258, on the choice of W.

        Examples
        --------
        >>> import longate as lg
        >>> lg.Logicle.estimate([-262.144] * 10 + [5000.0]).w
        0.75
        """
        if not isinstance(q, Real) or not 0 < q < 1:
            msg = f"q is a share of the negative values, between 0 and 1; got {q!r}"
            raise TransformError(msg)
        try:
            values = np.asarray(data, dtype=np.float64).reshape(-1)
        except (TypeError, ValueError, OverflowError) as error:
            msg = f"data must be numbers: {error}"
            raise TransformError(msg) from None
        values = values[np.isfinite(values)]
        if not values.size:
            msg = "data holds no finite number, so that no width can be estimated"
            raise TransformError(msg)
        plain = cls(t=t, w=0.0, m=m, a=max(float(a), 0.0))  # t and m are checked here
        negative = values[values < 0]
        reference = float(np.quantile(negative, q)) if negative.size else None
        return cls(t=t, w=_width(plain.t, plain.m, reference), m=m, a=a)

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
        return {
            detector: cls(t=top, w=_width(top, m, reference), m=m, a=0.0)
            for detector, (top, reference) in study.negative_references(
                tube=tube
            ).items()
        }


def _width(t: float, m: float, reference: float | None) -> float:
    """Return Parks' W for a negative reference, within the range of the definition."""
    if reference is None:
        return 0.0
    # A difference of logarithms: the quotient of a denormal reference would overflow.
    width = (m - float(np.log10(t) - np.log10(abs(reference)))) / 2
    return min(max(width, 0.0), m / 2)
