"""Families of hypotheses with gates between them: error control over a whole study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, one_of, require_columns, suggest, table_of
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WITHIN = ("holm", "hochberg", "bonferroni", "max_t")
ACROSS = ("fixed sequence", "holm", "hochberg")


@dataclass(frozen=True)
class Family:
    """Hypotheses that are adjusted together.

    Parameters
    ----------
    name : str
    hypotheses : sequence of str
        Names of outcomes, as in the results.
    method : {"holm", "hochberg", "bonferroni", "max_t"}
        The adjustment within the family; ``max_t`` takes the column ``p_max_t`` of
        :func:`longate.longitudinal.max_t`, which uses the outcomes' correlation.
        Hochberg's holds for p that are independent or positively dependent.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6:65. Hochberg 1988,
    doi:10.1093/biomet/75.4.800. Westfall and Young 1993, Resampling-Based Multiple
    Testing, Wiley.
    """

    name: str
    hypotheses: Sequence[str]
    method: str = "holm"

    def __post_init__(self) -> None:
        one_of("method", self.method, WITHIN, DesignError)
        own = (
            (self.hypotheses,) if isinstance(self.hypotheses, str) else self.hypotheses
        )
        names = tuple(map(str, own))
        if not names or len(set(names)) < len(names):
            msg = f"family {self.name!r} needs hypotheses, each once; got {names!r}"
            raise DesignError(msg)
        object.__setattr__(self, "hypotheses", names)


@dataclass(frozen=True)
class TestingPlan:
    """A declared plan: families, their order and the gates between them.

    Attributes
    ----------
    families : tuple of Family
    across : str
        fixed sequence, holm or hochberg.
    alpha : float
        Familywise error rate of the whole plan.
    weights : tuple of float
        Each family's share of alpha at the start.
    """

    __test__ = False

    families: tuple[Family, ...]
    across: str
    alpha: float
    weights: tuple[float, ...]

    def apply(self, results: object) -> pd.DataFrame:
        """Adjust the p of all hypotheses by the plan.

        Parameters
        ----------
        results : mapping of str to float, DataFrame, or an object with a ``.table``
            p by hypothesis; or a table with ``outcome`` and ``p`` (``p_max_t`` for
            families by max_t), and ``estimate, low, high, df`` for intervals.
            Several tables may be given as a list.

        Returns
        -------
        DataFrame
            One row per hypothesis in the order of the plan: ``family, hypothesis,
            method, p, p_family`` (adjusted within the family), ``p_adjusted`` (over
            the whole plan: rejecting where it is at most alpha keeps the familywise
            error rate at alpha), ``rejected``, ``estimate, low, high``
            (simultaneous intervals at the family's first share of alpha, by
            Bonferroni; NaN where the plan has none), ``note``.

        Raises
        ------
        DesignError
            If a hypothesis has no p, or more than one.
        """
        import pandas as pd

        known = _read(results)
        rows, own = [], []
        for family in self.families:
            p = np.array([_p_of(known, name, family) for name in family.hypotheses])
            own.append(adjusted_within(p, family.method))
            rows += [
                (family, name, value)
                for name, value in zip(family.hypotheses, p, strict=True)
            ]
        overall = np.concatenate(_across(own, self.across, self.weights))
        table = pd.DataFrame(
            {
                "family": [family.name for family, _, _ in rows],
                "hypothesis": [name for _, name, _ in rows],
                "method": [family.method for family, _, _ in rows],
                "p": [value for _, _, value in rows],
                "p_family": np.concatenate(own),
                "p_adjusted": overall,
                "rejected": overall <= self.alpha,
            }
        )
        bounds = [
            self._interval(known[name], family, at)
            for at, family in enumerate(self.families)
            for name in family.hypotheses
        ]
        names = ["estimate", "low", "high", "note"]
        return table.join(pd.DataFrame(bounds, columns=names))

    def _interval(
        self, row: Mapping[str, float], family: Family, at: int
    ) -> tuple[float, float, float, str]:
        """Return the simultaneous Bonferroni interval of one hypothesis."""
        from scipy.special import stdtrit

        estimate = row.get("estimate", math.nan)
        missing = any(math.isnan(row.get(k, math.nan)) for k in ("low", "high", "df"))
        if missing or math.isnan(estimate):
            return estimate, math.nan, math.nan, "no interval in the results"
        if self.weights[at] == 0:
            words = "a later step of a fixed sequence has no simultaneous interval"
            return estimate, math.nan, math.nan, words
        level = row.get("confidence", 0.95)
        half = (row["high"] - row["low"]) / 2
        error = half / float(stdtrit(row["df"], (1 + level) / 2))
        share = self.alpha * self.weights[at] / len(family.hypotheses)
        wide = float(stdtrit(row["df"], 1 - share / 2)) * error
        words = f"simultaneous at {100 * (1 - self.alpha):g} %, Bonferroni"
        return estimate, estimate - wide, estimate + wide, words

    def __str__(self) -> str:
        steps = [
            f"{family.name} ({len(family.hypotheses)} by {family.method}, "
            f"{self.alpha * weight:.3g} of alpha)"
            for family, weight in zip(self.families, self.weights, strict=True)
        ]
        joint = " -> " if self.across == "fixed sequence" else ", "
        return f"{self.across} at {self.alpha:g}: {joint.join(steps)}"


def testing_plan(
    families: Sequence[Family],
    *,
    across: str = "fixed sequence",
    alpha: float = 0.05,
    alphas: Sequence[float] | None = None,
) -> TestingPlan:
    r"""Declare how the hypotheses of a study are tested together.

    The familywise error rate over all hypotheses is at most `alpha`.

    - fixed sequence: families in their order; the next is tested only if every
      hypothesis before it was rejected (serial gatekeeping). The adjusted p is the
      largest of the own one and all before it.
    - holm: each family starts with an equal share of alpha (or with `alphas`); a
      family that is rejected whole passes its share on to the others. With families
      of one hypothesis this is Holm's procedure.
    - hochberg: families of one hypothesis each.

    Parameters
    ----------
    families : sequence of Family
        In order of importance.
    across : {"fixed sequence", "holm", "hochberg"}
    alpha : float
        Familywise error rate, above 0 and below 1.
    alphas : sequence of float, optional
        What each family starts with, for ``across="holm"``; at most `alpha` together.

    Raises
    ------
    DesignError
        If a hypothesis stands in two families, shares exceed alpha, or Hochberg's
        procedure is asked for across families of several hypotheses.

    References
    ----------
    Maurer, Hothorn and Lehmacher 1995 (fixed sequence), in Vollmar, Biometrie in der
    chemisch-pharmazeutischen Industrie 6. Bretz et al. 2009,
    doi:10.1002/sim.3495 (passing alpha on). Hochberg 1988,
    doi:10.1093/biomet/75.4.800.

    Examples
    --------
    >>> from longate.longitudinal import Family, testing_plan
    >>> plan = testing_plan([Family("index", ["SMI"]), Family("subsets", ["a", "b"])])
    >>> plan.apply({"SMI": 0.01, "a": 0.02, "b": 0.04})["p_adjusted"].tolist()
    [0.01, 0.04, 0.04]
    """
    one_of("across", across, ACROSS, DesignError)
    if not 0 < alpha < 1:
        msg = f"alpha must be above 0 and below 1 (e.g. 0.05), got {alpha!r}"
        raise DesignError(msg)
    chosen = tuple(families)
    if not chosen or not all(isinstance(one, Family) for one in chosen):
        msg = "a plan needs families, e.g. [Family('index', ['SMI'])]"
        raise DesignError(msg)
    names = [name for family in chosen for name in family.hypotheses]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"{listed(twice)} stand(s) in more than one family of the plan"
        raise DesignError(msg)
    if across == "hochberg" and any(len(one.hypotheses) > 1 for one in chosen):
        msg = (
            "Hochberg's procedure across families of several hypotheses is not known "
            "to keep the error rate; use across='holm', or one hypothesis a family"
        )
        raise DesignError(msg)
    return TestingPlan(chosen, across, alpha, _weights(chosen, across, alpha, alphas))


def _weights(
    families: tuple[Family, ...],
    across: str,
    alpha: float,
    alphas: Sequence[float] | None,
) -> tuple[float, ...]:
    m = len(families)
    if alphas is None:
        if across == "fixed sequence":
            return (1.0, *(0.0,) * (m - 1))
        return (1 / m,) * m
    shares = tuple(float(one) for one in alphas)
    if across != "holm" or len(shares) != m or min(shares) <= 0:
        msg = (
            f"alphas= gives each of the {m} families a share above 0, with "
            f"across='holm'; got {shares!r} with across={across!r}"
        )
        raise DesignError(msg)
    if sum(shares) > alpha * (1 + 1e-12):
        msg = (
            f"the families' shares sum to {sum(shares):g}, above alpha = {alpha:g}: "
            f"the error rate of the plan would not be kept"
        )
        raise DesignError(msg)
    return tuple(one / alpha for one in shares)


def adjusted_within(p: Floats, method: str) -> Floats:
    r"""Return p adjusted within one family.

    Bonferroni: :math:`\min(1, m p)`. Holm: the running largest of
    :math:`(m - i + 1) p_{(i)}`. Hochberg: the running smallest of the same from the
    largest p down. max_t: p is adjusted already.

    Parameters
    ----------
    p : (m,) array of float64
    method : {"holm", "hochberg", "bonferroni", "max_t"}
    """
    m = len(p)
    if method == "max_t":
        return p
    if method == "bonferroni":
        return np.minimum(1.0, m * p)
    order = np.argsort(p, kind="stable")
    steps = (m - np.arange(m)) * p[order]
    if method == "holm":
        steps = np.maximum.accumulate(steps)
    else:
        steps = np.minimum.accumulate(steps[::-1])[::-1]
    found = np.empty(m)
    found[order] = np.minimum(1.0, steps)
    return found


def _across(own: list[Floats], across: str, weights: tuple[float, ...]) -> list[Floats]:
    """Return each family's p adjusted over the whole plan."""
    if across == "hochberg":
        both = adjusted_within(np.concatenate(own), "hochberg")
        return [both[at : at + 1] for at in range(len(own))]
    if across == "fixed sequence":
        gate, found = 0.0, []
        for p in own:
            found.append(np.maximum(p, gate))
            gate = max(gate, float(p.max()))
        return found
    return _passed_on(own, np.array(weights))


