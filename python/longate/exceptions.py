"""Exceptions and warnings, by subpackage.

Every exception derives from :class:`LongateError` and from the built-in class
that a user would expect to catch; every warning derives from
:class:`LongateWarning`. All survive pickling, so that they cross processes.
"""

from __future__ import annotations


class LongateError(Exception):
    """Base of everything that Longate raises on purpose."""


class FcsError(LongateError, ValueError):
    """A file is not FCS, is damaged, or uses what the reader does not support."""


class PanelError(LongateError, KeyError):
    """A marker or detector is not in the panel, or means more than one channel."""

    def __str__(self) -> str:
        """Return the message itself (``KeyError`` would quote it)."""
        return str(self.args[0]) if self.args else ""


class MissingChannelError(PanelError):
    """A marker or detector is not in the panel at all."""


class SpilloverError(LongateError, ValueError):
    """A spillover matrix is malformed, singular, or does not fit the channels."""


class TransformError(LongateError, ValueError):
    """A scale has parameters that break its definition."""


class GateError(LongateError, ValueError):
    """A gate is malformed: too few vertices, no area, an unreadable expression."""


class StrategyError(LongateError, ValueError):
    """A gating tree is malformed: missing parent, cycle, duplicate path."""


class GatingMLError(LongateError, ValueError):
    """A file is no Gating-ML, breaks the standard, or cannot be written in it."""


class FlowJoError(LongateError, ValueError):
    """A file is no FlowJo workspace, or holds what cannot be read or written."""


class FacsDivaError(LongateError, ValueError):
    """A file is no experiment of FACSDiva, or holds what cannot be read."""


class PopulationError(LongateError, KeyError):
    """A population is not in the strategy, or a short name means several."""

    def __str__(self) -> str:
        """Return the message itself (``KeyError`` would quote it)."""
        return str(self.args[0]) if self.args else ""


class SampleSheetError(LongateError, ValueError):
    """A sample sheet lacks a column, repeats a sample, or contradicts itself."""


class StudyError(LongateError, ValueError):
    """A study cannot do what was asked with the files and samples it holds."""


class CountingError(LongateError, ValueError):
    """Absolute counts cannot be formed: no beads, no lot, no volume."""


class MaturationError(LongateError, ValueError):
    """NK stages or scores cannot be formed from these populations."""


class ClinicalError(LongateError, ValueError):
    """Clinical tables are malformed, or a response rule is unknown."""


class DesignError(LongateError, ValueError):
    """A longitudinal design cannot answer the question: groups, visits, patients."""


class ExportError(LongateError, ValueError):
    """A table cannot be written as asked: a column, population or format is unknown."""


class LongateWarning(UserWarning):
    """Base of everything that Longate warns about."""


class FileWarning(LongateWarning):
    """Files of a study could not be used; the rest was delivered."""


class PrivacyWarning(LongateWarning):
    """Something that may identify a person is left in a file or its name."""


class PanelWarning(LongateWarning):
    """Panels of a study differ in a way that may matter."""


class GateWarning(LongateWarning):
    """A gate of a file has a meaning, but hardly the one that was wanted."""


class FlowJoWarning(LongateWarning):
    """Something was left out of a workspace, or is not what FlowJo would do."""


class NameWarning(LongateWarning):
    """Two names differ in spelling alone and are kept apart, or names were dropped."""


class SampleSheetWarning(LongateWarning):
    """Something in a sample sheet was repaired, such as the case of a path."""


class DateWarning(LongateWarning):
    """A date of a table contradicts another date, or one that a file records."""


class CountingWarning(LongateWarning):
    """An absolute count rests on an assumption that deserves a look."""
