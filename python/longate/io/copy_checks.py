"""The copy of a file without identities: written, read back, and searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from longate._whole_files import whole_file
from longate.cytometry.keywords import Keywords
from longate.exceptions import FcsError
from longate.io.fcs import read_metadata
from longate.io.fcs_layout import HEADER_BYTES
from longate.io.fcs_rewrite import copy_patched, event_hash
from longate.io.told_names import BytePatterns, Names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from longate.io.copies import Job
    from longate.io.fcs import FcsMetadata
    from longate.io.fcs_layout import DataSet
    from longate.io.fcs_rewrite import Key, Plan
    from longate.io.identifying import Rules


class Wanted(NamedTuple):
    """New values, and new names of keywords, by segment and index of the pair."""

    values: Mapping[Key, Mapping[int, str]]
    keywords: Mapping[Key, Mapping[int, str]]


def write_copy(
    job: Job,
    layout: Sequence[DataSet],
    plan: Plan,
    wanted: Wanted,
    rules: Rules,
) -> str:
    """Write the copy, look whether it is right, give it its name; return the hash."""
    ranges = [part for one in layout for part in one.data]
    digest = event_hash(job.source, ranges)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(job.target) as unfinished:
        copy_patched(job.source, unfinished, plan)
        moved = [(plan.moved(a), plan.moved(a) + b - a) for a, b in ranges]
        if event_hash(unfinished, moved) != digest:
            msg = f"{job.source}: the events of the copy differ; no copy was written"
            raise FcsError(msg)
        for one in layout:
            _check_copy(job.source, unfinished, one, wanted)
        _refuse_told_names(
            job, unfinished, [one.base for one in layout], moved, plan, rules
        )
    return digest


def _refuse_told_names(
    job: Job,
    copy: Path,
    bases: Sequence[int],
    events: Sequence[tuple[int, int]],
    plan: Plan,
    rules: Rules,
) -> None:
    """Refuse a copy that still holds a name that was told, as bytes of any encoding."""
    pseudonyms = "\0".join([*rules.mapping.values(), job.new_name])
    looked_for = [name for name in rules.told if not Names({name: ""}).hold(pseudonyms)]
    headers = [(plan.moved(base), plan.moved(base) + HEADER_BYTES) for base in bases]
    known = sorted([*headers, *events])
    ends = [0, *(end for _, end in known)]
    begins = [*(begin for begin, _ in known), copy.stat().st_size]
    other = [(a, b) for a, b in zip(ends, begins, strict=True) if a < b]
    found = BytePatterns(looked_for).find(copy, events, other)
    if found is not None:
        msg = (
            f"{job.source}: a name that was told still stands at byte {found} of the "
            "copy, where it cannot be taken out; no copy was written"
        )
        raise FcsError(msg)


def _check_copy(
    source: Path,
    copy: Path,
    one: DataSet,
    edits: Wanted,
) -> None:
    """Refuse a copy that does not read as the source does but for what was changed."""
    metadata = read_metadata(source, dataset=one.number - 1)
    found = read_metadata(copy, dataset=one.number - 1)
    pairs = []
    for segment in one.texts:
        if segment.text is not None and segment.kind != "ANALYSIS":
            new = edits.values.get((one.number, segment.kind), {})
            keys = edits.keywords.get((one.number, segment.kind), {})
            pairs += [
                (
                    segment.text.as_read(keys[index]) if index in keys else key,
                    segment.text.as_read(new[index]) if index in new else value,
                )
                for index, (key, value) in enumerate(segment.text.pairs)
            ]
    wanted = dict(Keywords(pairs))
    ours = {key: value for key, value in found.keywords.items() if key in wanted}
    offsets = ("$BEGIN", "$END", "$NEXTDATA")
    same = all(
        ours.get(key) == value
        for key, value in wanted.items()
        if not key.upper().startswith(offsets)
    )
    new_violations = {d.code for d in found.diagnosis} - {
        d.code for d in metadata.diagnosis
    }
    if (
        not same
        or len(found.keywords) != len(wanted)
        or _measured(found) != _measured(metadata)
        or found.n_events != metadata.n_events
        or new_violations
    ):
        msg = f"{source}: the copy would read differently; no copy was written"
        raise FcsError(msg)


def _measured(metadata: FcsMetadata) -> list[tuple[str, float]]:
    """Return what the channels are; markers are compared as keywords."""
    return [(channel.detector, channel.range) for channel in metadata.panel]
