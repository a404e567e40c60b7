"""NK stages of the simulator: how they are generated, and what is true of a cell.

Two things are kept apart. The **latent stage** is what the generator draws a cell
from. The **label** is the rule table of the five-stage scheme applied to the
cell's true marker phenotype; it is the truth against which callers are judged,
because no caller can see more than markers. The rule here is written out on its
own, independent of :mod:`longate.nk`, which it judges.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

# Order of the rule table; also the order of codes in label arrays.
LABELS: tuple[str, ...] = (
    "neg16pos",
    "bright16neg",
    "bright16pos",
    "dim16neg",
    "adaptive",
    "dim_CD57",
    "dim_late",
    "dim_early",
)
WEIGHTS: MappingProxyType[str, float] = MappingProxyType(
    {
        "bright16neg": 0.0,
        "bright16pos": 0.25,
        "dim_early": 0.5,
        "dim_late": 0.75,
        "dim_CD57": 1.0,
    }
)
LATENT: tuple[str, ...] = (
    "bright16neg",
    "bright16pos",
    "dim_early",
    "dim_late",
    "dim_CD57",
    "adaptive",
    "neg16pos",
    "dim16neg",
)
# True CD56 class of each latent stage: 0 negative, 1 dim, 2 bright.
CD56_CLASS: npt.NDArray[np.int8] = np.array([2, 2, 1, 1, 1, 1, 0, 1], dtype=np.int8)

# P(marker positive | latent stage), in the order of LATENT; assumptions.
POSITIVE: MappingProxyType[str, tuple[float, ...]] = MappingProxyType(
    {
        "CD16": (0.05, 0.95, 0.97, 0.98, 0.98, 0.98, 1.0, 0.0),
        "NKG2A": (0.95, 0.90, 0.75, 0.40, 0.20, 0.05, 0.30, 0.60),
        "NKG2C": (0.02, 0.02, 0.03, 0.05, 0.0, 1.0, 0.05, 0.03),
        "KIR": (0.05, 0.10, 0.20, 0.75, 0.75, 0.90, 0.40, 0.40),
        "CX3CR1": (0.08, 0.20, 0.25, 0.90, 0.97, 0.97, 0.60, 0.50),
        "CD57": (0.01, 0.02, 0.0, 0.0, 1.0, 1.0, 0.30, 0.20),
    }
)
# What the rule table looks at, besides CD56.
RULE_MARKERS: tuple[str, ...] = ("CD16", "CD57", "NKG2C", "KIR", "NKG2A")

BASELINE_ON_AXIS: tuple[float, ...] = (0.05, 0.03, 0.25, 0.30, 0.37)
BASELINE_OFF_AXIS: tuple[float, float] = (0.04, 0.02)  # neg16pos, dim16neg
PATIENT_SD = 0.35
VISIT_SD = 0.12
# Adaptive share of the CD57+ stage: .08 or .01 of NK over the .37 of that stage.
ADAPTIVE_SHARE: MappingProxyType[bool, float] = MappingProxyType(
    {True: 0.08 / 0.37, False: 0.01 / 0.37}
)
ADAPTIVE_SD = 1.0

# Shift of the continuation logits L1, L2, L3 at months 0, 6 and 12.
SCENARIOS: MappingProxyType[str, MappingProxyType[str, tuple[float, float, float]]]
SCENARIOS = MappingProxyType(
    {
        "interaction": MappingProxyType(
            {"responder": (0.0, 0.25, 0.45), "other": (0.0, 0.0, 0.0)}
        ),
        "homogeneous": MappingProxyType(
            {"responder": (0.0, 0.25, 0.25), "other": (0.0, 0.25, 0.25)}
        ),
        "null": MappingProxyType(
            {"responder": (0.0, 0.0, 0.0), "other": (0.0, 0.0, 0.0)}
        ),
    }
)


def label(
    cd56: npt.NDArray[np.int8], positive: Mapping[str, npt.NDArray[np.bool_]]
) -> npt.NDArray[np.int8]:
    """Return the true label of NK cells: the rule table on true phenotypes.

    Parameters
    ----------
    cd56 : (n,) array of int8
        True CD56 class: 0 negative, 1 dim, 2 bright.
    positive : mapping of str to (n,) array of bool
        True positivity of CD16, CD57, NKG2C, KIR and NKG2A.

    Returns
    -------
    (n,) array of int8
        Index into :data:`LABELS`; -1 where no rule fits (CD56 negative, CD16
        negative: not an NK cell by the parent's definition).

    Notes
    -----
    Five stages, dump and NKG2C measured, KIR and NKG2A both measured; rules are
    tried in order and the first that fits decides.
    """
    neg, dim, bright = cd56 == 0, cd56 == 1, cd56 == 2
    cd16, cd57 = positive["CD16"], positive["CD57"]
    mature = dim & cd16
    rules = [
        neg & cd16,
        bright & ~cd16,
        bright & cd16,
        dim & ~cd16,
        mature & cd57 & positive["NKG2C"],
        mature & cd57,
        mature & (positive["KIR"] | ~positive["NKG2A"]),
        mature,
    ]
    codes = list(range(len(LABELS)))
    return np.select(rules, codes, default=-1).astype(np.int8)


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def _expit(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


_S1, _S2, _S3, _S4, _S5 = BASELINE_ON_AXIS
BASELINE_LOGITS: npt.NDArray[np.float64] = np.array(
    [
        _logit(_S2 / (_S1 + _S2)),
        _logit(_S3 + _S4 + _S5),
        _logit((_S4 + _S5) / (_S3 + _S4 + _S5)),
        _logit(_S5 / (_S4 + _S5)),
        _logit(BASELINE_OFF_AXIS[0]),
        _logit(BASELINE_OFF_AXIS[1]),
    ]
)


@dataclass(frozen=True)
class NkPatient:
    """One patient's NK biology before any treatment effect.

    Parameters
    ----------
    patient : (6,) array of float64
        Deviation of L0..L3 and of the two off-axis logits, constant in time.
    visit : (n_visits, 6) array of float64
        Further deviation at each visit.
    adaptive_share : float
        Share of the CD57+ stage that is adaptive (NKG2C+).
    """

    patient: npt.NDArray[np.float64]
    visit: npt.NDArray[np.float64]
    adaptive_share: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, *, cmv: bool, n_visits: int = 3
    ) -> NkPatient:
        """Draw a patient; CMV carriers have the larger adaptive share."""
        n = len(BASELINE_LOGITS)
        patient = PATIENT_SD * rng.standard_normal(n)
        visit = VISIT_SD * rng.standard_normal((n_visits, n))
        share = _logit(ADAPTIVE_SHARE[cmv]) + ADAPTIVE_SD * rng.standard_normal()
        return cls(patient, visit, _expit(share))

    def composition(self, visit: int, tau: float) -> npt.NDArray[np.float64]:
        """Return the latent composition at a visit.

        Parameters
        ----------
        visit : int
            Index of the visit.
        tau : float
            Maturation shift of L1, L2 and L3, in logits.

        Returns
        -------
        (8,) array of float64
            Fractions of all NK in the order of :data:`LATENT`; they sum to 1.
        """
        logits = BASELINE_LOGITS + self.patient + self.visit[visit]
        logits = logits + tau * np.array([0.0, 1.0, 1.0, 1.0, 0.0, 0.0])
        l0, l1, l2, l3, neg, dim16neg = (_expit(x) for x in logits)
        late = l1 * l2
        stage = np.array(
            [
                (1 - l1) * (1 - l0),
                (1 - l1) * l0,
                l1 * (1 - l2),
                late * (1 - l3),
                late * l3 * (1 - self.adaptive_share),
                late * l3 * self.adaptive_share,
            ]
        )
        return np.concatenate([stage * (1 - neg - dim16neg), [neg, dim16neg]])


def _label_given_latent() -> npt.NDArray[np.float64]:
    """Return P(label | latent stage), (8, 8), by enumerating all phenotypes."""
    table = np.zeros((len(LATENT), len(LABELS)))
    combinations = list(itertools.product([False, True], repeat=len(RULE_MARKERS)))
    calls = np.array(combinations)
    positive = {marker: calls[:, i] for i, marker in enumerate(RULE_MARKERS)}
    for stage in range(len(LATENT)):
        chance = np.array([POSITIVE[marker][stage] for marker in RULE_MARKERS])
        weight = np.where(calls, chance, 1 - chance).prod(axis=1)
        cd56 = np.full(len(calls), CD56_CLASS[stage], dtype=np.int8)
        np.add.at(table[stage], label(cd56, positive)[weight > 0], weight[weight > 0])
    return table


LABEL_GIVEN_LATENT: npt.NDArray[np.float64] = _label_given_latent()


def expected_labels(composition: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the expected label fractions of a latent composition.

    Parameters
    ----------
    composition : (8,) array of float64
        Fractions in the order of :data:`LATENT`.

    Returns
    -------
    (8,) array of float64
        Expected fractions in the order of :data:`LABELS`: the sum over latent
        stages of composition x P(label | stage).
    """
    expected: npt.NDArray[np.float64] = composition @ LABEL_GIVEN_LATENT
    return expected


def index(
    amounts: npt.ArrayLike, *, adaptive_as_cd57: bool = False
) -> tuple[float, float]:
    """Return the stage maturation index and its denominator.

    Parameters
    ----------
    amounts : (8,) array_like
        Counts or fractions in the order of :data:`LABELS`.
    adaptive_as_cd57 : bool, default False
        Count adaptive cells as ``dim_CD57`` instead of leaving them off the axis.

    Returns
    -------
    index : float
        sum w_s n_s / sum n_s over on-axis labels; NaN when none is on the axis.
    on_axis : float
        The denominator.
    """
    n = dict(zip(LABELS, np.asarray(amounts, dtype=np.float64), strict=True))
    if adaptive_as_cd57:
        n["dim_CD57"] += n["adaptive"]
    on_axis = sum(n[name] for name in WEIGHTS)
    if on_axis == 0:
        return float("nan"), 0.0
    total = sum(weight * n[name] for name, weight in WEIGHTS.items())
    return float(total / on_axis), float(on_axis)
