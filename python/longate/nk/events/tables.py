"""Tables made of event scores: per sample, per patient and visit, per marker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed
from longate.exceptions import MaturationError
from longate.nk.changes.pairs import visit_pairs
from longate.nk.changes.sampling import cells_in_words
from longate.nk.events.directions import HANDLING_ROBUST, SMALLEST_COVERAGE
from longate.nk.events.summaries import mean_with_interval, summary
from longate.nk.events.superiority import superiority
from longate.statistics import clopper_pearson

if TYPE_CHECKING:
    import pandas as pd

    from longate.nk.events.curve import MaturationCurve
    from longate.nk.events.source import EventSource, Scored

_KEYS = ["sample", "patient", "visit", "tube"]


def score_table(source: EventSource, samples: pd.DataFrame) -> pd.DataFrame:
    """Return the event scores of samples; see ``Maturation.event_scores``."""
    import pandas as pd

    rows = []
    for keys in samples[_KEYS].to_dict("records"):
        found = source.score(keys["sample"])
        kept = [m for m in found.markers if m in HANDLING_ROBUST]
        row: dict[str, Any] = {
            **{str(name): value for name, value in keys.items()},
            "n": len(found.scores),
            "cells": cells_in_words(len(found.scores)),
            "markers": " ".join(found.markers),
            "coverage": source.coverage(found.markers, source.declared),
            **summary(found.scores),
            "robust_markers": " ".join(kept),
            "robust_coverage": source.coverage(kept, HANDLING_ROBUST),
        }
        robust = found.robust
        blank = dict.fromkeys(summary(np.zeros(0), "robust_"), np.nan)
        row.update(blank if robust is None else summary(robust, "robust_"))
        rows.append({**row, "scheme": source.id_of(found.markers)})
    source.refuse_unmeasured({m for row in rows for m in row["markers"].split()})
    return source.populations.finished(pd.DataFrame(rows))


def superiority_table(
    source: EventSource,
    samples: pd.DataFrame,
    *,
    baseline: str | None,
    visit: str | None,
) -> pd.DataFrame:
    """Return each patient's superiority; see ``Maturation.superiority``."""
    import pandas as pd

    pairs = visit_pairs(samples, baseline, visit)
    rows = []
    kept: dict[tuple[str, tuple[str, ...]], Scored] = {}
    for pair in pairs.to_dict("records"):
        row: dict[str, Any] = {str(name): value for name, value in pair.items()}
        if not row["missing"]:
            row.update(_superiority(source, row, kept))
        rows.append(row)
    last = pairs.columns.get_loc("missing")
    names = ["n_from", "n_to", "markers", "coverage"]
    for prefix in ("", "robust_"):
        names += [f"{prefix}{n}" for n in ("theta", "counting_low", "counting_high")]
    order = [*pairs.columns[:last], *names, "method", "missing", "scheme"]
    return pd.DataFrame(rows, columns=order)


def _superiority(
    source: EventSource,
    pair: dict[str, Any],
    kept: dict[tuple[str, tuple[str, ...]], Scored],
) -> dict[str, Any]:
    """Compare two samples; `kept` holds the last baseline, which later visits share."""
    ends = [pair["sample_from"], pair["sample_to"]]
    measured = [source.measured(sample) for sample in ends]
    common = [marker for marker in measured[0] if marker in measured[1]]
    coverage = source.coverage(common, source.declared) if source.declared else 0.0
    if coverage < SMALLEST_COVERAGE:
        msg = (
            f"patient {pair['patient']}: the panels of {listed(ends)} have only "
            f"{listed(common) or 'nothing'} in common, {coverage:.2f} of the score's "
            f"weights; at least {SMALLEST_COVERAGE} is needed to compare them"
        )
        raise MaturationError(msg)
    first = (ends[0], tuple(common))
    if first not in kept:
        kept.clear()
        kept[first] = source.score(ends[0], only=common)
    earlier, later = kept[first], source.score(ends[1], only=common)
    row: dict[str, Any] = {
        "n_from": len(earlier.scores),
        "n_to": len(later.scores),
        "markers": " ".join(common),
        "coverage": coverage,
        "scheme": source.id_of(common),
    }
    if not (len(earlier.scores) and len(later.scores)):
        return {**row, "method": "no events"}
    found = superiority(earlier.scores, later.scores)
    row.update(
        theta=found.theta,
        counting_low=found.counting_low,
        counting_high=found.counting_high,
        method=found.method,
    )
    if earlier.robust is not None and later.robust is not None:
        robust = superiority(earlier.robust, later.robust)
        row.update(
            robust_theta=robust.theta,
            robust_counting_low=robust.counting_low,
            robust_counting_high=robust.counting_high,
        )
    return row


def rank_table(
    source: EventSource, samples: pd.DataFrame, curve: MaturationCurve
) -> pd.DataFrame:
    """Return ranks on a reference curve; see ``Maturation.ranks``."""
    import pandas as pd

    rows = []
    for keys in samples[_KEYS].to_dict("records"):
        placed = curve.project(source.anchored(keys["sample"]))
        mean, low, high = mean_with_interval(placed["rank"].to_numpy())
        n, off = len(placed), int(placed["off_curve"].sum())
        off_low, off_high = clopper_pearson([off], [n])
        row: dict[str, Any] = {str(name): value for name, value in keys.items()}
        row.update(
            n=n,
            cells=cells_in_words(n),
            rank=mean,
            counting_low=low,
            counting_high=high,
            n_off_curve=off,
            off_curve=off / n if n else np.nan,
            off_curve_low=off_low[0],
            off_curve_high=off_high[0],
            coverage=curve.coverage,
            scheme=f"{curve.id}|{source.scheme.parent_words}",
        )
        rows.append(row)
    return source.populations.finished(pd.DataFrame(rows))


def event_table(
    source: EventSource, sample: str, curve: MaturationCurve | None
) -> pd.DataFrame:
    """Return one row per NK event of a sample; see ``Maturation.events``."""
    import pandas as pd

    found = source.score(sample)
    frame = pd.DataFrame(
        {"stage": source.stages(sample), "score": found.scores}, index=found.events
    )
    if found.robust is not None:
        frame["robust_score"] = found.robust
    for marker, row in zip(found.markers, found.probabilities, strict=True):
        frame[f"pi_{marker}"] = row
    if curve is not None:
        placed = curve.project(source.anchored(sample))
        frame = frame.join(placed[["rank", "distance", "off_curve"]])
    return frame.rename_axis("event")


def threshold_table(source: EventSource, samples: pd.DataFrame) -> pd.DataFrame:
    """Return what decided about each marker of each sample."""
    import pandas as pd

    rows = []
    for keys in samples[_KEYS].to_dict("records"):
        for marker in source.declared:
            by = source.decided_by(keys["sample"], marker)
            row: dict[str, Any] = {
                **{str(k): v for k, v in keys.items()},
                "marker": marker,
            }
            if by is None:
                rows.append({**row, "kind": "not measured"})
                continue
            gate = by.source == "gate" and marker not in source.positivity
            rows.append(
                {
                    **row,
                    "kind": "gate" if gate else by.kind,
                    "channel": source.channel(marker),
                    "source": source.calls[marker] if gate else by.source,
                    "threshold": np.nan if gate else by.threshold,
                    "negative_mean": by.negative_mean,
                    "negative_sd": by.negative_sd,
                    "positive_mean": by.positive_mean,
                    "positive_sd": by.positive_sd,
                    "spread_from": " ".join(by.fluorochromes),
                }
            )
    return source.populations.finished(pd.DataFrame(rows))
