"""The run over the files of a study: compile, decide on every file, sort out failures.

Gating and gate sensitivity analyses, on one machine and on a cluster, all go this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from longate._validation import listed, suggest
from longate.exceptions import LongateError, StudyError
from longate.gating.gates.dimension import dimension_of
from longate.study.files import StudyFile, one_tube
from longate.study.problems import listing, problem, problem_table, warn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from longate.gating.compile.compiler import CompiledStrategy
    from longate.gating.compile.requests import Request
    from longate.gating.strategy.strategy import GatingStrategy

MOST_THREADS = 1025
"""So many threads are refused: starting them takes longer than they gain."""

Compiled = TypeVar("Compiled")
Tick = "Callable[[int], object] | None"


class Ready(NamedTuple, Generic[Compiled]):
    """A file and the strategy that was compiled for it."""

    file: StudyFile
    strategy: GatingStrategy
    compiled: Compiled


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
    strategy: GatingStrategy | Mapping[str, GatingStrategy],
    files: Sequence[StudyFile],
    samples: pd.DataFrame,
    problems: pd.DataFrame,
) -> dict[str, GatingStrategy]:
    """Return the strategy of each tube that is gated.

    Parameters
    ----------
    strategy : GatingStrategy, or mapping of str to GatingStrategy
        One for a study of one tube, or one per tube.
    files : sequence of StudyFile
        The usable files of the study.
    samples, problems : DataFrame
        The study's.

    Raises
    ------
    StudyError
        If tubes and strategies do not fit, or gates are for a sample that is not there.
    """
    tubes = list(dict.fromkeys(file.tube for file in files))
    if not tubes:
        msg = f"no sample of the study has a usable file:\n{listing(problems)}"
        raise StudyError(msg)
    if not isinstance(strategy, Mapping):
        strategy = {one_tube(tubes, None): strategy}
    unknown = [tube for tube in strategy if tube not in tubes]
    if unknown:
        msg = (
            f"strategies are given for {listed(unknown)}; the study has the tubes "
            f"{listed(tubes)}{suggest(unknown[0], tubes)}"
        )
        raise StudyError(msg)
    # A sample without a file is known, and simply not gated.
    known = {*samples["sample"], *problems["sample"]}
    for tube, one in strategy.items():
        for sample in one.overrides:
            if sample not in known:
                msg = (
                    f"the strategy of tube {tube!r} has gates for the sample "
                    f"{sample!r}, which is no sample of the study"
                    f"{suggest(sample, known)}"
                )
                raise StudyError(msg)
    return dict(strategy)


class Run:
    """One run of strategies over files, which keeps the failures of its steps.

    Parameters
    ----------
    files : sequence of StudyFile
        Files of tubes without a strategy are left out.
    strategies : mapping of str to GatingStrategy
        By tube.
    samples : DataFrame
        The study's, to name files that fail.
    """

    def __init__(
        self,
        files: Sequence[StudyFile],
        strategies: Mapping[str, GatingStrategy],
        samples: pd.DataFrame,
    ) -> None:
        self.files = [file for file in files if file.tube in strategies]
        self.strategies = strategies
        self.failed: list[dict[str, Any]] = []
        self._samples = samples

    def compiled(
        self,
        make: Callable[[StudyFile, GatingStrategy], Compiled],
        *,
        by_sample: bool = False,
    ) -> list[Ready[Compiled]]:
        """Compile each strategy once per panel and matrix.

        Parameters
        ----------
        make : callable
            Compiles a strategy for the panel and the matrix of a file.
        by_sample : bool
            Whether what is compiled differs from sample to sample.

        Raises
        ------
        StudyError
            If it fails for every file.
        """
        known: dict[Any, Compiled] = {}
        ready = []
        for file in self.files:
            strategy = self.strategies[file.tube].for_sample(file.sample)
            matrix, panel = file.compensation, file.metadata.panel
            key = (
                file.tube,
                strategy.id,
                panel.channels,
                matrix.id if matrix else None,
                file.sample if by_sample else None,
            )
            try:
                if key not in known:
                    known[key] = make(file, strategy)
            except LongateError as error:
                self._fails(file, "compile", error)
            else:
                ready.append(Ready(file, strategy, known[key]))
        self._refuse_none(ready, self.failed)
        return ready

    def outcomes(
        self,
        ready: Sequence[Ready[Compiled]],
        decide: Callable[[Callable[[int], object] | None], Sequence[Any]],
        problems: Sequence[dict[str, Any]] = (),
        *,
        progress: bool,
    ) -> list[tuple[Ready[Compiled], Any]]:
        """Decide on the files, and return those that did not fail with what they gave.

        Parameters
        ----------
        ready : sequence of Ready
            The files.
        decide : callable
            Takes a function that is told how many files are finished, or None; returns
            an outcome or an exception per file.
        problems : sequence of dict
            Known before, to be named where no file is left.
        progress : bool
            Whether to show a progress bar.

        Raises
        ------
        StudyError
            If every file fails.

        Warns
        -----
        FileWarning
            If files failed.
        """
        with Progress(len(ready), show=progress) as tick:
            found = decide(tick)
        good = []
        for one, outcome in zip(ready, found, strict=True):
            if isinstance(outcome, BaseException):
                self._fails(one.file, "gate", outcome)
            else:
                good.append((one, outcome))
        self._refuse_none(good, [*problems, *self.failed])
        warn_of(self.failed)
        return good

    def _fails(self, file: StudyFile, step: str, error: BaseException) -> None:
        self.failed.append(problem(self._samples, file.row, step, error))

    @staticmethod
    def _refuse_none(left: Sequence[object], problems: list[dict[str, Any]]) -> None:
        if not left:
            msg = "no file could be gated:\n" + listing(problem_table(problems))
            raise StudyError(msg)


def refuse_unmeasured(
    ready: Sequence[Ready[CompiledStrategy]],
    requests: Mapping[str, Sequence[Request]],
) -> None:
    """Refuse what is asked of a channel that no file has.

    Raises
    ------
    PanelError
        The channel is named.
    """
    answered = {
        dimension_of(one.channel) for file in ready for one in file.compiled.requests
    }
    for asked in requests.values():
        for one in asked:
            if dimension_of(one.channel) not in answered:
                panel = ready[0].file.metadata.panel
                for name in dimension_of(one.channel).channels:
                    panel.index(name)  # raises, with suggestions


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
