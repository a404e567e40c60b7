"""Compensation: the spillover matrix of an acquisition."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longate._core import invert_spillover
from longate._validation import listed
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

SPILLOVER_KEYWORDS = ("$SPILLOVER", "SPILL", "SPILLOVER")


@dataclass(frozen=True, eq=False)
class Compensation:
    """A square spillover matrix and its inverse.

    Row ``k`` says what one unit of dye ``k`` leaves in each detector, so observed
    events are ``true @ matrix`` and compensated ones ``observed @ inverse``.

    Parameters
    ----------
    matrix : (n, n) array-like of float
        Spillover, finite, usually with ones on the diagonal.
    channels : sequence of str
        Detectors (or markers) of rows and columns, `n` different names.

    Raises
    ------
    SpilloverError
        If the matrix is not square, not finite, singular, or does not fit `channels`.

    References
    ----------
    FCS 3.1, ``$SPILLOVER`` (Spidlen 2010, doi:10.1002/cyto.a.20825).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Compensation([[1.0, 0.25], [0.0, 1.0]], ["FITC-A", "PE-A"]).inverse.tolist()
    [[1.0, -0.25], [0.0, 1.0]]
    """

    matrix: NDArray[np.float64]
    channels: tuple[str, ...]

    def __init__(self, matrix: ArrayLike, channels: Sequence[str]) -> None:
        try:
            values = np.array(matrix, dtype=np.float64)
        except (TypeError, ValueError) as error:
            msg = f"a spillover matrix must be a square table of numbers: {error}"
            raise SpilloverError(msg) from None
        values.setflags(write=False)
        names = tuple(str(name) for name in channels)
        if values.ndim != 2 or values.shape != (len(names), len(names)):
            msg = (
                f"a spillover matrix of shape {values.shape} does not fit "
                f"{len(names)} channels"
            )
            raise SpilloverError(msg)
        if len(set(names)) != len(names):
            msg = f"the spillover matrix names a channel twice: {listed(names)}"
            raise SpilloverError(msg)
        object.__setattr__(self, "matrix", values)
        object.__setattr__(self, "channels", names)
        _ = self.inverse  # a singular matrix is refused here and not later

    @cached_property
    def _inverted(self) -> tuple[NDArray[np.float64], float]:
        try:
            inverse, condition = invert_spillover(np.ascontiguousarray(self.matrix))
        except SpilloverError as error:
            msg = f"{error} (channels {listed(self.channels, most=20)})"
            raise SpilloverError(msg) from None
        inverse.setflags(write=False)
        return inverse, condition

    @property
    def inverse(self) -> NDArray[np.float64]:
        """The inverse, detectors x dyes."""
        return self._inverted[0]

    @property
    def condition_number(self) -> float:
        """How much errors may grow, in the 1-norm; 1 is best."""
        return self._inverted[1]

    @property
    def is_identity(self) -> bool:
        """Whether it changes next to nothing (entries off the diagonal <= 1e-5)."""
        return bool(np.all(np.abs(self.matrix - np.eye(len(self.channels))) <= 1e-5))

    @property
    def table(self) -> pd.DataFrame:
        """The matrix with its names, dyes in rows and detectors in columns."""
        import pandas as pd

        return pd.DataFrame(self.matrix, index=self.channels, columns=self.channels)

    @property
    def id(self) -> str:
        """A hash of names and numbers, 12 hexadecimal digits."""
        digest = hashlib.sha256("\0".join(self.channels).encode())
        digest.update(np.ascontiguousarray(self.matrix).astype("<f8").tobytes())
        return digest.hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        """Whether names and numbers agree."""
        return isinstance(other, Compensation) and self.id == other.id

    def __hash__(self) -> int:
        """Hash by names and numbers."""
        return hash(self.id)

    def __repr__(self) -> str:
        """Say which channels, and how well conditioned."""
        return (
            f"Compensation · {len(self.channels)} channels · condition number "
            f"{self.condition_number:.2f} · {', '.join(self.channels)}"
        )

    @classmethod
    def from_keyword(cls, value: str) -> Compensation:
        """Read the value of ``$SPILLOVER``: n, n names, n x n numbers by rows.

        Raises
        ------
        SpilloverError
            If counts and numbers do not fit.
        """
        fields = [entry.strip() for entry in value.split(",")]
        try:
            size = int(fields[0])
        except ValueError:
            msg = f"the spillover keyword starts with {fields[0]!r}, not with a number"
            raise SpilloverError(msg) from None
        expected = 1 + size + size * size
        if size < 1 or len(fields) != expected:
            msg = (
                f"the spillover keyword declares {size} channels and so needs "
                f"{expected} entries; it has {len(fields)}"
            )
            raise SpilloverError(msg)
        names, entries = fields[1 : size + 1], fields[size + 1 :]
        try:
            numbers = np.array([float(entry) for entry in entries])
        except ValueError as error:
            msg = f"the spillover keyword holds something that is no number: {error}"
            raise SpilloverError(msg) from None
        return cls(numbers.reshape(size, size), names)

    def to_keyword(self) -> str:
        """Write the value of ``$SPILLOVER``."""
        numbers = [repr(float(value)) for value in self.matrix.ravel()]
        return ",".join([str(len(self.channels)), *self.channels, *numbers])
