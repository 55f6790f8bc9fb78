"""A person's own judgement: kept beside the receipt that it was said about, and graded when the horizon has passed."""

from __future__ import annotations

import datetime as dt
import hashlib

from features.errors import TaktError
from features.time.labels import observed_until
from models.decision.overrides import CALL, LEAVE, Graded, grade_overrides
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import pulling
from pipelines.steps.publishing import engine_of
from serving.store import feedback, queries
from serving.store.engine import reading
from serving.store.migrations import upgrade

KINDS = {"call": CALL, "leave": LEAVE}


class NoReceipt(TaktError):
    """The latest list did not look at this prospect, so there is nothing to disagree with."""


def override(home: Home, prospect_id: str, *, what: str, because: str, at: dt.datetime) -> bool:
    """Keep that somebody would call this prospect, or leave it, whatever the latest list says; False if said before.

    Raises
    ------
    NoRun, Unknown, NoReceipt
        There is no list, or it did not look at this prospect.
    """
    engine = engine_of(home, PipelineSettings())
    try:
        upgrade(engine)
        with reading(engine) as store:
            run = queries.find_run(store)
            receipt = queries.detail(store, run, prospect_id).receipt
        if receipt is None:
            raise NoReceipt(f"{prospect_id} was not looked at for {run.day}: closed by then, or not known yet.")
        text = "\x1f".join((receipt.receipt_id, what, because))
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        return feedback.say(engine, key=key, receipt=receipt, kind=KINDS[what], at=at, note=because)
    finally:
        engine.dispose()


def graded(home: Home) -> Graded:
    """Answer what came of all overrides beside the list of the same time, from what is known now."""
    facts, _ = pulling.known(home)
    definitions = pulling.words(home)
    last = facts.last_recorded()
    if last is None:
        raise NoReceipt(f"{home.path}: no facts at all, so nothing can be graded.")
    engine = engine_of(home, PipelineSettings())
    try:
        upgrade(engine)
        with reading(engine) as store:
            said, listed = feedback.said(store), feedback.listed(store)
    finally:
        engine.dispose()
    until = observed_until(facts, last, definitions=definitions)
    return grade_overrides(said, listed, facts, days=definitions.horizon_days, observed_until=until)
