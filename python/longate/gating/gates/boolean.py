"""Boolean gates: and, or, not over other populations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._core import combine_masks
from longate._validation import suggest
from longate.exceptions import GateError
from longate.gating.gates.base import Gate
from longate.gating.gates.boolean_expression import parse, references
from longate.gating.gates.sketch import circles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from longate.gating.gates.dimension import Axis


@dataclass(frozen=True, init=False, repr=False)
class BooleanGate(Gate):
    """And, or, not over other populations, each taken with its own ancestors.

    Parameters
    ----------
    name : str
        What the population is called.
    expression : str
        Populations (paths or unique names) joined by ``and``, ``or``, ``not`` and
        parentheses. ``not`` binds first, then ``and``. Names may hold blanks; one that
        holds an operator or a parenthesis is put in quotes, and a quote within such
        a name is doubled.
    parent : str, optional
        Path or unique name of the population in which the gate lies.
    custom_info : str, optional
        Text that other programs keep with the gate.

    Raises
    ------
    GateError
        If the expression cannot be read.

    References
    ----------
    Gating-ML 2.0, section 5.5 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Notes
    -----
    An event with NaN in a dimension of a gate is in neither the gate nor its
    complement.

    Examples
    --------
    >>> import longate as lg
    >>> lg.BooleanGate("NK", "CD56+ or CD16+", parent="CD3- dump-")
    BooleanGate 'NK' in 'CD3- dump-': CD56+ or CD16+
    """

    kind: ClassVar[str] = "boolean"

    expression: str

    def __init__(
        self,
        name: str,
        expression: str,
        *,
        parent: str | None = None,
        custom_info: str | None = None,
    ) -> None:
        if not isinstance(expression, str):
            msg = f"gate {name!r}: expression={expression!r} is not text"
            raise GateError(msg)
        try:
            parse(expression)
        except GateError as error:
            msg = f"gate {name!r}: {error}"
            raise GateError(msg) from None
        self._set(
            name=name, parent=parent, custom_info=custom_info, expression=expression
        )

    @property
    def populations(self) -> tuple[str, ...]:
        """The populations it refers to."""
        return references(parse(self.expression))

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return self.expression

    def _drawn(self, *, named: bool) -> str:
        return circles(self.populations, self.contains, named=named)

    def contains(self, values: Mapping[Any, ArrayLike]) -> NDArray[np.bool_]:
        """Combine masks of the populations that the expression refers to.

        Parameters
        ----------
        values : mapping of str to (n_events,) array-like of bool
            Which events are in each population, by its name in the expression. A mask
            does not know which events are undefined: ``strategy.apply`` does.

        Returns
        -------
        (n_events,) numpy.ndarray of bool

        Raises
        ------
        GateError
            If a population is missing, or a mask is not one bool per event.
        """
        masks = {name: self._mask(values, name) for name in self.populations}
        shapes = {name: mask.shape for name, mask in masks.items()}
        if len(set(shapes.values())) > 1:
            msg = f"gate {self.name!r} needs masks of one length; got shapes {shapes}"
            raise GateError(msg)
        number = {name: k for k, name in enumerate(masks)}
        terms = [
            number[term.text] if term.kind == "name" else term.text
            for term in parse(self.expression)
        ]
        words = [_words(mask) for mask in masks.values()]
        inside, _ = combine_masks(terms, [(held, ~held) for held in words])
        n_events = len(next(iter(masks.values())))
        bits = np.unpackbits(inside.view(np.uint8), count=n_events, bitorder="little")
        return bits.view(np.bool_)

    def _mask(self, values: Mapping[Any, ArrayLike], name: str) -> NDArray[np.bool_]:
        if name not in values:
            near = suggest(name, map(str, values))
            msg = f"gate {self.name!r} needs the population {name!r}{near}"
            raise GateError(msg)
        mask = np.asarray(values[name])
        if mask.dtype != np.bool_ or mask.ndim != 1:
            msg = (
                f"gate {self.name!r}: the mask of {name!r} must be one bool per event; "
                f"got {mask.dtype} of shape {mask.shape}"
            )
            raise GateError(msg)
        return mask

    def rule(self, path_of: Callable[[str], str]) -> list[Any]:
        """Return its kind and its terms, populations as paths."""
        terms = [
            (term.kind, path_of(term.text) if term.kind == "name" else term.text)
            for term in parse(self.expression)
        ]
        return [self.kind, terms]

    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        return {"expression": self.expression}

    @classmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> BooleanGate:
        return cls(**names, expression=shape["expression"])


def _words(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return a mask as words of 64 events, the first in the lowest bit."""
    packed = np.packbits(mask, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)
