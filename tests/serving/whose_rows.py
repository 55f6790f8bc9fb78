"""Who reads what: a run with rows of two salespeople, and a program of each role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from serving.access.viewer import MAY, Role
from serving.app import create_app
from serving.settings import Settings
from serving.store import tokens
from serving.store.engine import open_store
from serving.store.publish import PublishedRun, publish

AT = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
FOREIGN = (
    "Sørensen",
    "Sorensen",
    "cfo@sorensen.example",
    "prospects/p2",
    '"p2"',
    ">p2<",
    "jon<",
    '"jon"',
    ">Echo",
    '"p5"',
)
"""What mira must never read: jon's prospect and its person, and who is nobody's and on no list."""
PEOPLE = ("Dana Ito", "dana@hartwell.example", "+49 30 555 010", "Ben Ode", "price list")
As = Callable[[str], TestClient]


def of_two(made: PublishedRun) -> PublishedRun:
    """mira has p1 and p4, jon p2; p3 is in the pool, p5 nobody's and on no list."""
    calls, prospects = made.call_list.copy(), made.prospects.copy()
    calls["owner_id"] = ["mira", "jon", None]
    prospects["owner_id"] = ["mira", "jon", None, "mira", None]
    example = [{"prospect_id": "p2", "name": "Sørensen & Sons", "here": True}]
    lists = [{"owner_id": "mira", "calls": 1}, {"owner_id": "jon", "calls": 1}]
    boards = {"definitions": {"refused": None, "terms": example}, "team": {"refused": None, "lists": lists}}
    return PublishedRun(**{**vars(made), "call_list": calls, "prospects": prospects, "boards": boards})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, make_world_run: PublishedRun) -> Iterator[tuple[As, Engine]]:
    settings = Settings(home=tmp_path_factory.mktemp("whose") / "home")
    engine = open_store(settings.store)
    publish(engine, make_world_run)
    made = {
        name: tokens.create(engine, name, role=role, owner_id=owner, at=AT, scopes=MAY[role], expires_at=None)[1]
        for name, role, owner in (
            ("mira", Role.SALESPERSON, "mira"), ("jon", Role.SALESPERSON, "jon"), ("marta", Role.MARKETING, None),
            ("ana", Role.ANALYST, None), ("root", Role.ADMIN, None),
        )
    }  # fmt: skip
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:

        def as_(name: str) -> TestClient:
            client.headers["Authorization"] = f"Bearer {made[name]}"
            return client

        yield as_, engine
    engine.dispose()
