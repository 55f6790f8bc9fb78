"""A board of offers written out: three offers in two segments, one of them drawn by chance against the list price."""

from __future__ import annotations

import datetime as dt
from typing import Any

from serving.boards.filed import Filed
from serving.boards.offers import ALL, Base, Cell, Offered, Offers, Segment

SHARE = {"share": 0.25, "share_low": 0.17, "share_high": 0.35}
EFFECT = {"effect": 0.06, "low": 0.02, "high": 0.10}


def offered(offer_id: str, name: str, **changes: Any) -> Offered:
    given = {"description": None, "valid_from": None, "valid_to": None, "segments": (), "stages": ()}
    return Offered.model_validate({"offer_id": offer_id, "name": name, **given, **changes})


def cell(segment: str, offer_id: str, basis: str, n: int, accepted: int, **changes: Any) -> Cell:
    given = {"stage": None, "says": "figure" if n >= 20 else "few", **(SHARE if n >= 20 else {})}
    return Cell.model_validate(
        {"segment": segment, "offer_id": offer_id, "basis": basis, "n": n, "accepted": accepted, **given, **changes}
    )


def segment(name: str, *, open_: int = 40, **changes: Any) -> Segment:
    bases = (Base(measure="won", days=45, n=200, successes=20),)
    given: dict[str, Any] = {
        "open": open_, "stages": {"new": open_ // 4, "qualified": open_ - open_ // 4}, "weekly": 3.0, "bases": bases,
        "recommended": "O1", "strength": "better", "said": "pilot: +6 points (2 to 10), from 100 draws.",
        "suggested": {"O1": 30, "O0": 10},
    }  # fmt: skip
    return Segment.model_validate({"name": name, **given, **changes})


OFFERS = (
    offered("O0", "list price"),
    offered("O1", "pilot", stages=("qualified",), description="six weeks of use"),
    offered("O2", "<b>rebate</b>", valid_to=dt.date(2026, 11, 1)),
)


def board(*, randomised: bool = True, **changes: Any) -> Offers:
    """Offers of two segments: `laboratories`, where the pilot helps, and `O'Neil & <i>`, with a handful of draws."""
    basis = "uplift" if randomised else "association"
    cells = []
    for name, n in ((ALL, 120), ("laboratories", 100), ("O'Neil & <i>", 12)):
        effect = EFFECT if randomised and n >= 20 else {}
        cells += [
            cell(name, "O0", "control" if randomised else "association", n, n // 5),
            cell(name, "O1", basis, n, n // 4, **effect),
            cell(name, "O2", "association", n, n // 4, says="expired"),
        ]
        if name != ALL:
            cells.append(cell(name, "O1", basis, 9, 9, stage="qualified"))
    few = "Too few to say: pilot was drawn 12 times here, and 20 are needed for an effect."
    given: dict[str, Any] = {
        "control": "O0" if randomised else None, "horizon_days": 45, "note": "360 offers made.",
        "later": "On later draws, choosing earned +1.0 points.", "offers": OFFERS, "stages": ("new", "qualified"),
        "segments": (segment(ALL, open_=52), segment("laboratories"),
                     segment("O'Neil & <i>", open_=12, strength="few", said=few)),
        "cells": tuple(cells),
        "filed": (Filed(key="k-filed", name="pilot-old", filed=True, words="Prospects join from 2026-11-25."),
                  Filed(key="k-refused", name="pilot-no", filed=False, words="Another experiment is called so.")),
    }  # fmt: skip
    return Offers.model_validate(given | changes)
