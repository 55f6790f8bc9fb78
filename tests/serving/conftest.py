"""A published run written out as small tables, and an application around it."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from features.catalog import Catalog, catalog
from features.facts.contract import check
from features.facts.definitions import Definitions, parse
from features.facts.ledger import Facts
from features.matrix import build
from features.time.cohort import snapshots, training_moments
from features.time.labels import won_within
from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from models.heads.win import fit_win
from serving.app import create_app
from serving.settings import Settings
from serving.store.engine import open_store
from serving.store.publish import PublishedRun, publish

with warnings.catch_warnings():
    # starlette 1.10 prefers httpx2; with httpx, which the rest of the stack brings, it works and says so at import
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    from fastapi.testclient import TestClient

DAY = pd.Timedelta(days=1)
MakeRun = Callable[..., PublishedRun]
REASONS = [
    {"text": "2 meetings in the last 30 days", "direction": "for", "effect": 0.9, "concept": "meetings",
     "question": "prospect", "counts_n": 30, "counts_won": 12},
    {"text": "no proposal so far", "direction": "against", "effect": -0.3, "concept": "proposals",
     "question": "offer", "counts_n": 400, "counts_won": 20},
]  # fmt: skip


def moments(*texts: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True)).astype("datetime64[us, UTC]")


IDS = ["p1", "p2", "p3", "p4", "p5"]


def run(run_id: str = "run-1", as_of: str | dt.datetime = "2026-11-24T06:00:00+00:00", **changes: Any) -> PublishedRun:
    """Three prospects: p1 and p2 on mira's list, p3 in the pool; p4 left out, p5 could not be scored."""
    given = {
        "run_id": run_id,
        "as_of": dt.datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
        "company": "Northwind Instruments",
        "simulated": True,
        "horizon_days": 45,
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "model_version": "win-3",
        "bundle_fingerprint": "f00dfacef00dface",
        "definitions_hash": "0123456789ab",
        "data_version": "d41d8cd98f00",
        "base_rate": 0.12,
        "summary": {"listed": 3},
        "definitions": {"company": "Northwind Instruments"},
        "model_card": {"predicts": "won within 45 days"},
        "receipts": _receipts(run_id),
        "call_list": _call_list(run_id),
        "left_out": _left_out(),
        "prospects": _prospects(),
        "contacts": _contacts(),
        "timeline": _timeline(),
    }
    return PublishedRun(**{**given, **changes})


def _receipts(run_id: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "receipt_id": [f"{run_id}-{i}" for i in IDS],
            "prospect_id": IDS,
            "state": ["scored"] * 4 + ["unscored"],
            "chance": [0.38, 0.21, 0.125, 0.05, float("nan")],
            "low": [0.28, 0.14, 0.06, 0.02, float("nan")],
            "high": [0.49, 0.31, 0.22, 0.11, float("nan")],
            "like_n": pd.array([80, 80, 80, 80, None], dtype="Int64"),
            "like_won": pd.array([31, 17, 10, 4, None], dtype="Int64"),
            "margin": [-0.4, -1.2, -1.9, -2.9, float("nan")],
            "grade": ["A", "B", "B", "C", None],
            "reasons": [REASONS, REASONS[:1], [], REASONS[1:], []],
        }
    )


def _call_list(run_id: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rank": [1, 2, 1],
            "owner_id": ["mira", "mira", None],
            "prospect_id": IDS[:3],
            "receipt_id": [f"{run_id}-{i}" for i in IDS[:3]],
            "contact_id": ["c1", "c2", None],
            "channel": ["phone", "email", "phone"],
            "why_contact": [
                "Dana Ito answered last, by phone on 12 November 2026",
                None,
                "ask for the person in charge",
            ],
        }
    )


def _left_out() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "prospect_id": ["p4", "p5"],
            "reason": ["no_capacity", "unscored"],
            "words": ["below the day's capacity of 2, rank 3 of 3", "could not be scored"],
        }
    )


def _prospects() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "prospect_id": IDS,
            "name": ["Hartwell Optics", "Sørensen & Sons", None, "Delta Works", "Echo"],
            "account_id": ["a1", "a2", "a3", "a4", None],
            "owner_id": ["mira", "mira", None, "mira", None],
            "territory": "north",
            "segment": "laboratories",
            "source": "fair",
            "created_at": moments(*["2026-09-01T08:00:00Z"] * 5),
            "last_touch_at": moments("2026-11-12T09:30:00Z", None, None, "2026-11-23T09:00:00Z", None),
        }
    )


def _contacts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "contact_id": ["c1", "c2", "c3"],
            "prospect_id": ["p1", "p2", "p1"],
            "name": ["Dana Ito", None, "Ben Ode"],
            "role": ["operations lead", "finance director", None],
            "email": ["dana@hartwell.example", "cfo@sorensen.example", None],
            "phone": ["+49 30 555 010", None, None],
            "do_not_contact": [False, False, True],
        }
    )


def _timeline() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "prospect_id": ["p1", "p1"],
            "occurred_at": moments("2026-11-01T10:00:00Z", "2026-11-12T09:30:00Z"),
            "recorded_at": moments("2026-11-01T10:05:00Z", "2026-11-12T09:41:00Z"),
            "kind": ["download", "call"],
            "channel": ["web", "phone"],
            "direction": ["inbound", "outbound"],
            "result": [None, "interested"],
            "text": ["price list", None],
        }
    )


