"""Gates of a file that a strategy could not take over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GateProblem:
    """A gate that a file has and the strategy that was read from it lacks.

    Parameters
    ----------
    gate : str
        The name of the gate in the file.
    reason : str
        The fault, with file and line; of a gate below or of a Boolean expression that
        needs it, which gate is missing.
    """

    gate: str
    reason: str

    def __str__(self) -> str:
        """Return the gate and the fault as a sentence."""
        return f"gate {self.gate!r}: {self.reason}"
