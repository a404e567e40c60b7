"""Gating on a Dask cluster: one file a task, small tables back.

What travels to a worker is text and numbers: the strategy as JSON, where the file is,
the matrix of its acquisition, and what the file was when it was scanned. What comes
back is what the kernels give for the file, so that results are those of one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate._core import gate_files
from longate.exceptions import FcsError, LongateError, StudyError
from longate.gating.compile.compiler import compile_strategy
from longate.gating.strategy.strategy import GatingStrategy
from longate.io.fcs import read_metadata
from longate.io.remote import RemoteFile, locate
from longate.study.files import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from longate.cytometry.compensation import Compensation
    from longate.gating.compile.compiler import CompiledStrategy
    from longate.gating.compile.requests import Request
    from longate.io.fcs import FcsMetadata, Identity
    from longate.study.run import Ready

RETRIES = 2
"""How often a file is tried again whose worker or file system failed."""
MOST_BYTES = 64 << 20
"""Bytes of masks, and of kept values, that one file may send back."""


@dataclass(frozen=True)
class GatingTask:
    """One file to be gated somewhere else.

    Parameters
    ----------
    path : Path or RemoteFile
        The file, as the worker can open it.
    strategy : str
        JSON of the strategy for this sample.
    compensation : Compensation or None
        The matrix of the acquisition.
    aliases : mapping of str to str
        Further names for markers.
    identity : tuple of int
        What the file was when it was scanned. Length and hash of HEADER and TEXT must
        agree; the time of modification need not, as each worker may have its own copy.
    keep_masks : bool
        Whether masks are sent back, one bit per event and population.
    requests : tuple of Request
        What is asked for beyond counts.
    dataset : int
        Which data set of the file, from 0.
    """

    path: Path | RemoteFile
    strategy: str
    compensation: Compensation | None
    aliases: Mapping[str, str]
    identity: Identity
    keep_masks: bool
    requests: tuple[Request, ...] = ()
    dataset: int = 0


def gate_task(task: GatingTask) -> Any:
    """Gate one file on one thread; a pure function of the task and the file's bytes.

    Returns
    -------
    FileCounts or LongateError
        What the kernel gives, or what is wrong with the file. What may go well
        elsewhere or later, as a file system that fails, is raised.
    """
    try:
        metadata = read_metadata(task.path, aliases=task.aliases, dataset=task.dataset)
        length, _, text_hash, _ = metadata.identity
        if (length, text_hash) != (task.identity[0], task.identity[2]):
            raise FcsError(changed(task.path))
        compiled = compile_strategy(
            GatingStrategy.from_json(task.strategy),
            metadata.panel,
            task.compensation,
            task.requests,
        )
        n_bytes = len(compiled.strategy.paths) * metadata.n_events // 8
        if task.keep_masks:
            what = f"masks of {len(compiled.strategy.paths)} populations"
            _refuse_large(n_bytes, what, metadata)
        jobs = [(locate(metadata.path), compiled.plan, metadata.identity)]
        outcome = gate_files(jobs, 1, task.keep_masks, None)[0]
        if not isinstance(outcome, BaseException):
            kept = [one.values for one in outcome.answers if one.values is not None]
            n_bytes = sum(values.nbytes for values in kept)
            _refuse_large(n_bytes, "kept values", metadata)
        return outcome
    except LongateError as error:
        return error


def _refuse_large(n_bytes: int, what: str, metadata: FcsMetadata) -> None:
    """Refuse to send what is better kept where the file is."""
    if n_bytes > MOST_BYTES:
        msg = (
            f"{metadata.path}: {what} of {metadata.n_events:,} events are "
            f"{n_bytes >> 20} MiB; at most {MOST_BYTES >> 20} are sent. Gate with "
            "keep=None for counts and statistics alone"
        )
        raise StudyError(msg)


def cluster_tasks(
    ready: Sequence[Ready[CompiledStrategy]], *, keep_masks: bool
) -> list[GatingTask]:
    """Return what the workers of a cluster need, file by file.

    Parameters
    ----------
    ready : sequence of Ready
        The files.
    keep_masks : bool
        Whether masks are sent back.
    """
    texts: dict[str, str] = {}
    for one in ready:
        if one.strategy.id not in texts:
            texts[one.strategy.id] = one.strategy.to_json()
    return [
        GatingTask(
            path=one.file.metadata.path,
            strategy=texts[one.strategy.id],
            compensation=one.file.compensation,
            aliases=one.file.metadata.panel.aliases,
            identity=one.file.metadata.identity,
            keep_masks=keep_masks,
            requests=one.compiled.requests,
            dataset=one.file.metadata.dataset,
        )
        for one in ready
    ]


def gate_on(
    client: Any,
    tasks: Sequence[GatingTask],
    tick: Callable[[int], object] | None,
) -> list[Any]:
    """Gate files on the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of a running cluster.
    tasks : sequence of GatingTask
        One per file.
    tick : callable or None
        Called with the number of files that have become ready.

    Returns
    -------
    list
        In the order of the tasks: what the kernel gives, or an exception.

    Raises
    ------
    ImportError
        If Dask's distributed scheduler is not installed.
    StudyError
        If `client` is none.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        msg = "client= needs Dask: pip install 'longate[distributed]'"
        raise ImportError(msg) from None
    if not isinstance(client, Client):
        msg = (
            f"client must be a distributed.Client of a running cluster; got {client!r}"
        )
        raise StudyError(msg)
    futures = client.map(gate_task, tasks, retries=RETRIES, pure=False)
    numbers = {future.key: number for number, future in enumerate(futures)}
    outcomes: list[Any] = [None] * len(tasks)
    try:
        for future in as_completed(futures):
            outcomes[numbers[future.key]] = _outcome(future)
            if tick is not None:
                tick(1)
    finally:
        client.cancel(futures)
    return outcomes


def _outcome(future: Any) -> Any:
    """Return what a task gave; a worker that was lost for good is an error too."""
    if future.status == "finished":
        return future.result()
    error = future.exception()
    if isinstance(error, (LongateError, OSError)):
        return error
    return StudyError(
        f"the task failed on the cluster: {type(error).__name__}: {error}"
    )
