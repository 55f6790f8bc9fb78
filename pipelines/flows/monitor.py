"""`monitor`: every day a look at the data, the model, the lists and their use; what is wrong is told and acted on."""

from __future__ import annotations

from typing import Any

import pandas as pd
from prefect import flow, task

from features.errors import TaktError
from models.evidence.watching.rule import Judged
from models.evidence.watching.watched import Watched
from pipelines.flows import common
from pipelines.flows.train import train_in
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import alerting, alerting_look, monitoring
from pipelines.steps.monitoring_rules import Monitoring
from pipelines.steps.monitoring_rules import monitoring as wanted_by
from serving.boards.watch import Watch

Found = tuple[Watched, monitoring.Moment, tuple[Judged, ...]]


@task(name="measure", **common.TRY_AGAIN)
def measure(home: Home, day: str | None, wanted: Monitoring) -> Found:
    """Take every measure; nothing is changed."""
    given, now = monitoring.measure(home, day, wanted)
    return given, now, monitoring.judged(given, wanted)


def monitor_in(home: Home, day: str | None) -> Watch:
    """Look, act by rule, tell, keep."""
    wanted = wanted_by(home)
    given, now, found = measure(home, day, wanted)

    def train() -> str:
        return _trained(home, day)

    seen = alerting_look.look(home, given, now, found, wanted=wanted, settings=PipelineSettings(), train=train)
    common.table_artifact("watch", table(seen), f"What the watch saw at {seen.looked_at:%Y-%m-%d %H:%M} UTC")
    return seen


def _trained(home: Home, day: str | None) -> str:
    """Train, and say what came of it; a training that is refused is no failure of the watch."""
    try:
        trained = train_in(home, day)
    except TaktError:
        return "A training was started and refused; `takt train` says why."
    state = "took over" if trained.verdict.promote else "did not take over"
    return f"A training was started; its model, version {trained.version.number}, {state} (see the page Model)."


def table(seen: Watch) -> pd.DataFrame:
    """Return a row per rule: code, title, state, and what its worst measures say."""
    rows = [(rule.code, rule.title, rule.state, alerting.said(rule)) for rule in seen.rules]
    return pd.DataFrame(rows, columns=["code", "rule", "state", "seen"])


@flow(name="monitor", persist_result=False)
def monitor(home: str | None = None, source: str | None = None, day: str | None = None) -> dict[str, Any]:
    """Look as of now, or as though it were the morning of a day (YYYY-MM-DD); the content of the look comes back."""
    place = common.home_of(home, source)
    with common.recorded(place, "monitor"):
        return monitor_in(place, day).model_dump(mode="json")
