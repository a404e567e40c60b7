"""Measured numbers beside the truth of a simulated cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from longate._validation import listed, require_columns
from longate.exceptions import StudyError
from longate.statistics import clopper_pearson

if TYPE_CHECKING:
    from longate.simulate import SimulatedCohort

KEYS = ["sample", "patient", "visit"]
COLUMNS = ["measured", "low", "high", "true", "in_file"]


@dataclass(frozen=True, eq=False, repr=False)
class TruthComparison:
    """Measured and true values, sample by sample.

    Attributes
    ----------
    table : DataFrame
        sample, patient, visit, measure, measured, low, high (counting interval),
        true (of the composition that generated the sample), in_file (of the events
        that are in the file), error (measured - true), inside (bool).
    summary : DataFrame
        One row per measure: n, bias (mean error), bias_in_file (against the events
        in the file: what gates and calls alone do), worst (largest absolute error),
        inside, share, share_low, share_high (exact interval of the share inside).
    """

    table: pd.DataFrame
    summary: pd.DataFrame

    def __repr__(self) -> str:
        lines = [
            f"  {row.measure}: bias {row.bias:+.4f}, {row.inside} of {row.n} samples "
            "inside the counting interval"
            for row in self.summary.itertuples()
        ]
        return "\n".join(["TruthComparison · simulated data", *lines])


def compare_with_truth(
    populations: Any,
    maturation: Any,
    cohort: SimulatedCohort,
    *,
    nk: str = "NK",
    of: str = "Lymphocytes",
    tube: str = "NK",
) -> TruthComparison:
    """Compare NK fraction and maturation index with the simulated truth.

    Parameters
    ----------
    populations : Populations
        Of the cohort's study.
    maturation : Maturation
        Of the same populations.
    cohort : SimulatedCohort
        Whose truth is read.
    nk, of : str
        The populations whose share is compared; the truth calls them NK and
        Lymphocytes.
    tube : str
        Where both are counted.

    Returns
    -------
    TruthComparison
        With the measures ``"index"`` and ``"NK fraction"``.

    Raises
    ------
    StudyError
        If no sample of the populations is in the truth.

    Notes
    -----
    An interval of counting error speaks about the composition that generated the
    sample, so it is judged against that; a perfect caller would agree exactly with
    the events in the file. Neither interval knows of gates or calls that are wrong.
    """
    measured = [
        _index(maturation, cohort, tube),
        _fraction(populations, cohort, nk=nk, of=of, tube=tube),
    ]
    table = pd.concat(measured, ignore_index=True)
    if table.empty:
        known = listed(dict.fromkeys(maturation.table["sample"]))
        msg = f"no sample of the study is in the truth of the cohort; it has {known}"
        raise StudyError(msg)
    table["error"] = table["measured"] - table["true"]
    table["inside"] = table["true"].between(table["low"], table["high"])
    return TruthComparison(table, _summary(table))


def _index(maturation: Any, cohort: SimulatedCohort, tube: str) -> pd.DataFrame:
    measured = maturation.table.rename(
        columns={"index": "measured", "counting_low": "low", "counting_high": "high"}
    )
    truth = cohort.read_truth("index")
    truth = truth[truth["tube"] == tube]
    truth = truth.rename(columns={"generating_index": "true", "index": "in_file"})
    return _joined(measured, truth, "index")


def _fraction(
    populations: Any, cohort: SimulatedCohort, *, nk: str, of: str, tube: str
) -> pd.DataFrame:
    measured = populations.fraction(nk, of=of, tube=tube)
    measured = measured.rename(columns={"fraction": "measured"})
    counts = cohort.read_truth("counts")
    counts = counts[counts["tube"] == tube].set_index(["sample", "population"])
    wide = counts[["n_events", "per_microlitre"]].unstack("population")
    truth = pd.DataFrame(
        {
            "true": wide["per_microlitre", "NK"]
            / wide["per_microlitre", "Lymphocytes"],
            "in_file": wide["n_events", "NK"] / wide["n_events", "Lymphocytes"],
        }
    )
    return _joined(measured, truth.reset_index(), "NK fraction")


def _joined(measured: pd.DataFrame, truth: pd.DataFrame, measure: str) -> pd.DataFrame:
    require_columns(
        measured, [*KEYS, *COLUMNS[:3]], f"the measured {measure}", StudyError
    )
    joined = measured[[*KEYS, *COLUMNS[:3]]].merge(
        truth[["sample", *COLUMNS[3:]]], on="sample", how="inner", validate="1:1"
    )
    joined.insert(len(KEYS), "measure", measure)
    return joined


def _summary(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for measure, part in table.groupby("measure", sort=False):
        n, inside = len(part), int(part["inside"].sum())
        low, high = clopper_pearson(inside, n)
        rows.append(
            {
                "measure": measure,
                "n": n,
                "bias": float(part["error"].mean()),
                "bias_in_file": float((part["measured"] - part["in_file"]).mean()),
                "worst": float(part["error"].abs().max()),
                "inside": inside,
                "share": inside / n,
                "share_low": float(low),
                "share_high": float(high),
            }
        )
    return pd.DataFrame(rows)
