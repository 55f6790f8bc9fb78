"""Scoring a few prospects without tables gives the answer that tables give, to the last digit."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from features.errors import TaktError
from serving.champion import Champion, Champions
from serving.routes.score import _by_tables
from serving.routes.score_quick import quick
from serving.settings import Settings
from tests.serving.routes.test_score_route import AS_OF, CREATED, as_rows

DAYS = st.integers(0, 60)
TOUCHES = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["call", "meeting", "email", "task", "stage"]),
            "direction": st.sampled_from(["inbound", "outbound"]),
            "happened": DAYS,
            "late": st.sampled_from([0, 0, 0, 2, 30]),
        },
        optional={
            "channel": st.sampled_from(["phone", "email", "web", None]),
            "contact_id": st.sampled_from(["c1", "c2", None]),
            "result": st.sampled_from(["answered", "no_answer", "interested", None]),
            "stage": st.sampled_from(["new", "offer", None]),
            "value": st.sampled_from([None, 1.5, 250.0]),
            "duration_s": st.sampled_from([None, 60.0]),
        },
    ),
    max_size=12,
)


@pytest.fixture
def ready(champion: Any, settings: Settings) -> Champion:
    return Champions(settings.champion).current()


def at(day: int) -> str:
    return f"{pd.Timestamp(CREATED) + pd.Timedelta(days=day, hours=3):%Y-%m-%dT%H:%M:%SZ}"


def body(touches: list[dict[str, Any]], more: dict[str, Any] | None = None) -> bytes:
    rows = [
        {
            "touch_id": f"t{i}", "prospect_id": "new", "occurred_at": at(t["happened"]),
            "recorded_at": at(t["happened"] + t["late"]),
            **{name: value for name, value in t.items() if name not in ("happened", "late")},
        }
        for i, t in enumerate(touches)
    ]  # fmt: skip
    contacts = [
        {"contact_id": c, "prospect_id": "new", "recorded_at": CREATED, "role": role, "seniority": "manager"}
        for c, role in (("c1", "finance"), ("c2", None))
    ]
    prospect = {"prospect_id": "new", "created_at": CREATED, "recorded_at": CREATED, "industry": "optics"}
    asked = {"as_of": AS_OF, "prospects": [prospect], "contacts": contacts, "touches": rows}
    return json.dumps(asked | (more or {})).encode()


def answers(champion: Champion, asked: bytes) -> tuple[Any, Any]:
    found = quick(champion).answer(asked)
    return (None if found is None else json.loads(found)), json.loads(_by_tables(asked, champion))


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TOUCHES)
def test_any_journey_is_scored_and_explained_as_by_tables(ready: Champion, touches: list[dict[str, Any]]) -> None:
    found, by_tables = answers(ready, body(touches))
    assert found is not None
    assert found == by_tables


def test_every_prospect_of_the_company_is_answered_as_by_tables(ready: Champion, champion: Any) -> None:
    ids = champion.facts.prospects["prospect_id"].unique()
    quickly = 0
    for first in range(0, 40, 4):
        sent = as_rows(champion.facts.of_prospects(pd.Index(ids[first : first + 4])))
        found, by_tables = answers(ready, json.dumps({"as_of": champion.as_of.isoformat(), **sent}).encode())
        assert found in (None, by_tables)
        quickly += found is not None
    assert quickly


@pytest.mark.parametrize(
    "broken",
    [
        {"touches": [{"touch_id": "t", "prospect_id": "nobody", "kind": "call", "direction": "inbound",
                      "occurred_at": CREATED, "recorded_at": CREATED}]},
        {"touches": [{"touch_id": "t", "prospect_id": "new", "kind": "seance", "direction": "inbound",
                      "occurred_at": CREATED, "recorded_at": CREATED}]},
        {"as_of": "yesterday"},
        {"prospects": []},
        {"colours": []},
    ],
)  # fmt: skip
def test_what_is_refused_by_tables_is_never_answered_without_them(ready: Champion, broken: dict[str, Any]) -> None:
    asked = body([], broken)
    assert quick(ready).answer(asked) is None
    with pytest.raises((TaktError, RequestValidationError)):
        _by_tables(asked, ready)
