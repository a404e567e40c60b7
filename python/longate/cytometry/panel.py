"""Panel: the channels of a file, each with a detector and perhaps a marker."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from longate._names import is_missing, name_of
from longate._validation import listed, suggest
from longate.exceptions import MissingChannelError, PanelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

Kind = Literal["fluorescence", "scatter", "time"]

_SCATTER = re.compile(
    r"(^|[^a-z])V?[FS]SC|^(FS|SS|FALS|Forward|Side)(?![a-z])", re.IGNORECASE
)
_TIME = re.compile(r"^(HDR-?T|Time\d*|Time[ _-]?(LSW|MSW)?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Channel:
    """One channel of a file.

    Parameters
    ----------
    detector : str
        ``$PnN``, for instance ``"PE-Cy7-A"``.
    marker : str or None
        ``$PnS``, for instance ``"CD56"``.
    range : float
        ``$PnR``, the top of the detector's scale.
    voltage : str or None
        ``$PnV`` as written.
    """

    detector: str
    marker: str | None = None
    range: float = 0.0
    voltage: str | None = None

    def __post_init__(self) -> None:
        """Take numbers as names, and what is missing (NaN, NA) for no marker."""
        if type(self.detector) is not str:
            object.__setattr__(self, "detector", name_of(self.detector))
        if self.marker is not None and type(self.marker) is not str:
            known = None if is_missing(self.marker) else name_of(self.marker)
            object.__setattr__(self, "marker", known)

    @property
    def kind(self) -> Kind:
        """What is measured, told from the detector's name.

        Time where the name is ``Time`` or a vendor's form of it; scatter where a word
        starts with FSC or SSC (``"FSCArea"``, ``"405 SSC-A"``, ``"VSSC-A"``) or the
        name with the word FS, SS, FALS, Forward or Side; else fluorescence (mass
        channels included).
        """
        if _TIME.match(self.detector.strip()):
            return "time"
        if _SCATTER.search(self.detector.strip()):
            return "scatter"
        return "fluorescence"

    @property
    def label(self) -> str:
        """The marker where there is one, else the detector."""
        return self.marker or self.detector


@dataclass(frozen=True)
class Panel:
    """The channels of a file in order, and how names find them.

    Parameters
    ----------
    channels : tuple of Channel
        In file order.
    aliases : mapping of str to str
        Further names for markers or detectors, such as ``{"NCAM": "CD56"}``:
        what is written in a gate or in a file, and the name that is meant.
    """

    channels: tuple[Channel, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of channels."""
        return len(self.channels)

    def __iter__(self) -> Iterator[Channel]:
        """Iterate over the channels in file order."""
        return iter(self.channels)

    def __contains__(self, name: object) -> bool:
        """Return whether `name` means exactly one channel."""
        return len(self._indices(str(name))) == 1

    @property
    def names(self) -> tuple[str, ...]:
        """All that channels are called by: markers, then detectors, then aliases."""
        markers = [c.marker for c in self.channels if c.marker]
        return (*markers, *(c.detector for c in self.channels), *self.aliases)

    @property
    def table(self) -> pd.DataFrame:
        """Columns ``channel`` (from 1), ``detector, marker, kind, range, voltage``."""
        import pandas as pd

        rows = [
            (number, c.detector, c.marker, c.kind, c.range, c.voltage)
            for number, c in enumerate(self.channels, start=1)
        ]
        columns = ["channel", "detector", "marker", "kind", "range", "voltage"]
        return pd.DataFrame(rows, columns=columns)

    def index(self, name: str) -> int:
        """Return the index of the channel that `name` means, from 0.

        A detector's name comes first, then a marker's, then an alias; each as
        written, and if none fits, without regard to case, then with ``_`` for ``/``,
        as FlowJo writes names (``530_30`` for ``530/30``).

        Raises
        ------
        MissingChannelError
            If nothing has this name; near names are suggested. It is a PanelError.
        PanelError
            If several channels have this name.
        """
        name = name if isinstance(name, str) else name_of(name)
        found = self._indices(name)
        if len(found) == 1:
            return found[0]
        if found:
            raise PanelError(self._ambiguous(name, found))
        names = self.names
        msg = (
            f"marker or detector {name!r} is not in the panel"
            f"{suggest(name, names) or '; it has ' + listed(names, most=30)}"
        )
        raise MissingChannelError(msg)

    def _indices(self, name: str) -> list[int]:
        known = self._asked
        if name not in known:
            found = self._as_written.indices(name) or self._folded.indices(name)
            if not found and "_" in name:
                found = self._underscored.indices(name)
            known[name] = found
        return known[name]

    @cached_property
    def _asked(self) -> dict[str, list[int]]:
        """The indices of names that were asked for: gates ask again and again."""
        return {}

    @cached_property
    def _as_written(self) -> _Names:
        return _Names.of(self, str)

    @cached_property
    def _folded(self) -> _Names:
        return _Names.of(self, str.casefold)

    @cached_property
    def _underscored(self) -> _Names:
        return _Names.of(self, lambda name: name.casefold().replace("/", "_"))

    def _ambiguous(self, name: str, found: list[int]) -> str:
        where = ", ".join(
            f"channel {index + 1} (detector {self.channels[index].detector!r})"
            for index in found
        )
        return f"{name!r} means several channels: {where}; use the detector's name"


class _Names(NamedTuple):
    """The names of a panel's channels, as written or without regard to case.

    Parameters
    ----------
    fold : callable
        How names are compared.
    meant : dict
        Alias -> the name that is meant.
    detectors, markers : dict
        Name -> indices in the panel; a marker is found by what it means too.
    """

    fold: Callable[[str], str]
    meant: dict[str, str]
    detectors: dict[str, list[int]]
    markers: dict[str, list[int]]

    @classmethod
    def of(cls, panel: Panel, fold: Callable[[str], str]) -> _Names:
        meant = {fold(alias): target for alias, target in panel.aliases.items()}
        made = cls(fold, meant, {}, {})
        for index, channel in enumerate(panel.channels):
            made.detectors.setdefault(fold(channel.detector), []).append(index)
            if channel.marker is not None:
                for name in made.meanings(channel.marker):
                    made.markers.setdefault(name, []).append(index)
        return made

    def meanings(self, name: str) -> set[str]:
        """Return a name, and what it means as an alias."""
        own = self.fold(name)
        return {own, self.fold(self.meant.get(own, name))}

    def indices(self, name: str) -> list[int]:
        """Return the detectors that a name means; if there is none, the markers."""
        wanted = self.meanings(name)
        for called in (self.detectors, self.markers):
            found = {index for one in wanted for index in called.get(one, ())}
            if found:
                return sorted(found)
        return []
