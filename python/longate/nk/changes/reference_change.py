"""Verdicts on one patient's change against biology, assay and counting."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from longate._validation import listed
from longate.exceptions import MaturationError
from longate.quality.variation import Variation
from longate.statistics import Z95, normal_quantile

if TYPE_CHECKING:
    import pandas as pd

    from longate.quality.precision.result import Uncertainty

_COUNTING = "counted events of both visits (half width of the counting interval / 1.96)"
_COUNTS = "counted events of both visits, ln(1 + 1/k)"
_INDICES = ("index", "index_with_adaptive")


class ScoredSamples(Protocol):
    """Tables of scored samples; :class:`longate.nk.Maturation` has them.

    A protocol, because ``Maturation`` is built on this package and cannot be imported
    here without a circle.
    """

    @property
    def table(self) -> pd.DataFrame:
        """One row per sample: index, fractions, counting interval."""

    @property
    def stages(self) -> pd.DataFrame:
        """One row per sample and stage: events."""


@dataclass(frozen=True, repr=False, eq=False)
class ReferenceChange:
    """Verdicts on single patients, with the variation that a change must exceed.

    Parameters
    ----------
    table : DataFrame
        One row per patient and later visit. For an index: ``patient, contrast, before,
        after, change, limit, verdict`` (rise, fall or none), ``counting_sd,
        biological_sd, assay_sd`` (of the change), ``n_tested,
        expected_false_flags, problem``. For a fraction: the columns of
        :func:`longate.longitudinal.effects.reference_changes`.
    components : DataFrame
        ``component, size, unit, source, share`` (of the variance of a change, median
        over patients).
    value : str
        What is judged.
    """

    table: pd.DataFrame
    components: pd.DataFrame
    value: str

    def __repr__(self) -> str:
        """Say how many changed, and the components with their sources."""
        column = "verdict" if "verdict" in self.table else "flag"
        counted = self.table[column].value_counts()
        verdicts = ", ".join(f"{n} {name}" for name, n in counted.items())
        lines = [
            f"  {row.component}: {row.size:.3g} {row.unit}, {row.share:.0%} of the "
            f"variance ({row.source})"
            for row in self.components.itertuples()
        ]
        head = (
            f"ReferenceChange of {self.value} · {len(self.table)} changes: {verdicts}; "
            f"{self._expected:.2g} false flags are expected if nobody changed"
        )
        return "\n".join([head, *lines])

    @property
    def _expected(self) -> float:
        by = [c for c in ("outcome", "contrast") if c in self.table]
        return float(self.table.groupby(by)["expected_false_flags"].first().sum())

    def _repr_html_(self) -> str:
        """Show the same and the table in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.table.to_html()}"