def _passed_on(own: list[Floats], weights: Floats) -> list[Floats]:
    """Adjust families that pass their share on when they are rejected whole."""
    found = [np.ones_like(p) for p in own]
    left, gate = list(range(len(own))), 0.0
    weights = weights.copy()
    while left:
        for at in left:
            step = np.maximum(gate, np.minimum(1.0, own[at] / weights[at]))
            found[at] = np.minimum(found[at], step)
        # The family that is rejected whole at the smallest level goes first.
        first = min(left, key=lambda at: own[at].max() / weights[at])
        gate = max(gate, min(1.0, float(own[first].max() / weights[first])))
        left.remove(first)
        if left:
            weights[left] += weights[first] * weights[left] / weights[left].sum()
    return found


def _read(results: object) -> dict[str, dict[str, float]]:
    """Return the numbers of each hypothesis."""
    if isinstance(results, Mapping):
        return {str(name): {"p": float(p)} for name, p in results.items()}
    found: dict[str, dict[str, float]] = {}
    for one in results if isinstance(results, list | tuple) else [results]:
        frame = table_of(one, "the results", DesignError)
        require_columns(frame, ["outcome", "p"], "the results", DesignError)
        level = float(getattr(one, "confidence", 0.95))
        numbers = frame.select_dtypes("number")
        for name, row in zip(frame["outcome"], numbers.to_dict("records"), strict=True):
            if str(name) in found:
                msg = f"the results have {name!r} more than once; which is meant?"
                raise DesignError(msg)
            found[str(name)] = {**row, "confidence": level}
    return found


def _p_of(known: Mapping[str, Mapping[str, float]], name: str, family: Family) -> float:
    if name not in known:
        msg = (
            f"the plan's hypothesis {name!r} ({family.name}) is not in the results; "
            f"they have {listed(known, most=8)}{suggest(name, known)}"
        )
        raise DesignError(msg)
    by_max_t = family.method == "max_t" and len(family.hypotheses) > 1
    column = "p_max_t" if by_max_t else "p"
    p = known[name].get(column, math.nan)
    if not 0 <= p <= 1:
        more = " (family by max_t: apply the plan to the table of max_t)"
        msg = (
            f"the hypothesis {name!r} ({family.name}) has no {column} between 0 and 1"
            f"{more if by_max_t else '; a plan is applied to what was tested'}"
        )
        raise DesignError(msg)
    return float(p)
