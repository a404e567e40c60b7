"""Robustness: what thresholds, gain, counts and handling could do to a conclusion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._label_matching import labels_by_patient, unmatched_limits
from longate._validation import listed
from longate.exceptions import MaturationError
from longate.nk.changes.sampling import any_frozen, recorded_clones
from longate.nk.robustness.calls import CallRules, sample_calls
from longate.nk.robustness.handling import handling_columns
from longate.nk.robustness.tables import (
    GATES,
    WANTED,
    Sampled,
    conclusion_gain,
    conclusion_rows,
    gain_rows,
    moves_of,
    pairs_of,
    sample_row,
)
from longate.nk.robustness.words import cannot_exclude

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.nk.stages.scheme import StageScheme
    from longate.nk.thresholds.positivity_thresholds import PositivityThresholds

UNITS = (0.1, 0.2)
_GROUPS = 2
_MOVE_COLUMNS = ["sample", "patient", "visit", "tube", "marker", "move", "threshold"]
_MOVE_COLUMNS += ["index", "change"]


@dataclass(frozen=True, repr=False, eq=False)
class Robustness:
    """Influences on a maturation index other than the cells.

    Parameters
    ----------
    samples : DataFrame
        One row per sample: ``sample, patient, visit, tube, index_gates,
        index_anchored, difference, lowest_moved, highest_moved`` (over all moves),
        ``n_parent, n, cells`` ("too few" under 300 NK cells, "enough", "good" from
        1000 on), ``fraction_dim16neg``, ``fraction_adaptive`` where measured;
        ``index_any_cd16``: the index when CD56dim cells are staged whatever their CD16
        (scheme ``five_stage`` alone); ``n_dim16neg, dim16neg_by_gates,
        handling_limit, handling_flag``: CD56dim CD16- cells by the strategy's gates
        against the study's own bridging or fresh samples.
    moves : DataFrame
        One row per sample, marker and move of its threshold: ``sample, patient, visit,
        tube, marker, move, threshold, index, change`` (from the anchored index).
    gains : DataFrame
        One row per patient, contrast and channel: ``patient, contrast, channel,
        change_gates, change_anchored, gain`` (the smallest that would by itself
        produce the change under the strategy's gates; NaN if none from 1/4 to 4 would),
        ``percent``.
    conclusion : DataFrame
        The estimand under each variant: ``contrast, estimand, variant, marker,
        estimate``.
    conclusion_gains : DataFrame
        ``contrast, channel, estimate, gain, percent``: the smallest gain, acting on
        the patients whose change carries the estimand, that would produce it.
    words : tuple of str
        What cannot be excluded with this panel and this study.
    limits : tuple of str
        Patients who were left out because labels and samples did not match.
    """

    samples: pd.DataFrame
    moves: pd.DataFrame
    gains: pd.DataFrame
    conclusion: pd.DataFrame
    conclusion_gains: pd.DataFrame
    words: tuple[str, ...]
    limits: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say the conclusion, its range, the nearest gain, and what stays open."""
        lines = [
            f"Robustness · {len(self.samples)} samples · thresholds moved in memory"
        ]
        for (contrast, estimand), rows in self.conclusion.groupby(
            ["contrast", "estimand"], sort=False
        ):
            by_variant = rows.set_index("variant")["estimate"]
            lines.append(
                f"  {contrast}: {estimand} {by_variant['anchored']:+.3f} anchored, "
                f"{by_variant[GATES]:+.3f} with the strategy's gates; "
                f"{rows['estimate'].min():+.3f} to {rows['estimate'].max():+.3f} over "
                f"{len(rows)} variants"
            )
        lines += [f"  {sentence}" for sentence in self.words]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.conclusion_gains.to_html()}"


