"""The parts that checks ask for, or the reason why a check cannot be made without them."""

from __future__ import annotations

from typing import Final

from models.evidence.checks.check import NotApplicable
from models.evidence.checks.given import Given, Part
from models.measures.splits import ForwardSplit

LEAST_WINS: Final = 20
"""Winning prospects on later data below which two orders, or a chance and what happened, cannot be told apart."""


def split_of(given: Given) -> ForwardSplit:
    """Return the split.

    Raises
    ------
    NotApplicable
        History is too short for one.
    """
    if given.split is None:
        raise NotApplicable("nothing was measured on later data: history is too short for a forward test")
    return given.split


def later_data(given: Given) -> Part:
    """Return the test part.

    Raises
    ------
    NotApplicable
        There is none, or it holds fewer than `LEAST_WINS` winning prospects, or all of its snapshots won.
    """
    part = given.part(split_of(given).test)
    if part.wins < LEAST_WINS:
        raise NotApplicable(f"{part.wins} winning prospects on later data, {LEAST_WINS} needed")
    if part.label.all():
        raise NotApplicable(f"all {len(part.label)} snapshots of the later data won")
    return part
