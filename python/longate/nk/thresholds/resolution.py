"""Positivity thresholds of every sample, from the first source that serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.exceptions import MaturationError
from longate.nk.stages.calls import calls_for, tube_for_calls
from longate.nk.stages.scheme import CD56_BRIGHT, CD56_POSITIVE
from longate.nk.thresholds.choices import availability
from longate.nk.thresholds.controls import Controls
from longate.nk.thresholds.fit import Fit, fit_negatives, fit_positives, fit_valley
from longate.nk.thresholds.positivity_thresholds import PositivityThresholds
from longate.nk.thresholds.rows import Found, Wanted
from longate.nk.thresholds.sources import (
    CD57_T_CELLS,
    INDEPENDENT,
    REFERENCE_POPULATIONS,
    SOURCES,
    T_CELLS,
    TREATMENT_SENSITIVE,
    USER_SET,
    movable,
    one_threshold,
    refuse_circular,
    tube_cells,
)
from longate.nk.thresholds.spreading import extra_variance, spreading_matrix
from longate.nk.thresholds.tube_events import tube_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.gating.results.populations import Populations
    from longate.nk.thresholds.tube_events import TubeEvents

LEAST_EVENTS = 100


def thresholds(
    populations: Populations,
    *,
    parent: str,
    markers: Mapping[str, str] | None = None,
    order: Sequence[str] = SOURCES,
    thresholds: Mapping[str, float | Mapping[str, float]] | None = None,
    internal: Mapping[str, str] | None = None,
    spreading: pd.DataFrame | None = None,
    tube: str | None = None,
    least_events: int = LEAST_EVENTS,
    seed: int = 0,
) -> PositivityThresholds:
    """Find the positivity threshold of each marker in each sample, and its source.

    For each call (``CD16``, ``CD56bright`` ...) the sources are tried in order, and the
    first that serves all samples of a patient decides: a source that changes between
    visits would look like a change of the cells.

    ``"fmo"`` (independent)
        The 99 % point of the FMO control of the same batch (role ``fmo:<marker>`` of
        the sheet), among its events in the NK gate.
    ``"internal"`` (independent, or treatment-sensitive)
        The 99 % point of cells of the same tube that lack the marker, see
        :data:`REFERENCE_POPULATIONS`; they are picked by the bounds on the path to the
        NK cells.
    ``"valley"`` (treatment-sensitive)
        The valley of the NK cells' own density: for CD56bright above the CD56dim mode,
        for CD56 below it. It exists only where there are two modes.
    ``"gate"`` (independent, but it does not follow the instrument)
        The threshold of the strategy's gate.

    The 99 % point is ``median + 2.326 sd`` of the negatives' linear values, with the
    standard deviation from the side away from positive cells; spread from other
    fluorochromes on the NK cells is added where a spillover spreading matrix is given.

    Parameters
    ----------
    populations : Populations
        A gated study.
    parent : str
        The NK population.
    markers : mapping of str to str, optional
        Call -> population, as in :func:`maturation`. Calls whose gate is not one lower
        bound stay as they are drawn.
    order : sequence of {"fmo", "internal", "valley", "gate"}
        Which sources are tried.
    thresholds : mapping of str to float or mapping, optional
        Call -> threshold on the channel's scale, or call -> sample -> threshold. They
        go before all sources, and their class is ``"user-set"``.
    internal : mapping of str to str, optional
        Call -> population of negatives in the same tube, instead of those that are
        known.
    spreading : DataFrame, optional
        Spillover spreading, as :func:`longate.spillover_spreading` gives it; or a
        matrix whose rows are fluorochromes' channels, whose columns are the channels
        they spread into, and whose entries are standard deviations (linear) per square
        root of intensity.
    tube : str, optional
        Needed where several tubes have the parent.
    least_events : int
        Fewer events give no threshold.
    seed : int
        Of the bootstrap.

    Returns
    -------
    PositivityThresholds

    Raises
    ------
    MaturationError
        If a given population is circular or cannot serve the marker, a given source
        or call is unknown, or no source is left for some sample.

    References
    ----------
    Spillover spreading: Nguyen et al. 2013, doi:10.1002/cyto.a.22251.

    Examples
    --------
    >>> import tempfile
    >>> import longate as lg
    >>> folder = tempfile.TemporaryDirectory()
    >>> made = lg.simulate.cohort(folder.name, patients=2, nk_events=20000,
    ...                           tubes=["NK"], progress=False)
    >>> found = lg.read_study(made.sheet).gate(lg.simulate.nk_strategy(),
    ...                                        progress=False)
    >>> found_in = lg.nk.thresholds(found, parent="NK")
    >>> found_in.table.set_index("marker")["source"]["CD16"].unique().tolist()
    ['internal']
    >>> folder.cleanup()
    """
    if tube is None:
        tube = tube_for_calls(populations, parent, markers)
    tube = populations.tube_of(parent, tube)
    strategy = populations.strategies[tube]
    calls = calls_for(strategy, parent, markers)
    channels = movable(strategy, calls)
    wanted = Wanted(
        parent=strategy.path(parent),
        channels=channels,
        gates={call: one_threshold(strategy, calls[call])[1] for call in channels},  # type: ignore[index]
        order=_checked_order(order),
        thresholds=_checked_calls("thresholds", thresholds, channels),
        internal={
            call: strategy.path(name)
            for call, name in _checked_calls("internal", internal, channels).items()
        },
        cells=tube_cells(strategy, parent),
        spreading=_spreading(spreading, populations, tube, channels),
        least=least_events,
        seed=seed,
    )
    for call, path in wanted.internal.items():
        refuse_circular(call, path, wanted.parent)
    return _resolve(populations, tube, calls, wanted)


def _resolve(
    populations: Populations, tube: str, calls: Mapping[str, str], wanted: Wanted
) -> PositivityThresholds:
    import pandas as pd

    controls = Controls(populations, tube, wanted.parent, wanted.channels)
    found = Found()
    patients: dict[str, list[TubeEvents]] = {}
    for events in tube_events(
        populations,
        tube,
        wanted.parent,
        list(dict.fromkeys(wanted.channels.values())),
        cells=wanted.cells,
        more=list(wanted.internal.values()),
        linear=[] if wanted.spreading is None else list(wanted.spreading.index),
    ):
        patients.setdefault(str(events.row["patient"]), []).append(events)
    for samples in patients.values():
        # CD56 first: CD56- T cells are the negatives of other markers.
        for call in sorted(wanted.channels, key=lambda c: c != CD56_POSITIVE):
            _one_call(call, samples, controls, wanted, found)
    columns = ["sample", "marker", "source", "problem"]
    return PositivityThresholds(
        table=populations.finished(pd.DataFrame(found.rows)),
        problems=pd.DataFrame(found.problems, columns=columns),
        available=availability(wanted.channels, wanted.gates, wanted.cells, controls),
        populations=populations,
        tube=tube,
        parent=wanted.parent,
        calls=dict(calls),
        densities=found.densities,
        spread=found.spread,
    )


def _one_call(
    call: str,
    samples: Sequence[TubeEvents],
    controls: Controls,
    wanted: Wanted,
    found: Found,
) -> None:
    """Find the threshold of one call in all samples of a patient, by one source."""
    open_ones = []
    for events in samples:
        given = wanted.thresholds.get(call)
        if isinstance(given, Mapping):
            given = given.get(events.sample)
        if given is None:
            open_ones.append(events)
        else:
            chosen = (Fit(threshold=float(given)), "set by hand", USER_SET)
            found.add(call, "user", chosen, events, controls, wanted)
    failures: list[str] = []
    for source in wanted.order if open_ones else ():
        fits = {}
        for events in open_ones:
            try:
                fits[events.sample] = _from(
                    source, call, events, controls, wanted, found
                )
            except MaturationError as error:
                found.complain(call, source, events, str(error))
                failures.append(f"{source} in {events.sample}: {error}")
        if len(fits) == len(open_ones):
            for events in open_ones:
                found.add(call, source, fits[events.sample], events, controls, wanted)
            return
    if open_ones:
        msg = (
            f"no source says where {call!r} begins in all samples of patient "
            f"{samples[0].row['patient']!r} ({'; '.join(failures)}); give "
            f"thresholds={{{call!r}: ...}} or add 'gate' to the order"
        )
        raise MaturationError(msg)


def _from(
    source: str,
    call: str,
    events: TubeEvents,
    controls: Controls,
    wanted: Wanted,
    found: Found,
) -> tuple[Fit, str, str]:
    channel, known = wanted.channels[call], found.thresholds[events.sample]
    if source == "gate":
        fit = Fit(threshold=wanted.gates[call])
        return fit, "the strategy's gate", f"{INDEPENDENT}, does not follow"
    nk = events.populations[wanted.parent]
    if source == "valley":
        fit = fit_valley(nk[channel], call, least=wanted.least, seed=wanted.seed)
        _refuse_disorder(call, fit, known)
        return fit, wanted.parent, TREATMENT_SENSITIVE
    if call == CD56_BRIGHT:
        msg = "negatives do not part CD56bright from CD56dim"
        raise MaturationError(msg)
    if source == "fmo":
        values, where = controls.negatives(call, channel, events.row)
        fit = fit_negatives(
            values, events.scales[channel], least=wanted.least, seed=wanted.seed
        )
        return fit, where, INDEPENDENT
    values, where, kind = _internal(call, channel, events, wanted, known)
    try:
        fit = fit_negatives(
            values,
            events.scales[channel],
            least=wanted.least,
            extra_variance=extra_variance(channel, events, wanted.spreading),
            seed=wanted.seed,
        )
    except MaturationError as error:
        msg = f"the source {where!r} is {error}"
        raise MaturationError(msg) from None
    return _with_positives(call, channel, events, fit, wanted), where, kind


def _internal(
    call: str,
    channel: str,
    events: TubeEvents,
    wanted: Wanted,
    found: dict[str, float],
) -> tuple[Any, str, str]:
    if call in wanted.internal:
        path = wanted.internal[call]
        return events.populations[path][channel], path, "declared by the user"
    reasons = []
    for cells in REFERENCE_POPULATIONS:
        if call not in cells.markers or cells.role != "negatives":
            continue
        if cells.name not in events.populations:
            reasons.append(wanted.cells.reasons.get(cells.name, "not in this tube"))
            continue
        columns = events.populations[cells.name]
        values = columns[channel]
        if cells.name == T_CELLS and call != CD56_POSITIVE:
            if CD56_POSITIVE not in found:
                reasons.append("CD56- T cells need a call of CD56")
                continue
            values = values[
                columns[wanted.channels[CD56_POSITIVE]] < found[CD56_POSITIVE]
            ]
        return values, cells.name, cells.kind
    msg = "; ".join(reasons) or f"no cells of a tube are known to lack {call}"
    raise MaturationError(msg)


def _with_positives(
    call: str, channel: str, events: TubeEvents, fit: Fit, wanted: Wanted
) -> Fit:
    """Add positives where T cells show them (CD57)."""
    cells = next(a for a in REFERENCE_POPULATIONS if a.name == CD57_T_CELLS)
    if call not in cells.markers or T_CELLS not in events.populations:
        return fit
    try:
        mean, sd = fit_positives(
            events.populations[T_CELLS][channel], least=wanted.least
        )
    except MaturationError:
        return fit
    if fit.negative_mean is None or mean <= fit.threshold:
        return fit
    return replace(fit, positive_mean=mean, positive_sd=sd)


def _refuse_disorder(call: str, fit: Fit, found: Mapping[str, float]) -> None:
    positive = found.get(CD56_POSITIVE)
    if call == CD56_BRIGHT and positive is not None and fit.threshold <= positive:
        msg = (
            f"CD56bright would begin at {fit.threshold:.3g}, below CD56+ at "
            f"{positive:.3g}"
        )
        raise MaturationError(msg)


def _spreading(
    spreading: pd.DataFrame | None,
    populations: Populations,
    tube: str,
    channels: Mapping[str, str],
) -> pd.DataFrame | None:
    if spreading is None:
        return None
    panel = next(populations.each_sample(tube)).panel
    return spreading_matrix(spreading, panel, channels.values())


def _checked_order(order: Sequence[str]) -> tuple[str, ...]:
    names = (order,) if isinstance(order, str) else tuple(order)
    unknown = [name for name in names if name not in SOURCES]
    if unknown or not names:
        msg = f"order must name sources of {listed(SOURCES)}, got {names!r}"
        raise MaturationError(msg)
    return names


def _checked_calls(
    what: str, given: Mapping[str, Any] | None, channels: Mapping[str, str]
) -> dict[str, Any]:
    for call in given or {}:
        if call not in channels:
            known = suggest(call, channels) or f"; there are {listed(channels)}"
            msg = f"{what} has {call!r}, which no range gate of the tube calls{known}"
            raise MaturationError(msg)
    return dict(given or {})