def robustness(
    thresholds: PositivityThresholds,
    *,
    scheme: str | StageScheme = "five_stage",
    labels: object = None,
    units: Sequence[float] = UNITS,
    clones: Mapping[str, str] | None = None,
    unmatched: str = "error",
) -> Robustness:
    """Report how far thresholds, gain, counts and handling could move the index.

    Every sample is called again, in memory: with its anchored thresholds (found in
    that sample, so that they follow the instrument), with the strategy's gates, and
    with each threshold moved by so many units of asinh (0.1 is 10.5 % of intensity)
    and by one standard error. For every patient and channel the smallest gain is
    sought that would by itself, under the strategy's gates, turn the first visit's
    index into the later one's; and the same for the conclusion.

    Parameters
    ----------
    thresholds : PositivityThresholds
        From :func:`thresholds`; they know the gated study and the NK parent.
    scheme : str or StageScheme
        As in :func:`maturation`.
    labels : Response or DataFrame, optional
        Columns ``patient, label``. With exactly two labels beside "unclassifiable" the
        estimand is the difference of their mean changes (responders minus the other),
        without labels the mean change.
    units : sequence of float
        How far thresholds are moved, up and down.
    clones : mapping of str to str, optional
        Marker -> clones and specificities, as in :func:`maturation`.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no data, or data and no label;
        who is dropped stands in ``.limits`` by name.

    Returns
    -------
    Robustness

    Raises
    ------
    MaturationError
        If no call can be moved, a patient's visits are of different specimens, or
        there are not two labels.

    Notes
    -----
    Thresholds are moved after the fact: the NK parent moves along where it is made of
    calls, the gates above it stay.

    Examples
    --------
    >>> import tempfile
    >>> import longate as lg
    >>> folder = tempfile.TemporaryDirectory()
    >>> made = lg.simulate.cohort(folder.name, patients=2, nk_events=20000,
    ...                           tubes=["NK"], progress=False)
    >>> found = lg.read_study(made.sheet).gate(lg.simulate.nk_strategy(),
    ...                                        progress=False)
    >>> report = lg.nk.robustness(lg.nk.thresholds(found, parent="NK"))
    >>> sorted(report.gains["channel"].unique())[:3]
    ['CD16', 'CD56', 'CD57']
    >>> folder.cleanup()
    """
    import pandas as pd

    samples, rules = _sampled(thresholds, scheme, clones)
    limits: list[str] = []
    if labels is not None:
        limits = unmatched_limits(
            labels_by_patient(labels, "labels", MaturationError),
            [str(one.row["patient"]) for one in samples.values()],
            what="the samples",
            error=MaturationError,
            unmatched=unmatched,
        )
    moves = moves_of(rules, units)
    moved: dict[tuple[str, str], dict[Any, float]] = {}
    move_rows = []
    for sampled in samples.values():
        own: dict[Any, float] = {}
        start = sampled.calls.index(sampled.anchored)
        for move in moves:
            after = move.of(sampled)
            if after is None:
                continue
            own[move] = sampled.calls.index(after)
            move_rows.append(
                {
                    **sampled.keys,
                    "marker": move.marker,
                    "move": move.words,
                    "threshold": after[move.marker],
                    "index": own[move],
                    "change": own[move] - start,
                }
            )
        key = (str(sampled.row["sample"]), str(sampled.row["tube"]))
        moved[key] = own
    rows = [
        sample_row(s, list(moved[(str(s.row["sample"]), str(s.row["tube"]))].values()))
        for s in samples.values()
    ]
    order = _visits(thresholds)
    pairs = list(pairs_of(samples, order))
    _refuse_mixed_specimens(pairs)
    conclusion, gains = _conclusion(pairs, labels, moved, rules)
    finished = thresholds.populations.finished
    flags, handling = handling_columns(
        samples, rules, thresholds.populations, thresholds.tube
    )
    table = pd.DataFrame(rows).assign(**flags)
    return Robustness(
        samples=finished(table),
        # No move at all where thresholds have no error and channels are linear.
        moves=finished(pd.DataFrame(move_rows, columns=_MOVE_COLUMNS)),
        gains=pd.DataFrame([row for pair in pairs for row in gain_rows(*pair)]),
        conclusion=conclusion,
        conclusion_gains=gains,
        words=(
            *_words(table, gains),
            *cannot_exclude(handling, rules, thresholds),
        ),
        limits=tuple(limits),
    )


def _sampled(
    thresholds: PositivityThresholds,
    scheme: str | StageScheme,
    clones: Mapping[str, str] | None,
) -> tuple[dict[str, Sampled], CallRules]:
    strategy = thresholds.populations.strategies[thresholds.tube]
    sheet = thresholds.populations.study.samples
    sheet = sheet[sheet["tube"] == thresholds.tube]
    rules = CallRules.of(
        strategy,
        thresholds.parent,
        scheme,
        thresholds.calls,
        cryopreserved=any_frozen(sheet),
        clones=clones if clones is not None else recorded_clones(sheet),
    )
    table = thresholds.table.set_index(["sample", "marker"])
    made = {}
    for sample, (row, calls) in sample_calls(
        thresholds.populations, thresholds.tube, rules
    ).items():
        own = table.loc[sample]
        gates = calls.gates
        anchored = {c: float(own["threshold"].get(c, gates[c])) for c in gates}
        errors = {c: float(own["se"].get(c, math.nan)) for c in gates}
        made[sample] = Sampled(row, calls, gates, anchored, errors)
    return made, rules


