"""The watch on the simulated company: a feed that stops, thins or doubles; held, told, released, resolved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import TaktError
from models.evidence.watching.rule import Judged, State
from models.evidence.watching.run import RULES
from models.evidence.watching.watched import Watched
from pipelines import cli
from pipelines.flows.daily import daily
from pipelines.flows.ingest import ingest
from pipelines.flows.monitor import monitor
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.sources.folders import find
from pipelines.steps import monitoring, pulling
from pipelines.steps.alerting_look import last
from pipelines.steps.boards import every
from pipelines.steps.monitoring_pulls import FILE, Pull
from pipelines.steps.monitoring_rules import Monitoring
from serving.boards.watch import Watch
from tests.pipelines.monitoring.hook import Hook, hooked

pytestmark = [pytest.mark.usefixtures("prefect")]
LATE = "2026-07-10"
"""Nine days after the last row of the company."""


@pytest.fixture(scope="module")
def copied(company_run: Run, company: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of its own; its registry is looked for by the folder's name."""
    copy = tmp_path_factory.mktemp("watch") / company.path.name
    shutil.copytree(company.path, copy)
    return Home(copy)


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with hooked() as one, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAKT_WEBHOOK_URL", one.url)
        patch.setattr(every, "BOARDS", {})  # the pages beside the list take longer than the list
        yield one


def takt(*words: str) -> Any:
    return CliRunner().invoke(cli.app, ["monitor", *words])


def look(home: Home) -> Watch:
    seen, _ = last(home, PipelineSettings())
    assert seen is not None
    return seen


def state(seen: Watch, code: str) -> str:
    return next(rule.state for rule in seen.rules if rule.code == code)


def test_only_looking_prints_every_rule_keeps_nothing_and_ends_by_what_alarms(copied: Home, company_run: Run) -> None:
    usual = takt("--home", str(copied.path), "--look")
    assert usual.exit_code == 0, usual.output
    assert all(f"TW{n:03}" in usual.output for n in range(1, 12))
    assert "the last pull went through" in usual.output
    late = takt("--home", str(copied.path), "--look", "--day", LATE)
    assert late.exit_code == 2, late.output
    assert "Data are too old" in late.output
    assert last(copied, PipelineSettings())[0] is None


def test_a_feed_that_stopped_holds_the_list_tells_everybody_once_and_is_released_by_a_person(
    copied: Home, hook: Hook, company_run: Run
) -> None:
    kept = company_run.made.run
    first = daily(home=str(copied.path), day=LATE)
    assert (first["run_id"], first["new"]) == (kept.run_id, False)
    assert f"The list of {kept.day} is held: data are too old (TW001)" in first["held"]
    assert daily(home=str(copied.path), day=LATE)["held"] == first["held"]
    (text,) = hook.texts
    assert "TW001 ALARM: Data are too old" in text
    assert f"The list of {kept.day} is held until this is gone (TW001)" in text
    seen = look(copied)
    assert [(hold.code, hold.run_id) for hold in seen.holds] == [("TW001", kept.run_id)]
    freed = takt("--home", str(copied.path), "--release", "tw001", "--why", "the CRM is moved this week")
    assert freed.exit_code == 0, freed.output
    done = daily(home=str(copied.path), day=LATE)
    assert (done["held"], done["new"]) == ("", True)
    assert look(copied).releases[0].why == "the CRM is moved this week"
    assert len(hook.texts) == 1


def test_the_whole_look_keeps_every_rule_and_an_earlier_one_changes_nothing(copied: Home, hook: Hook) -> None:
    seen = Watch.model_validate(monitor(home=str(copied.path), day="2026-07-11"))
    assert seen == look(copied)
    assert [rule.code for rule in seen.rules] == [f"TW{n:03}" for n in range(1, 12)]
    assert (state(seen, "TW001"), seen.holds) == ("alarms", ()), "released as long as the alarm lasts"
    assert state(seen, "TW009") == "warns", "nobody tapped a call"
    back = Watch.model_validate(monitor(home=str(copied.path), day="2026-07-01"))
    assert state(back, "TW001") == "good"
    assert look(copied) == seen


def test_an_earlier_day_is_never_held(copied: Home, hook: Hook) -> None:
    assert daily(home=str(copied.path), day="2026-06-15")["held"] == ""


