"""What a quality check is: a code, a title, how grave it is, when it fires, and what to do then.

A check fires (`Finding`), is quiet (None) or cannot be made (`NotApplicable`, with the reason). Not applicable is a
state of its own: a leak that could not be looked for is not a leak that was not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from features.errors import TaktError
from models.evidence.checks.given import Given


class Severity(StrEnum):
    """What a firing check does: a blocking one keeps the model from serving, a warning is shown beside it."""

    BLOCKING = "blocking"
    WARNING = "warning"


class NotApplicable(TaktError):
    """The check cannot be made on what was given; the text is the reason."""


@dataclass(frozen=True)
class Seen:
    """What a check saw when it fires: the sentence with its figures, and the figures by name."""

    says: str
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A check that fired.

    Attributes
    ----------
    says : str
        What was seen, with figures.
    do : str
        What to do about it.
    """

    code: str
    title: str
    severity: Severity
    says: str
    do: str
    figures: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """Whether a model with this finding may not serve."""
        return self.severity is Severity.BLOCKING


@dataclass(frozen=True)
class Check:
    """One quality check.

    Attributes
    ----------
    code : str
        `TK001`, ...: never given to another check again.
    when : str
        When it fires, with its thresholds, in words.
    look : callable
        Returns what was seen if the check fires, None if it is quiet; raises `NotApplicable`.
    """

    code: str
    title: str
    severity: Severity
    when: str
    do: str
    look: Callable[[Given], Seen | None]

    def run(self, given: Given) -> Finding | None:
        """Look; return the finding, or None when all is well.

        Raises
        ------
        NotApplicable
            The check cannot be made on what was given.
        """
        seen = self.look(given)
        if seen is None:
            return None
        return Finding(self.code, self.title, self.severity, seen.says, self.do, seen.figures)
