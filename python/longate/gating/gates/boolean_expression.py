"""Boolean expressions over populations: text to postfix terms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from longate.exceptions import GateError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRECEDENCE = {"or": 1, "and": 2, "not": 3}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<mark>[()])
      | (?P<word>[^\s()'"]+)
    )""",
    re.VERBOSE,
)


class Term(NamedTuple):
    """A population's name, or an operator."""

    kind: str
    """``"name"``, ``"operator"`` or, while parsing, ``"mark"``."""
    text: str


_CLOSING = Term("mark", ")")


def parse(expression: str) -> list[Term]:
    """Return the terms of an expression in postfix order.

    Raises
    ------
    GateError
        If an operand, an operator or a parenthesis is missing.
    """
    output: list[Term] = []
    waiting: list[Term] = []
    operand_next = True
    for term in _tokens(expression):
        if term.kind == "name" or term.text in ("(", "not"):
            if not operand_next:
                raise GateError(_misplaced(expression, term.text, "'and' or 'or'"))
            if term.kind == "name":
                output.append(term)
                operand_next = False
            else:
                waiting.append(term)
            continue
        if operand_next:
            raise GateError(_misplaced(expression, term.text, "a population"))
        if term.text == ")":
            _close(expression, waiting, output)
            continue
        precedence = _PRECEDENCE[term.text]
        while waiting and _PRECEDENCE.get(waiting[-1].text, 0) >= precedence:
            output.append(waiting.pop())
        waiting.append(term)
        operand_next = True
    if operand_next:
        raise GateError(_misplaced(expression, "the end", "a population"))
    while waiting:
        term = waiting.pop()
        if term.text == "(":
            msg = f"the expression {expression!r} lacks a closing parenthesis"
            raise GateError(msg)
        output.append(term)
    return output


def references(terms: list[Term]) -> tuple[str, ...]:
    """Return the names in an expression, each once, in order of appearance."""
    return tuple(dict.fromkeys(term.text for term in terms if term.kind == "name"))


def quoted(name: str) -> str:
    """Return a name as an expression has it: in quotes unless it is plain words."""
    words = name.split(" ")
    plain = all(re.fullmatch(r"[^\s()'\"]+", word) for word in words)
    if plain and not any(word.lower() in _PRECEDENCE for word in words):
        return name
    doubled = name.replace("'", "''")
    return f"'{doubled}'"


def with_references(expression: str, names: Mapping[str, str]) -> str:
    """Return an expression with other names of populations.

    Parameters
    ----------
    expression : str
        What is read.
    names : mapping of str to str
        Name in the expression -> the name to be written.
    """
    if all(names.get(name, name) == name for name in references(parse(expression))):
        return expression
    written = ""
    before = ""
    for term in _tokens(expression):
        is_name = term.kind == "name"
        word = quoted(names.get(term.text, term.text)) if is_name else term.text
        opening, closing = before == "(", term == _CLOSING
        written += word if opening or closing or not written else f" {word}"
        before = term.text if term.kind == "mark" else ""
    return written


def _close(expression: str, waiting: list[Term], output: list[Term]) -> None:
    while waiting:
        term = waiting.pop()
        if term.text == "(" and term.kind == "mark":
            return
        output.append(term)
    msg = f"the expression {expression!r} has a ')' without its '('"
    raise GateError(msg)


def _misplaced(expression: str, found: str, expected: str) -> str:
    return f"the expression {expression!r} has {found!r} where {expected} is expected"


def _tokens(expression: str) -> list[Term]:
    terms: list[Term] = []
    words: list[str] = []

    def finish_name() -> None:
        if words:
            terms.append(Term("name", " ".join(words)))
            words.clear()

    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            msg = f"the expression {expression!r} has a quote that is not closed"
            raise GateError(msg)
        position = match.end()
        word = match["word"]
        if word and word.lower() not in _PRECEDENCE:
            words.append(word)
            continue
        finish_name()
        if match["quoted"]:
            mark = match["quoted"][0]
            terms.append(Term("name", match["quoted"][1:-1].replace(2 * mark, mark)))
        elif word:
            terms.append(Term("operator", word.lower()))
        else:
            terms.append(Term("mark", match["mark"]))
    finish_name()
    return terms
