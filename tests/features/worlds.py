"""Small random worlds for property tests: facts drawn by Hypothesis, two times on every one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from features.facts.contract import ANSWERED, SENIORITIES, TABLES, check
from features.facts.definitions import REQUIRED_TERMS, Definitions, parse
from features.facts.ledger import Facts

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


def world(rng: np.random.Generator, *, prospects: int, touches: int) -> Facts:
    """Build random facts over 120 days; a third of the times are whole days, so that edges are hit."""
    ids = np.array([f"p{i}" for i in range(prospects)])
    accounts = np.array([f"a{i % 2}" for i in range(prospects)])
    contacts = np.array([f"c{i}" for i in range(5)])

    def when(size: int) -> np.ndarray:
        exact = rng.uniform(0, 120, size)
        return np.where(rng.random(size) < 0.33, np.floor(exact), exact)

    def later(occurred: np.ndarray) -> np.ndarray:
        lag = np.where(rng.random(len(occurred)) < 0.3, rng.integers(0, 60, len(occurred)), 0.0)
        return occurred + lag

    def maybe(words: object, size: int) -> np.ndarray:
        drawn = rng.choice(np.array(words, dtype=object), size)
        return np.where(rng.random(size) < 0.3, None, drawn)

    created, touched = when(prospects) / 2, when(touches)
    offered, ended = when(touches // 4), when(prospects)
    tables = {
        "prospects": pd.DataFrame(
            {
                "prospect_id": ids,
                "account_id": accounts,
                "created_at": days(created),
                "recorded_at": days(later(created)),
                "segment": maybe(["small", "large"], prospects),
                "size": rng.integers(1, 500, prospects).astype(float),
            }
        ),
        "accounts": pd.DataFrame(
            {
                "account_id": ["a0", "a1"],
                "recorded_at": days([3.0, 40.0]),
                "industry": ["steel", "food"],
            }
        ),
        "contacts": pd.DataFrame(
            {
                "contact_id": contacts,
                "account_id": ["a0", "a0", "a1", "a1", "a1"],
                "recorded_at": days(when(5) / 2),
                "role": maybe(["finance", "operations"], 5),
                "seniority": maybe(SENIORITIES, 5),
            }
        ),
        "touches": pd.DataFrame(
            {
                "touch_id": [f"t{i}" for i in range(touches)],
                "prospect_id": rng.choice(ids, touches),
                "contact_id": maybe(contacts, touches),
                "kind": rng.choice(_KINDS, touches),
                "channel": maybe(["phone", "email", "web"], touches),
                "direction": rng.choice(["inbound", "outbound"], touches),
                "occurred_at": days(touched),
                "recorded_at": days(later(touched)),
                "stage": maybe(["new", "qualified", "proposal"], touches),
                "result": maybe([*ANSWERED, "no_answer"], touches),
                "value": rng.integers(-5, 50, touches) / 4,
                "duration_s": rng.integers(0, 900, touches).astype(float),
            }
        ),
        "offers": pd.DataFrame({"offer_id": ["o1", "o2"], "name": ["pilot", "discount"]}),
        "offers_made": pd.DataFrame(
            {
                "prospect_id": rng.choice(ids, touches // 4),
                "offer_id": rng.choice(["o1", "o2"], touches // 4),
                "occurred_at": days(offered),
                "recorded_at": days(later(offered)),
                "response": maybe(["accepted", "declined"], touches // 4),
                "responded_at": days(later(offered) + 1),
            }
        ),
        "attribute_changes": pd.DataFrame(
            {
                "entity": ["prospect", "account"],
                "id": [ids[0], "a0"],
                "name": ["size", "industry"],
                "occurred_at": days([50.0, 60.0]),
                "recorded_at": days([55.0, 60.0]),
                "value": ["77", "glass"],
            }
        ),
        "outcomes": pd.DataFrame(
            {
                "prospect_id": ids,
                "occurred_at": days(ended + 60),
                "result": rng.choice(["won", "lost"], prospects),
                "recorded_at": days(later(ended + 60)),
                "amount": rng.integers(1, 1000, prospects).astype(float),
            }
        ),
    }
    for name in ("touches", "offers_made", "contacts", "prospects"):
        tables[name] = _corrected(tables[name], rng)
    return Facts.of({name: _typed(name, frame) for name, frame in tables.items()})


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
