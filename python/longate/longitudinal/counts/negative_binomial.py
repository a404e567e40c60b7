"""Absolute counts by a negative binomial with the bead offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.counts import bootstrap
from longate.longitudinal.counts.model import NODES, CountModel
from longate.longitudinal.counts.model import fit as fit_model
from longate.longitudinal.counts.overdispersed_density import LEAST, NegativeBinomial
from longate.longitudinal.counts.table import CountTable, read_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.counts.result import (
        CountDifference,
        CountFit,
        LikelihoodRatio,
    )


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


def _density(table: CountTable, nodes: int) -> NegativeBinomial:
    return NegativeBinomial(table.k, table.seen)


def _spread(own: NDArray[np.float64]) -> dict[str, float]:
    return {"size": float(1.0 / own[0] ** 2) if own[0] ** 2 > LEAST else np.inf}


MODEL = CountModel(
    name="negative binomial with patient effects",
    density=_density,
    logs_size=True,
    start=(0.3,),
    spread=_spread,
    words=(
        "overdispersion estimated 0: no more variation than counting within patients",
    ),
)


def fit(
    data: object,
    response: object,
    *,
    k: str = "n_events",
    microlitres: str = "microlitres",
    baseline: object = None,
    last: object = None,
    confidence: float = 0.95,
    nodes: int = NODES,
    circular: str = "refused",
) -> CountFit:
    r"""Fit visit x response to absolute counts with the bead offset.

    .. math:: k_{ij} \sim \mathrm{NB}(\mu_{ij}, \theta), \quad \ln \mu_{ij} =
       \ln \frac{N_\mathrm{beads} V}{B D} + x_{ij}'\beta + u_i, \quad
       u_i \sim N(0, \sigma_u^2), \quad \mathrm{var}(k) = \mu + \mu^2 / \theta

    The errors of counting beads and of pipetting are part of theta.

    Parameters
    ----------
    data : DataFrame or result with a ``.table``
        Columns ``patient``, ``visit``, `k` and `microlitres`, one row per sample. Rows
        without a count are lost; small counts and 0 are not.
    response : DataFrame or result with a ``.table``
        Columns ``patient`` and ``label``; the unclassifiable do not enter.
    k : str
        Column of events.
    microlitres : str
        Column of microlitres of blood that were looked at:
        :func:`microlitres_seen`.
    baseline, last : visit, optional
        The visits to compare; by default the first and the last.
    confidence : float
        Of the intervals, above 0 and below 1.
    nodes : int
        Of the adaptive quadrature; 1 is Laplace's approximation.
    circular : {"refused", "allowed"}
        What to do with labels that were derived from the counts.

    Returns
    -------
    CountFit
        With ``.table``, ``.spread``, ``.difference`` and, where the model could not
        be fitted, ``.problem``.

    Raises
    ------
    DesignError
        If counts are no counts, patient-visits repeat, a group has fewer than two
        patients, or a compared visit was seen in one group only.

    References
    ----------
    Lawless 1987, doi:10.2307/3314912. Liu and Pierce 1994,
    doi:10.1093/biomet/81.3.624.
    """
    table = _read(data, response, k, microlitres, baseline, last, circular)
    return fit_model(MODEL, table, nodes=nodes, confidence=confidence)


def difference_of_changes(
    data: object,
    response: object,
    *,
    k: str = "n_events",
    microlitres: str = "microlitres",
    baseline: object = None,
    last: object = None,
    confidence: float = 0.95,
    nodes: int = NODES,
    circular: str = "refused",
) -> CountDifference:
    """Return responders' change minus non-responders', in log rates.

    Parameters are those of :func:`fit`. Where the model could not be fitted, the
    numbers are NaN, ``converged`` is False, and the first note says why.

    Raises
    ------
    DesignError
        As :func:`fit`.
    """
    table = _read(data, response, k, microlitres, baseline, last, circular)
    return fit_model(MODEL, table, nodes=nodes, confidence=confidence).difference


def likelihood_ratio(
    data: object,
    response: object,
    *,
    replicates: int,
    seed: int,
    k: str = "n_events",
    microlitres: str = "microlitres",
    baseline: object = None,
    last: object = None,
    nodes: int = bootstrap.NODES,
    circular: str = "refused",
) -> LikelihoodRatio:
    """Test visit x response by a parametric bootstrap of the likelihood ratio.

    Parameters
    ----------
    replicates : int
        Draws from the model without visit x response, at least 1.
    seed : int
        Of the draws; each replicate has its own, made of it.
    data, response, k, microlitres, baseline, last, nodes, circular
        As :func:`fit`.

    Returns
    -------
    LikelihoodRatio
        With the failures counted by reason.

    Raises
    ------
    DesignError
        As :func:`fit`, and if `replicates` or `seed` are out of range.

    References
    ----------
    Davison and Hinkley 1997, Bootstrap Methods and their Application, chapter 4,
    doi:10.1017/CBO9780511802843.
    """
    table = _read(data, response, k, microlitres, baseline, last, circular)
    return bootstrap.bootstrap(
        MODEL, table, replicates=replicates, seed=seed, nodes=nodes
    )


def _read(
    data: object,
    response: object,
    k: str,
    microlitres: str,
    baseline: object,
    last: object,
    circular: str,
) -> CountTable:
    return read_counts(
        data,
        response,
        k=k,
        size=microlitres,
        whole=False,
        baseline=baseline,
        last=last,
        circular=circular,
    )