def nobody_listed(run_id: str = "empty", **changes: Any) -> PublishedRun:
    """The same day with nobody on the list."""
    full = run(run_id)
    return run(run_id, call_list=full.call_list.iloc[:0], **changes)


@pytest.fixture(name="make_run")
def _make_run() -> MakeRun:
    return run


@pytest.fixture(name="make_empty_run")
def _make_empty_run() -> MakeRun:
    return nobody_listed


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    opened = open_store(settings.store)
    yield opened
    opened.dispose()


@pytest.fixture
def published(engine: Engine) -> PublishedRun:
    made = run()
    publish(engine, made)
    return made


@pytest.fixture
def serve() -> Iterator[Callable[[Settings], TestClient]]:
    """Start an application; it is stopped when the test ends."""
    with ExitStack() as running:
        yield lambda settings: running.enter_context(TestClient(create_app(settings), raise_server_exceptions=False))


@pytest.fixture
def client(settings: Settings, serve: Callable[[Settings], TestClient]) -> TestClient:
    return serve(settings)


TERMS = ("prospect", "contacted", "qualified", "won", "lost", "receptive")
DEFINITIONS = {
    "company": "Northwind Instruments",
    "simulated": True,
    "timezone": "Europe/Berlin",
    "recorded_at": "column",
    "horizon_days": 30,
    "terms": {
        name: {"means": f"what {name} means here", "evidence": "select prospect_id from prospects",
               "owner": "sales", "since": "2026-01-01"}
        for name in TERMS
    },
    "attributes": [{"name": "industry", "type": "category", "says": "works in {value}"}],
}  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """A company of 400 prospects in which meetings come before wins, and the bundle trained on it."""

    facts: Facts
    definitions: Definitions
    catalog: Catalog
    bundle: Bundle
    counts: FactCounts
    as_of: pd.Timestamp

    def promote(self, folder: Path) -> None:
        self.bundle.save(folder)
        (folder / "facts.json").write_text(self.counts.to_json(), encoding="utf-8")
        (folder / "definitions.json").write_text(json.dumps(self.definitions.model_dump(mode="json")), encoding="utf-8")


def _company(prospects: int = 400, days: int = 300) -> Facts:
    draw = np.random.default_rng(7)
    ids = np.array([f"p{i}" for i in range(prospects)], dtype=object)
    start = pd.Timestamp("2026-01-01", tz="UTC").as_unit("us")
    created = start + pd.to_timedelta(draw.integers(0, days - 10, prospects), unit="D")
    hot = draw.random(prospects) < 0.4
    met = created + pd.to_timedelta(draw.integers(1, 20, prospects), unit="D")
    meetings = pd.DataFrame({"prospect_id": ids, "kind": "meeting", "channel": "in_person", "occurred_at": met})[hot]
    calls = pd.DataFrame({"prospect_id": ids, "kind": "call", "channel": "phone", "occurred_at": created + DAY})
    touches = pd.concat([calls, meetings], ignore_index=True)
    touches = touches.assign(
        touch_id=[f"t{i}" for i in range(len(touches))], direction="outbound", recorded_at=touches["occurred_at"]
    )
    won = hot & (draw.random(prospects) < 0.8)
    end = met + pd.to_timedelta(draw.integers(5, 25, prospects), unit="D")
    outcomes = pd.DataFrame({"prospect_id": ids, "occurred_at": end, "recorded_at": end})
    outcomes = outcomes.assign(result=np.where(won, "won", "lost"))[hot | (draw.random(prospects) < 0.5)]
    base = pd.DataFrame({"prospect_id": ids, "created_at": created, "recorded_at": created})
    base = base.assign(industry=np.where(draw.random(prospects) < 0.5, "optics", "food"))
    frames = {"prospects": base, "touches": touches, "outcomes": outcomes}
    today = start + pd.Timedelta(days=days)
    known = {name: frame[frame["recorded_at"] < today] for name, frame in frames.items()}
    return Facts.of({name: check(name, frame).good for name, frame in known.items()})


@pytest.fixture(scope="session")
def trained() -> Trained:
    definitions, facts = parse(DEFINITIONS), _company()
    as_of = pd.Timestamp("2026-10-28", tz="UTC").as_unit("us")
    features = catalog(definitions)
    keys = snapshots(facts, training_moments(facts, as_of, definitions=definitions), definitions=definitions)
    label = won_within(facts, keys, days=definitions.horizon_days, observed_until=as_of)
    matrix = build(facts, keys, features)
    fitted = fit_win(
        matrix, label, catalog=features, definitions=definitions, trained_as_of=as_of, data_version="d1",
        threads=1, draws=20,
    )  # fmt: skip
    counts = FactCounts.fit(matrix, label.to_numpy())
    return Trained(facts, definitions, features, Bundle.of(fitted), counts, as_of)


@pytest.fixture
def champion(trained: Trained, settings: Settings) -> Trained:
    """The trained bundle, promoted into this test's home."""
    trained.promote(settings.champion)
    return trained
