"""Joint permutation of labels over many outcomes, with the largest statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate._core import permute_family
from longate.exceptions import DesignError
from longate.longitudinal.design import read_design
from longate.longitudinal.exact import MOST_ENUMERATED, REPLICATES
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.measure import Measure
from longate.longitudinal.resampled import Extent, changes_to_visits, frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

_COLUMNS = [
    *("outcome", "visit", "estimate", "statistic", "p", "p_max_t", "p_step_down"),
    *(
        "smallest_p",
        "smallest_p_max_t",
        "n_responder",
        "n_non_responder",
        "allocations",
    ),
    *("undefined", "degenerate", "exact", "seed", "problem"),
]


def max_t(
    data: object,
    response: object,
    *,
    value: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    family: Sequence[str] | None = None,
    baseline: object = None,
    visits: Sequence[object] | None = None,
    scale: str = "identity",
    circular: str = "refused",
    most_enumerated: int = MOST_ENUMERATED,
    replicates: int = REPLICATES,
    seed: int = 2012,
    threads: int | None = None,
    unmatched: str = "error",
    visit_order: Sequence[object] | None = None,
) -> pd.DataFrame:
    r"""Test differences in change over populations and visits jointly, exactly.

    The patients' labels are permuted, the sizes of the two groups kept, and every
    outcome is studentised as Welch does under each allocation. With :math:`T_{jl}`
    the statistic of outcome j under allocation l of N,

    .. math:: p_j = \frac{\#\{l: |T_{jl}| \ge |T_j|\}}{N}, \qquad
       p_j^{\max T} = \frac{\#\{l: \max_k |T_{kl}| \ge |T_j|\}}{N}

    where statistics within a relative 1e-11 are tied and the observed allocation is
    among the N. ``p_max_t`` holds for all outcomes together, however they are
    correlated; ``p_step_down`` does so too and is never larger.

    Parameters
    ----------
    data : DataFrame or result with a ``.table``
        Columns ``patient``, ``visit``, `value` and those of `by`.
    response : DataFrame or result with a ``.table``
        Columns ``patient`` and ``label``; the unclassifiable do not enter.
    value : str or (str, str)
        The column to analyse; with ``scale="logit"`` the counts ``(k, n)``.
    by : str or sequence of str, optional
        Columns that tell outcomes apart, e.g. ``"population"``.
    family : sequence of str, optional
        The levels of `by` that were declared; by default all.
    baseline : visit, optional
        From which changes are formed; by default the first.
    visits : sequence of visits, optional
        The later visits; by default all of them. Each population at each visit
        is an outcome of the family.
    scale : {"identity", "log", "logit"}
        The scale of analysis.
    circular : {"refused", "allowed"}
        What to do with labels that were derived from `value` itself.
    most_enumerated : int
        Up to this many allocations are all looked at (5 v 7: 792); above, a
        sample with one seed for each replicate.
    replicates : int
        Size of that sample.
    seed : int
        Of that sample; 0 to 2^64 - 1.
    threads : int, optional
        By default all processors. Numbers do not depend on it.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no data, or data and no label;
        who is dropped stands in ``.limits`` by name.
    visit_order : sequence of visits, optional
        Every visit, first to last; by default that of an ordered categorical, or of
        the numbers in the names.

    Returns
    -------
    DataFrame
        One row per outcome and visit: ``outcome, visit``; ``estimate`` (float64,
        difference of mean changes on the scale of analysis, responders minus
        non-responders); ``statistic`` (Welch's t; infinite where no group varies);
        ``p, p_max_t, p_step_down``; ``smallest_p, smallest_p_max_t`` (the smallest
        ``p`` and ``p_max_t`` that any allocation of these very values reaches);
        ``n_responder, n_non_responder, allocations``; ``undefined`` (allocations that
        leave a group fewer than two values; they count as no effect),
        ``degenerate`` (allocations under which neither group varies); ``exact,
        seed``; ``problem`` (why an outcome cannot be tested; it is not in the
        family then).

    Raises
    ------
    DesignError
        If no outcome has two patients with both visits in each group, or the
        data, labels, or options are not usable.

    Notes
    -----
    A allocation is of patients; each outcome uses the patients it has. The test
    supposes that who lacks a value does not depend on the label. For outcomes
    with missing values, p can differ from that of
    :func:`longate.longitudinal.responder_analysis`, which permutes among the
    patients who have that outcome.

    References
    ----------
    Westfall and Young 1993, Resampling-Based Multiple Testing, Wiley. Ge, Dudoit
    and Speed 2003, doi:10.1007/BF02595811. Janssen 1997,
    doi:10.1016/S0167-7152(97)00043-6.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {"patient": list("ABCDEF") * 2, "visit": [0] * 6 + [12] * 6,
    ...      "index": [.70, .72, .69, .71, .73, .68, .78, .77, .76, .72, .72, .70]}
    ... )
    >>> response = pd.DataFrame(
    ...     {"patient": list("ABCDEF"),
    ...      "label": ["responder"] * 3 + ["non-responder"] * 3}
    ... )
    >>> found = max_t(data, response, value="index")
    >>> int(found["allocations"][0]), float(found["p_max_t"][0])
    (20, 0.1)
    """
    from longate.longitudinal.result_table import with_limits

    extent = Extent.of(most_enumerated, replicates, seed, threads)
    measure = Measure.of(value, scale)
    labels = read_labels(response, unmatched=unmatched)
    refuse_circular(labels, measure.columns, circular)
    design = read_design(
        data,
        labels,
        measure,
        by=by,
        family=family,
        baseline=baseline,
        last=None,
        visit_order=visit_order,
    )
    changes, keys = changes_to_visits(design, visits)
    known = {
        name: label
        for name, label in design.labels.by_patient.items()
        if label in (RESPONDER, NON_RESPONDER)
    }
    changes = changes.loc[changes.index.isin(list(known))]
    # A patient without any change has no part in the joint allocations.
    changes = changes[changes.notna().any(axis=1)]
    responder = np.array([known[name] == RESPONDER for name in changes.index], bool)
    table = _tested(changes.to_numpy(np.float64).T, responder, keys, extent)
    return with_limits(table, design.limits)


def _tested(
    values: NDArray[np.float64],
    responder: NDArray[np.bool_],
    keys: list[tuple[str, str]],
    extent: Extent,
) -> pd.DataFrame:
    known = ~np.isnan(values)
    n_first = (known & responder).sum(axis=1)
    n_second = (known & ~responder).sum(axis=1)
    usable = (n_first >= 2) & (n_second >= 2)
    problems = [
        ""
        if fine
        else f"{n} responders and {m} non-responders have a change; two each are needed"
        for n, m, fine in zip(n_first, n_second, usable, strict=True)
    ]
    if not usable.any():
        msg = f"none of {len(keys)} outcomes can be tested. The first: {problems[0]}"
        raise DesignError(msg)
    found = permute_family(
        np.ascontiguousarray(values[usable]), responder, **extent.options()
    )
    if found is None:
        msg = "values are infinite; leave them empty where nothing was measured"
        raise DesignError(msg)
    of_first, of_second = (
        _means(values[usable], known[usable] & side) for side in (responder, ~responder)
    )
    found["estimate"] = of_first - of_second
    frame = frame_of(found, usable, keys, problems, extent)
    frame["n_responder"], frame["n_non_responder"] = n_first, n_second
    return frame[_COLUMNS]


def _means(values: NDArray[np.float64], of: NDArray[np.bool_]) -> NDArray[np.float64]:
    sums = np.where(of, values, 0.0).sum(axis=1)
    return np.asarray(sums / of.sum(axis=1), dtype=np.float64)
