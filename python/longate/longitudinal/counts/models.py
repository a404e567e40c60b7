r"""The models of counts: k of n, and cells in microlitres of blood.

``binomial``, effects of patients and of samples; the samples' effects are what varies
between samples beyond counting, without which p is far too small:

.. math:: k_{ij} \sim \mathrm{Bin}(n_{ij}, \mathrm{expit}(x_{ij}'\beta + u_i +
   e_{ij})), \quad u_i \sim N(0, \sigma_u^2), \quad e_{ij} \sim N(0, \sigma_e^2)

``beta_binomial``, effects of patients:

.. math:: k_{ij} \sim \mathrm{Bin}(n_{ij}, P_{ij}), \quad P_{ij} \sim
   \mathrm{Beta}(\mu_{ij} \phi, (1 - \mu_{ij}) \phi), \quad
   \mathrm{logit}\, \mu_{ij} = x_{ij}'\beta + u_i

``negative_binomial``, effects of patients and the bead offset; the errors of counting
beads and of pipetting are part of theta:

.. math:: k_{ij} \sim \mathrm{NB}(\mu_{ij}, \theta), \quad \ln \mu_{ij} =
   \ln \frac{N_\mathrm{beads} V}{B D} + x_{ij}'\beta + u_i, \quad
   \mathrm{var}(k) = \mu + \mu^2 / \theta

References: Breslow and Clayton 1993, doi:10.1080/01621459.1993.10594284. Pinheiro and
Bates 1995, doi:10.1080/10618600.1995.10474663. Crowder 1978, doi:10.2307/2346223.
Lawless 1987, doi:10.2307/3314912. Liu and Pierce 1994, doi:10.1093/biomet/81.3.624.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.counts.analysis import CountAnalysis
from longate.longitudinal.counts.binomial_density import (
    Binomial,
    BinomialWithSamples,
)
from longate.longitudinal.counts.model import CountModel
from longate.longitudinal.counts.overdispersed_density import (
    LEAST,
    BetaBinomial,
    NegativeBinomial,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.counts.table import CountTable

_NO_OVERDISPERSION = (
    "overdispersion estimated 0: no more variation than counting within patients"
)


def _with_samples(table: CountTable, nodes: int) -> BinomialWithSamples:
    inner = 1 if nodes == 1 else max(5, nodes // 2 + 1)
    return BinomialWithSamples(Binomial(table.k, table.size), inner)


def _inverse_square(own: NDArray[np.float64]) -> float:
    return float(1.0 / own[0] ** 2) if own[0] ** 2 > LEAST else np.inf


binomial = CountAnalysis(
    CountModel(
        name="binomial with patient and sample effects",
        density=_with_samples,
        logs_size=False,
        start=(0.3,),
        spread=lambda own: {"sd_sample": float(own[0])},
        words=(
            "sample variance estimated 0: no more variation than counting within "
            "patients",
        ),
    ),
    size="n_parent",
)
"""k of n by a binomial with normal effects of patients and of samples."""

beta_binomial = CountAnalysis(
    CountModel(
        name="beta-binomial with patient effects",
        density=lambda table, _: BetaBinomial(table.k, table.size),
        logs_size=False,
        start=(0.15,),
        spread=lambda own: {"precision": _inverse_square(own)},
        words=(_NO_OVERDISPERSION,),
    ),
    size="n_parent",
)
"""k of n by a beta-binomial with normal effects of patients."""

negative_binomial = CountAnalysis(
    CountModel(
        name="negative binomial with patient effects",
        density=lambda table, _: NegativeBinomial(table.k, table.seen),
        logs_size=True,
        start=(0.3,),
        spread=lambda own: {"size": _inverse_square(own)},
        words=(_NO_OVERDISPERSION,),
    ),
    size="microlitres",
)
"""Absolute counts by a negative binomial with the bead offset."""


def microlitres_seen(
    n_beads: NDArray[np.float64],
    blood_ul: NDArray[np.float64],
    beads_per_tube: NDArray[np.float64],
    dilution: NDArray[np.float64] | float = 1.0,
) -> NDArray[np.float64]:
    r"""Return the microlitres of blood whose cells were counted.

    .. math:: \frac{N_\mathrm{beads} V}{B D}

    with V blood in the tube, B beads in the tube, D the dilution before pipetting.
    """
    seen = (
        np.asarray(n_beads, float) * blood_ul / (np.asarray(beads_per_tube) * dilution)
    )
    return np.asarray(seen, dtype=np.float64)
