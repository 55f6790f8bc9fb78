"""Experiments asked for on a page become cards of the home, before the day's prospects join."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from features.facts.definitions import Definitions
from models.evidence.experiment_card import Card, ExperimentError, parse_card
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.steps import experiment_files as files
from pipelines.steps.experimenting import plan
from pipelines.steps.publishing import engine_of
from serving.boards.filed import Filed
from serving.store.engine import reading
from serving.store.migrations import upgrade
from serving.store.proposals import proposals


def file(home: Home, as_of: pd.Timestamp, definitions: Definitions) -> tuple[Filed, ...]:
    """File what was proposed and is not filed yet; return all proposals with what became of each, the earliest first.

    The same day again files nothing twice and returns the same. A proposal never replaces a card: of two with one name
    the first is filed. One that cannot be filed is refused in words, and keeps nothing else from being filed.
    """
    asked = _asked(home)
    if not asked:
        return ()
    with stage("filing proposed experiments") as told:
        done = tuple(_filed(key, card, home, as_of, definitions) for key, card in asked)
        told.found = f"{sum(d.filed for d in done):,} filed, {sum(not d.filed for d in done):,} refused"
    return done


def _asked(home: Home) -> list[tuple[str, dict[str, Any]]]:
    engine = engine_of(home, PipelineSettings())
    try:
        upgrade(engine)
        with reading(engine) as store:
            return [(p.key, p.card) for p in proposals(store)]
    finally:
        engine.dispose()


def _filed(key: str, raw: dict[str, Any], home: Home, as_of: pd.Timestamp, definitions: Definitions) -> Filed:
    name = str(raw.get("name", key))
    try:
        card = parse_card(raw, origin=f"proposal {name}")
        expected = _place(card, home, as_of, definitions)
    except ExperimentError as error:
        return Filed(key=key, name=name, filed=False, words=str(error))
    last = card.stop - dt.timedelta(days=1)
    return Filed(
        key=key, name=name, filed=True, words=f"Prospects join from {card.start} to {last}. {expected}".strip()
    )


def _place(card: Card, home: Home, as_of: pd.Timestamp, definitions: Definitions) -> str:
    """Put a card into the home unless it is there already; until it begins, return what to expect of it.

    Raises
    ------
    ExperimentError
        Another card has its name, its last day is over, or it does not run.
    """
    path = files.path_of(home, card.name)
    filed = files.read(path) if path.exists() else None
    # somebody may have ended it early since: it is the same promise
    if filed is not None and filed.model_copy(update={"stopped": None}) != card.model_copy(update={"stopped": None}):
        raise ExperimentError(f"Another experiment is called {card.name} already; propose it under another name.")
    if filed is None and card.ends(definitions) <= as_of:
        raise ExperimentError(
            f"Its last day was over before it could be filed (stop {card.stop}); propose it with a later one."
        )
    if filed is not None and filed.begins(definitions) <= as_of:
        return ""
    # planned again until its start: what is said must not depend on how often the day was run
    return plan(filed or card, home, as_of).said
