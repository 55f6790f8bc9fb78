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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.algebra import attributes
from features.algebra.links import linked, links, through
from features.algebra.origins import NOTHING, Origin, answers, creation, offers, people, touches
from features.algebra.terms import QUANTITIES, STREAMS, Slot
from features.facts.columns import Ints, Words
from features.facts.ledger import Facts
from features.time.asof import Micros


@dataclass(frozen=True)
class Stream:
    """Events of one stream, in any order, shape (n_events,) each.

    `prospect` is a position among the prospects asked for, -1 for events of others. `hidden` is when a correction
    replaced the event or it was withdrawn (NEVER_HIDDEN: never). `tie` gives the texts of some events, which order
    those of one instant, whatever the order of the rows. `words` has the columns that were asked for. Of the
    quantities, `number` holds the value of a numeric attribute.
    """

    prospect: Ints
    occurred: Micros
    entered: Micros
    hidden: Micros
    tie: Callable[[Ints], npt.NDArray[np.object_]]
    words: Mapping[str, Words]
    quantities: Mapping[str, npt.NDArray[np.float64]]


def build(stream: str, facts: Facts, prospects: pd.Index, slots: Iterable[Slot]) -> Stream:
    """Collect the events of one stream.

    Parameters
    ----------
    prospects : Index, shape (n_prospects,)
        Unique prospect ids; `Stream.prospect` holds positions in it.
    slots : iterable of Slot
        What is asked of the stream: only the columns and the attributes that these name are made.
    """
    wanted = [slot for slot in slots if slot.events.stream == stream]
    columns = {column for slot in wanted for column, _ in slot.events.where} | {slot.of for slot in wanted}
    origin = _origin(stream, facts, wanted)
    whose = origin.words("prospect_id")
    return Stream(
        prospect=np.append(prospects.get_indexer(whose.levels), -1)[whose.codes],
        occurred=origin.occurred,
        entered=np.maximum(origin.occurred, origin.recorded),
        hidden=origin.hidden,
        tie=origin.ties,
        words={c: origin.words(c) for c in (*STREAMS[stream], "category") if c in columns},
        quantities={q: origin.numbers(q) for q in (*QUANTITIES, "number") if q in columns},
    )


def _origin(stream: str, facts: Facts, slots: list[Slot]) -> Origin:
    if stream in _TABLES:
        return _TABLES[stream](facts)
    if stream == "attributes":
        names = [(slot.events.where[0][1][0], slot.of) for slot in slots]
        return Origin.of(attributes.collect(facts, names, links(facts)))
    return Origin.of(_JOINS[stream](facts)) if len(facts.columns(_NEEDS[stream])) else NOTHING


def _known_contacts(facts: Facts) -> pd.DataFrame:
    who = facts.versions("contacts").assign(tie=lambda frame: frame["contact_id"])
    who = who[["tie", "account_id", "prospect_id", "recorded_at", "hidden_at", "role", "seniority"]]
    own = who[who["prospect_id"].notna()].drop(columns="account_id")
    shared = linked(who[who["prospect_id"].isna()].drop(columns="prospect_id"), links(facts))
    frame = pd.concat([own, shared])
    return frame.assign(occurred_at=frame["recorded_at"], contact=frame["tie"])


def _siblings(facts: Facts) -> pd.DataFrame:
    whose = links(facts)
    ends = facts.versions("outcomes").rename(columns={"prospect_id": "tie", "amount": "value"})
    ends = ends[["tie", "occurred_at", "recorded_at", "hidden_at", "result", "value"]]
    ends = through(ends.merge(whose.rename(columns={"prospect_id": "tie"}), on="tie"))
    others = linked(ends, whose)
    return others[others["prospect_id"] != others["tie"]]


_TABLES: Final[dict[str, Callable[[Facts], Origin]]] = {
    "touches": touches,
    "people": people,
    "offers": offers,
    "answers": answers,
    "creation": creation,
}
_JOINS: Final[dict[str, Callable[[Facts], pd.DataFrame]]] = {"known_contacts": _known_contacts, "siblings": _siblings}
_NEEDS: Final = {"known_contacts": "contacts", "siblings": "outcomes"}
"""Without rows of this table a stream has no events."""
