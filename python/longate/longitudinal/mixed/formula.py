"""A small language for fixed effects: ``y ~ visit * response + batch``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations

from longate.exceptions import DesignError

_TOKEN = re.compile(r"\s*(?:`([^`]+)`|([^\W\d][\w.]*)|(\d+(?:\.\d*)?)|(\S))")
_GRAMMAR = "write 'value ~ a + b', 'a * b' for a + b + a:b, and `names with blanks`"
_REFUSED = {
    "-": "nothing can be taken out; the intercept belongs to treatment contrasts",
    "|": "the patient's effect is given by patient=, not in the formula",
    "(": "parentheses and functions are not known; transform the column before",
    "^": "powers are not known; make a column of them before",
    "/": "nesting is not known; write the interaction a:b",
}


@dataclass(frozen=True)
class Formula:
    """A value and the terms that explain it, the intercept included silently.

    Attributes
    ----------
    text : str
        As written.
    value : str
        The column to explain.
    terms : tuple of tuple of str
        Variables of each term; main effects first, then by order of
        interaction, as written within an order.
    """

    text: str
    value: str
    terms: tuple[tuple[str, ...], ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable once, in order of appearance."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term))


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Grammar: ``value ~ item + item ...``; an item is a name, an interaction
    ``a:b``, a product ``a * b`` (= ``a + b + a:b``), or ``1``, the intercept,
    which is always there. ``:`` binds before ``*`` and ``*`` before ``+``.

    Raises
    ------
    DesignError
        If the text is not of that grammar, takes the intercept out, or has an
        interaction without its main effects.
    """
    left, right = _sides(text)
    if len(left) != 1 or not left[0][1]:
        msg = f"formula {text!r} needs one column before '~'; {_GRAMMAR}"
        raise DesignError(msg)
    value = left[0][0]
    terms: dict[frozenset[str], tuple[str, ...]] = {}
    for item in _split(right, "+", text):
        for term in _expand(item, text):
            terms.setdefault(frozenset(term), term)
    ordered = tuple(sorted(terms.values(), key=len))
    if any(value in term for term in ordered):
        msg = f"formula {text!r} explains {value!r} by itself"
        raise DesignError(msg)
    _require_margins(ordered, text)
    return Formula(text.strip(), value, ordered)


_Token = tuple[str, bool]


def _sides(text: object) -> tuple[list[_Token], list[_Token]]:
    """Return the tokens before and after the tilde; a token is (text, is name)."""
    if not isinstance(text, str) or text.count("~") != 1:
        msg = f"formula must be a text with one '~', got {text!r}; {_GRAMMAR}"
        raise DesignError(msg)
    sides = []
    for side in text.split("~"):
        tokens: list[_Token] = []
        for quoted, name, number, sign in _TOKEN.findall(side):
            if sign in _REFUSED:
                msg = f"formula {text!r} has {sign!r}: {_REFUSED[sign]}"
                raise DesignError(msg)
            if number == "0":
                msg = f"formula {text!r} has '0': {_REFUSED['-']}"
                raise DesignError(msg)
            if (number and number != "1") or (sign and sign not in "+*:"):
                msg = f"formula {text!r} has {number or sign!r}; {_GRAMMAR}"
                raise DesignError(msg)
            word = quoted or name
            tokens.append((word or number or sign, bool(word)))
        sides.append(tokens)
    return sides[0], sides[1]


def _split(tokens: list[_Token], sign: str, text: str) -> list[list[_Token]]:
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token == (sign, False):
            parts.append([])
        else:
            parts[-1].append(token)
    if not all(parts):
        msg = f"formula {text!r} has nothing on one side of {sign!r}; {_GRAMMAR}"
        raise DesignError(msg)
    return parts


def _expand(item: list[_Token], text: str) -> list[tuple[str, ...]]:
    """Return the terms of one item, ``a * b:c`` being a, b:c and a:b:c."""
    if item == [("1", False)]:
        return []
    factors = []
    for factor in _split(item, "*", text):
        names = _split(factor, ":", text)
        if any(len(name) != 1 or not name[0][1] for name in names):
            shown = " ".join(token for token, _ in factor)
            msg = f"formula {text!r} cannot be read at {shown!r}; {_GRAMMAR}"
            raise DesignError(msg)
        factors.append(tuple(name[0][0] for name in names))
    return [
        tuple(dict.fromkeys(name for factor in chosen for name in factor))
        for size in range(1, len(factors) + 1)
        for chosen in combinations(factors, size)
    ]


def _require_margins(terms: tuple[tuple[str, ...], ...], text: str) -> None:
    known = {frozenset(term) for term in terms}
    for term in terms:
        for size in range(1, len(term)):
            for part in combinations(term, size):
                if frozenset(part) not in known:
                    msg = (
                        f"formula {text!r} has {':'.join(term)} without "
                        f"{':'.join(part)}, whose meaning would depend on the "
                        f"coding; write {' * '.join(term)}"
                    )
                    raise DesignError(msg)
