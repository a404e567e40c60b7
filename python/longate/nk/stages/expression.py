"""Evaluation of a rule, such as ``"KIR or not NKG2A"``, on the calls of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from longate.gating.gates.boolean_expression import Term


def evaluate(
    terms: Iterable[Term], calls: Mapping[str, NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Return for which events an expression holds.

    Parameters
    ----------
    terms : iterable of Term
        In postfix order, as
        :func:`longate.gating.gates.boolean_expression.parse` returns them; not empty.
    calls : mapping of str to (n,) arrays of bool
        By name; every name of the expression must be there.

    Returns
    -------
    (n,) array of bool

    Raises
    ------
    KeyError
        If a name is missing: callers check names first and know which rule needs it.

    Examples
    --------
    >>> import numpy as np
    >>> from longate.gating.gates.boolean_expression import parse
    >>> from longate.nk.stages.expression import evaluate
    >>> calls = {"KIR": np.array([True, False]), "NKG2A": np.array([True, True])}
    >>> evaluate(parse("KIR or not NKG2A"), calls).tolist()
    [True, False]
    """
    stack: list[NDArray[np.bool_]] = []
    for term in terms:
        if term.kind == "name":
            stack.append(np.asarray(calls[term.text], dtype=bool))
        elif term.text == "not":
            stack.append(~stack.pop())
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(left & right if term.text == "and" else left | right)
    return stack.pop()
