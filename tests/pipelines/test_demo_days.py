"""The days of the demo: who is chosen by which order, and what a salesperson taps."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from rich.console import Console

from features.facts.ledger import Facts
from models.decision.priority import TodaysList
from pipelines.home import Home
from pipelines.printing_days import days, where_to_look
from pipelines.settings import PipelineSettings
from pipelines.steps.demo_days import COLUMNS, LIST, RECENCY, append, choices, tap
from pipelines.steps.listing import Made
from pipelines.steps.publishing import engine_of
from serving.store import feedback
from serving.store.engine import reading
from tests.pipelines.literal import day, prospects, rows

DAY = dt.date(2026, 1, 10)


def made(listed: dict[str, str], left_out: dict[str, tuple[str, str]]) -> Made:
    """Return a list of prospect: owner, and those left out as prospect: (owner, reason)."""
    on = pd.DataFrame({"prospect_id": list(listed), "owner_id": list(listed.values())})
    off = pd.DataFrame([(p, *v) for p, v in left_out.items()], columns=["prospect_id", "owner_id", "reason"])
    return cast(Made, SimpleNamespace(today=TodaysList(on, off)))


def test_every_order_calls_as_many_for_each_salesperson_and_one_of_an_account() -> None:
    facts = Facts.of({
        "prospects": prospects("a", "b", "c", "d", "e", "f", account_id=["1", "2", "3", "3", "4", "5"]),
        "touches": rows(
            "touches", "touch_id prospect_id kind direction occurred_at recorded_at",
            ("1", "b", "call", "outbound", day(3), day(3)), ("2", "c", "visit", "inbound", day(5), day(5)),
            ("3", "d", "visit", "inbound", day(4), day(4)), ("4", "a", "task", "outbound", day(6), day(6)),
        ),
    })  # fmt: skip
    left = {
        "b": ("kim", "no_capacity"), "c": ("kim", "account_called"), "d": ("kim", "no_capacity"),
        "f": ("kim", "waiting"),
    }  # fmt: skip
    truth = pd.DataFrame(
        {"prospect_id": list("bcdef"), "chance": [0.1, 0.2, 0.3, 0.4, 0.9], "value": [50.0, 20.0, 30.0, 4.0, 90.0]}
    )
    chosen = choices(made({"a": "kim", "e": "lee"}, left), facts, truth)
    who = {name: sorted(rows_["prospect_id"]) for name, rows_ in chosen.items()}
    assert who == {LIST: ["a", "e"], RECENCY: ["c", "e"], "chance": ["d", "e"], "value": ["b", "e"]}
    assert chosen[LIST]["value"].sum() == 4.0


@pytest.mark.parametrize(
    ("result", "kind", "until"),
    [
        ("interested", "interested", None),
        ("appointment", "meeting_booked", None),
        ("wrong person", "wrong_person", None),
        ("no further contact", "never_again", None),
        ("later", "not_now", dt.date(2026, 2, 9)),
        ("voicemail", "no_answer", None),
        (None, "no_answer", None),
        ("closed", "skip", None),
    ],
)
def test_what_came_of_a_call_is_tapped_once_as_a_salesperson_would(
    result: str | None, kind: str, until: dt.date | None, tmp_path: Any
) -> None:
    home = Home(tmp_path)
    calls = pd.DataFrame([{"prospect_id": "a", "owner_id": "kim", "receipt_id": "r1"}])
    answer = {"prospect_id": "a", "contact_id": "dana", "channel": "phone", "at": day(10.5), "result": result}
    answers = pd.DataFrame([answer]) if result != "closed" else pd.DataFrame([answer]).iloc[:0]
    for _ in range(2):
        tap(home, calls, answers, day=DAY)
    engine = engine_of(home, PipelineSettings())
    with reading(engine) as store:
        (said,) = feedback.standing(store).to_dict("records")
    engine.dispose()
    assert (said["kind"], said["until"], said["said_by"], said["receipt_id"]) == (kind, until, "kim", "r1")


def test_the_rows_of_a_day_follow_those_before_and_activities_are_numbered_on(tmp_path: Any) -> None:
    before = pd.DataFrame({"activity_no": [1, 2], "type": pd.Categorical(["Call", "Mail"])})
    before.to_parquet(tmp_path / "activities.parquet")
    append(tmp_path, {"activities": pd.DataFrame({"activity_no": [1], "type": pd.Categorical(["Visit"])})})
    append(tmp_path, {"activities": before.iloc[:0]})
    assert pd.read_parquet(tmp_path / "activities.parquet").to_numpy().tolist() == [
        [1, "Call"],
        [2, "Mail"],
        [3, "Visit"],
    ]


def test_the_days_are_printed_as_measured_with_what_they_do_not_prove() -> None:
    lived = pd.DataFrame(
        [(DAY, LIST, 9, 5, 2, 1, 0.6, 0.5), (DAY, RECENCY, 9, 3, 1, 0, 0.4, 0.3),
         (DAY + dt.timedelta(days=1), LIST, 8, 4, 1, 0, 0.5, 0.5),
         (DAY + dt.timedelta(days=1), RECENCY, 9, 4, 1, 0, 0.5, 0.5)], columns=list(COLUMNS),
    )  # fmt: skip
    out = Console(width=140, record=True)
    days(lived, out)
    where_to_look(out, serve="make serve")
    told = out.export_text()
    assert (
        "The list had 60%, then 50% of the oracle's wins, and 50%, then 50% of its value; "
        "on average 55% and 50%, by recency 45% and 40%." in told
    )
    assert "Three days of one small simulated company are no proof" in told
    assert [line.split(":")[0] for line in told.splitlines()[-3:]] == ["Open it", "Look first", "And then"]
    assert "http://127.0.0.1:8000" in told
