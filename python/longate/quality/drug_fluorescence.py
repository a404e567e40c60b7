"""Fluorescence of a drug, looked for in unstained and FMO tubes of each visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed
from longate.exceptions import LongateError, StudyError
from longate.gating.gates.base import ALL_EVENTS
from longate.quality.controls import control_events
from longate.statistics import quantile_interval

if TYPE_CHECKING:
    import pandas as pd

    from longate.gating.results.events import SampleEvents
    from longate.gating.results.populations import Populations

FEWEST_EVENTS = 50
"""Events of a control below which its median is not compared."""

LARGE = 0.5
"""Change of the median, in robust SD of the first visit's control, that is flagged."""

_COLUMNS = [
    *("patient", "visit", "control", "file", "channel", "n_events"),
    *("median", "low", "high", "sd", "change", "change_in_sd", "flag", "problem"),
]


@dataclass(frozen=True, repr=False, eq=False)
class DrugFluorescence:
    """Background fluorescence of each visit against the patient's first one.

    Parameters
    ----------
    table : DataFrame
        One row per control and channel: ``patient, visit, control`` (its role),
        ``file, channel, n_events, median, low, high`` (linear, with the 95 %
        order-statistic interval), ``sd`` (median - 15.9 % point), ``change`` (from the
        patient's first control of the channel), ``change_in_sd, flag, problem``.
    words : tuple of str
        What rose, and which visits have no control.
    """

    table: pd.DataFrame
    words: tuple[str, ...]

    def __repr__(self) -> str:
        """Say the sentences."""
        return "\n".join(["DrugFluorescence", *(f"  {words}" for words in self.words)])


def drug_fluorescence(
    populations: Populations,
    *,
    parent: str,
    unstained: str,
    tube: str | None = None,
) -> DrugFluorescence:
    """Compare the background of unstained and FMO tubes between visits.

    A drug that fluoresces (mitoxantrone: far red) raises the background of cells that
    carry it. Unstained tubes show every channel, an FMO tube the channel that it lacks.

    Parameters
    ----------
    populations : Populations
        A gated study whose sheet has roles ``unstained`` or ``fmo:<marker>``.
    parent : str
        Cells of FMO tubes, such as ``"NK"``.
    unstained : str
        Cells of unstained tubes: a population gated by scatter alone, such as
        ``"Singlets"``, or ``"All events"``.
    tube : str, optional
        Needed where several tubes have the parent.

    Returns
    -------
    DrugFluorescence
        A channel is flagged where the median's interval lies above that of the
        patient's first control and the median has risen by 0.5 robust standard
        deviations. Controls with fewer than 50 events are not compared.

    Raises
    ------
    StudyError
        If the tube has no such control.
    PopulationError
        If a population is unknown.
    """
    import pandas as pd

    tube = populations.tube_of(parent, tube)
    strategy = populations.strategies[tube]
    paths = {
        kind: name if name == ALL_EVENTS else strategy.path(name)
        for kind, name in (("fmo", parent), ("unstained", unstained))
    }
    sheet = populations.study.samples
    rows = sheet[sheet["tube"] == tube]
    roles = rows["role"].astype(str).str.strip()
    kinds = roles.str.casefold().str.partition(":")[0]
    controls = rows[kinds.isin(paths)]
    if controls.empty:
        msg = (
            f"tube {tube!r} has no unstained and no FMO file; give them the roles "
            "unstained or fmo:<marker> in the sheet, with their patient and visit"
        )
        raise StudyError(msg)
    found: list[dict[str, Any]] = []
    for number, row in controls.iterrows():
        lead = {
            "patient": row["patient"],
            "visit": row["visit"],
            "control": str(row["role"]),
            "file": row["file"],
        }
        try:
            events = control_events(populations, int(number), tube)
            found += [
                lead | one for one in _channels(events, str(row["role"]).strip(), paths)
            ]
        except LongateError as error:
            found.append(lead | {"problem": str(error)})
    table = _compared(pd.DataFrame(found, columns=_COLUMNS), rows["visit"])
    uncovered = _uncovered(rows[roles.str.casefold() == "sample"], controls)
    return DrugFluorescence(table, _words(table, uncovered))


def _channels(
    events: SampleEvents, role: str, paths: dict[str, str]
) -> list[dict[str, Any]]:
    kind, _, marker = role.partition(":")
    path = paths[kind.casefold()]
    if kind.casefold() == "fmo":
        names = [marker.strip()]
    else:
        names = [c.label for c in events.panel if c.kind == "fluorescence"]
    made = []
    for name, values in events.values(names, population=path, scaled=False).items():
        row: dict[str, Any] = {"channel": str(name), "n_events": len(values)}
        if len(values) < FEWEST_EVENTS:
            row["problem"] = f"fewer than {FEWEST_EVENTS} events in {path!r}"
        else:
            median, low, high = quantile_interval(values, 0.5)
            lower = float(np.quantile(values, 0.1587))
            row |= {"median": median, "low": low, "high": high, "sd": median - lower}
        made.append(row)
    return made


def _compared(table: pd.DataFrame, visits: pd.Series) -> pd.DataFrame:
    """Add changes from each patient's first control of a channel and of its kind."""
    order = {str(v): at for at, v in enumerate(visits.cat.categories)}
    made = table.assign(_at=[order.get(str(v), len(order)) for v in table["visit"]])
    made = made.sort_values(["patient", "_at"], kind="stable", na_position="last")
    keys = ["patient", "control", "channel"]
    known = made[made["median"].notna()]
    first = known.groupby(keys, sort=False, dropna=False, observed=True)[
        ["median", "high", "sd", "_at"]
    ].first()
    index = made.set_index(keys).index
    begun = first.reindex(index).set_axis(made.index)
    later = made["_at"] > begun["_at"]
    change = (made["median"] - begun["median"]).where(later)
    relative = change / begun["sd"].where(begun["sd"] > 0)
    flag = (made["low"] > begun["high"]) & (relative >= LARGE) & later
    return (
        made.assign(change=change, change_in_sd=relative, flag=flag.astype(bool))
        .drop(columns="_at")
        .reset_index(drop=True)
    )


def _uncovered(samples: pd.DataFrame, controls: pd.DataFrame) -> list[str]:
    visits = list(dict.fromkeys(samples["visit"].dropna().astype(str)))
    seen = set(controls["visit"].dropna().astype(str))
    return [visit for visit in visits if visit not in seen]


def _words(table: pd.DataFrame, uncovered: list[str]) -> tuple[str, ...]:
    words = []
    risen = table[table["flag"]]
    if len(risen):
        named = [
            f"{r.patient} {r.visit} {r.channel} ({r.change_in_sd:+.1f} SD)"
            for r in risen.itertuples()
        ]
        words.append(
            f"The background rose in {len(risen)} of {len(table)} comparisons: "
            f"{listed(named)}. Thresholds of these channels need the FMO of the visit."
        )
    elif table["change"].notna().any():
        words.append("No background rose between visits.")
    else:
        words.append(
            "No patient has a control at two visits, so drug fluorescence is not "
            "excluded."
        )
    if uncovered:
        words.append(
            "Drug fluorescence not excluded at visits without an unstained or FMO "
            f"tube: {listed(uncovered)}."
        )
    problems = table[table["problem"].notna()]
    if len(problems):
        words.append(
            f"{len(problems)} controls or channels could not be used; see the column "
            "problem."
        )
    return tuple(words)
