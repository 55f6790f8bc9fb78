"""From one look to the next: which alerts begin, get worse, end; what is held and what was released.

An alert is told once while it lasts, again when it gets worse, and once when it is over: on each channel, so that what
a mail server did not take goes out with the next look. A rule that cannot be told any more ends no alert: only a good
one does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from features.errors import TaktError
from serving.boards.watch import Alert, Hold, Release, Rule, Told, Watch

GRAVE: Final = {"": 0, "resolved": 0, "warns": 1, "alarms": 2}
KEPT: Final = dt.timedelta(days=7)
"""How long an alert that is over waits for a channel that does not answer."""


class NothingToRelease(TaktError):
    """A rule was to be released that holds nothing; the text says what does."""


@dataclass(frozen=True)
class News:
    """One thing to tell: an alert that is new or worse ("warns", "alarms"), or over ("resolved")."""

    alert: Alert
    state: Literal["warns", "alarms", "resolved"]


@dataclass(frozen=True)
class Came:
    """What came of telling a channel: whether anybody was reached, and what failed (empty: nothing)."""

    reached: bool
    failed: str = ""


@dataclass(frozen=True)
class Kept:
    """The list that readers see first: what is kept while lists are held."""

    day: dt.date
    run_id: str


def advance(before: Watch | None, rules: Sequence[Rule], at: dt.datetime) -> tuple[Alert, ...]:
    """Return the alerts after a look at some rules; those of rules that were not looked at stay as they are."""
    standing = {} if before is None else {alert.code: alert for alert in before.alerts if alert.over is None}
    over = () if before is None else tuple(a for a in before.alerts if a.over is not None and at - a.over < KEPT)
    for rule in rules:
        old = standing.pop(rule.code, None)
        if rule.state in ("warns", "alarms"):
            standing[rule.code] = _began(rule, at) if old is None else _goes_on(old, rule)
        elif old is not None and rule.state == "good":
            over = (*over, old.model_copy(update={"over": at}))
        elif old is not None:
            standing[rule.code] = old
    # one that came back before all knew that it was over is the same to them
    over = tuple(alert for alert in over if alert.code not in standing)
    return tuple(sorted((*standing.values(), *over), key=lambda alert: alert.code))


def news(alerts: Sequence[Alert], channel: str) -> tuple[News, ...]:
    """Return what a channel does not know yet."""
    found = []
    for alert in alerts:
        told = alert.told.get(channel, Told())
        if alert.over is not None and told.state in ("warns", "alarms"):
            found.append(News(alert, "resolved"))
        elif alert.over is None and GRAVE[alert.state] > GRAVE[told.state]:
            found.append(News(alert, alert.state))
    return tuple(found)


def after_telling(
    alerts: Sequence[Alert], channel: str, given: Sequence[News], came: Came, at: dt.datetime
) -> tuple[Alert, ...]:
    """Return the alerts after a channel was told some news."""
    states = {one.alert.code: one.state for one in given}
    return tuple(
        alert if alert.code not in states else _told(alert, channel, states[alert.code], came, at) for alert in alerts
    )


def pruned(alerts: Sequence[Alert], channels: Sequence[str]) -> tuple[Alert, ...]:
    """Drop the alerts that are over once every channel knows."""
    return tuple(
        alert for alert in alerts
        if alert.over is None or any(one.alert.code == alert.code for c in channels for one in news([alert], c))
    )  # fmt: skip


def holds(
    before: Watch | None, alerts: Sequence[Alert], rules: Sequence[Rule], *, kept: Kept | None,
    releases: Sequence[Release], at: dt.datetime,
) -> tuple[Hold, ...]:  # fmt: skip
    """Return what holds the list: alarms of rules that hold, unless a person released them; nothing without a list.

    A rule that only warns by now holds nothing, though its alert stands.
    """
    if kept is None:
        return ()
    old = {} if before is None else {hold.code: hold for hold in before.holds}
    begun = {alert.code: alert for alert in alerts if alert.over is None}
    free = {(release.code, release.since) for release in releases}
    found = []
    for rule in rules:
        if rule.action != "hold" or (rule.state != "alarms" and not _cannot_tell(rule, old)):
            continue
        alert = begun[rule.code]
        if (rule.code, alert.since) in free:
            continue
        since = old[rule.code].since if rule.code in old else at
        found.append(
            Hold(code=rule.code, title=rule.title, since=since, says=alert.says, day=kept.day, run_id=kept.run_id)
        )
    return tuple(found)


def release(before: Watch | None, code: str, *, why: str, by: str, at: dt.datetime) -> Watch:
    """Return the last look with a hold released.

    Raises
    ------
    NothingToRelease
        The rule holds nothing.
    """
    held = () if before is None else before.holds
    mine = [hold for hold in held if hold.code == code]
    if before is None or not mine:
        what = ", ".join(hold.code for hold in held) or "nothing"
        raise NothingToRelease(f"{code} holds no list; {what} does. `takt monitor` says how it stands.")
    since = next(alert.since for alert in before.alerts if alert.code == code and alert.over is None)
    given = Release(code=code, since=since, at=at, why=why, by=by)
    rest = tuple(hold for hold in held if hold.code != code)
    return before.model_copy(update={"holds": rest, "releases": (*before.releases, given)})


def valid(releases: Sequence[Release], alerts: Sequence[Alert]) -> tuple[Release, ...]:
    """Keep the releases whose alert still stands."""
    standing = {(alert.code, alert.since) for alert in alerts if alert.over is None}
    return tuple(release for release in releases if (release.code, release.since) in standing)


def words(holds: Sequence[Hold]) -> str:
    """Say why the list is held, for people who wait for one."""
    said = "; ".join(f"{hold.title.lower()} ({hold.code}): {hold.says}" for hold in holds)
    return f"The list of {holds[0].day} is held: {said}."


def _cannot_tell(rule: Rule, old: Mapping[str, Hold]) -> bool:
    """Say whether a rule that held can no longer be told: what was held stays so until it is known to be well."""
    return rule.state == "cannot tell yet" and rule.code in old


def _began(rule: Rule, at: dt.datetime) -> Alert:
    assert rule.state in ("warns", "alarms")
    return Alert(
        code=rule.code, title=rule.title, state=rule.state, since=at, says=said(rule), do=rule.do, action=rule.action
    )


def _goes_on(old: Alert, rule: Rule) -> Alert:
    """Return the alert with what is seen today; its state is the worst so far, so that a wobble is told once."""
    worse = GRAVE[rule.state] > GRAVE[old.state]
    return old.model_copy(
        update={"state": rule.state if worse else old.state, "says": said(rule), "do": rule.do, "action": rule.action}
    )


def said(rule: Rule) -> str:
    """Return what the worst measures of a rule say, at most three of them."""
    worst = [measure.says for measure in rule.measures if measure.state == rule.state]
    return "; ".join(worst[:3]) + (f" (and {len(worst) - 3} more)" if len(worst) > 3 else "")


def _told(
    alert: Alert, channel: str, state: Literal["warns", "alarms", "resolved"], came: Came, at: dt.datetime
) -> Alert:
    known = alert.told.get(channel, Told())
    now = Told(state=state, at=at) if came.reached else known
    return alert.model_copy(update={"told": {**alert.told, channel: now.model_copy(update={"failed": came.failed})}})
