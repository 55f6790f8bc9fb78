"""Which offer to recommend for a segment, how sure that is, and the reason in a sentence.

The order is that of the offer head, so that this page and the lists say the same: an offer that chance chose before one
that was only seen, the larger effect or share first. What differs is that a page speaks of the segment as a whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.steps.boards.offer_cells import may
from serving.boards.offers import ALL, LEAST, Cell, Offered, Strength


@dataclass(frozen=True)
class Choice:
    """A recommendation; `offer_id` is None where nothing can be recommended."""

    offer_id: str | None
    strength: Strength
    words: str


def choose(
    segment: str, offers: Sequence[Offered], cells: Sequence[Cell], *, control: str | None, today: dt.date
) -> Choice:
    """Choose among the offers that may be made in a segment on this day."""
    if not offers:
        return Choice(None, "not offered", "No offer is on record.")
    open_ = {o.offer_id: o for o in offers if may(o, segment, None, today=today) is None}
    if not open_:
        return Choice(None, "not offered", "No offer may be made here today.")
    here = {c.offer_id: c for c in cells if c.segment == segment and c.stage is None}
    general = {c.offer_id: c for c in cells if c.segment == ALL}
    ranked = sorted(open_, key=lambda o: (*_worth(here[o], general[o]), o))
    best = here[ranked[0]]
    names = {o.offer_id: o.name for o in offers}
    if best.basis == "control":
        return _present(best, [here[o] for o in ranked[1:] if here[o].basis == "uplift"], names)
    if best.basis == "uplift":
        return _effect(best, names, control=str(control))
    return _association(best, general[ranked[0]], names[best.offer_id])


def _worth(here: Cell, general: Cell) -> tuple[int, float]:
    """Return the place among the others (smaller is better), and what it is worth there, negated."""
    if here.basis == "control":
        return 0, 0.0
    if here.basis == "uplift":
        known = here if here.effect is not None else general
        return 0, -(known.effect or 0.0)
    if here.basis == "none":
        return 4, 0.0
    share = here.share if here.share is not None else general.share
    return (2 if here.share is not None else 3), -(share or 0.0)


def _effect(best: Cell, names: dict[str, str], *, control: str) -> Choice:
    name, other = names[best.offer_id], names.get(control, control)
    if best.effect is None or best.low is None or best.high is None:
        words = f"Too few to say: {name} was drawn {best.n} times here, and {LEAST} are needed for an effect."
        return Choice(best.offer_id, "few", words)
    points = f"{100 * best.effect:+.0f} points ({100 * best.low:.0f} to {100 * best.high:.0f}) over {other}"
    if best.low > 0:
        return Choice(best.offer_id, "better", f"{name}: {points}, from {best.n} draws.")
    words = f"{name}: {points}, from {best.n} draws; it may as well be no better, and an experiment would tell."
    return Choice(best.offer_id, "unclear", words)


def _present(best: Cell, others: list[Cell], names: dict[str, str]) -> Choice:
    name = names[best.offer_id]
    counted = [c for c in others if c.effect is not None]
    if best.n < LEAST or not counted:
        words = f"Too few to say: {name} was drawn {best.n} times here, the others {sum(c.n for c in others)} times."
        return Choice(best.offer_id, "few", words)
    drawn = best.n + sum(c.n for c in counted)
    return Choice(best.offer_id, "present", f"{name}: no other offer did better here, in {drawn} draws by chance.")


def _association(best: Cell, general: Cell, name: str) -> Choice:
    if best.basis == "none":
        return Choice(None, "nothing", "No offer that may be made here was ever made: nothing is known.")
    if best.share is None:
        everywhere = f"; {general.accepted} of {general.n} in all segments" if general.n > best.n else ""
        words = f"Too few to say: {best.accepted} of {best.n} said yes to {name} here{everywhere}."
        return Choice(best.offer_id, "few", words)
    words = (
        f"{name}: {best.accepted} of {best.n} said yes, the largest share of offers made at least {LEAST} times here. "
        "An association, not an effect: chance did not choose who got it."
    )
    return Choice(best.offer_id, "association", words)
