"""One-way ANOVA between groups of people, and Bonferroni over declared pairs."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed, require_columns, suggest, table_of
from longate.exceptions import DesignError
from longate.longitudinal.classical.paired import check_confidence
from longate.longitudinal.measure import Measure
from longate.longitudinal.welch import FLAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

ONE_WAY_ASSUMES = "normal values with one variance in all groups; independent people"


def one_way_anova(
    data: object,
    *,
    value: str | tuple[str, str],
    group: str,
    pairs: Sequence[tuple[object, object]] | None = None,
    scale: str = "identity",
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""One-way ANOVA, then t tests with the pooled error for declared pairs.

    .. math:: t = (m_i - m_j) / \sqrt{MS_{within} (1/n_i + 1/n_j)}

    with N - g degrees of freedom; p and intervals are adjusted by Bonferroni over
    the declared pairs and no others.

    Parameters
    ----------
    data : DataFrame, or an object with a ``.table``
        One row per person and group (``patient`` where known): for patients take
        one visit, or name visits as groups and read the warning in
        ``assumptions``.
    value, scale
        As in :func:`paired_t`.
    group : str
        The column of groups, e.g. healthy, RRMS, SPMS m00, SPMS m12.
    pairs : sequence of (group, group), optional
        The declared pairs; by default all.
    confidence : float
        Simultaneous over the declared pairs.

    Returns
    -------
    DataFrame
        The first row is the ANOVA, the others the pairs: ``outcome``, ``test``,
        ``contrast``, ``n``, ``n_left_out`` (rows without a value), ``estimate``,
        ``low``, ``high``, ``statistic`` (F or t), ``df``, ``df_error``, ``p``,
        ``p_adjusted``, ``family_size``, ``assumptions``.

    Raises
    ------
    DesignError
        If the data are malformed, there are fewer than two groups, nothing
        varies within groups, or the groups are responders and non-responders.

    References
    ----------
    Dunn 1961, doi:10.1080/01621459.1961.10482090.
    """
    import pandas as pd

    check_confidence(confidence)
    measure = Measure.of(value, scale)
    frame = table_of(data, "the data", DesignError)
    require_columns(frame, [group, *measure.columns], "the data", DesignError)
    where = pd.Series("row " + frame.index.astype(str), index=frame.index)
    analysed = measure.read(frame, where)["analysed"]
    kept = analysed.notna() & frame[group].notna()
    groups = {
        str(name): analysed[kept & (frame[group] == name)].to_numpy(dtype=np.float64)
        for name in dict.fromkeys(frame.loc[kept, group])
    }
    _refuse_response(groups, group)
    chosen = _pairs(groups, pairs)
    error, df_error = _pooled(groups, measure.name)
    lead = {"outcome": measure.name}
    words = ONE_WAY_ASSUMES + _paired_people(frame[kept], group)
    rows = [_overall(groups, error, df_error) | {"n_left_out": int((~kept).sum())}]
    rows += [
        _pair(groups, pair, error, df_error, len(chosen), confidence) for pair in chosen
    ]
    return pd.DataFrame([lead | row | {"assumptions": words} for row in rows])


def _refuse_response(groups: dict[str, Any], column: str) -> None:
    if {"responder", "non-responder"} & set(groups):
        msg = (
            f"{column!r} holds response labels; the change by response is the "
            f"question of responder_analysis, or of mixed_anova with its interaction"
        )
        raise DesignError(msg)


def _pairs(
    groups: dict[str, Any], pairs: Sequence[tuple[object, object]] | None
) -> list[tuple[str, str]]:
    if len(groups) < 2:
        msg = f"a comparison needs two groups, the data have {listed(groups)}"
        raise DesignError(msg)
    if pairs is None:
        return list(combinations(groups, 2))
    chosen = [(str(first), str(second)) for first, second in pairs]
    for name in {name for pair in chosen for name in pair}:
        if name not in groups:
            msg = (
                f"pairs names the group {name!r}; known are {listed(groups)}"
                f"{suggest(name, groups)}"
            )
            raise DesignError(msg)
    return chosen


def _pooled(groups: dict[str, NDArray[np.float64]], outcome: str) -> tuple[float, int]:
    """Return the mean square within groups and its degrees of freedom."""
    size = sum(len(values) for values in groups.values())
    df = size - len(groups)
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in groups.values())
    top = max(float(np.abs(values).max()) for values in groups.values())
    if df < 1 or squares <= (FLAT * top) ** 2 * size:
        msg = (
            f"{outcome}: the values do not vary within groups ({size} values in "
            f"{len(groups)} groups), so that nothing tells how sure a difference is"
        )
        raise DesignError(msg)
    return squares / df, df


def _overall(
    groups: dict[str, NDArray[np.float64]], error: float, df_error: int
) -> dict[str, Any]:
    from scipy.special import fdtrc

    sizes = np.array([len(values) for values in groups.values()])
    means = np.array([values.mean() for values in groups.values()])
    grand = float((sizes * means).sum() / sizes.sum())
    df = len(groups) - 1
    statistic = float((sizes * (means - grand) ** 2).sum()) / df / error
    return {
        "test": "one-way ANOVA",
        "contrast": " = ".join(groups),
        "n": int(sizes.sum()),
        "statistic": statistic,
        "df": float(df),
        "df_error": float(df_error),
        "p": float(fdtrc(df, df_error, statistic)),
    }


def _pair(
    groups: dict[str, NDArray[np.float64]],
    pair: tuple[str, str],
    error: float,
    df_error: int,
    family: int,
    confidence: float,
) -> dict[str, Any]:
    from scipy.special import stdtr, stdtrit

    first, second = (groups[name] for name in pair)
    estimate = float(first.mean() - second.mean())
    spread = math.sqrt(error * (1 / len(first) + 1 / len(second)))
    half = float(stdtrit(df_error, 1 - (1 - confidence) / 2 / family)) * spread
    p = 2 * float(stdtr(df_error, -abs(estimate) / spread))
    return {
        "test": "t with pooled error, Bonferroni",
        "contrast": f"{pair[0]} - {pair[1]}",
        "n": len(first) + len(second),
        "estimate": estimate,
        "low": estimate - half,
        "high": estimate + half,
        "statistic": estimate / spread,
        "df": float(df_error),
        "p": p,
        "p_adjusted": min(1.0, p * family),
        "family_size": family,
    }


def _paired_people(frame: pd.DataFrame, group: str) -> str:
    """Say where the same people stand in several groups."""
    if "patient" not in frame:
        return ""
    per_person = frame.groupby("patient")[group].nunique()
    several = int((per_person > 1).sum())
    if not several:
        return ""
    return (
        f", which fails here: {several} patient(s) stand in more than one group, and "
        f"their pairing is ignored"
    )