def _visits(thresholds: PositivityThresholds) -> list[str]:
    visits = thresholds.table["visit"]
    return [str(v) for v in visits.cat.categories if (visits == v).any()]


def _refuse_mixed_specimens(pairs: Sequence[tuple[Sampled, Sampled]]) -> None:
    for first, later in pairs:
        before, after = first.row.get("specimen"), later.row.get("specimen")
        if isinstance(before, str) and isinstance(after, str) and before != after:
            msg = (
                f"patient {first.row['patient']!r} has {before!r} at "
                f"{first.row['visit']} and {after!r} at {later.row['visit']}; "
                "specimens are not compared with each other, so leave one visit out"
            )
            raise MaturationError(msg)


def _conclusion(
    pairs: Sequence[tuple[Sampled, Sampled]],
    labels: object,
    moved: Mapping[tuple[str, str], Mapping[Any, float]],
    rules: CallRules,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    contrasts: dict[str, list[tuple[Sampled, Sampled]]] = {}
    for first, later in pairs:
        words = f"{later.row['visit']} - {first.row['visit']}"
        contrasts.setdefault(words, []).append((first, later))
    rows: list[dict[str, Any]] = []
    gains: list[dict[str, Any]] = []
    for words, own in contrasts.items():
        sides, estimand = _sides(own, labels)
        judged = [pair for pair in own if str(pair[0].row["patient"]) in sides]
        lead = {"contrast": words, "estimand": estimand}
        found = conclusion_rows(judged, sides, moved)
        rows += [lead | row for row in found]
        wanted = next(r["estimate"] for r in found if r["variant"] == GATES)
        for channel in rules.channels:
            gain = conclusion_gain(judged, sides, channel, wanted)
            entry = {"channel": channel, "estimate": wanted, "gain": gain}
            gains.append(lead | entry | {"percent": 100 * (gain - 1)})
    columns = ["contrast", "estimand", "variant", "marker", "estimate"]
    more = ["contrast", "estimand", "channel", "estimate", "gain", "percent"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(gains, columns=more)


def _sides(
    pairs: Sequence[tuple[Sampled, Sampled]], labels: object
) -> tuple[dict[str, float], str]:
    patients = [str(first.row["patient"]) for first, _ in pairs]
    if labels is None:
        return dict.fromkeys(patients, 1 / len(patients)), "mean change"
    given = labels_by_patient(labels, "labels", MaturationError)
    groups: dict[str, list[str]] = {}
    for patient in patients:
        label = given.get(patient)
        if isinstance(label, str) and label != "unclassifiable":
            groups.setdefault(label, []).append(patient)
    if len(groups) != _GROUPS:
        msg = (
            f"a difference of changes needs two labels, but the patients with both "
            f"visits have {listed(groups)}"
        )
        raise MaturationError(msg)
    # Responders first, whatever the other group is called.
    first, second = sorted(groups, key=lambda label: (label != "responder", label))
    sides = {p: 1 / len(groups[first]) for p in groups[first]}
    sides |= {p: -1 / len(groups[second]) for p in groups[second]}
    return sides, f"mean change of {first}s - of {second}s"


def _words(
    samples: pd.DataFrame,
    gains: pd.DataFrame,
) -> tuple[str, ...]:
    sentences = []
    for words, own in gains.groupby("contrast", sort=False):
        known = own[own["gain"].notna()]
        estimate = float(own["estimate"].iloc[0])
        if known.empty:
            nearby = "no gain of one channel from 1/4 to 4 would produce it"
        else:
            nearest = known.loc[np.log(known["gain"]).abs().idxmin()]
            nearby = (
                f"a gain of {nearest['gain']:.2f} in {nearest['channel']} alone would "
                "produce it under the strategy's gates"
            )
        sentences.append(
            f"{words}: {estimate:+.3f} with the strategy's gates; {nearby}."
        )
    few = samples[samples["cells"] == "too few"]
    if len(few):
        sentences.append(
            f"{len(few)} of {len(samples)} samples have fewer than {WANTED} NK cells "
            f"({listed(few['sample'])}): their index is uncertain by more than 0.016 "
            "(SD) from counting alone."
        )
    return tuple(sentences)
