r"""The likelihood of counts with a random effect of the patient.

.. math:: L_i = \int \prod_j f(k_{ij} \mid \eta_{ij} + s z)\, \varphi(z)\, dz

by Gauss-Hermite quadrature whose nodes are centred and scaled at each patient's
mode (Liu and Pierce 1994, doi:10.1093/biomet/81.3.624; Pinheiro and Bates 1995,
doi:10.1080/10618600.1995.10474663). Nodes that stay in place fail: with thousands
of events the integrand is far narrower than the normal density. One node is
Laplace's approximation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_TURNS = 60
_STILL, _NEARLY_STILL = 1e-11, 1e-4
_FEW = 9
"""From so many nodes on, a mode that is nearly right gives the same integral."""
_FURTHEST = 1.5
"""The longest step on the linear scale while a mode is looked for."""


class Density(Protocol):
    """A distribution of counts about a linear predictor.

    Arrays of predictors are (B, P, J) or (B, P, J, Q): parameter vectors, patients,
    visits, nodes; `own` (B, m) are the density's own parameters. Visits that a
    patient lacks give 0 everywhere.
    """

    def working(self, own: Array) -> tuple[Array, Array]:
        """Return values on the scale of eta and their weights, both (B, P, J)."""

    def slopes(self, eta: Array, own: Array) -> tuple[Array, Array]:
        """Return first and second derivative by eta, for finding modes."""

    def log_density(self, eta: Array, own: Array) -> Array:
        """Return the logarithm of the density."""


def nodes_of(number: int) -> tuple[Array, Array]:
    r"""Return nodes z and log weights with :math:`\int f \approx \sum w f(z)`.

    The weights hold the inverse of :math:`e^{-z^2/2}` and need a common scale.
    """
    x, w = np.polynomial.hermite.hermgauss(number)
    return np.sqrt(2.0) * x, np.log(w) + x**2 + 0.5 * np.log(2.0)


def climb(
    start: Array,
    spread: Array,
    derivatives: Callable[[Array], tuple[Array, Array]],
    nodes: int,
) -> tuple[Array, Array]:
    """Find the mode of an integrand in z by guarded Newton steps.

    Parameters
    ----------
    start : array
        Where to begin.
    spread : array
        What a step of 1 in z is on the scale of eta; broadcasts.
    derivatives : callable
        First and second derivative of the logarithm of the integrand at z.
    nodes : int
        For how many nodes; fewer need a sharper mode.

    Returns
    -------
    mode, width : array
        The mode and the standard deviation of the normal curve through it.
    """
    z = start
    still = _STILL if nodes < _FEW else _NEARLY_STILL
    longest = _FURTHEST / np.maximum(np.abs(spread), 0.05)
    for _ in range(_TURNS):
        first, second = derivatives(z)
        step = np.clip(first / np.maximum(-second, 0.5), -longest, longest)
        z = z + step
        if not np.max(np.abs(step)) > still:
            break
    _, second = derivatives(z)
    return z, 1.0 / np.sqrt(np.maximum(-second, 0.05))


def log_likelihood(
    density: Density, eta: Array, spread: Array, own: Array, nodes: int
) -> Array:
    """Return the log likelihood of each parameter vector.

    Parameters
    ----------
    density : Density
        Of the counts.
    eta : (B, P, J) array
        Linear predictor without the patients' effects.
    spread : (B,) array
        Standard deviation of the patients' effects; its sign does not matter.
    own : (B, m) array
        Own parameters of the density.
    nodes : int
        At least 1; 15 to 25 are exact for practical purposes.

    Returns
    -------
    (B,) array
    """
    s = spread[:, None]
    value, weight = density.working(own)
    total = weight.sum(axis=2)
    pull = (weight * (value - eta)).sum(axis=2)

    def derivatives(z: Array) -> tuple[Array, Array]:
        first, second = density.slopes(eta + (s * z)[:, :, None], own)
        return s * first.sum(axis=2) - z, s**2 * second.sum(axis=2) - 1.0

    mode, width = climb(s * pull / (1.0 + s**2 * total), s, derivatives, nodes)
    points, weights = nodes_of(nodes)
    z = mode[:, :, None] + width[:, :, None] * points
    at = eta[..., None] + (s[:, :, None] * z)[:, :, None, :]
    joint = density.log_density(at, own).sum(axis=2) - 0.5 * z**2 + weights
    top = joint.max(axis=2)
    summed = np.log(np.exp(joint - top[..., None]).sum(axis=2)) + top
    each = summed + np.log(width) - 0.5 * np.log(2.0 * np.pi)
    return np.asarray(each.sum(axis=1), dtype=np.float64)
