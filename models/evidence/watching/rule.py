"""What a rule of the watch is: a code, what it measures every day, when it warns or alarms, and what happens then.

A rule never ends in "no answer": each of its measures is good, warns, alarms, or cannot be told yet with the reason.
"Cannot tell yet" is a state of its own: a feed that could not be looked at is not a feed that is well.

The words that a measure says hold counts, tables, kinds and days, never a person, a company or a message of another
program: they go to places outside the company's own app. What does not fit that stands in `detail`, for the app only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from features.errors import TaktError
from models.evidence.watching.watched import Watched


class State(StrEnum):
    """How it stands; the worst comes last."""

    UNKNOWN = "cannot tell yet"
    GOOD = "good"
    WARNS = "warns"
    ALARMS = "alarms"

    @property
    def grave(self) -> int:
        """Order of the states: the larger, the worse."""
        return list(State).index(self)


class Action(StrEnum):
    """What an alarm leads to, beyond being told."""

    TELL = "tell"
    RETRAIN = "retrain"
    HOLD = "hold"


class CannotTell(TaktError):
    """A measure cannot be taken on what is known; the text is the reason, and since when or until when it holds."""


@dataclass(frozen=True)
class Measure:
    """One figure that was taken.

    Attributes
    ----------
    name : str
        Of what, for example "touches" or "share of listed calls with a tap".
    says : str
        The sentence with its figures; of `UNKNOWN` the reason.
    value, usual, low, high : float or None
        What is, what is usual or was promised, and the interval of `value` or the bounds within which all is well (the
        sentence says which); None where there is none.
    n : int or None
        What the figure rests on: days, calls, winning prospects.
    unit : str
        Of the figures: "%" for shares (given as 0 to 1), else a plain word.
    detail : str
        What only the app may show.
    """

    name: str
    says: str
    state: State
    value: float | None = None
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    code : str
        `TW001`, ...: never given to another rule again.
    action : Action
        What an alarm leads to unless the company's `monitoring.yaml` says otherwise.
    when : str
        When it warns and when it alarms, with its thresholds, in words.
    do : str
        What a person does about it.
    look : callable
        Takes the measures; raises `CannotTell` where none of them can be taken.
    of_data : bool
        Whether it looks only at the facts and the pulls, so that it can be asked before every list.
    """

    code: str
    title: str
    action: Action
    when: str
    do: str
    look: Callable[[Watched], tuple[Measure, ...]]
    of_data: bool = False

    def judge(self, given: Watched) -> Judged:
        """Take the measures and say how the whole stands."""
        try:
            measures = self.look(given)
        except CannotTell as reason:
            measures = (Measure("", str(reason), State.UNKNOWN),)
        return Judged(self, measures)


@dataclass(frozen=True)
class Judged:
    """What a rule found."""

    rule: Rule
    measures: tuple[Measure, ...]

    @property
    def state(self) -> State:
        """The worst of its measures; not to be told only where none can be."""
        return worst(measure.state for measure in self.measures)

    @property
    def says(self) -> str:
        """What its worst measures say, the first three of them."""
        said = [measure.says for measure in self.measures if measure.state is self.state]
        more = f" (and {len(said) - MOST_SAID} more)" if len(said) > MOST_SAID else ""
        return "; ".join(said[:MOST_SAID]) + more


MOST_SAID: Final = 3


def worst(states: Iterable[State]) -> State:
    """Return the worst of some states, `UNKNOWN` without any."""
    return max(states, key=lambda state: state.grave, default=State.UNKNOWN)
