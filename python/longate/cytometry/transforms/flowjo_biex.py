"""FlowJo's biexponential scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from longate.cytometry.transforms.conversion import to_scaled
from longate.cytometry.transforms.transform import Transform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.transforms.transform import Precision


@dataclass(frozen=True)
class FlowJoBiex(Transform):
    """FlowJo's biexponential: a table of channels, read by linear interpolation.

    Places of finite values are channels over `length`, from 0 to 1; :meth:`channels`
    gives the channels themselves, as FlowJo exports them. **Values beyond the first or
    the last channel saturate**: they have its scaled value, so that a gate drawn at the
    end of the axis keeps or loses them together. Infinite values are no measurement:
    they stay infinite, and only a gate that is open on that side holds them.
    :meth:`inverse` of a finite scaled value outside 0 to 1, which no value has, is NaN.

    With ``W = log10(-width_basis)``, ``D = pos - W/2``, ``E = max(neg, 0) + W/2``, the
    channel of data zero is ``z = min(floor(E N/(E + D)), N/2)``, with which D becomes
    ``E N / z``; ``P = D ln 10``, ``v = W / 2D``, Q is the root of
    ``2 ln(Q/P) + v (P + Q) = 0``, ``s = exp((P + Q)(v + E/D))``,
    ``f(u) = exp(P u) - s exp(-Q u)``. Channel i from z on has the value
    ``t exp(-P) (f(i/(N+1)) - f(z/(N+1)))``, and channels below are the reflection.

    Parameters
    ----------
    t : float
        Top of scale (``maxRange`` in workspaces), above 0.
    width_basis : float
        ``width`` in workspaces: -1 or below; the more negative, the wider the linear
        part. Workspaces also hold 0, which has no logarithm: it is read as -1, the
        narrowest.
    pos : float
        Positive decades, above ``log10(-width_basis) / 2``.
    neg : float
        Extra negative decades; below 0 counts as 0, as in FlowJo.
    length : float
        Number of channels N, whole, from 2 to 65536; FlowJo computes with 4096.

    Raises
    ------
    TransformError
        If a parameter is out of its range; the message names the constraint.

    References
    ----------
    FlowJo's documentation of the biex transform; the constants are those of the
    logicle (Parks 2006, doi:10.1002/cyto.a.20258), and the table is the one that
    FlowJo exports.

    Examples
    --------
    >>> import longate as lg
    >>> scale = lg.FlowJoBiex()
    >>> scale.channels([0.0, 1e9]).tolist()
    [463.0, 4096.0]
    >>> scale([-1e9, 0.0]).tolist()
    [0.0, 0.113037109375]
    """

    name: ClassVar[str] = "flowjo_biex"

    t: float = 262144.000029
    width_basis: float = -10.0
    pos: float = 4.41854
    neg: float = 0.0
    length: float = 4096.0

    def channels(
        self,
        values: ArrayLike,
        *,
        precision: Precision = "exact",
        out: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return FlowJo's channels of values, from 0 to `length`; infinities stay.

        Parameters
        ----------
        values : array-like of float, any shape
            Compensated values.
        precision : {"exact", "fast"}
            As for scaled values.
        out : numpy.ndarray of float64, the same shape, optional
            Where to put the channels, as for scaled values.

        Returns
        -------
        numpy.ndarray of float64, the same shape
            ``length`` times the scaled value: a new array, or `out`.

        Raises
        ------
        TransformError
            If `precision` is neither, or `out` cannot be used.
        """
        return to_scaled(self.kernel, values, precision, out, unit=self.length)
