"""Axes of gates as dimensions, with the transformations and matrices they need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from longate._validation import listed
from longate.cytometry.compensated import resolve_matrix
from longate.cytometry.compensation import Compensation
from longate.cytometry.panel import Channel
from longate.cytometry.transforms import Bounded, Ratio, Transform
from longate.exceptions import GatingMLError
from longate.gating.compile.panel_axes import PanelAxes
from longate.gating.gates.dimension import ACQUISITION, INHERIT, Dimension, dimension_of
from longate.io.gatingml.declarations import SCALES
from longate.io.gatingml.markup import Ids, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.cytometry.panel import Panel
    from longate.gating.gates.dimension import Axis
    from longate.gating.strategy.strategy import GatingStrategy

_BY_KIND = {kind: (tag, letters) for tag, (kind, letters) in SCALES.items()}


class AxisWriter:
    """Writes dimensions, and collects what they refer to.

    Parameters
    ----------
    strategy : GatingStrategy
        Says what axes inherit.
    panel : Panel or None
        Where given, channels are written by their detectors' names.
    ids : Ids
        Of the document.
    """

    def __init__(self, strategy: GatingStrategy, panel: Panel | None, ids: Ids) -> None:
        self._strategy = strategy
        self._panel = panel
        self._ids = ids
        self._references: dict[Any, str] = {}
        self._transformations: list[Tag] = []
        self._matrices: list[Tag] = []
        if isinstance(strategy.compensation, Compensation):
            self.matrix(strategy.compensation)

    @property
    def declarations(self) -> list[Tag]:
        """The transformations and matrices that were needed."""
        return [*self._matrices, *self._transformations]

    def explicit(self, axis: Axis) -> Dimension:
        """Return an axis as a file has it: nothing is inherited.

        Raises
        ------
        GatingMLError
            If a name is in neither the panel nor the matrix.
        """
        own = dimension_of(axis)
        channel = own.channel
        compensation = own.compensation
        if compensation is INHERIT:
            compensation = self._strategy.compensation
        if isinstance(compensation, Compensation):
            names = {name: self._dye(name, compensation) for name in own.channels}
            if not any(names.values()):
                compensation = None
            elif not all(names.values()):
                msg = (
                    f"the ratio {own} has a side that its matrix compensates and one "
                    "that it does not; Gating-ML has one compensation for both"
                )
                raise GatingMLError(msg)
        else:
            names = {}
        scale = own.scale
        if scale is INHERIT:
            scale = None if isinstance(channel, Ratio) else self._inherited(channel)

        def written(name: str) -> str:
            return names.get(name) or self._detector(name)

        if isinstance(channel, Ratio):
            channel = Ratio(
                written(channel.numerator),
                written(channel.denominator),
                a=channel.a,
                b=channel.b,
                c=channel.c,
            )
        else:
            channel = written(channel)
        return Dimension(channel, compensation=compensation, scale=scale)

    def dimension(
        self, axis: Axis, name: str = "gating:dimension", **attributes: str
    ) -> Tag:
        """Return an axis as an element.

        Parameters
        ----------
        axis : str or Dimension
            Which.
        name : str
            Of the element.
        **attributes : str
            Further ones, by local name.
        """
        own = self.explicit(axis)
        entries = {f"gating:{key}": value for key, value in attributes.items()}
        reference = "uncompensated"
        if isinstance(own.compensation, Compensation):
            reference = self.matrix(own.compensation)
        elif own.compensation == ACQUISITION:
            reference = "FCS"
        entries["gating:compensation-ref"] = reference
        if isinstance(own.scale, Transform):
            entries["gating:transformation-ref"] = self._scale(own.scale)
        if isinstance(own.channel, Ratio):
            attribute = {"data-type:transformation-ref": self._ratio(own.channel)}
            return Tag(name, entries, [Tag("data-type:new-dimension", attribute)])
        return Tag(name, entries, [_channel(own.channel)])

    def matrix(self, compensation: Compensation) -> str:
        """Return the id of a matrix, declaring it where it is new.

        Raises
        ------
        GatingMLError
            If it has a single fluorochrome or detector, which the standard does not
            allow.
        """
        if compensation in self._references:
            return self._references[compensation]
        if min(len(compensation.fluorochromes), len(compensation.detectors)) < 2:
            msg = (
                f"the matrix of {listed(compensation.fluorochromes)} is too small: "
                f"Gating-ML "
                "wants at least two fluorochromes and two detectors"
            )
            raise GatingMLError(msg)
        plain = compensation.to_plain()
        attributes = {"transforms:id": self._ids.new(f"Matrix_{compensation.id}")}
        if "inverse" in plain:
            attributes["transforms:matrix-inverted-already"] = "true"
        rows = [
            Tag(
                "transforms:spectrum",
                children=[
                    Tag("transforms:coefficient", {"transforms:value": repr(number)})
                    for number in row
                ],
            )
            for row in plain["inverse" if "inverse" in plain else "matrix"]
        ]
        sides = {
            "transforms:fluorochromes": compensation.fluorochromes,
            "transforms:detectors": compensation.detectors,
        }
        heads = [
            Tag(side, children=[_channel(name) for name in names])
            for side, names in sides.items()
        ]
        tag = Tag("transforms:spectrumMatrix", attributes, [*heads, *rows])
        self._matrices.append(tag)
        self._references[compensation] = attributes["transforms:id"]
        return attributes["transforms:id"]

    def _scale(self, scale: Transform) -> str:
        bounds: dict[str, str] = {}
        base = scale
        if isinstance(scale, Bounded):
            base = scale.base
            ends = {"boundMin": scale.low, "boundMax": scale.high}
            bounds = {
                f"transforms:{word}": repr(end)
                for word, end in ends.items()
                if math.isfinite(end)
            }
        if type(base) not in _BY_KIND:
            msg = (
                f"Gating-ML 2.0 has no scale {scale.name!r} ({scale!r}); it has "
                f"{listed(sorted(kind.__name__ for kind in _BY_KIND))}"
            )
            raise GatingMLError(msg)
        if scale.kernel not in self._references:
            tag, letters = _BY_KIND[type(base)]
            values = {letter: getattr(base, letter.lower()) for letter in letters}
            wanted = "_".join(
                [type(base).__name__, *(f"{v:g}" for v in values.values())]
            )
            self._declare(
                scale.kernel,
                wanted,
                Tag(
                    f"transforms:{tag}",
                    {f"transforms:{k}": repr(v) for k, v in values.items()},
                ),
                bounds,
            )
        return self._references[scale.kernel]

    def _ratio(self, ratio: Ratio) -> str:
        if ratio not in self._references:
            constants = {
                f"transforms:{letter.upper()}": repr(getattr(ratio, letter))
                for letter in "abc"
            }
            sides = [_channel(ratio.numerator), _channel(ratio.denominator)]
            wanted = f"Ratio_{ratio.numerator}_{ratio.denominator}"
            self._declare(ratio, wanted, Tag("transforms:fratio", constants, sides))
        return self._references[ratio]

    def _declare(
        self, key: Any, wanted: str, body: Tag, bounds: dict[str, str] | None = None
    ) -> None:
        self._references[key] = self._ids.new(wanted)
        attributes = {"transforms:id": self._references[key], **(bounds or {})}
        self._transformations.append(
            Tag("transforms:transformation", attributes, [body])
        )

    def _detector(self, name: str) -> str:
        if self._panel is None:
            return name
        return self._panel.channels[self._panel.index(name)].detector

    def _dye(self, name: str, matrix: Compensation) -> str | None:
        """Return the fluorochrome of a matrix that a name means, or None."""
        if self._panel is not None:
            column = resolve_matrix(matrix, self._panel).column(name)
            return None if column is None else matrix.fluorochromes[column]
        if name in matrix.fluorochromes:
            return name
        if Channel(detector=name).kind == "fluorescence":
            msg = (
                f"{name!r} is not among the fluorochromes of its matrix "
                f"({listed(matrix.fluorochromes)}); give panel=sample.panel, so that "
                f"markers "
                "find their detectors"
            )
            raise GatingMLError(msg)
        return None

    def _inherited(self, name: str) -> Transform | None:
        """Return the scale that the strategy has for a channel."""
        scale = self._strategy.scale
        if self._panel is not None:
            axes = PanelAxes(self._strategy, self._panel, None)
            axes.refuse_forgotten(name)
            return axes.resolve(name).scale
        if isinstance(scale, Transform) or scale is None:
            fluorescence = Channel(detector=name).kind == "fluorescence"
            return scale if fluorescence else None
        return self._of_mapping(scale, name)

    def _of_mapping(
        self, scale: Mapping[str, Transform | None], name: str
    ) -> Transform | None:
        if name in scale:
            return scale[name]
        if Channel(detector=name).kind == "fluorescence":
            msg = (
                f"the strategy's scales have no entry for {name!r}; give panel="
                "sample.panel, so that markers find their detectors"
            )
            raise GatingMLError(msg)
        return None


def described(axis: Dimension) -> list[Any]:
    """Return what an explicit axis is, to compare it with what a file says."""
    channel: Any = axis.channel
    if isinstance(channel, Ratio):
        channel = [
            getattr(channel, word) for word in ("numerator", "denominator", *"abc")
        ]
    own = axis.compensation
    matrix = own.id if isinstance(own, Compensation) else own
    kernel = axis.scale.kernel if isinstance(axis.scale, Transform) else None
    return [channel, matrix, list(kernel) if kernel else None]


def _channel(name: str) -> Tag:
    return Tag("data-type:fcs-dimension", {"data-type:name": name})
