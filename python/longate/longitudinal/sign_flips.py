"""Sign flips of patients' changes: one group of patients, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate._core import flip_signs
from longate.exceptions import DesignError
from longate.longitudinal.classical.outcome_by_visit import refuse_groups_apart
from longate.longitudinal.design import read_design
from longate.longitudinal.exact import MOST_ENUMERATED, REPLICATES
from longate.longitudinal.labels import Labels
from longate.longitudinal.measure import Measure
from longate.longitudinal.resampled import Extent, changes_to_visits, frame_of
from longate.longitudinal.result_table import with_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_COLUMNS = [
    *("outcome", "visit", "estimate", "low", "high", "statistic", "p", "p_max_t"),
    *(
        "p_step_down",
        "smallest_p",
        "smallest_p_max_t",
        "n",
        "allocations",
        "degenerate",
    ),
    *("exact", "seed", "problem"),
]


def sign_flips(
    data: object,
    *,
    value: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    family: Sequence[str] | None = None,
    baseline: object = None,
    visits: Sequence[object] | None = None,
    scale: str = "identity",
    confidence: float = 0.95,
    most_enumerated: int = MOST_ENUMERATED,
    replicates: int = REPLICATES,
    seed: int = 2012,
    threads: int | None = None,
) -> pd.DataFrame:
    r"""Test changes of one group of patients by flipping their signs, exactly.

    Under no effect a patient's change is as likely as its negative. All 2^n flips
    of n patients are looked at (above 10^6 a seeded sample), the same flip in all
    outcomes, with the one-sample t of each:

    .. math:: t = \frac{\bar d}{s / \sqrt n}, \qquad
       p = \frac{\#\{|t^*| \ge |t|\}}{2^n}

    The smallest p is 2/2^n: with five patients .0625, which can never reach .05.

    This is for studies of one group (before and after). It does not compare
    responders with others: that changes are clear in one group and not in the
    other does not show that they differ; use
    :func:`longate.longitudinal.max_t` or
    :func:`longate.longitudinal.responder_analysis` for that.

    Parameters
    ----------
    data : DataFrame or result with a ``.table``
        Columns ``patient``, ``visit``, `value` and those of `by`.
    value : str or (str, str)
        The column to analyse; with ``scale="logit"`` the counts ``(k, n)``.
    by : str or sequence of str, optional
        Columns that tell outcomes apart, e.g. ``"population"``.
    family : sequence of str, optional
        The levels of `by` that were declared; by default all.
    baseline : visit, optional
        From which changes are formed; by default the first.
    visits : sequence of visits, optional
        The later visits; by default all of them.
    scale : {"identity", "log", "logit"}
        The scale of analysis.
    confidence : float
        Of the intervals, above 0 and below 1.
    most_enumerated : int
        Up to this many flips are all looked at.
    replicates : int
        Size of the sample above.
    seed : int
        Of that sample; 0 to 2^64 - 1.
    threads : int, optional
        By default all processors. Numbers do not depend on it.

    Returns
    -------
    DataFrame
        One row per outcome and visit: ``outcome, visit``; ``estimate`` (float64,
        mean change on the scale of analysis); ``low, high`` (by inversion: the
        means that are not rejected; infinite where the smallest_p is above 1 -
        confidence, NaN where all changes are equal); ``statistic``; ``p, p_max_t,
        p_step_down, smallest_p, smallest_p_max_t`` as in
        :func:`longate.longitudinal.max_t`; ``n, allocations, degenerate, exact,
        seed, problem``.

    Raises
    ------
    DesignError
        If no outcome has two patients with both visits, the data or options are
        not usable, or responders and non-responders would be tested apart.

    References
    ----------
    Fisher 1935, The Design of Experiments, Oliver and Boyd. Hartigan 1969,
    doi:10.1080/01621459.1969.10501057. Westfall and Young 1993, Resampling-Based
    Multiple Testing, Wiley.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {"patient": list("ABCDE") * 2, "visit": [0] * 5 + [12] * 5,
    ...      "index": [.70, .72, .69, .71, .73, .78, .77, .76, .72, .74]}
    ... )
    >>> found = sign_flips(data, value="index")
    >>> float(found["p"][0]), float(found["smallest_p"][0])
    (0.0625, 0.0625)
    """
    extent = Extent.of(most_enumerated, replicates, seed, threads)
    if not 0 < confidence < 1:
        msg = f"confidence must be above 0 and below 1 (e.g. 0.95), got {confidence!r}"
        raise DesignError(msg)
    refuse_groups_apart(data, by)
    measure = Measure.of(value, scale)
    nobody = Labels.none()
    design = read_design(
        data, nobody, measure, by=by, family=family, baseline=baseline, last=None
    )
    changes, keys = changes_to_visits(design, visits)
    # A patient without any change would only double the flips.
    changes = changes[changes.notna().any(axis=1)]
    values = changes.to_numpy(np.float64).T
    n = (~np.isnan(values)).sum(axis=1)
    usable = n >= 2
    problems = [
        "" if fine else f"{number} patients have a change; two at least are needed"
        for number, fine in zip(n, usable, strict=True)
    ]
    if not usable.any():
        msg = f"none of {len(keys)} outcomes can be tested. The first: {problems[0]}"
        raise DesignError(msg)
    found = flip_signs(
        np.ascontiguousarray(values[usable]), alpha=1 - confidence, **extent.options()
    )
    if found is None:
        msg = "values are infinite; leave them empty where nothing was measured"
        raise DesignError(msg)
    found["estimate"] = np.nanmean(values[usable], axis=1)
    frame = frame_of(found, usable, keys, problems, extent)
    frame["n"] = n
    return with_limits(frame[_COLUMNS], design.limits)
