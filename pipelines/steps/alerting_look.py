"""One look, whole: what the rules found is compared with the last look, acted on by rule, told, and kept.

The last look in the store is all that is remembered; it is appended to, so what stood when can be read back.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence

from models.evidence.watching.rule import Judged
from models.evidence.watching.watched import Watched
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.steps import alerting, alerting_channels, moments, monitoring, monitoring_store
from pipelines.steps.alerting import Kept
from pipelines.steps.monitoring import Moment
from pipelines.steps.monitoring_rules import Monitoring
from pipelines.steps.publishing import engine_of
from serving.boards.watch import Alert, Rule, Watch
from serving.store.engine import reading
from serving.store.looks import keep_look, last_look
from serving.store.migrations import upgrade

RECOMMENDED = "Nothing was started; `takt train` trains, and the new model takes over if it surely finds more wins."
STARTED = "A training was started; the page Model says what came of it."
Train = Callable[[], str]


def last(home: Home, settings: PipelineSettings) -> tuple[Watch | None, Kept | None]:
    """Return the last look, and the list that readers see first."""
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        with reading(engine) as store:
            run = monitoring_store.newest_run(store)
            return last_look(store), None if run is None else Kept(run.day, run.run_id)
    finally:
        engine.dispose()


def look(
    home: Home, given: Watched, now: Moment, found: Sequence[Judged], *, wanted: Monitoring,
    settings: PipelineSettings, train: Train | None = None, quietly: bool = False,
) -> Watch:  # fmt: skip
    """Act on what the rules found, tell it and keep it.

    Parameters
    ----------
    train : callable, optional
        Trains and returns what came of it in words; without it a training is only recommended.
    quietly : bool
        Keep nothing where nothing is held or was: before a list. What only warns waits for the monitor.

    Returns
    -------
    Watch
        The look as it was kept. One as of a time before that of the last look, or yet to come, is returned as it is
        seen, and neither told nor kept: who looks back or ahead changes nothing.
    """
    with one_at_a_time(home):
        before, kept = last(home, settings)
        rules = monitoring.rows(found, wanted, now.looked_at)
        seen = _seen(before, rules, given, now, kept)
        if now.looked_at > moments.now() or (before is not None and now.looked_at < before.looked_at):
            return seen
        if quietly and not seen.holds and (before is None or not before.holds):
            return seen
        due = _due(seen, rules)
        start = train is not None and wanted.retrain == "start"
        seen = _with_done(seen, due, STARTED if start else RECOMMENDED)
        seen = _told(seen, home, wanted, given.definitions.company, settings=settings)
    if train is None or not start or not due:
        return seen
    # a training takes its time, and the next list must not wait for it
    done = train()
    with one_at_a_time(home):
        after, _ = last(home, settings)
        seen = _with_done(after or seen, due, done)
        _keep(home, seen, settings)
    return seen


def only_look(home: Home, given: Watched, now: Moment, found: Sequence[Judged], *, wanted: Monitoring) -> Watch:
    """Return the look as it would be kept; nothing is told, started, held or kept."""
    before, kept = last(home, PipelineSettings())
    return _seen(before, monitoring.rows(found, wanted, now.looked_at), given, now, kept)


def release(home: Home, code: str, *, why: str, by: str, settings: PipelineSettings) -> Watch:
    """Release what a rule holds, with the reason and who said so.

    Raises
    ------
    NothingToRelease
        It holds nothing.
    """
    with one_at_a_time(home):
        before, _ = last(home, settings)
        seen = alerting.release(before, code, why=why, by=by, at=moments.now())
        _keep(home, seen, settings)
    return seen


def _seen(before: Watch | None, rules: tuple[Rule, ...], given: Watched, now: Moment, kept: Kept | None) -> Watch:
    """Put a look together: rules that were not looked at now are as they were."""
    codes = {rule.code for rule in rules}
    others = () if before is None else tuple(rule for rule in before.rules if rule.code not in codes)
    every = tuple(sorted((*rules, *others), key=lambda rule: rule.code))
    at = now.looked_at.to_pydatetime()
    alerts = alerting.advance(before, rules, at)
    releases = () if before is None else alerting.valid(before.releases, alerts)
    return Watch(
        looked_at=at, day=now.as_of.tz_convert(given.definitions.zone).date(), live=now.live,
        working_days=tuple(day for day, works in enumerate(given.calendar.weekdays, start=1) if works),
        holidays=given.calendar.holidays, rules=every, alerts=alerts, releases=releases,
        holds=alerting.holds(before, alerts, every, kept=kept, releases=releases, at=at),
    )  # fmt: skip


def _due(seen: Watch, rules: Sequence[Rule]) -> dict[str, dt.datetime]:
    """Return the alarms that ask for a training and have not had theirs, with when they began: one is for all."""
    asking = {rule.code for rule in rules if rule.action == "retrain" and rule.state == "alarms"}
    return {a.code: a.since for a in seen.alerts if a.code in asking and a.over is None and not a.done}


def _with_done(seen: Watch, due: Mapping[str, dt.datetime], words: str) -> Watch:
    """Say of some alerts what was done because of them."""
    alerts = tuple(a.model_copy(update={"done": words}) if due.get(a.code) == a.since else a for a in seen.alerts)
    return seen.model_copy(update={"alerts": alerts})


def _told(seen: Watch, home: Home, wanted: Monitoring, company: str, *, settings: PipelineSettings) -> Watch:
    """Tell every channel its news, and keep the look with what came of it."""
    with stage("telling what is new") as told:
        channels = alerting_channels.channels(settings, wanted.mail)
        alerts = alerting_channels.tell(
            seen.alerts, seen.holds, company=company, mail=wanted.mail, settings=settings, at=moments.now()
        )
        told.found = _found(alerts, channels)
    seen = seen.model_copy(update={"alerts": alerting.pruned(alerts, channels)})
    _keep(home, seen, settings)
    return seen


def _found(alerts: Sequence[Alert], channels: Sequence[str]) -> str:
    if not channels:
        return "only in the app: neither mail nor webhook is set up"
    failed = {words.failed for alert in alerts for words in alert.told.values() if words.failed}
    return "; ".join(sorted(failed)) or f"told by {', '.join(channels)}"


def _keep(home: Home, seen: Watch, settings: PipelineSettings) -> None:
    engine = engine_of(home, settings)
    try:
        keep_look(engine, seen)
    finally:
        engine.dispose()


@contextlib.contextmanager
def one_at_a_time(home: Home) -> Iterator[None]:
    """Wait until nobody else looks at this home: two at once would tell everything twice."""
    home.path.mkdir(parents=True, exist_ok=True)
    with (home.path / "watch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
