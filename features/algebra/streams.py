"""From facts to streams of events: who (prospect), when (occurred, entered), with which words and numbers.

An event *enters* at the later of `occurred` and `recorded`: it counts at `as_of` if it entered before. That one rule
carries the meaning of time for every feature, with one more for corrections: a row that was recorded again is
*hidden* from the moment at which its next version was recorded, and one that was withdrawn from the moment of that, so
that a look at any time sees what was then known.

- touches, offers, creation: as recorded.
- answers: an offer's response happens at `responded_at` and is known no earlier than that and its record.
- people: a touch together with the role of its contact, known once both are recorded.
- siblings: outcomes of other prospects in the same account.
- attributes: the columns of prospects and accounts and every later change; a category or a number.

What is known of an account counts for a prospect from when the prospect was recorded (the link is a fact too).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra import attributes
from features.algebra.links import creations, linked, links, through
from features.algebra.terms import QUANTITIES, STREAMS
from features.facts.ledger import Facts
from features.time.asof import DAY, Micros, earlier, later, micros

NEVER_HIDDEN: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Words:
    """A column of words as codes: event `i` has the word `levels[codes[i]]`, or none where the code is -1."""

    codes: npt.NDArray[np.int64]
    levels: pd.Index

    @classmethod
    def of(cls, column: pd.Series) -> Words:
        """Encode a column, so that nothing behind it compares text."""
        codes, levels = pd.factorize(column)
        return cls(codes.astype(np.int64), pd.Index(levels))


@dataclass(frozen=True)
class Stream:
    """Events of one stream, shape (n_events,) each.

    `hidden` is when a correction replaced the event or it was withdrawn (NEVER_HIDDEN: never). `tie` is the text that
    orders events of one instant, whatever the order of the rows. Of the quantities, `number` holds the value of a
    numeric attribute.
    """

    prospect: npt.NDArray[np.int64]
    occurred: Micros
    entered: Micros
    hidden: Micros
    tie: pd.Series
    words: dict[str, Words]
    quantities: dict[str, npt.NDArray[np.float64]]


def build(stream: str, facts: Facts, prospects: pd.Index, wanted: Iterable[tuple[str, str]] = ()) -> Stream:
    """Collect the events of one stream for the given prospects.

    Parameters
    ----------
    prospects : Index, shape (n_prospects,)
        Unique prospect ids; `Stream.prospect` holds positions in it. Events of others are left out.
    wanted : iterable of (name, type)
        For the stream `attributes`: which ones to collect.
    """
    frame = attributes.collect(facts, wanted, links(facts)) if stream == "attributes" else _MAKERS[stream](facts)
    position = prospects.get_indexer(frame["prospect_id"])
    mine = position >= 0
    frame, position = (frame, position) if mine.all() else (frame[mine], position[mine])
    occurred = micros(frame["occurred_at"])
    return Stream(
        prospect=position.astype(np.int64),
        occurred=occurred,
        entered=np.maximum(occurred, micros(frame["recorded_at"])),
        hidden=_hidden(frame),
        tie=frame["tie"],
        words={c: Words.of(frame[c]) for c in (*STREAMS[stream], "category") if c in frame},
        quantities={q: frame[q].to_numpy("float64") for q in (*QUANTITIES, "number") if q in frame},
    )


def _hidden(frame: pd.DataFrame) -> Micros:
    if "hidden_at" not in frame:
        return np.full(len(frame), NEVER_HIDDEN)
    return np.where(frame["hidden_at"].isna(), NEVER_HIDDEN, micros(frame["hidden_at"]))


def _touches(facts: Facts) -> pd.DataFrame:
    frame = facts.versions("touches")
    day = pd.Series(micros(frame["occurred_at"]) // DAY, index=frame.index)
    return frame.rename(columns={"touch_id": "tie", "contact_id": "contact"}).assign(day=day)


def _people(facts: Facts) -> pd.DataFrame:
    columns = ["prospect_id", "occurred_at", "recorded_at", "hidden_at", "tie", "contact", "direction", "result"]
    who = facts.versions("contacts")[["contact_id", "recorded_at", "hidden_at", "role", "seniority"]]
    both = _touches(facts)[columns].merge(who, left_on="contact", right_on="contact_id", suffixes=("", "_contact"))
    known = later(both["recorded_at"], both["recorded_at_contact"])
    both = both.assign(recorded_at=known, hidden_at=earlier(both["hidden_at"], both["hidden_at_contact"]))
    return both.drop(columns=["contact_id", "recorded_at_contact", "hidden_at_contact"])


def _known_contacts(facts: Facts) -> pd.DataFrame:
    who = facts.versions("contacts").assign(tie=lambda frame: frame["contact_id"])
    who = who[["tie", "account_id", "prospect_id", "recorded_at", "hidden_at", "role", "seniority"]]
    own = who[who["prospect_id"].notna()].drop(columns="account_id")
    shared = linked(who[who["prospect_id"].isna()].drop(columns="prospect_id"), links(facts))
    frame = pd.concat([own, shared])
    return frame.assign(occurred_at=frame["recorded_at"], contact=frame["tie"])


def _offers(facts: Facts) -> pd.DataFrame:
    made = facts.versions("offers_made").assign(tie=lambda frame: frame["offer_id"])
    made = made[["prospect_id", "offer_id", "occurred_at", "recorded_at", "hidden_at", "channel", "tie"]]
    return made.rename(columns={"offer_id": "offer"})


def _answers(facts: Facts) -> pd.DataFrame:
    made = facts.versions("offers_made").assign(tie=lambda frame: frame["offer_id"])
    made = made[made["response"].notna() & made["responded_at"].notna()]
    made = made[["prospect_id", "offer_id", "responded_at", "recorded_at", "hidden_at", "response", "tie"]]
    return made.rename(columns={"offer_id": "offer", "responded_at": "occurred_at"})


def _siblings(facts: Facts) -> pd.DataFrame:
    whose = links(facts)
    ends = facts.versions("outcomes").rename(columns={"prospect_id": "tie", "amount": "value"})
    ends = ends[["tie", "occurred_at", "recorded_at", "hidden_at", "result", "value"]]
    ends = through(ends.merge(whose.rename(columns={"prospect_id": "tie"}), on="tie"))
    others = linked(ends, whose)
    return others[others["prospect_id"] != others["tie"]]


def _creation(facts: Facts) -> pd.DataFrame:
    return creations(facts).assign(tie="").rename(columns={"created_at": "occurred_at"})


_MAKERS: Final[dict[str, Callable[[Facts], pd.DataFrame]]] = {
    "touches": _touches,
    "people": _people,
    "known_contacts": _known_contacts,
    "offers": _offers,
    "answers": _answers,
    "siblings": _siblings,
    "creation": _creation,
}
