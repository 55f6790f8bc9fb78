"""Right place: on which channel this person is best reached, in one sentence: "answers e-mail, not the phone"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import pandas as pd

from models.heads.reply_words import BY

MUTE_AFTER: Final = 3
"""Tries on a channel without an answer before it is said not to be answered; fewer say nothing."""
ANSWERS: Final = {
    "phone": "the phone", "email": "e-mail", "in_person": "visits", "chat": "chat", "social": "social networks",
    "post": "letters",
}  # fmt: skip
COLUMNS: Final = ("prospect_id", "contact_id", "channel", "reach", "low", "high", "said")


def best_place(choices: pd.DataFrame) -> pd.DataFrame:
    """Answer by which channel each person is best reached.

    Parameters
    ----------
    choices : DataFrame
        As `Reply.choices` returns it: the likeliest of each prospect first.

    Returns
    -------
    DataFrame, one row per (prospect_id, contact_id), in the order of `choices`
        `COLUMNS`: the channel with the highest chance of a positive reply (the first one where no chance is known),
        and `said`: what was answered with counts, and that chance.
    """
    person = ["prospect_id", "contact_id"]
    best = choices.drop_duplicates(person)
    number = choices.groupby(person, sort=False, dropna=False).ngroup()
    rows = choices[["channel", "tried", "answered", "reach", "low", "high"]].itertuples(index=False)
    each: dict[int, list[_Way]] = {}
    for who, row in zip(number, rows, strict=True):
        each.setdefault(who, []).append(_Way(*row))
    said = pd.Series([_sentence(ways) for ways in each.values()], index=best.index, dtype="str")
    return best.assign(said=said)[list(COLUMNS)].reset_index(drop=True)


class _Way(NamedTuple):
    channel: str
    tried: int
    answered: int
    reach: float
    low: float
    high: float

    @property
    def counted(self) -> str:
        return f"{ANSWERS[self.channel]} ({self.answered} of {self.tried})"


def _sentence(ways: Sequence[_Way]) -> str:
    """Say what one person answers; `ways` begin with the likeliest."""
    tried = sorted((w for w in ways if w.tried), key=lambda w: (-w.answered / w.tried, -w.tried))
    good = " and ".join(w.counted for w in tried if w.answered)
    mute = " or ".join(w.counted for w in tried if not w.answered and w.tried >= MUTE_AFTER)
    if not tried:
        words = "not tried yet"
    elif not good:
        words = f"has not answered yet: {', '.join(w.counted for w in tried)}"
    else:
        words = f"answers {good}, not {mute}" if mute else f"answers {good}"
    return words + _likeliest(ways[0])


def _likeliest(best: _Way) -> str:
    if pd.isna(best.reach):
        return ""
    span = "" if pd.isna(best.low) else f" ({best.low:.0%} to {best.high:.0%})"
    return f"; a positive reply is likeliest {BY[best.channel]}: {best.reach:.0%}{span}"
