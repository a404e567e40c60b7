"""Compensation: the spillover matrix of an acquisition."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import compensate_columns, spillover_weights
from longate._validation import listed
from longate.cytometry.detector_columns import Columns, detector_columns
from longate.cytometry.spillover_checks import (
    names_of,
    numbers_of,
    refuse_not_finite,
    refuse_percentages,
    refuse_unfit_out,
    refuse_unfit_shape,
    renamed_names,
    rows_of,
    singular,
)
from longate.cytometry.spillover_keyword import format_keyword, parse_keyword
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


SPILLOVER_KEYWORDS = ("$SPILLOVER", "SPILL", "SPILLOVER")


@dataclass(frozen=True, eq=False)
class Compensation:
    """A spillover matrix, and the weights that undo it.

    Row ``k`` says what one unit of fluorochrome ``k`` leaves in each detector, so
    observed events are ``true @ matrix`` and compensated ones ``observed @ weights``.
    With as many detectors as fluorochromes the weights are the inverse; with more
    detectors (spectral cytometry) they are the least-squares solution ``S.T @ inv(S @
    S.T)``, found by Householder's QR. A matrix is found by its weights to the last bit:
    equal numbers and names compare equal.

    A compensated value is asked for by the name of its fluorochrome. Where that name is
    in a file's panel (detector, marker or alias), the fluorochrome is that channel and
    answers to all names of it; where it is not, it is a name of its own (``"BV421"``
    unmixed from 40 detectors). Detectors that are no fluorochrome stay as they were
    acquired.

    Parameters
    ----------
    matrix : (n_dyes, n_detectors) array-like of float
        Spillover, finite, at least as many detectors as fluorochromes, usually with a 1
        in each row.
    detectors : sequence of str
        Names of the columns, all different: detectors or markers.
    fluorochromes : sequence of str, optional
        Names of the rows, all different; by default those of the columns.

    Raises
    ------
    SpilloverError
        If the matrix is not finite, singular, does not fit its names, or has more
        fluorochromes than detectors. A fluorochrome whose spectrum the others make up
        is named.

    References
    ----------
    FCS 3.1, ``$SPILLOVER`` (Spidlen 2010, doi:10.1002/cyto.a.20825); least squares:
    Novo, Grégori & Rajwa 2013, doi:10.1002/cyto.a.22272.

    Examples
    --------
    >>> import longate as lg
    >>> lg.Compensation([[1.0, 0.25], [0.0, 1.0]], ["FITC-A", "PE-A"]).inverse.tolist()
    [[1.0, -0.25], [0.0, 1.0]]
    >>> spectra = [[3.0, 4.0, 0.0], [0.0, 0.0, 1.0]]
    >>> unmix = lg.Compensation(
    ...     spectra, ["B1-A", "B2-A", "R1-A"], fluorochromes=["FITC", "APC"])
    >>> unmix.apply([[6.0, 8.0, 5.0]]).round(12).tolist()
    [[2.0, 5.0]]
    """

    matrix: NDArray[np.float64]
    detectors: tuple[str, ...]
    fluorochromes: tuple[str, ...]

    def __init__(
        self,
        matrix: ArrayLike,
        detectors: Sequence[str],
        fluorochromes: Sequence[str] | None = None,
    ) -> None:
        values = numbers_of(matrix)
        word = "detector" if fluorochromes is not None else "channel"
        rows = columns = names_of(detectors, word)
        if fluorochromes is not None:
            rows = names_of(fluorochromes, "fluorochrome")
        refuse_unfit_shape(values, columns, None if fluorochromes is None else rows)
        refuse_not_finite(values, rows, columns)
        refuse_percentages(values, columns, rows)
        object.__setattr__(self, "matrix", values)
        object.__setattr__(self, "detectors", columns)
        object.__setattr__(self, "fluorochromes", rows)
        object.__setattr__(self, "_given", None)
        _ = self.weights  # a singular matrix is refused here and not later

    @classmethod
    def from_inverse(
        cls,
        inverse: ArrayLike,
        detectors: Sequence[str],
        fluorochromes: Sequence[str] | None = None,
    ) -> Compensation:
        """Take a matrix that is inverted already: its numbers are used as they are.

        Parameters
        ----------
        inverse : (n_detectors, n_dyes) array-like of float
            Detectors in rows, fluorochromes in columns: compensated events are
            ``observed @ inverse``. At least as many detectors as fluorochromes.
        detectors, fluorochromes : sequence of str
            As for the class.

        Raises
        ------
        SpilloverError
            As for the class.
        """
        weights = numbers_of(inverse)
        if weights.ndim != 2 or weights.shape[0] < weights.shape[1]:
            msg = (
                "an inverted matrix has a row for each detector and a column for each "
                f"fluorochrome, and no more fluorochromes than detectors; this has "
                f"shape {weights.shape}"
            )
            raise SpilloverError(msg)
        if weights.shape[0] == weights.shape[1]:
            made = cls(weights, detectors, fluorochromes)  # checks names and numbers
            swapped, condition = made._solved
        else:
            made = cls(weights.T, detectors, fluorochromes)
            swapped, condition = made._solved[0].T, made._solved[1]
        own = {"matrix": swapped, "_given": weights, "_solved": (weights, condition)}
        made.__dict__.update(own)
        return made

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what was copied or pickled; arrays stay read-only."""
        self.__dict__.update(state)
        for array in (self.matrix, self.weights):
            array.setflags(write=False)

    @cached_property
    def _solved(self) -> tuple[NDArray[np.float64], float]:
        try:
            weights, condition = spillover_weights(np.ascontiguousarray(self.matrix))
        except SpilloverError as error:
            raise singular(error, self.fluorochromes) from None
        weights.setflags(write=False)
        return weights, condition

    @property
    def weights(self) -> NDArray[np.float64]:
        """What undoes the spillover, (n_detectors, n_dyes): ``observed @ weights``."""
        return self._solved[0]

    @property
    def inverse(self) -> NDArray[np.float64]:
        """The weights of a square matrix: its inverse.

        Raises
        ------
        SpilloverError
            If it has more detectors than fluorochromes; then there are only
            ``weights``.
        """
        if not self.is_square:
            msg = (
                f"{len(self.fluorochromes)} fluorochromes x {len(self.detectors)} "
                "detectors have no inverse; use .weights"
            )
            raise SpilloverError(msg)
        return self.weights

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of rows and columns, where both are the same.

        Raises
        ------
        SpilloverError
            If fluorochromes have names of their own; use ``detectors`` and
            ``fluorochromes``.
        """
        if self.fluorochromes != self.detectors:
            msg = (
                "the fluorochromes of this matrix have names of their own "
                f"({listed(self.fluorochromes)}); use .detectors and .fluorochromes"
            )
            raise SpilloverError(msg)
        return self.detectors

    @property
    def is_square(self) -> bool:
        """Return whether there are as many detectors as fluorochromes."""
        return len(self.fluorochromes) == len(self.detectors)

    @property
    def condition_number(self) -> float:
        """How much errors may grow: ``|S| |S+|`` in the 1-norm; 1 is best."""
        return self._solved[1]

    @property
    def is_identity(self) -> bool:
        """Whether it changes next to nothing (square, within 1e-5 of the identity)."""
        return self.is_square and bool(
            np.all(np.abs(self.matrix - np.eye(len(self.fluorochromes))) <= 1e-5)
        )

    @property
    def table(self) -> pd.DataFrame:
        """The matrix with its names, fluorochromes in rows and detectors in columns."""
        import pandas as pd

        return pd.DataFrame(
            self.matrix, index=self.fluorochromes, columns=self.detectors
        )

    @cached_property
    def id(self) -> str:
        """A hash of names and numbers, 12 hexadecimal digits."""
        digest = hashlib.sha256("\0".join(self.detectors).encode())
        if self.fluorochromes != self.detectors:
            digest.update("\0\0".join(["", *self.fluorochromes]).encode())
        given: NDArray[np.float64] | None = self.__dict__["_given"]
        if given is not None:
            digest.update(b"inverted")
        numbers = self.matrix if given is None else given
        digest.update(np.ascontiguousarray(numbers).astype("<f8").tobytes())
        return digest.hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        """Return whether names and numbers agree."""
        return isinstance(other, Compensation) and self.id == other.id

    def __hash__(self) -> int:
        """Hash by names and numbers."""
        return hash(self.id)

    def __repr__(self) -> str:
        """Say which channels, and how well conditioned."""
        size = f"{len(self.fluorochromes)} channels"
        if self.fluorochromes != self.detectors:
            n_detectors = len(self.detectors)
            size = f"{len(self.fluorochromes)} fluorochromes x {n_detectors} detectors"
        return (
            f"Compensation · {size} · condition number "
            f"{self.condition_number:.2f} · {', '.join(self.fluorochromes)}"
        )

    def renamed(self, names: Mapping[str, str]) -> Compensation:
        """Return the same matrix under other names of fluorochromes and detectors.

        Parameters
        ----------
        names : mapping of str to str
            Old name to new name, for some or all.

        Raises
        ------
        SpilloverError
            If an old name is not in the matrix, or two become the same.
        """
        renamed = renamed_names(names, self.detectors, self.fluorochromes)
        given = self.__dict__["_given"]
        if given is not None:
            return Compensation.from_inverse(given, *renamed)
        return Compensation(self.matrix, *renamed)

    def select(self, fluorochromes: Sequence[str]) -> Compensation:
        """Return the matrix for some of its fluorochromes, in the order given.

        A square matrix with the same names in rows and columns loses the detectors of
        the fluorochromes that go; any other keeps all detectors and so becomes (or
        stays) one of least squares.

        Raises
        ------
        SpilloverError
            If a fluorochrome is not in the matrix, or the rest is singular.
        """
        rows = rows_of(fluorochromes, self.fluorochromes)
        if self.fluorochromes == self.detectors:
            return Compensation(self.matrix[np.ix_(rows, rows)], list(fluorochromes))
        return Compensation(self.matrix[rows], self.detectors, list(fluorochromes))

    def apply(
        self,
        events: Columns | ArrayLike,
        *,
        out: NDArray[Any] | None = None,
        threads: int = 0,
    ) -> NDArray[Any]:
        """Return all compensated channels of many events at once.

        Each value is the float64 sum over detectors in their order, without fused
        multiply-add: the same bits as :meth:`longate.Sample.values` and every gate use.

        Parameters
        ----------
        events : Sample, DataFrame, or (n_events, n_detectors) array-like of float
            A sample or a frame, whose channels are found by name; or an array whose
            columns are ``detectors``, in this order. float32 and float64 are read as
            they are.
        out : (n_events, n_dyes) numpy.ndarray of float64 or float32, optional
            Where to write, with contiguous columns (Fortran order). float32 is rounded
            once at the end: for display only, never for a gate.
        threads : int
            Threads to use; 0 for as many as there are processors. The answer does not
            depend on it.

        Returns
        -------
        (n_events, n_dyes) numpy.ndarray of float64
            Columns are ``fluorochromes`` and contiguous; `out` where it was given.

        Raises
        ------
        SpilloverError
            If columns do not fit, or a sample lacks a detector (named).
        """
        columns, n_events = detector_columns(self.detectors, events, out=out)
        if not isinstance(threads, Integral) or not 0 <= threads < 2**31:
            msg = f"threads={threads!r} is not a number of threads; 0 means all"
            raise SpilloverError(msg)
        if out is None:
            out = np.empty((len(self.fluorochromes), n_events)).T
        refuse_unfit_out(out, (n_events, len(self.fluorochromes)))
        weights = np.ascontiguousarray(self.weights)
        compensate_columns(columns, weights, out.T, threads=threads)
        return out

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold; :meth:`from_plain` reads it back."""
        given = self.__dict__["_given"]
        numbers = self.matrix if given is None else given
        plain: dict[str, Any] = {
            "inverse" if given is not None else "matrix": numbers.tolist(),
            "channels": list(self.detectors),
        }
        if self.fluorochromes != self.detectors:
            plain["fluorochromes"] = list(self.fluorochromes)
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Compensation:
        """Rebuild a matrix from :meth:`to_plain`.

        Raises
        ------
        SpilloverError
            If names and numbers make no matrix.
        KeyError
            If one of them is missing.
        """
        names = plain["channels"], plain.get("fluorochromes")
        if "inverse" in plain:
            return cls.from_inverse(plain["inverse"], *names)
        return cls(plain["matrix"], *names)

    @classmethod
    def from_keyword(cls, value: str) -> Compensation:
        """Read the value of ``$SPILLOVER``: n, n names, n x n numbers by rows.

        Raises
        ------
        SpilloverError
            If counts and numbers do not fit.
        """
        return cls(*parse_keyword(value))

    def to_keyword(self) -> str:
        """Write the value of ``$SPILLOVER``.

        Raises
        ------
        SpilloverError
            If fluorochromes have names of their own, or a name holds a comma: the
            keyword has no room for them.
        """
        return format_keyword(self.channels, self.matrix)