def reference_change(
    maturation: ScoredSamples,
    *,
    within: Variation,
    assay: Variation | Uncertainty,
    value: str = "index",
    confidence: float = 0.95,
) -> ReferenceChange:
    r"""Judge each patient's change against counting, assay and biology together.

    For an index, whose components are standard deviations in its own units:

    .. math:: |y_2 - y_1| > t \sqrt{2 (s_I^2 + s_A^2) + c_1^2 + c_2^2}

    with c the counting standard deviation of each sample. For a fraction
    (``fraction_<stage>``), on the logarithmic scale, with k the events of the stage:

    .. math:: |\ln(y_2/y_1)| > t \sqrt{2 (\ln(1+CV_I^2) + \ln(1+CV_A^2))
       + \ln(1+1/k_1) + \ln(1+1/k_2)}

    t is the quantile on the degrees of freedom of both variations together
    (Satterthwaite), that of the normal law where both are taken as known.

    Parameters
    ----------
    maturation : Maturation
        From :func:`maturation`.
    within : Variation
        Variation within a stable person; the user's, with its source.
    assay : Variation or Uncertainty
        Variation of the assay between two measurements of the same blood, as known
        from elsewhere or as :func:`longate.quality.uncertainty` measured it: on the
        scale ``"identity"`` for an index, ``"log"`` or ``"logit"`` for a fraction.
    value : str
        ``"index"``, ``"index_with_adaptive"`` or ``"fraction_<stage>"``.
    confidence : float
        A stable patient is called changed with probability 1 - confidence.

    Returns
    -------
    ReferenceChange

    Raises
    ------
    MaturationError
        If the value is unknown, or no patient has two visits.

    Notes
    -----
    With the counting interval alone 40-80 % of unchanged patients look changed
    (simulated): an index is not judged without both other components.

    References
    ----------
    Fraser and Harris 1989, doi:10.3109/10408368909106595. Fokkema et al. 2006,
    doi:10.1373/clinchem.2006.072413 (the logarithmic form).

    Examples
    --------
    >>> import tempfile
    >>> import longate as lg
    >>> folder = tempfile.TemporaryDirectory()
    >>> made = lg.simulate.cohort(folder.name, patients=2, nk_events=20000,
    ...                           tubes=["NK"], progress=False)
    >>> found = lg.read_study(made.sheet).gate(lg.simulate.nk_strategy(),
    ...                                        progress=False)
    >>> judged = lg.nk.reference_change(
    ...     lg.nk.maturation(found, parent="NK"),
    ...     within=lg.nk.Variation(0.02, "an example"),
    ...     assay=lg.nk.Variation(0.01, "an example"))
    >>> judged.components["component"].tolist()
    ['within the person', 'assay', 'counting']
    >>> folder.cleanup()
    """
    if not 0 < confidence < 1:
        msg = f"confidence must lie between 0 and 1, got {confidence!r}"
        raise MaturationError(msg)
    assay = _measured(assay, value)
    fractions = [c for c in maturation.table if str(c).startswith("fraction_")]
    if value in fractions:
        return _of_fraction(maturation, within, assay, value, confidence)
    if value not in _INDICES:
        msg = (
            f"no reference change value is known for {value!r}; take one of "
            f"{listed([*_INDICES, *fractions], most=20)}"
        )
        raise MaturationError(msg)
    return _of_index(maturation, within, assay, value, confidence)


def _measured(assay: Variation | Uncertainty, value: str) -> Variation:
    """Return the assay's variation; of a measured one, in the unit of the value."""
    if isinstance(assay, Variation):
        return assay
    index = value in _INDICES
    fitting = ("identity",) if index else ("log", "logit")
    if assay.scale not in fitting:
        msg = (
            f"the assay's variation was estimated on the scale {assay.scale!r}, and "
            f"{value!r} is judged on {' or '.join(map(repr, fitting))}; estimate it "
            "again with scale="
        )
        raise MaturationError(msg)
    found = assay.assay
    if assay.scale == "logit":
        # A change of the logit by s is a relative change of the fraction by s (1 - p).
        return replace(found, size=found.size * (1 - assay.mean))
    return found


def _df(within: Variation, assay: Variation) -> float:
    """Return Satterthwaite's degrees of freedom of both variances together."""
    parts = [(one.size**2, one.df) for one in (within, assay)]
    spread = sum(variance**2 / df for variance, df in parts)
    return sum(variance for variance, _ in parts) ** 2 / spread if spread else math.inf


