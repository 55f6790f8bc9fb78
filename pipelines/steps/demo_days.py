"""A simulated day of work: the list is called, what came of it is tapped, and the company lives on with it.

The taps go into the store by the function that the page uses, and into the lake by the ingest that any company runs.
Beside the list stand two other ways to spend the same calls on the same day, chosen from the same prospects, those
whom nothing but capacity keeps off the list: the last touched first, as the same salespeople would ask them with the
same luck, and the oracle's, who knows the true chances.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pandas as pd

from features.facts.contract import INTERNAL, TABLES
from features.facts.ledger import Facts, current
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.sources.simulated.further import Further, Rung
from pipelines.steps import pulling
from pipelines.steps.listing import Made
from pipelines.steps.publishing import engine_of
from serving.errors import AlreadySaid
from serving.store import feedback
from serving.store.feedback import Said
from serving.store.migrations import upgrade

LIST, RECENCY = "the list", "last touched first"
COLUMNS: Final = ("day", "order", "calls", "reached", "interested", "meetings", "of_wins", "of_value")
MEASURES: Final = ("chance", "value")
TAPPED: Final = {
    "interested": feedback.INTERESTED,
    "appointment": feedback.MEETING_BOOKED,
    "wrong person": feedback.WRONG_PERSON,
    "no further contact": feedback.NEVER_AGAIN,
}
"""What a salesperson taps; nothing written down, or nobody reached, is `no_answer`."""
LATER: Final = {"reached": 7, "later": 30, "no interest": 90}
"""Days after which a salesperson would try again: tapped as `not_now`."""
CAN_BE_CALLED: Final = ("no_capacity", "account_called")
"""Reasons against a prospect that are about others only."""


def work(home: Home, made: Made, further: Further) -> pd.DataFrame:
    """Let the team call the list, tap what came of it, and live the day.

    Returns
    -------
    DataFrame, shape (2, 8)
        `COLUMNS` for the list and for recency: `calls` made, how many were `reached`, how many `interested`, how many
        `meetings` were booked; and of those chosen at the beginning of the day the sum of true chances, `of_wins`, and
        of true chances times order values, `of_value`, as shares of the most that any choice could have had.
    """
    day = further.date
    facts, _ = pulling.known(home, pd.Timestamp(made.run.as_of))
    chosen = choices(made, facts, further.truth())
    further.begin()
    listed = made.run.call_list
    rungs = {LIST: further.ring(listed), RECENCY: further.ring(chosen[RECENCY])}
    tap(home, listed, rungs[LIST].answers(further.rules), day=day)
    append(home.raw, further.end(rungs[LIST]))
    rows = [
        (day, name, *counted(rung), *(chosen[name][m].sum() / chosen[m][m].sum() for m in MEASURES))
        for name, rung in rungs.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def choices(made: Made, facts: Facts, truth: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return whom each order calls, as many for each salesperson as are listed, of one account only the first.

    Parameters
    ----------
    facts : Facts
        Those visible at the beginning of the day.
    truth : DataFrame
        prospect_id and its true `chance` and `value`; who is not in it has ended already, though nobody knows, and
        both are 0.

    Returns
    -------
    dict of DataFrame of prospect_id, owner_id, chance, value
        For the list, recency, and the oracle's best choice by each of `MEASURES`.
    """
    left = made.today.left_out
    both = [made.today.listed, left[left["reason"].isin(CAN_BE_CALLED)]]
    everybody = pd.concat([part[["prospect_id", "owner_id"]] for part in both], ignore_index=True)
    touches = current(facts.touches, TABLES["touches"].key)
    touches = touches[~touches["kind"].isin(INTERNAL)]
    last = touches.groupby("prospect_id")["occurred_at"].max()
    accounts = current(facts.prospects, TABLES["prospects"].key).set_index("prospect_id")["account_id"]
    ids = everybody["prospect_id"]
    everybody = everybody.assign(
        **{m: ids.map(truth.set_index("prospect_id")[m]).fillna(0.0) for m in MEASURES},
        last=ids.map(last),
        account=ids.map(accounts).fillna(ids),
    )
    on_list = everybody["prospect_id"].isin(made.today.listed["prospect_id"])
    places = everybody[on_list].groupby("owner_id", dropna=False).size()
    return {
        LIST: everybody[on_list],
        RECENCY: _first(everybody, "last", places),
        **{m: _first(everybody, m, places) for m in MEASURES},
    }


def _first(everybody: pd.DataFrame, by: str, places: pd.Series[Any]) -> pd.DataFrame:
    ordered = everybody.sort_values([by, "prospect_id"], ascending=[False, True], na_position="last")
    ordered = ordered.drop_duplicates("account")
    rank = ordered.groupby("owner_id", dropna=False).cumcount()
    return ordered[rank < ordered["owner_id"].map(places).fillna(0).to_numpy()]


def counted(rung: Rung) -> tuple[int, int, int, int]:
    """Count the calls, whom they reached, how many of those were interested, and the meetings."""
    e, words = rung.episodes, rung.words
    return len(e.lead), int(e.answered.sum()), int((words == "interested").sum()), int((words == "appointment").sum())


def tap(home: Home, listed: pd.DataFrame, answers: pd.DataFrame, *, day: dt.date) -> None:
    """Keep what came of each call; a prospect that ended by itself is skipped.

    Once each, also when the days are lived again in this home: what was said the first time stands.
    """
    engine = engine_of(home, PipelineSettings())
    try:
        upgrade(engine)
        told = answers.set_index("prospect_id").to_dict("index")
        rows = [_said(call, told.get(call["prospect_id"]), day) for call in listed.to_dict("records")]
        for row in sorted(rows, key=lambda row: row.at):
            with suppress(AlreadySaid):
                feedback.keep(engine, row)
    finally:
        engine.dispose()


def _said(call: dict[Any, Any], answer: dict[Any, Any] | None, day: dt.date) -> Said:
    who, owner = str(call["prospect_id"]), call["owner_id"]
    about: dict[str, Any] = {
        "key": f"demo {day} {who}", "prospect_id": who, "receipt_id": call["receipt_id"],
        "said_by": None if pd.isna(owner) else str(owner),
    }  # fmt: skip
    if answer is None:
        at = dt.datetime.combine(day, dt.time(9), dt.UTC)
        return Said(**about, kind=feedback.SKIP, at=at, note="closed before anybody called")
    result = answer["result"]
    kind = feedback.NOT_NOW if result in LATER else TAPPED.get(result, feedback.NO_ANSWER)
    until = day + dt.timedelta(days=LATER[result]) if result in LATER else None
    at = answer["at"].to_pydatetime()
    return Said(**about, kind=kind, at=at, until=until, contact_id=answer["contact_id"], channel=answer["channel"])


def append(raw: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Add the rows of a day to the raw files of the company; its activities are numbered on."""
    for name, rows in tables.items():
        file = raw / f"{name}.parquet"
        before = pd.read_parquet(file)
        if "activity_no" in rows:
            rows = rows.assign(activity_no=rows["activity_no"] + before["activity_no"].max())  # noqa: PLW2901
        typed = [part.astype({c: "object" for c in part if part[c].dtype == "category"}) for part in (before, rows)]
        pd.concat([part for part in typed if len(part)]).to_parquet(file, index=False, compression="zstd")
