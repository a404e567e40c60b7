"""The difference in change of two groups, by a model of all visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from longate._names import name_of
from longate._validation import listed, require_columns, suggest, table_of
from longate.exceptions import DesignError
from longate.longitudinal.labels import NON_RESPONDER, RESPONDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.longitudinal.mixed.result import MixedModel


@dataclass(frozen=True)
class ModelledDifference:
    """Responders' change minus non-responders', from baseline to a last visit.

    Attributes
    ----------
    estimate, se, df, t, p, low, high : float
    n_responder, n_non_responder : int
        Patients with at least one value.
    notes : tuple of str
        What has to be known of the fit.
    """

    estimate: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float
    n_responder: int
    n_non_responder: int
    notes: tuple[str, ...]


class Fit(Protocol):
    """A model of all visits: :func:`mixed_model` or :func:`mmrm`."""

    def __call__(
        self,
        formula: str,
        table: object,
        *,
        patient: str,
        visit: str,
        response: str,
        df: str,
        confidence: float,
    ) -> MixedModel:
        """Fit a formula to a table."""


def modelled_difference(
    fit: Fit,
    table: object,
    *,
    value: str,
    patient: str = "patient",
    visit: str = "visit",
    response: str = "response",
    baseline: object,
    last: object,
    covariates: Sequence[str] = (),
    df: str = "kenward-roger",
    confidence: float = 0.95,
) -> ModelledDifference:
    """Return responders' change minus non-responders' by a model of all visits.

    The formula is ``value ~ visit * (response + covariates)``: covariates enter with
    an effect at each visit. Patients who are neither responder nor non-responder are
    left out. By an MMRM of complete data without covariates this is Student's t of
    the changes.

    Parameters
    ----------
    fit : callable
        The model.
    table : DataFrame, or an object with a ``.table``
        Tidy, one row per patient and visit.
    value : str
        The column to analyse, on the scale of analysis.
    patient, visit, response : str
        Columns; `response` holds responder and non-responder.
    baseline, last : visit
        The change is `last` minus `baseline`.
    covariates : sequence of str
        Columns, declared beforehand.
    df : {"kenward-roger", "satterthwaite"}
    confidence : float

    Returns
    -------
    ModelledDifference

    Raises
    ------
    DesignError
        If columns, visits or groups are missing, or the model is refused.
    """
    if isinstance(covariates, str):
        msg = f"covariates must be a list of columns, got {covariates!r}"
        raise DesignError(msg)
    frame = table_of(table, "the table", DesignError)
    require_columns(
        frame, [value, patient, visit, response, *covariates], "the table", DesignError
    )
    labels = frame[response].astype(object)
    kept = frame[labels.isin([RESPONDER, NON_RESPONDER]) & frame[value].notna()]
    numbers = kept.drop_duplicates(patient)[response].value_counts()
    for label in (RESPONDER, NON_RESPONDER):
        if not numbers.get(label):
            seen = listed(dict.fromkeys(labels.dropna()))
            msg = f"no {label} has a value; {response} has {seen or 'no label'}"
            raise DesignError(msg)
    visits = list(dict.fromkeys(kept[visit].dropna().map(name_of)))
    for argument, given in (("baseline", baseline), ("last", last)):
        name = name_of(given)
        if name not in visits:
            msg = (
                f"{argument}={name!r} is not a visit with values; they have "
                f"{listed(visits)}{suggest(name, visits)}"
            )
            raise DesignError(msg)
    own = [f"`{visit}` * `{name}`" for name in (response, *covariates)]
    fitted = fit(
        f"`{value}` ~ {' + '.join(own)}",
        kept,
        patient=patient,
        visit=visit,
        response=response,
        df=df,
        confidence=confidence,
    )
    found = fitted.contrast(
        change=(baseline, last), between=(RESPONDER, NON_RESPONDER)
    ).iloc[0]
    return ModelledDifference(
        **{
            name: float(found[name])
            for name in ("estimate", "se", "df", "t", "p", "low", "high")
        },
        n_responder=int(numbers[RESPONDER]),
        n_non_responder=int(numbers[NON_RESPONDER]),
        notes=fitted.notes,
    )
