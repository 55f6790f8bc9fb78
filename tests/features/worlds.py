"""Small random worlds for property tests: facts drawn by Hypothesis, two times on every one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from features.facts.contract import ANSWERED, SENIORITIES, TABLES, check
from features.facts.definitions import REQUIRED_TERMS, Definitions, parse
from features.facts.ledger import Facts
from features.facts.tables import NAMED, TIME_TYPE, WITHDRAWN_AS

START = pd.Timestamp("2026-01-01", tz="UTC").as_unit("us")
_KINDS = ("call", "email", "meeting", "visit", "stage", "proposal")


def definitions(**changes: object) -> Definitions:
    """Return the smallest valid definitions, with changes."""
    term = {"means": "words for people", "evidence": "select prospect_id from prospects", "owner": "sales"}
    base = {
        "company": "test",
        "recorded_at": "column",
        "horizon_days": 30,
        "terms": {name: {**term, "since": "2026-01-01"} for name in REQUIRED_TERMS},
        "attributes": [
            {"name": "size", "type": "number", "says": "{value:.0f} people work there"},
            {"name": "industry", "type": "category", "says": "works in {value}"},
        ],
    }
    return parse({**base, **changes})


def days(offsets: object) -> pd.Series:
    """Return START plus days, to the microsecond."""
    micros = np.rint(np.asarray(offsets, dtype="float64") * 86_400e6).astype("int64")
    return pd.Series(START + pd.to_timedelta(micros, unit="us")).astype("datetime64[us, UTC]")


@st.composite
def worlds(draw: st.DrawFn) -> Facts:
    """Draw facts of up to four prospects in two accounts, some recorded late, some with equal times."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(0, 50))
    return world(rng, prospects=draw(st.integers(1, 4)), touches=n)


