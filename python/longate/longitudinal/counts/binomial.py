"""k of n by a binomial with normal effects of patients and of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.longitudinal.counts import bootstrap
from longate.longitudinal.counts.binomial_density import (
    Binomial,
    BinomialWithSamples,
)
from longate.longitudinal.counts.model import NODES, CountModel
from longate.longitudinal.counts.model import fit as fit_model
from longate.longitudinal.counts.table import CountTable, read_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from longate.longitudinal.counts.result import (
        CountDifference,
        CountFit,
        LikelihoodRatio,
    )


def _density(table: CountTable, nodes: int) -> BinomialWithSamples:
    inner = 1 if nodes == 1 else max(5, nodes // 2 + 1)
    return BinomialWithSamples(Binomial(table.k, table.size), inner)


def _spread(own: NDArray[np.float64]) -> dict[str, float]:
    return {"sd_sample": float(own[0])}


MODEL = CountModel(
    name="binomial with patient and sample effects",
    density=_density,
    logs_size=False,
    start=(0.3,),
    spread=_spread,
    words=(
        "sample variance estimated 0: no more variation than counting within patients",
    ),
)


def fit(
    data: object,
    response: object,
    *,
    k: str = "n_events",
    n: str = "n_parent",
    baseline: object = None,
    last: object = None,
    confidence: float = 0.95,
    nodes: int = NODES,
    circular: str = "refused",
) -> CountFit:
    r"""Fit visit x response to k of n with effects of patients and samples.

    .. math:: k_{ij} \sim \mathrm{Bin}(n_{ij}, \mathrm{expit}(x_{ij}'\beta + u_i +
       e_{ij})), \quad u_i \sim N(0, \sigma_u^2), \quad e_{ij} \sim N(0, \sigma_e^2)

    The samples' effects are what varies between samples beyond counting; without
    them p is far too small.

    Parameters
    ----------
    data : DataFrame or result with a ``.table``
        Columns ``patient``, ``visit``, `k` and `n`, one row per sample. Rows
        without a count are lost; small counts and 0 are not.
    response : DataFrame or result with a ``.table``
        Columns ``patient`` and ``label``; the unclassifiable do not enter.
    k : str
        Column of events.
    n : str
        Column of all events among which the `k` are.
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
    Breslow and Clayton 1993, doi:10.1080/01621459.1993.10594284. Pinheiro and Bates
    1995, doi:10.1080/10618600.1995.10474663.
    """
    table = _read(data, response, k, n, baseline, last, circular)
    return fit_model(MODEL, table, nodes=nodes, confidence=confidence)


def difference_of_changes(
    data: object,
    response: object,
    *,
    k: str = "n_events",
    n: str = "n_parent",
    baseline: object = None,
    last: object = None,
    confidence: float = 0.95,
    nodes: int = NODES,
    circular: str = "refused",
) -> CountDifference:
    """Return responders' change minus non-responders', in log odds.

    Parameters are those of :func:`fit`. Where the model could not be fitted, the
    numbers are NaN, ``converged`` is False, and the first note says why.

    Raises
    ------
    DesignError
        As :func:`fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {"patient": list("ABCDEF") * 2, "visit": [0] * 6 + [12] * 6,
    ...      "n_events": [61, 92, 70, 88, 75, 64, 120, 171, 119, 93, 70, 66],
    ...      "n_parent": [400] * 12}
    ... )
    >>> response = pd.DataFrame(
    ...     {"patient": list("ABCDEF"),
    ...      "label": ["responder"] * 3 + ["non-responder"] * 3}
    ... )
    >>> found = difference_of_changes(data, response)
    >>> round(found.estimate, 2), found.converged
    (0.82, True)
    """
    table = _read(data, response, k, n, baseline, last, circular)
    return fit_model(MODEL, table, nodes=nodes, confidence=confidence).difference


def likelihood_ratio(
    data: object,
    response: object,
    *,
    replicates: int,
    seed: int,
    k: str = "n_events",
    n: str = "n_parent",
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
    data, response, k, n, baseline, last, nodes, circular
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
    table = _read(data, response, k, n, baseline, last, circular)
    return bootstrap.bootstrap(
        MODEL, table, replicates=replicates, seed=seed, nodes=nodes
    )


def _read(
    data: object,
    response: object,
    k: str,
    n: str,
    baseline: object,
    last: object,
    circular: str,
) -> CountTable:
    return read_counts(
        data,
        response,
        k=k,
        size=n,
        whole=True,
        baseline=baseline,
        last=last,
        circular=circular,
    )
