"""What to expect of a proposed experiment: how many prospects it needs, and how many can join in its time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from models.evidence.experiment_card import Card
from models.measures.sequential import size_for
from serving.boards.offers import LEAST, Base, Offered, Offers
from serving.pages.words import Words


def expectation(card: Card, board: Offers, *, segment: str, day: dt.date, say: Words) -> list[str]:
    """Say in sentences what the experiment needs and what it will get, as far as both are known."""
    found = board.segment(segment)
    offer = next((board.offer(arm.offer_id) for arm in card.arms if arm.offer_id), None)
    if found is None or offer is None:
        return []
    base = next((b for b in found.bases if (b.measure, b.days) == (card.measure.kind, card.measure.days)), None)
    weeks = max((card.stop - max(card.start, day)).days, 0) / 7
    joining = _now(found.stages, offer) + round(found.weekly * weeks)
    come = (
        f"About {say.number(joining)} can join by then: {say.number(_now(found.stages, offer))} may be offered it now, "
        f"and about {say.number(round(found.weekly, 1))} new ones come in a week."
    )
    if base is None or base.n < LEAST:
        return [_unknown(base, card), come]
    needed = _needed(card, base)
    share = (
        f"Of {say.number(base.n)} prospects that were open {card.measure.days} days ago, {say.number(base.successes)} "
        "succeeded since."
    )
    points = say.number(round(100 * card.worthwhile, 1))
    if needed is None:
        return [share, f"No number of prospects is enough to see {points} points.", come]
    need = (
        f"To see {points} points with four chances in five, about {say.number(needed)} prospects are needed, both arms "
        "together."
    )
    few = "That is too few: look for a larger difference, take more time, or take all segments."
    return [share, need, come, "That is enough." if joining >= needed else few]


def _needed(card: Card, base: Base) -> int | None:
    rate = base.successes / base.n
    shares: Sequence[float] = [arm.chance for arm in card.arms]
    return size_for(
        (rate, min(rate + card.worthwhile, 1.0)), shares=(shares[0], shares[1]), scale=card.worthwhile, alpha=card.alpha
    )


def _now(stages: dict[str, int], offer: Offered) -> int:
    """Count open prospects at a stage at which the offer may be made."""
    return sum(n for stage, n in stages.items() if not offer.stages or stage in offer.stages)


def _unknown(base: Base | None, card: Card) -> str:
    if base is None:
        return (
            f"How many succeed within {card.measure.days} days as things are was not counted here; how many prospects "
            "are needed is said when it is filed."
        )
    return f"Only {base.n} earlier prospects are known by how they ended: too few to say how many are needed."
