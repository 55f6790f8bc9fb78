"""Before a list is made: whether it may be, or the last one stays.

The rules that look at the facts and the pulls are asked on the very facts that the list would be made of, whenever the
watch last looked. What another rule holds, by `monitoring.yaml`, is held too, as the last look left it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import alerting, alerting_look, monitoring
from pipelines.steps.monitoring_rules import monitoring as wanted_by


@dataclass(frozen=True)
class Held:
    """The list that stays, and why."""

    run_id: str
    codes: tuple[str, ...]
    words: str


def held(home: Home, day: str | None) -> Held | None:
    """Answer whether the list of a day (YYYY-MM-DD, default the latest) has to wait; None: it may be made.

    A list for a day before that of the newest one changes nothing that anybody works from, and is never held; nor is
    the first one, for there is none to keep.
    """
    settings, wanted = PipelineSettings(), wanted_by(home)
    if not settings.store_url and not (home.path / "store.db").exists():
        return None
    _, kept = alerting_look.last(home, settings)
    if kept is None:
        return None
    given, now = monitoring.measure(home, day, wanted, only_data=True)
    if now.as_of.tz_convert(given.definitions.zone).date() < kept.day:
        return None
    found = monitoring.judged(given, wanted, only_data=True)
    seen = alerting_look.look(home, given, now, found, wanted=wanted, settings=settings, quietly=True)
    if not seen.holds:
        return None
    return Held(kept.run_id, tuple(hold.code for hold in seen.holds), alerting.words(seen.holds))
