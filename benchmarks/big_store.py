"""A serving store of a large company, made by SQL from one published run of a few calls."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import text

from serving.store.engine import open_store, writing
from serving.store.publish import PublishedRun, publish

OWNERS: Final = 40
CALLS: Final = 50
"""Calls of each salesperson: the rows of the page that is measured."""
_AS_OF: Final = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
_WHAT: Final = ("visits to our site", "calls", "e-mails opened", "meetings", "downloads", "quotes asked for", "demos")
_FIRST: Final = ("Arbor", "Sauer", "North", "Hart", "Lind", "Oster", "Vall", "Brun", "Kess")
_LAST: Final = ("mark", "au", "well", "holm", "dale", "berg", "ow")
_TRADE: Final = ("Dairy Inc.", "Freight AB", "Optics", "Foods SA", "Utilities Ltd", "Works", "Paper", "Glass & Sons")
_NUMBERS: Final = (
    "with recursive n(i) as (select cast(:first as integer) union all select i + 1 from n where i < :last) "
)
_PADDED: Final = re.compile(r"printf\('%0(\d)d', ([^)]*)\)")
"""How SQLite pads a number; PostgreSQL calls it otherwise."""
_SETTLED: Final = {"sqlite": "PRAGMA wal_checkpoint(TRUNCATE)", "postgresql": "vacuum analyze"}
_COPIES: Final = (
    "insert into prospects select 'M' || printf('%07d', i), 'Company ' || i, 'A' || i, 'S' || printf('%02d', i % 40),"
    " territory, segment, source, created_at, last_touch_at, stage, offer_id, offer_words, missing_roles"
    " from n join prospects on prospect_id = 'P00001'",
    "insert into contacts select 'M' || printf('%07d', i), 'C' || i, name, role, seniority, email, phone, timezone,"
    " do_not_contact from n join contacts on prospect_id = 'P00001'",
    "insert into receipts select run, 'M' || printf('%07d', i), 'R' || i, state, chance, low, high, like_n, like_won,"
    " margin, grade, reasons, trend, change from n join receipts on prospect_id = 'P00001'",
    "insert into left_out select 1, 'M' || printf('%07d', i), 'no_capacity', 'below the day''s capacity', null from n",
)


def build(url: str, *, prospects: int) -> None:
    """Fill an empty store: 2,000 calls of 40 salespeople, everybody else left out with a receipt."""
    engine = open_store(url)
    publish(engine, _run(prospects))
    listed = OWNERS * CALLS
    with writing(engine) as connection:
        for copy in _COPIES:
            if engine.dialect.name == "postgresql":
                copy = _PADDED.sub(r"lpad(cast(\2 as text), \1, '0')", copy)
            verb, rest = copy.split(" select ", 1)
            connection.execute(text(f"{verb} {_NUMBERS} select {rest}"), {"first": 1, "last": prospects - listed})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(_SETTLED[engine.dialect.name])
    engine.dispose()


def size(home: Path) -> int:
    """Return the bytes of a store in a home."""
    return sum(part.stat().st_size for part in home.glob("store.db*"))


def _run(prospects: int) -> PublishedRun:
    ids = [f"P{i:05d}" for i in range(1, OWNERS * CALLS + 1)]
    owners = [f"S{i // CALLS:02d}" for i in range(len(ids))]
    return PublishedRun(
        run_id="big", as_of=_AS_OF, company="Large Instruments", simulated=True, horizon_days=45, currency="EUR",
        timezone="Europe/Berlin", model_version="1", bundle_fingerprint="f00dfacef00dface",
        definitions_hash="0123456789ab", data_version="d41d8cd98f00", base_rate=0.12,
        summary={"listed": len(ids), "left_out_by_reason": {"no_capacity": prospects - len(ids)}},
        receipts=_receipts(ids), call_list=_calls(ids, owners), **_known(ids, owners),
        left_out=pd.DataFrame({"prospect_id": [], "reason": [], "words": []}),
        timeline=pd.DataFrame(columns=["prospect_id", "occurred_at", "recorded_at", "kind"]),
    )  # fmt: skip


def _receipts(ids: list[str]) -> pd.DataFrame:
    number = np.arange(len(ids))
    return pd.DataFrame(
        {
            "receipt_id": [f"r-{i}" for i in ids], "prospect_id": ids, "state": "scored",
            "chance": 0.38 - number % 50 * 0.007, "low": 0.2 - number % 50 * 0.004, "high": 0.5 - number % 50 * 0.006,
            "like_n": 80 + number % 40, "like_won": 10 + number % 21, "margin": -0.4,
            "grade": [("A", "B", "C", "D")[i % 50 // 13] for i in number], "reasons": [_reasons(i) for i in number],
            "trend": "rising", "change": [f"{i % 7 + 1} visits since yesterday" for i in number],
        }
    )  # fmt: skip


def _reasons(row: int) -> list[dict[str, Any]]:
    return [
        {"text": f"{(row * 7 + n) % 11 + 1} {_WHAT[(row + n) % 7]} in the last {(row + n) % 9 * 5 + 7} days",
         "direction": "for" if n < 3 else "against", "effect": 1.0 / (n + 1), "concept": _WHAT[(row + n) % 7],
         "question": "time", "feature": f"touch_all_count_{n}d", "counts_n": 157 + row % 90 + n,
         "counts_won": 19 + row % 17 + n}
        for n in range(5)
    ]  # fmt: skip


def _calls(ids: list[str], owners: list[str]) -> pd.DataFrame:
    number = np.arange(len(ids))
    return pd.DataFrame(
        {
            "rank": number % CALLS + 1, "owner_id": owners, "prospect_id": ids,
            "receipt_id": [f"r-{i}" for i in ids], "contact_id": [f"C{i}" for i in ids],
            "channel": [("phone", "email", "in_person")[i % 3] for i in number],
            "why_contact": [
                f"answered {i % 5} of {i % 5 + 2} calls, 1 of {i % 3 + 1} e-mails; {i % 30 + 7} of 80 tried like this "
                "gave a positive reply" for i in number
            ],
            "value": 44607.3 - number * 17.7, "amount": 73960.2 - number * 11.1, "timing": 1.37, "reach": 1.84,
            "hours": [f"people answered {i % 17} of 18 on Tuesdays 13 to 15 ({i % 90} of 437 else)" for i in number],
            "offer_id": [f"O{i % 5}" for i in number],
            "offer_words": [f"offer O{i % 5}: +{i % 23} points (-21 to 53) over list price" for i in number],
            "timing_words": [f"call this week (chance to sign: {i % 9 + 1} % within 14 days)" for i in number],
            "worth_words": [f"{i % 50} % x {73_960 - i * 11:,} EUR = {44_607 - i * 17:,} EUR" for i in number],
            "drawn": "value", "propensity": 1.0,
        }
    )  # fmt: skip


def _known(ids: list[str], owners: list[str]) -> dict[str, Any]:
    number = np.arange(len(ids))
    created = pd.Timestamp("2026-05-27 08:37:45", tz="UTC").as_unit("us")
    prospects = pd.DataFrame(
        {
            "prospect_id": ids, "name": [f"{_FIRST[i % 9]}{_LAST[i % 7]} {_TRADE[i % 8]} {i}" for i in number],
            "account_id": ids, "owner_id": owners, "territory": "Nordics", "segment": "small", "source": "fair",
            "created_at": created, "last_touch_at": created + pd.to_timedelta(100 + number % 80, unit="D"),
            "stage": "proposal",
        }
    )  # fmt: skip
    contacts = pd.DataFrame(
        {
            "prospect_id": ids, "contact_id": [f"C{i}" for i in ids],
            "name": [f"{_FIRST[i % 8]} {_LAST[i % 7].title()}" for i in number],
            "role": [("purchasing manager", "operations lead", "finance director")[i % 3] for i in number],
            "seniority": "manager", "email": [f"p{i}@company.example" for i in number],
            "phone": [f"+00 555 {i:07d}" for i in number], "timezone": "Europe/Stockholm", "do_not_contact": False,
        }
    )  # fmt: skip
    return {"prospects": prospects, "contacts": contacts}
