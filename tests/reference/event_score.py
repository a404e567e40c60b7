"""Event scores, positivity and rank shifts written from their formulas.

The oracle for ``longate.nk``: plain Python, one event at a time.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 2.3263478740408408


def _log_normal(x: float, mean: float, sd: float) -> float:
    return -0.5 * ((x - mean) / sd) ** 2 - math.log(sd)


def _chance(log_odds: float) -> float:
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))


def two_components(
    x: float,
    negative: tuple[float, float],
    positive: tuple[float, float],
    prior: float = 0.5,
    spread: float = 0.0,
) -> float:
    """Posterior between the means; beyond, the log-odds go on along their tangent."""
    mean0, sd0 = negative[0], math.sqrt(negative[1] ** 2 + spread)
    mean1, sd1 = positive[0], math.sqrt(positive[1] ** 2 + spread)

    def posterior(at: float) -> float:
        odds = math.log(prior / (1 - prior))
        return odds + _log_normal(at, mean1, sd1) - _log_normal(at, mean0, sd0)

    if x < mean0:
        return _chance(posterior(mean0) + (x - mean0) * (mean1 - mean0) / sd1**2)
    if x > mean1:
        return _chance(posterior(mean1) + (x - mean1) * (mean1 - mean0) / sd0**2)
    return _chance(posterior(x))


def negatives_alone(
    x: float, mean: float, sd: float, prior: float = 0.5, spread: float = 0.0
) -> float:
    """As if positives lay as far above the 99 % point as negatives below it."""
    sd = math.sqrt(sd**2 + spread)
    mirrored = mean + 2 * LIMIT * sd
    odds = _log_normal(x, mirrored, sd) - _log_normal(x, mean, sd)
    return _chance(math.log(prior / (1 - prior)) + odds)


def score(chances: Sequence[float], votes: Sequence[float]) -> float:
    """The event score from chances of being positive and signed weights."""
    total = sum(abs(vote) for vote in votes)
    pairs = zip(chances, votes, strict=True)
    return 0.5 + 0.5 * sum(vote * (2 * p - 1) for p, vote in pairs) / total


def theta(earlier: Sequence[float], later: Sequence[float]) -> float:
    """P(later > earlier) + P(equal) / 2 over all pairs."""
    wins = sum((y > x) + 0.5 * (y == x) for x, y in product(earlier, later))
    return wins / (len(earlier) * len(later))
