"""Measuring: from the home and the store to what the watch looks at, and from what it finds to one look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.catalog import catalog
from features.errors import TaktError
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from models.bundle import Bundle, BundleError
from models.evidence.training_evidence import FILE, SCHEMA
from models.evidence.watching.rule import Judged, Rule
from models.evidence.watching.run import OF_DATA, watch
from models.evidence.watching.watched import Later, Watched
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.steps import moments, monitoring_pulls, monitoring_store, pulling, training
from pipelines.steps.monitoring_rules import Monitoring
from pipelines.steps.publishing import engine_of
from serving.boards import watch as shape
from serving.store.engine import reading
from serving.store.migrations import upgrade


@dataclass(frozen=True)
class Moment:
    """When it is, for the watch.

    Attributes
    ----------
    as_of : Timestamp
        The beginning of the day that a list would be made for (UTC).
    looked_at : Timestamp
        The moment of looking: now where the source is live, else `as_of`, for a file that ended has no now.
    """

    as_of: pd.Timestamp
    looked_at: pd.Timestamp
    live: bool


def when(home: Home, day: str | None, facts: Facts, definitions: Definitions) -> Moment:
    """Answer when to look: now, or as though it were the morning of a day (YYYY-MM-DD)."""
    as_of = moments.as_of_for(day, facts, definitions)
    if day is not None:
        return Moment(as_of, as_of, live=True)
    live = monitoring_pulls.is_live(monitoring_pulls.pulls(home))
    return Moment(as_of, pd.Timestamp(moments.now()).as_unit("us") if live else as_of, live=live)


def measure(home: Home, day: str | None, wanted: Monitoring, *, only_data: bool = False) -> tuple[Watched, Moment]:
    """Read everything that the rules look at; with `only_data` no more than those asked before every list."""
    definitions = pulling.words(home)
    facts, _ = pulling.known(home)
    now = when(home, day, facts, definitions)
    seen = facts.visible(now.looked_at)
    tries = monitoring_pulls.pulls(home)
    # a file that ended is looked at as of its end, but was pulled since
    pulls = monitoring_pulls.as_table(tries, pd.Timestamp(moments.now()) if day is None else now.looked_at)
    given: dict[str, Any] = {
        "looked_at": now.looked_at, "complete_until": complete_until(facts, pulls, now), "live": now.live,
        "facts": seen, "definitions": definitions, "pulls": pulls,
        "last_pull_failed": tries[-1].failed if tries else "", "limits": wanted.limits,
        "seed": training.SEED, "threads": PipelineSettings().threads,
    }  # fmt: skip
    if not only_data:
        given |= _published(home, now) | _model(home, seen, now, definitions)
    return Watched(**given), now


def complete_until(facts: Facts, pulls: pd.DataFrame, now: Moment) -> pd.Timestamp:
    """Return until when what was recorded is known: the last good pull or the newest row, never after `now`."""
    good, last = pulls.loc[pulls["ok"], "at"].max(), facts.last_recorded()
    known = [end for end in (good, last) if end is not None and not pd.isna(end)]
    return min(now.looked_at, max(known, default=now.looked_at))


def judged(given: Watched, wanted: Monitoring, *, only_data: bool = False) -> tuple[Judged, ...]:
    """Judge the rules that the company wants looked at."""
    rules: Sequence[Rule] = [rule for rule in wanted.looked_at if not only_data or rule in OF_DATA]
    with stage("looking at the data" if only_data else "judging the rules") as told:
        found = watch(given, rules)
        bad = [f"{one.rule.code} {one.state}" for one in found if one.state.grave > 1]
        told.found = ", ".join(bad) or "nothing warns"
    return found


def rows(found: Sequence[Judged], wanted: Monitoring, at: pd.Timestamp) -> tuple[shape.Rule, ...]:
    """Return what the rules found in the shape that is kept and shown."""
    return tuple(
        shape.Rule(
            code=one.rule.code, title=one.rule.title, state=one.state.value, action=wanted.action(one.rule).value,
            when=one.rule.when, do=one.rule.do, looked_at=at.to_pydatetime(),
            measures=tuple(shape.Measure(**vars(m) | {"state": m.state.value}) for m in one.measures),
        )
        for one in found
    )  # fmt: skip


def _published(home: Home, now: Moment) -> dict[str, Any]:
    with stage("reading the published lists") as told:
        engine = engine_of(home, PipelineSettings())
        try:
            upgrade(engine)
            with reading(engine) as store:
                found = {
                    name: getattr(monitoring_store, name)(store, now.looked_at)
                    for name in ("listed", "lists", "spread", "tapped")
                }
        finally:
            engine.dispose()
        told.found = f"{len(found['lists']):,} lists, {len(found['tapped']):,} taps"
    return found


def _model(home: Home, seen: Facts, now: Moment, definitions: Definitions) -> dict[str, Any]:
    """Return the champion, its promise and every snapshot with the labels known by now; None with the reason."""
    try:
        bundle = Bundle.load(home.champion)
    except BundleError:
        return {}
    known: dict[str, Any] = {"bundle": bundle, "promise": _promise(home)}
    if (catalog(definitions).hash, definitions.meaning) != (bundle.catalog_hash, bundle.definitions_hash):
        return known | {"no_later": "the champion was trained under other definitions or features; run `takt train`"}
    try:
        given = training.material(seen, now.as_of, definitions=definitions)
    except TaktError as reason:
        return known | {"no_later": str(reason)}
    return known | {"later": Later(given.matrix, given.label, given.capacity)}


def _promise(home: Home) -> dict[str, Any] | None:
    try:
        raw = json.loads((home.champion / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return raw if isinstance(raw, dict) and raw.get("schema") == SCHEMA else None
