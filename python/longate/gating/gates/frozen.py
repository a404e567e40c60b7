"""Mappings that are part of a gate, and stay as they were checked."""

from __future__ import annotations

from typing import Any, NoReturn


class FrozenDict(dict[Any, Any]):
    """A mapping that cannot be changed: part of a value that was checked."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = "this mapping is part of a value that never changes; make a new one"
        raise TypeError(msg)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[Any, Any]]]:
        """Copy and pickle by its items."""
        return (FrozenDict, (dict(self),))