def test_release_needs_a_rule_that_holds_and_a_reason(copied: Home) -> None:
    assert takt("--home", str(copied.path), "--release", "TW001").exit_code == 2
    assert takt("--home", str(copied.path), "--why", "so").exit_code == 2


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.5, ("TW002", "alarms", "hold")), (2, ("TW003", "warns", "tell")), (4, ("TW003", "alarms", "tell"))],
)  # fmt: skip
def test_a_feed_that_thins_or_swells_in_its_last_week_of_about_a_hundred_rows(
    share: float, told: tuple[str, str, str], small_company: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(small_company, raw)
    file = raw / "activities.parquet"
    table = pd.read_parquet(file)
    recent = table["entered_at"] >= pd.Timestamp("2026-06-24", tz="Europe/Berlin")
    pd.concat([table[~recent], times(table[recent], share)]).to_parquet(file, index=False)
    home, source = Home(tmp_path / "home"), find("simulated")
    pulling.write(pulling.map_and_check(source, raw), raw, home, source="simulated", run_id="r")
    wanted = Monitoring()
    given, now = monitoring.measure(home, "2026-07-01", wanted, only_data=True)
    found = monitoring.rows(monitoring.judged(given, wanted, only_data=True), wanted, now.looked_at)
    volume = [one for one in found if one.code in ("TW002", "TW003") and one.state != "good"]
    assert [(one.code, one.state, one.action) for one in volume] == [told]


def times(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Keep a share of the rows, or repeat them under new numbers."""
    if share < 1:
        return rows.iloc[:: round(1 / share)]
    return pd.concat(rows.assign(activity_no=rows["activity_no"] + k * 10**6) for k in range(round(share)))


def test_a_champion_whose_lists_bring_less_than_its_card_promised_alarms(copied: Home) -> None:
    given, _ = monitoring.measure(copied, "2026-07-01", Monitoring())
    keep = {turned: judged_promise(given, turned=turned) for turned in (False, True)}
    assert keep[False].measures[0].state is State.GOOD, keep[False].says
    assert keep[True].state is State.ALARMS, keep[True].says
    assert "its card promised" in keep[True].says


def judged_promise(given: Watched, *, turned: bool) -> Judged:
    """Judge the promise as though lists of spring had the first by the champion's order, or the last."""
    assert given.later is not None
    assert given.bundle is not None
    assert given.promise is not None
    matrix, calls = given.later.matrix, []
    for day in sorted(matrix.keys["as_of"].unique())[-20:-7]:
        rows = (matrix.keys["as_of"] == day).to_numpy()
        margin = given.bundle.rung.margin(matrix.values[rows])
        first = np.argsort(margin if turned else -margin)[: given.promise["capacity"]]
        ids = matrix.keys["prospect_id"][rows].to_numpy()[first]
        calls.append(pd.DataFrame({"prospect_id": ids, "as_of": day, "chance": np.nan}))
    listed = pd.concat(calls).assign(bundle=given.bundle.fingerprint).astype({"as_of": "datetime64[us, UTC]"})
    return next(rule for rule in RULES if rule.code == "TW008").judge(replace(given, listed=listed))


def test_a_pull_that_breaks_is_noted_and_told_and_what_was_pulled_before_stays(copied: Home, tmp_path: Path) -> None:
    before = copied.ingested()
    (tmp_path / "raw").mkdir()
    with pytest.raises(TaktError):
        ingest("simulated", data=str(tmp_path / "raw"), home=str(copied.path))
    assert copied.ingested() == before
    told = takt("--home", str(copied.path), "--look")
    assert "the last pull failed" in told.output
    assert told.exit_code == 0, "one failed try only warns"


def test_a_source_that_was_fresh_when_it_was_pulled_is_looked_at_as_of_now(copied: Home) -> None:
    given, now = monitoring.measure(copied, None, Monitoring(), only_data=True)
    assert (given.live, now.looked_at) == (False, now.as_of)
    fresh = Pull("simulated", at="2026-07-01T02:00:00+00:00", ok=True, newest="2026-06-30T17:00:00+00:00")
    with (copied.path / FILE).open("a") as book:
        book.write(json.dumps(vars(fresh)) + "\n")
    given, now = monitoring.measure(copied, None, Monitoring(), only_data=True)
    assert given.live
    assert now.looked_at > now.as_of
    told = takt("--home", str(copied.path), "--look")
    assert (told.exit_code, "TW001 alarms" in told.output) == (2, True), told.output