@st.composite
def withdrawn_worlds(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """Draw the tables of a world in which rows of every table are deleted, merged and recorded again."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return withdrawn_world(rng, prospects=draw(st.integers(1, 5)), touches=draw(st.integers(0, 40)))


def withdrawn_world(rng: np.random.Generator, *, prospects: int, touches: int) -> dict[str, pd.DataFrame]:
    """Build the tables of a random world, withdrawals among them, some of unknown ids, some followed by a restoring."""
    tables = world(rng, prospects=prospects, touches=touches).tables()
    gone = []
    for name, (who, when, what) in NAMED.items():
        for i in np.flatnonzero(rng.random(len(tables[name])) < 0.4):
            row = tables[name].iloc[i]
            at = row["recorded_at"] + pd.Timedelta(days=int(rng.integers(0, 30)))
            happened = row[when] if when and rng.random() < 0.7 else pd.NaT
            named = row[what] if what and rng.random() < 0.7 else None
            gone.append((name, row[who], happened, named, at, str(rng.choice(WITHDRAWN_AS))))
            if rng.random() < 0.4:
                back = tables[name].iloc[[i]].assign(recorded_at=at + pd.Timedelta(days=int(rng.integers(0, 20))))
                tables[name] = pd.concat([tables[name], back], ignore_index=True)
    gone.append(("touches", "nobody", pd.NaT, None, START, "deleted"))
    columns = ["table", "id", "happened_at", "name", "recorded_at", "reason"]
    frame = pd.DataFrame(gone, columns=columns)
    for column in ("happened_at", "recorded_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype(TIME_TYPE)
    return tables | {"withdrawals": _typed("withdrawals", frame)}


@dataclass(frozen=True)
class Chance:
    """Random draws for the columns of a world; its prospects are in the accounts a0 and a1 with five contacts."""

    rng: np.random.Generator
    prospects: int

    @property
    def ids(self) -> np.ndarray:
        return np.array([f"p{i}" for i in range(self.prospects)])

    def when(self, size: int) -> np.ndarray:
        """Draw days; a third are whole days, so that edges are hit."""
        exact = self.rng.uniform(0, 120, size)
        return np.where(self.rng.random(size) < 0.33, np.floor(exact), exact)

    def later(self, occurred: np.ndarray) -> np.ndarray:
        """Draw when something was recorded: for a third of it days later."""
        lag = np.where(self.rng.random(len(occurred)) < 0.3, self.rng.integers(0, 60, len(occurred)), 0.0)
        return occurred + lag

    def maybe(self, words: object, size: int) -> np.ndarray:
        """Draw words, a third missing."""
        drawn = self.rng.choice(np.array(words, dtype=object), size)
        return np.where(self.rng.random(size) < 0.3, None, drawn)


def world(rng: np.random.Generator, *, prospects: int, touches: int) -> Facts:
    """Build random facts over 120 days."""
    chance = Chance(rng, prospects)
    tables = {**_who(chance), **_what_happened(chance, touches)}
    for name in ("touches", "offers_made", "contacts", "prospects"):
        tables[name] = _corrected(tables[name], rng)
    return Facts.of({name: _typed(name, frame) for name, frame in tables.items()})


def _who(chance: Chance) -> dict[str, pd.DataFrame]:
    created = chance.when(chance.prospects) / 2
    prospects = {
        "prospect_id": chance.ids,
        "account_id": [f"a{i % 2}" for i in range(chance.prospects)],
        "created_at": days(created),
        "recorded_at": days(chance.later(created)),
        "segment": chance.maybe(["small", "large"], chance.prospects),
        "size": chance.rng.integers(1, 500, chance.prospects).astype(float),
    }
    accounts = {"account_id": ["a0", "a1"], "recorded_at": days([3.0, 40.0]), "industry": ["steel", "food"]}
    contacts = {
        "contact_id": [f"c{i}" for i in range(5)],
        "account_id": ["a0", "a0", "a1", "a1", "a1"],
        "recorded_at": days(chance.when(5) / 2),
        "role": chance.maybe(["finance", "operations"], 5),
        "seniority": chance.maybe(SENIORITIES, 5),
    }
    return {
        "prospects": pd.DataFrame(prospects),
        "accounts": pd.DataFrame(accounts),
        "contacts": pd.DataFrame(contacts),
        "offers": pd.DataFrame({"offer_id": ["o1", "o2"], "name": ["pilot", "discount"]}),
    }


def _what_happened(chance: Chance, touches: int) -> dict[str, pd.DataFrame]:
    rng, ended = chance.rng, chance.when(chance.prospects) + 60
    changes = {
        "entity": ["prospect", "account"],
        "id": ["p0", "a0"],
        "name": ["size", "industry"],
        "occurred_at": days([50.0, 60.0]),
        "recorded_at": days([55.0, 60.0]),
        "value": ["77", "glass"],
    }
    outcomes = {
        "prospect_id": chance.ids,
        "occurred_at": days(ended),
        "result": rng.choice(["won", "lost"], chance.prospects),
        "recorded_at": days(chance.later(ended)),
        "amount": rng.integers(1, 1000, chance.prospects).astype(float),
    }
    return {
        "touches": _touches(chance, touches),
        "offers_made": _offers_made(chance, touches // 4),
        "attribute_changes": pd.DataFrame(changes),
        "outcomes": pd.DataFrame(outcomes),
    }


def _touches(chance: Chance, size: int) -> pd.DataFrame:
    rng, touched = chance.rng, chance.when(size)
    return pd.DataFrame(
        {
            "touch_id": [f"t{i}" for i in range(size)],
            "prospect_id": rng.choice(chance.ids, size),
            "contact_id": chance.maybe([f"c{i}" for i in range(5)], size),
            "kind": rng.choice(_KINDS, size),
            "channel": chance.maybe(["phone", "email", "web"], size),
            "direction": rng.choice(["inbound", "outbound"], size),
            "occurred_at": days(touched),
            "recorded_at": days(chance.later(touched)),
            "stage": chance.maybe(["new", "qualified", "proposal"], size),
            "result": chance.maybe([*ANSWERED, "no_answer"], size),
            "value": rng.integers(-5, 50, size) / 4,
            "duration_s": rng.integers(0, 900, size).astype(float),
        }
    )


def _offers_made(chance: Chance, size: int) -> pd.DataFrame:
    offered = chance.when(size)
    return pd.DataFrame(
        {
            "prospect_id": chance.rng.choice(chance.ids, size),
            "offer_id": chance.rng.choice(["o1", "o2"], size),
            "occurred_at": days(offered),
            "recorded_at": days(chance.later(offered)),
            "response": chance.maybe(["accepted", "declined"], size),
            "responded_at": days(chance.later(offered) + 1),
        }
    )


def _corrected(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Record a fifth of the rows again some days later, with other words taken from other rows."""
    again = frame.iloc[np.flatnonzero(rng.random(len(frame)) < 0.2)].copy()
    for column in ("kind", "result", "value", "role", "response", "segment", "size"):
        if column in again:
            again[column] = rng.choice(frame[column].to_numpy(), len(again)) if len(again) else again[column]
    again["recorded_at"] = again["recorded_at"] + pd.to_timedelta(rng.integers(1, 40, len(again)), unit="D")
    return pd.concat([frame, again], ignore_index=True)


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    for column, spec in TABLES[name].columns.items():
        if column in frame and spec.type in ("id", "text"):
            frame[column] = frame[column].astype("str")
    return check(name, frame).good
