"""What a card says in words for one reader: who, with which chance, what is measured, and what was found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from babel.dates import format_date

from serving.boards.experiments import Arm, Contrast, Experiment
from serving.pages.words import Words

STATES: Final = {
    "planned": ("quiet", "planned"),
    "running": ("good", "running"),
    "waiting": ("warn", "waiting for the last results"),
    "finished": ("quiet", "finished"),
}
DECISIONS: Final = {
    "keep": ("good", "Keep it"),
    "drop": ("stop", "Drop it"),
    "go on": ("quiet", "Go on"),
    "cannot say": ("warn", "Cannot say"),
}
"""How a state and a decision look, and what they are called."""
MEASURES: Final = {"won": "won", "positive_reply": "answered with interest", "meeting_booked": "had a meeting booked"}
RULES: Final = {"never_listed": "kept off the list", "always_listed": "on the list every day it may be called"}
USUAL: Final = "as usual"


@dataclass(frozen=True)
class ExperimentWords:
    """Writes the figures of a card."""

    say: Words

    def day(self, day: dt.date) -> str:
        """Write a day shortly."""
        return format_date(day, format="medium", locale=self.say.locale)

    def does(self, arm: Arm) -> str:
        """Say what is done with those of an arm."""
        what = [
            *([f"offer {arm.offer_id}"] if arm.offer_id else []),
            *([f"by {arm.channel}"] if arm.channel else []),
            *([RULES[arm.rule]] if arm.rule else []),
        ]
        return "; ".join([arm.says, *what] if arm.says else what) or USUAL

    def dates(self, one: Experiment) -> str:
        """Say when prospects join."""
        last = one.stop - dt.timedelta(days=1)
        joins = f"Prospects join from {self.day(one.start)} to {self.day(last)}"
        if one.stopped is not None and one.stopped < one.stop:
            return f"{joins}; it was ended early on {self.day(one.stopped)}."
        return f"{joins}; each takes part for {self.say.number(one.days)} days."

    def rule(self, one: Experiment) -> str:
        """Say by which rule it will be kept or dropped, as it was promised."""
        return (
            f"Kept if the whole interval lies above {self.points(one.keep_above)}; dropped if it lies below "
            f"{self.points(one.worthwhile)}, the least that is worth the trouble, or if by the end nothing is shown."
        )

    def points(self, share: float) -> str:
        """Write a difference of shares in points with its sign: "+2.3 points"."""
        sign = "+" if share > 0 else "−" if share < 0 else ""
        size = self.say.number(round(100 * abs(share), 1))
        return f"{sign}{size} {'point' if size == '1' else 'points'}"

    def effect(self, contrast: Contrast) -> str:
        """Write the effect with its interval, empty where there is none."""
        if contrast.effect is None or contrast.low is None or contrast.high is None:
            return ""
        low, high = (self.points(bound).rpartition(" ")[0] for bound in (contrast.low, contrast.high))
        return f"{self.points(contrast.effect)} ({low} to {high})"

    def why(self, one: Experiment, contrast: Contrast) -> str:
        """Say why the decision is as it is; the figures stand beside it."""
        if contrast.effect is None or contrast.low is None or contrast.high is None:
            return contrast.said[:1].upper() + contrast.said[1:].removesuffix(".") + "."
        if contrast.decision == "keep":
            return f"Wherever the truth lies in the interval, it is above {self.points(one.keep_above)}."
        if contrast.decision == "drop" and contrast.high < one.worthwhile:
            return f"The best it can be is less than the {self.points(one.worthwhile)} worth having."
        if contrast.decision == "drop":
            return f"By the end it was not shown to be above {self.points(one.keep_above)}."
        return "Not settled yet: the interval still holds both worth having and not."
