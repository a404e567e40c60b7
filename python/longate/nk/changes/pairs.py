"""Pairs of visits of one patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import MaturationError
from longate.nk.changes.sampling import refuse_mixed_specimens

if TYPE_CHECKING:
    import pandas as pd


def visit_pairs(
    table: pd.DataFrame, baseline: str | None, visit: str | None
) -> pd.DataFrame:
    """Return one row per patient and later visit.

    Parameters
    ----------
    table : DataFrame
        ``sample, patient, visit`` and perhaps ``specimen``; visits are an ordered
        categorical or come in the order of the table.
    baseline : str or None
        The visit to compare with; the first one where None.
    visit : str or None
        The visit to compare; every other one where None.

    Returns
    -------
    DataFrame
        ``patient, from, to, sample_from, sample_to, missing``; ``missing`` names the
        visit that a patient lacks and is empty where both are there.

    Raises
    ------
    MaturationError
        If a visit is unknown, a patient has several samples of one visit, or specimens
        differ within a patient.
    """
    import pandas as pd

    visits = _visits(table)
    for name, given in (("baseline", baseline), ("visit", visit)):
        if given is not None and str(given) not in visits:
            near = suggest(str(given), visits) or f"; there are {listed(visits)}"
            msg = f"{name}={given!r} is not among the visits{near}"
            raise MaturationError(msg)
    first = visits[0] if baseline is None else str(baseline)
    later = [v for v in visits if v != first] if visit is None else [str(visit)]
    samples = table.assign(visit=table["visit"].astype(str))
    repeated = samples[samples.duplicated(["patient", "visit"], keep=False)]
    if len(repeated):
        msg = (
            f"several samples of one patient and visit ({listed(repeated['sample'])}); "
            "pool or replace runs when reading the study, or keep one"
        )
        raise MaturationError(msg)
    extra = [name for name in ("specimen",) if name in samples]
    at = samples.set_index(["visit", "patient"])[["sample", *extra]]
    rows = []
    for patient in dict.fromkeys(samples["patient"]):
        for other in later:
            row: dict[str, object] = {"patient": patient, "from": first, "to": other}
            missing = []
            for end, which in (("from", first), ("to", other)):
                known = (which, patient) in at.index
                missing += [] if known else [which]
                for column in ("sample", *extra):
                    value = at.loc[(which, patient), column] if known else None
                    row[f"{column}_{end}"] = value
            rows.append({**row, "missing": " and ".join(missing)})
    columns = ["patient", "from", "to", "sample_from", "sample_to", "missing"]
    pairs = pd.DataFrame(
        rows, columns=[*columns, *(f"{e}_{s}" for e in extra for s in ("from", "to"))]
    )
    refuse_mixed_specimens(pairs)
    return pairs[columns]


def _visits(table: pd.DataFrame) -> list[str]:
    column = table["visit"]
    if hasattr(column, "cat"):
        present = set(column)
        return [str(v) for v in column.cat.categories if v in present]
    return [str(v) for v in dict.fromkeys(column)]
