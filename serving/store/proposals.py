"""Experiments asked for on a page: kept once per key, filed by the next daily run (`pipelines.steps.proposals`)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from serving.errors import Unknown
from serving.store.audit import By, changed
from serving.store.engine import writing
from serving.store.feedback import SYSTEM
from serving.store.migrations import upgrade
from serving.store.tables import Proposal


def propose(
    engine: Engine, *, key: str, card: dict[str, Any], at: dt.datetime, said_by: str | None = None, by: By = SYSTEM
) -> bool:  # fmt: skip
    """Keep a card; False if this `key` was given before, then the earlier card stays.

    Parameters
    ----------
    card : dict
        A `models.evidence.experiment_card.Card` as JSON, checked before.
    at : datetime with zone
        When it was asked for.
    """
    upgrade(engine)
    with writing(engine) as connection:
        if connection.scalar(select(Proposal.key).where(Proposal.key == key)) is not None:
            return False
        connection.execute(insert(Proposal).values(key=key, card=card, said_by=said_by, at=at))
        changed(connection, by, what="proposal", change=f"key {key}")
    return True


def proposals(store: Session) -> list[Proposal]:
    """Return all proposals, the earliest first."""
    return list(store.scalars(select(Proposal).order_by(Proposal.at, Proposal.key)))


def proposal(store: Session, key: str) -> Proposal:
    """Return one proposal.

    Raises
    ------
    Unknown
        Nobody proposed an experiment under this key.
    """
    found = store.get(Proposal, key)
    if found is None:
        raise Unknown(f"No experiment was proposed under the key {key!r}; start one on the page of offers.")
    return found
