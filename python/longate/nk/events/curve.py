"""A principal curve on fixed reference cells, and each event's rank along it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import fit_curve, project_on_curve
from longate._validation import listed, suggest
from longate._whole_files import write_whole
from longate.exceptions import MaturationError
from longate.nk.events.curve_reference import (
    KNOTS,
    balanced,
    distribution,
    markers_of,
    require_finite,
    require_root,
)
from longate.nk.events.directions import DIRECTIONS

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

FORMAT = "longate maturation curve 1"
OFF_CURVE = 0.99
SPAN = 0.2
ROUNDS = 40
TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class MaturationCurve:
    """The course of phenotypic maturation through the cells of a fixed reference.

    Made by :meth:`fit` or :meth:`load`, never changed, never fitted to the study it
    scores.

    Parameters
    ----------
    markers : tuple of str
        Coordinates, each on its anchored scale (0 negative, 1 positive).
    sigma : tuple of float
        What one unit of distance is along each marker: the reference's standard
        deviation.
    vertices : tuple of tuples of float
        Points of the polyline in units of `sigma`, from the least mature end on.
    arcs, ranks : tuple of float
        The reference's distribution along it: length of the line, and the share of
        reference events below it (ties count half).
    distance_limit : float
        99 % point of the reference's distances from the line.
    provenance : mapping
        Reference samples, events of each, seed, and how the fit ended.
    """

    markers: tuple[str, ...]
    sigma: tuple[float, ...]
    vertices: tuple[tuple[float, ...], ...]
    arcs: tuple[float, ...]
    ranks: tuple[float, ...]
    distance_limit: float
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        """Say what it is made of."""
        samples = self.provenance["samples"]
        return (
            f"MaturationCurve · {', '.join(self.markers)} · {len(samples)} reference "
            f"samples of {self.provenance['events_per_sample']} NK events · {self.id}\n"
            "  phenotypic: a rank among reference cells, no lineage time"
        )

    @classmethod
    def fit(
        cls,
        reference: Mapping[str, pd.DataFrame],
        *,
        markers: Sequence[str] | None = None,
        events_per_sample: int | None = None,
        seed: int = 0,
        threads: int = 0,
    ) -> MaturationCurve:
        """Fit the curve to reference cells.

        Parameters
        ----------
        reference : mapping of str to DataFrame
            Reference sample -> anchored values of its NK events, one column per marker
            (``maturation.anchored(sample, on_axis=True)``).
        markers : sequence of str, optional
            Columns to use; by default those that all samples have.
        events_per_sample : int, optional
            Drawn from each sample, so that all count alike; by default as many as the
            smallest has.
        seed : int
            Of the draw.
        threads : int
            0 for all processors; the answer does not depend on it.

        Raises
        ------
        MaturationError
            If a marker is missing, constant, or of no known direction, if there are
            fewer than two, if events are too few or NaN, or if the line does not start
            at the least mature corner.

        Notes
        -----
        Hastie and Stuetzle's algorithm on a polyline of 40 vertices: events are
        projected on the line and each coordinate is smoothed over the length by local
        linear regression, until the mean squared distance settles. The first line is
        the vote of all markers, so that it starts where CD56bright cells are: at 0 for
        markers that are gained, at 1 for those that are lost.

        References
        ----------
        Hastie & Stuetzle 1989, J Am Stat Assoc 84:502,
        doi:10.1080/01621459.1989.10478797.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> import longate as lg
        >>> rng = np.random.default_rng(1)
        >>> true = rng.random(2000)
        >>> cells = pd.DataFrame({
        ...     "CD57": true**2 + rng.normal(0, 0.05, 2000),
        ...     "NKG2A": 1 - true + rng.normal(0, 0.05, 2000)})
        >>> curve = lg.nk.MaturationCurve.fit({"donor 1": cells})
        >>> rank = curve.project(cells)["rank"]
        >>> bool(np.corrcoef(rank, true)[0, 1] > 0.95)
        True
        """
        names = markers_of(reference, markers)
        drawn, each = balanced(reference, names, events_per_sample, seed)
        sigma = drawn.std(axis=0, ddof=1)
        constant = [n for n, s in zip(names, sigma, strict=True) if not s > 0]
        if constant:
            msg = f"{listed(constant)} are constant in the reference; leave them out"
            raise MaturationError(msg)
        points = np.ascontiguousarray(drawn / sigma)
        signs = np.array([DIRECTIONS[name].sign for name in names], dtype=float)
        vertices, (arcs, squares), rounds, settled = fit_curve(
            points,
            np.ascontiguousarray(points @ signs),
            knots=KNOTS,
            span=SPAN,
            rounds=ROUNDS,
            tolerance=TOLERANCE,
            threads=threads,
        )
        require_root(np.asarray(vertices), signs, sigma)
        lengths, ranks = distribution(arcs)
        return cls(
            markers=tuple(names),
            sigma=tuple(sigma.tolist()),
            vertices=tuple(tuple(row) for row in vertices),
            arcs=tuple(lengths.tolist()),
            ranks=tuple(ranks.tolist()),
            distance_limit=float(np.quantile(np.sqrt(squares), OFF_CURVE)),
            provenance={
                "samples": sorted(map(str, reference)),
                "events_per_sample": each,
                "seed": seed,
                "rounds": rounds,
                "settled": settled,
            },
        )

    @property
    def id(self) -> str:
        """Markers and a hash of everything; only ranks of equal ids are compared."""
        return f"rmr[{','.join(self.markers)}]{_digest(self._content())[:8]}"

    @property
    def coverage(self) -> float:
        """Share of all markers of known direction that the curve uses."""
        return len(self.markers) / len(DIRECTIONS)

    def project(self, events: pd.DataFrame, *, threads: int = 0) -> pd.DataFrame:
        """Project each event on the curve.

        Parameters
        ----------
        events : DataFrame
            Anchored values, with a column for every marker of the curve; other columns
            are not looked at.
        threads : int
            0 for all processors; the answer does not depend on it.

        Returns
        -------
        DataFrame
            ``rank`` (share of reference events that are less mature, in [0, 1]),
            ``distance`` (from the curve, in the reference's standard deviations),
            ``off_curve`` (farther than 99 % of the reference), with the index of
            `events`.

        Raises
        ------
        MaturationError
            If a marker is missing or a value is NaN or infinite.
        """
        import pandas as pd

        missing = [name for name in self.markers if name not in events]
        if missing:
            msg = (
                f"the curve needs {listed(missing)}, which these events lack"
                f"{suggest(missing[0], map(str, events.columns))}; a marker is never "
                "imputed: refit the reference without it (MaturationCurve.fit(..., "
                "markers=...)), which gives another curve with another id"
            )
            raise MaturationError(msg)
        values = events[list(self.markers)].to_numpy(float)
        require_finite(values, self.markers, "the events")
        arcs, squares = project_on_curve(
            np.ascontiguousarray(values / np.array(self.sigma)),
            np.array(self.vertices),
            threads=threads,
        )
        distance = np.sqrt(squares)
        return pd.DataFrame(
            {
                "rank": np.interp(arcs, self.arcs, self.ranks),
                "distance": distance,
                "off_curve": distance > self.distance_limit,
            },
            index=events.index,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the curve as JSON, with a hash of its content.

        Parameters
        ----------
        path : path-like
            Of the file.
        """
        content = self._content()
        whole = {"format": FORMAT, "sha256": _digest(content), **content}
        write_whole(path, json.dumps(whole, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MaturationCurve:
        """Read a curve that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            Of the file.

        Raises
        ------
        MaturationError
            If the file is no curve, or its content is not what was saved.
        """
        where = Path(path)
        try:
            content = json.loads(where.read_text(encoding="utf-8"))
        except ValueError as error:
            msg = f"{where} is not a maturation curve: {error}"
            raise MaturationError(msg) from None
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            msg = f"{where} is not a maturation curve of the format {FORMAT!r}"
            raise MaturationError(msg)
        if content.pop("sha256", None) != _digest(content):
            msg = (
                f"{where} has been changed since it was saved: its hash differs; ranks "
                "on it would not be comparable with earlier ones"
            )
            raise MaturationError(msg)
        return cls(
            markers=tuple(content["markers"]),
            sigma=tuple(content["sigma"]),
            vertices=tuple(tuple(row) for row in content["vertices"]),
            arcs=tuple(content["arcs"]),
            ranks=tuple(content["ranks"]),
            distance_limit=content["distance_limit"],
            provenance=content["provenance"],
        )

    def _content(self) -> dict[str, Any]:
        return {
            "markers": list(self.markers),
            "sigma": list(self.sigma),
            "vertices": [list(row) for row in self.vertices],
            "arcs": list(self.arcs),
            "ranks": list(self.ranks),
            "distance_limit": self.distance_limit,
            "provenance": dict(self.provenance),
        }


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
