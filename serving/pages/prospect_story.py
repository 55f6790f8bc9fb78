"""What stands on a prospect's page beside the run's own answer: its pictures, and what people said about it."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.pages.prospect_picture import history_picture, reasons_picture
from serving.pages.words import Words, preferred_locale
from serving.store.feedback import Said, not_undone
from serving.store.queries import Detail
from serving.store.tables import Feedback, Run

REMARKS = 50
"""Remarks shown, the latest first."""


def story(request: Request, store: Session, run: Run, detail: Detail) -> dict[str, Any]:
    """Return the pictures and the remarks for the template."""
    say = Words(preferred_locale(request.headers.get("accept-language", "")))
    return {
        "moves": reasons_picture(run, detail.receipt, say),
        "earlier": history_picture(run, detail, say),
        "remarks": remarks(store, detail.prospect.prospect_id),
    }


def remarks(store: Session, prospect_id: str) -> list[Said]:
    """Return what was said about a prospect and not taken back, the latest first."""
    query = select(Feedback).where(Feedback.prospect_id == prospect_id, *not_undone())
    return [Said.of(row) for row in store.scalars(query.order_by(Feedback.id.desc()).limit(REMARKS))]
