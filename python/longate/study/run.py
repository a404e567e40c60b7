"""What gating the files of a study takes: compiled strategies, tasks, a bar."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.exceptions import LongateError, StudyError
from longate.gating.compile.compiler import CompiledStrategy, compile_strategy
from longate.gating.gates.dimension import dimension_of
from longate.study.cluster import GatingTask
from longate.study.problems import listing, problem, problem_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from longate.gating.compile.requests import Request
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.study.files import StudyFile
    from longate.study.study import Study


MOST_THREADS = 1025
"""So many threads are refused: starting them takes longer than they gain."""


def refuse_threads(threads: int | None) -> None:
    """Refuse what is no number of threads.

    Raises
    ------
    StudyError
    """
    if threads is None:
        return
    whole = isinstance(threads, Integral) and not isinstance(threads, bool)
    if not whole or not 0 < threads < MOST_THREADS:
        msg = (
            "threads must be a whole number above 0 (and below "
            f"{MOST_THREADS}), or None; got {threads!r}"
        )
        raise StudyError(msg)


def strategies_by_tube(
    study: Study, strategy: GatingStrategy | Mapping[str, GatingStrategy]
) -> dict[str, GatingStrategy]:
    """Return the strategy of each tube that is gated.

    Raises
    ------
    StudyError
        If tubes and strategies do not fit, or gates are for a sample that is not there.
    """
    if not study.tubes:
        found = listing(study.problems)
        msg = f"no sample of the study has a usable file:\n{found}"
        raise StudyError(msg)
    if not isinstance(strategy, Mapping):
        strategy = {study.one_tube(None): strategy}
    unknown = [tube for tube in strategy if tube not in study.tubes]
    if unknown:
        msg = (
            f"strategies are given for {listed(unknown)}; the study has the tubes "
            f"{listed(study.tubes)}{suggest(unknown[0], study.tubes)}"
        )
        raise StudyError(msg)
    for tube, one in strategy.items():
        if not one.overrides:
            continue
        samples = set(study.samples["sample"])
        for sample in one.overrides:
            if sample not in samples:
                msg = (
                    f"the strategy of tube {tube!r} has gates of its own for "
                    f"{sample!r}, which is no sample of the study"
                    f"{suggest(sample, samples)}"
                )
                raise StudyError(msg)
    return dict(strategy)


def compiled_files(
    study: Study,
    files: Sequence[StudyFile],
    strategies: Mapping[str, GatingStrategy],
    failed: list[dict[str, Any]],
    requests: Mapping[str, Sequence[Request]] | None = None,
) -> list[tuple[int, CompiledStrategy]]:
    """Compile each strategy once per panel and matrix.

    Parameters
    ----------
    study : Study
        Whose files are gated.
    files : sequence of StudyFile
        Of it.
    strategies : mapping of str to GatingStrategy
        By tube; files of other tubes are left out.
    failed : list
        Gets the files whose panel the strategy does not fit.
    requests : mapping of str to sequence of Request, optional
        What is asked for beyond counts, by tube.

    Returns
    -------
    list of (int, CompiledStrategy)

    Raises
    ------
    StudyError
        If no file is left.
    """
    known: dict[Any, CompiledStrategy] = {}
    ready = []
    for row, sample, tube in files:
        if tube not in strategies:
            continue
        metadata, matrix = study.metadata[row], study.compensations[row]
        strategy = strategies[tube].for_sample(sample)
        asked = (requests or {}).get(tube, ())
        panel = metadata.panel.channels
        key = (tube, strategy.id, panel, matrix.id if matrix else None)
        try:
            if key not in known:
                known[key] = compile_strategy(strategy, metadata.panel, matrix, asked)
        except LongateError as error:
            failed.append(problem(study.samples, row, "compile", error))
        else:
            ready.append((row, known[key]))
    if not ready:
        msg = "no file could be gated:\n" + listing(problem_table(failed))
        raise StudyError(msg)
    return ready


def refuse_unmeasured(
    study: Study,
    compiled: list[tuple[int, CompiledStrategy]],
    requests: Mapping[str, Sequence[Request]],
) -> None:
    """Refuse what is asked of a channel that no file has.

    Raises
    ------
    PanelError
        The channel is named.
    """
    answered = {
        dimension_of(one.channel) for _, made in compiled for one in made.requests
    }
    for asked in requests.values():
        for one in asked:
            if dimension_of(one.channel) not in answered:
                panel = study.metadata[compiled[0][0]].panel
                for name in dimension_of(one.channel).channels:
                    panel.index(name)  # raises, with suggestions


def cluster_tasks(
    study: Study, compiled: list[tuple[int, CompiledStrategy]], *, keep_masks: bool
) -> list[GatingTask]:
    """Return what the workers of a cluster need, file by file."""
    texts: dict[str, str] = {}
    for _, made in compiled:
        texts.setdefault(made.strategy.id, made.strategy.to_json())
    return [
        GatingTask(
            path=study.metadata[row].path,
            strategy=texts[made.strategy.id],
            compensation=study.compensations[row],
            aliases=study.metadata[row].panel.aliases,
            identity=study.metadata[row].identity,
            keep_masks=keep_masks,
            requests=made.requests,
        )
        for row, made in compiled
    ]


class Progress:
    """A progress bar that is made only if it is shown."""

    def __init__(self, total: int, *, show: bool) -> None:
        self._bar: Any = None
        if show:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, desc="gating", unit="file", leave=False)

    def __enter__(self) -> Callable[[int], object] | None:
        return self._bar.update if self._bar is not None else None

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
