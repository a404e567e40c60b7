"""The gated files of a run, decided here or on a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from longate._core import gate_files
from longate.gating.compile.compiler import compile_strategy
from longate.gating.compile.requests import requests_of
from longate.gating.results.gated_file import GatedFile
from longate.gating.results.gated_sample import GatedSample
from longate.io.remote import locate
from longate.study.cluster import cluster_tasks, gate_on
from longate.study.files import is_pooled
from longate.study.run import refuse_unmeasured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distributed import Client

    from longate.gating.compile.compiler import CompiledStrategy
    from longate.gating.compile.requests import Statistic
    from longate.gating.gates.dimension import Axis
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.study.files import StudyFile
    from longate.study.run import Run


def gated_files(
    run: Run,
    statistics: Sequence[Statistic],
    keep: str | Mapping[str, Sequence[Axis]] | None,
    before: list[dict[str, Any]],
    *,
    client: Client | None,
    threads: int,
    progress: bool,
) -> list[GatedFile]:
    """Gate the files of a run; those that fail are entered in ``run.failed``.

    Parameters
    ----------
    run : Run
        Files and strategies, checked.
    statistics, keep, client, progress
        As for :meth:`longate.Study.gate`.
    before : list of dict
        Problems that were known before.
    threads : int
        0 for all processors.
    """
    events = keep if isinstance(keep, Mapping) else {}
    pooled = is_pooled(run.files)
    requests = requests_of(run.strategies, statistics, events, pooled=pooled)

    def make(file: StudyFile, own: GatingStrategy) -> CompiledStrategy:
        asked = requests[file.tube]
        return compile_strategy(own, file.metadata.panel, file.compensation, asked)

    def decide(tick: Any) -> Any:
        if client is not None:
            tasks = cluster_tasks(ready, keep_masks=keep is not None)
            return gate_on(client, tasks, tick)
        jobs = []
        for file, _, made in ready:
            where, identity = locate(file.metadata.path), file.metadata.identity
            jobs.append((where, made.plan, identity))
        return gate_files(jobs, threads, keep is not None, tick)

    ready = run.compiled(make)
    refuse_unmeasured(ready, requests)
    return [
        GatedFile(one.file.row, GatedSample.of(one.compiled, outcome))
        for one, outcome in run.outcomes(ready, decide, before, progress=progress)
    ]
