"""From facts to streams of events: who (prospect), when (occurred, entered), with which words and numbers.

An event *enters* at the later of `occurred` and `recorded`: it counts at `as_of` if it entered before. That one rule
carries the meaning of time for every feature, with one more for corrections: a row that was recorded again is
*hidden* from the moment at which its next version was recorded, so that a look at any time sees the version then
known.

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
from features.algebra.terms import QUANTITIES, STREAMS
from features.facts.contract import TABLES, TIME_TYPE
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

    `hidden` is when a correction replaced the event (NEVER_HIDDEN: never). `tie` is the text that orders events of
    one instant, whatever the order of the rows. Of the quantities, `number` holds the value of a numeric attribute.
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
    frame = attributes.collect(facts, wanted, _links(facts)) if stream == "attributes" else _MAKERS[stream](facts)
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


def _versions(facts: Facts, table: str) -> pd.DataFrame:
    """Return the rows of a table with `hidden_at`: when the next version of the same key was recorded."""
    frame: pd.DataFrame = getattr(facts, table)
    key = list(TABLES[table].key)
    if not frame.duplicated(key).any():
        return frame.assign(hidden_at=pd.Series(pd.NaT, index=frame.index, dtype=TIME_TYPE))
    frame = frame.sort_values([*key, "recorded_at"], kind="stable")
    return frame.assign(hidden_at=frame.groupby(key)["recorded_at"].shift(-1))


def _first(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the version of each row that was recorded first; corrections of identity are not followed."""
    return frame.sort_values("recorded_at", kind="stable").drop_duplicates(key)


def _links(facts: Facts) -> pd.DataFrame:
    """Return which prospect belongs to which account and since when that is known."""
    known = facts.prospects[["prospect_id", "account_id", "recorded_at"]].dropna()
    return _first(known, "prospect_id").rename(columns={"recorded_at": "linked_at"})


def _linked(frame: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Give each row of an account to the account's prospects, known once row and link are."""
    both = frame.merge(links, on="account_id")
    known = later(both["recorded_at"], both["linked_at"])
    return both.assign(recorded_at=known).drop(columns=["account_id", "linked_at"])


def _touches(facts: Facts) -> pd.DataFrame:
    frame = _versions(facts, "touches")
    day = pd.Series(micros(frame["occurred_at"]) // DAY, index=frame.index)
    return frame.rename(columns={"touch_id": "tie", "contact_id": "contact"}).assign(day=day)


def _people(facts: Facts) -> pd.DataFrame:
    columns = ["prospect_id", "occurred_at", "recorded_at", "hidden_at", "tie", "contact", "direction", "result"]
    who = _versions(facts, "contacts")[["contact_id", "recorded_at", "hidden_at", "role", "seniority"]]
    both = _touches(facts)[columns].merge(who, left_on="contact", right_on="contact_id", suffixes=("", "_contact"))
    known = later(both["recorded_at"], both["recorded_at_contact"])
    both = both.assign(recorded_at=known, hidden_at=earlier(both["hidden_at"], both["hidden_at_contact"]))
    return both.drop(columns=["contact_id", "recorded_at_contact", "hidden_at_contact"])


def _known_contacts(facts: Facts) -> pd.DataFrame:
    who = _versions(facts, "contacts").assign(tie=lambda frame: frame["contact_id"])
    who = who[["tie", "account_id", "prospect_id", "recorded_at", "hidden_at", "role", "seniority"]]
    own = who[who["prospect_id"].notna()].drop(columns="account_id")
    shared = _linked(who[who["prospect_id"].isna()].drop(columns="prospect_id"), _links(facts))
    frame = pd.concat([own, shared])
    return frame.assign(occurred_at=frame["recorded_at"], contact=frame["tie"])


def _offers(facts: Facts) -> pd.DataFrame:
    made = _versions(facts, "offers_made").assign(tie=lambda frame: frame["offer_id"])
    made = made[["prospect_id", "offer_id", "occurred_at", "recorded_at", "hidden_at", "channel", "tie"]]
    return made.rename(columns={"offer_id": "offer"})


def _answers(facts: Facts) -> pd.DataFrame:
    made = _versions(facts, "offers_made").assign(tie=lambda frame: frame["offer_id"])
    made = made[made["response"].notna() & made["responded_at"].notna()]
    made = made[["prospect_id", "offer_id", "responded_at", "recorded_at", "hidden_at", "response", "tie"]]
    return made.rename(columns={"offer_id": "offer", "responded_at": "occurred_at"})


def _siblings(facts: Facts) -> pd.DataFrame:
    links = _links(facts)
    ends = _versions(facts, "outcomes").rename(columns={"prospect_id": "tie", "amount": "value"})
    ends = ends[["tie", "occurred_at", "recorded_at", "hidden_at", "result", "value"]]
    ends = ends.merge(links.rename(columns={"prospect_id": "tie"}), on="tie")
    ends = ends.assign(recorded_at=later(ends["recorded_at"], ends["linked_at"])).drop(columns="linked_at")
    others = _linked(ends, links)
    return others[others["prospect_id"] != others["tie"]]


def _creation(facts: Facts) -> pd.DataFrame:
    first = _first(facts.prospects[["prospect_id", "created_at", "recorded_at"]], "prospect_id")
    return first.assign(tie="").rename(columns={"created_at": "occurred_at"})


_MAKERS: Final[dict[str, Callable[[Facts], pd.DataFrame]]] = {
    "touches": _touches,
    "people": _people,
    "known_contacts": _known_contacts,
    "offers": _offers,
    "answers": _answers,
    "siblings": _siblings,
    "creation": _creation,
}