def _of_index(
    maturation: ScoredSamples,
    within: Variation,
    assay: Variation,
    value: str,
    confidence: float,
) -> ReferenceChange:
    import pandas as pd

    table = maturation.table
    half = (table["counting_high"] - table["counting_low"]) / 2
    known = table.assign(_counting=half / Z95)
    visits = [v for v in known["visit"].cat.categories if (known["visit"] == v).any()]
    quantile = normal_quantile(confidence, _df(within, assay))
    biology, laboratory = 2 * within.size**2, 2 * assay.size**2
    rows: list[dict[str, Any]] = []
    for patient, own in known.groupby("patient", sort=False, observed=True):
        by_visit = own.set_index("visit")
        if visits[0] not in by_visit.index:
            continue
        first = by_visit.loc[visits[0]]
        for visit in visits[1:]:
            if visit in by_visit.index:
                later = by_visit.loc[visit]
                counting = first["_counting"] ** 2 + later["_counting"] ** 2
                limit = quantile * math.sqrt(biology + laboratory + counting)
                rows.append(
                    _verdict(patient, (visits[0], visit), first, later, value, limit)
                    | {
                        "counting_sd": math.sqrt(counting),
                        "biological_sd": math.sqrt(biology),
                        "assay_sd": math.sqrt(laboratory),
                    }
                )
    if not rows:
        msg = f"no patient has {value!r} at {visits[0]!r} and at a later visit"
        raise MaturationError(msg)
    judged = pd.DataFrame(rows)
    tested = judged["problem"].isna().groupby(judged["contrast"]).transform("sum")
    judged["n_tested"] = tested.astype("int64")
    judged["expected_false_flags"] = (1 - confidence) * judged["n_tested"]
    counting = float((judged["counting_sd"] ** 2).median())
    components = _components(
        [within, assay],
        [biology, laboratory, counting],
        [within.size, assay.size, math.sqrt(counting / 2)],
        unit="of the index (SD)",
        counted=_COUNTING,
    )
    return ReferenceChange(judged, components, value)


def _verdict(
    patient: Any,
    visits: tuple[Any, Any],
    first: Any,
    later: Any,
    value: str,
    limit: float,
) -> dict[str, Any]:
    change = float(later[value] - first[value])
    verdict, problem = "none", None
    if math.isnan(change) or math.isnan(limit):
        problem = "a visit has no event on the axis"
    elif abs(change) > limit:
        verdict = "rise" if change > 0 else "fall"
    return {
        "patient": patient,
        "contrast": f"{visits[1]} - {visits[0]}",
        "before": float(first[value]),
        "after": float(later[value]),
        "change": change,
        "limit": limit,
        "verdict": verdict,
        "problem": problem,
    }


def _of_fraction(
    maturation: ScoredSamples,
    within: Variation,
    assay: Variation,
    value: str,
    confidence: float,
) -> ReferenceChange:
    from longate.longitudinal.effects import reference_changes

    stage = value.removeprefix("fraction_")
    stages = maturation.stages
    counted = stages.loc[stages["stage"] == stage, ["sample", "tube", "n_events"]]
    table = maturation.table.merge(
        counted.rename(columns={"n_events": "_k"}), on=["sample", "tube"], how="left"
    )
    visits = [v for v in table["visit"].cat.categories if (table["visit"] == v).any()]
    judged = reference_changes(
        table,
        value=value,
        cv_within=within.size,
        cv_analytical=assay.size,
        counts=["_k"],
        pairs=[(visits[0], visit) for visit in visits[1:]],
        confidence=confidence,
        df=_df(within, assay),
    )
    counting = 2 * float(np.log1p(1 / table.loc[table["_k"] > 0, "_k"]).median())
    components = _components(
        [within, assay],
        [2 * math.log1p(within.size**2), 2 * math.log1p(assay.size**2), counting],
        [within.size, assay.size, math.sqrt(math.expm1(counting / 2))],
        unit="(coefficient of variation)",
        counted=_COUNTS,
    )
    return ReferenceChange(judged, components, value)


def _components(
    given: list[Variation],
    variances: list[float],
    sizes: list[float],
    *,
    unit: str,
    counted: str,
) -> pd.DataFrame:
    import pandas as pd

    total = sum(variances)
    return pd.DataFrame(
        {
            "component": ["within the person", "assay", "counting"],
            "size": sizes,
            "unit": unit,
            "source": [*(_source(variation) for variation in given), counted],
            "share": [v / total if total else math.nan for v in variances],
        }
    )


def _source(variation: Variation) -> str:
    words = f"assumed: {variation.source}" if variation.assumed else variation.source
    known = math.isinf(variation.df)
    return words if known else f"{words}, {variation.df:.3g} df"
