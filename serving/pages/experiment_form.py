"""The form in which an experiment with an offer is proposed: what stands in it, and the card that it becomes."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from models.evidence.experiment_card import Card
from serving.boards.offers import ALL, NO_SEGMENT, Offered, Offers

FIELDS: Final = (
    "segment", "offer", "name", "hypothesis", "changes", "owner", "chance", "measure", "days", "start", "stop",
    "worthwhile",
)  # fmt: skip
LABELS: Final = {
    "offer": "Offer to try", "segment": "For whom", "hypothesis": "Hypothesis", "changes": "What changes",
    "chance": "Chance of the new way", "measure": "Success", "days": "Days", "start": "First day", "stop": "Stop",
    "worthwhile": "Difference worth the trouble", "owner": "Owner", "name": "Name",
}  # fmt: skip
"""Fields in the order of the form, as people call them."""
MEASURES: Final = {
    "won": "is won", "positive_reply": "answers us with interest", "meeting_booked": "books a meeting or comes to one",
}  # fmt: skip
AS_USUAL: Final = "as usual"
LONGEST: Final = {"name": 60, "owner": 100, "hypothesis": 2000, "changes": 2000}
WORTHWHILE: Final = "5"
DAYS: Final = 90
"""Days in which prospects join, unless somebody says otherwise."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,59}")


@dataclass(frozen=True)
class Checked:
    """A form that was read: `card` is None where `errors` (by field; "" is the form as a whole) says why."""

    card: Card | None
    errors: dict[str, str]


def prefilled(
    board: Offers, *, segment: str, offer: Offered, day: dt.date, owner: str, taken: Collection[str]
) -> dict[str, str]:
    """Return what stands in the form at first; `taken` are names that are in use."""
    name = _free(f"{_plain(offer.name)}-in-{_plain(segment)}"[:56].strip("-"), taken)
    where = "" if segment == ALL else f" among prospects of {segment}"
    start = day + dt.timedelta(days=1)
    return {
        "segment": segment, "offer": offer.offer_id, "name": name,
        "hypothesis": f"Offering {offer.name} wins more{where} than what is offered now.",
        "changes": f"{offer.name} is offered instead of what the list suggests.", "owner": owner, "chance": "50",
        "measure": "won", "days": str(board.horizon_days), "start": start.isoformat(),
        "stop": (start + dt.timedelta(days=DAYS)).isoformat(), "worthwhile": WORTHWHILE,
    }  # fmt: skip


def check(given: Mapping[str, str], board: Offers, *, day: dt.date, taken: Collection[str]) -> Checked:
    """Read a filled form; every field that cannot be taken has its reason in words."""
    errors: dict[str, str] = {}
    raw = _read(given, board, errors, day=day)
    if given["name"] in taken:
        errors.setdefault("name", "Another proposed experiment has this name; choose another.")
    if errors:
        return Checked(None, errors)
    try:
        return Checked(Card.model_validate(raw), {})
    except ValidationError as error:
        for found in error.errors():
            field = str(found["loc"][0]) if found["loc"] else found["msg"].split(":")[0].rpartition(" ")[2]
            errors.setdefault(field if field in FIELDS else "", found["msg"].removeprefix("Value error, "))
        return Checked(None, errors)


def _read(given: Mapping[str, str], board: Offers, errors: dict[str, str], *, day: dt.date) -> dict[str, Any]:
    text = {name: given[name].replace("\r\n", "\n").strip() for name in FIELDS}
    for name, most in LONGEST.items():
        if len(text[name]) > most:
            errors[name] = f"This has {len(text[name]):,} letters; at most {most:,} are taken."
        elif any(ord(c) < 32 and c not in "\n\t" for c in text[name]):
            errors[name] = "There are signs in it that cannot be written; type it again."
    if not _NAME.fullmatch(text["name"]):
        errors.setdefault("name", "A name has small letters a to z, digits and hyphens and begins with a letter.")
    for name, least in (("hypothesis", 10), ("changes", 5), ("owner", 1)):
        if len(text[name]) < least:
            errors.setdefault(name, f"Say it in at least {least} letters." if least > 1 else "Somebody has to own it.")
    if text["measure"] not in MEASURES:
        errors["measure"] = f"Choose one of: {', '.join(MEASURES.values())}."
    chance = _between(text["chance"], errors, field="chance", low=1, high=99) / 100
    days = _between(text["days"], errors, field="days", low=1, high=730)
    start, stop = _dates(text, errors, day=day)
    offer = _offer(text, board, errors, start=start)
    return {
        "name": text["name"], "hypothesis": text["hypothesis"], "changes": text["changes"], "owner": text["owner"],
        "eligible": "" if offer is None else eligible(text["segment"], offer),
        "arms": [] if offer is None else [
            {"name": AS_USUAL, "chance": round(1 - chance, 4)},
            {
                "name": _arm(offer), "chance": round(chance, 4), "offer_id": offer.offer_id,
                "says": f"offer {offer.name}",
            },
        ],
        "measure": {"kind": text["measure"], "days": int(days)},
        "start": start, "stop": stop,
        "worthwhile": _between(text["worthwhile"], errors, field="worthwhile", low=0.1, high=99) / 100,
    }  # fmt: skip


def _offer(text: Mapping[str, str], board: Offers, errors: dict[str, str], *, start: dt.date | None) -> Offered | None:
    offer, segment = board.offer(text["offer"]), board.segment(text["segment"])
    if segment is None:
        errors["segment"] = f"No open prospect is in a segment {text['segment']!r}; choose one of the list."
    if offer is None:
        errors["offer"] = f"There is no offer {text['offer']!r}; choose one of the list."
        return None
    if segment is not None and offer.segments and segment.name not in (ALL, *offer.segments):
        errors["segment"] = f"{offer.name} is only for {', '.join(offer.segments)}."
    if start is not None and offer.valid_to is not None and offer.valid_to <= start:
        errors["offer"] = f"{offer.name} may not be made any more from {offer.valid_to} on."
    if start is not None and offer.valid_from is not None and offer.valid_from > start:
        errors["start"] = f"{offer.name} may be made from {offer.valid_from} on; start then or later."
    return offer


def _dates(text: Mapping[str, str], errors: dict[str, str], *, day: dt.date) -> tuple[dt.date | None, dt.date | None]:
    found: dict[str, dt.date | None] = {}
    for name in ("start", "stop"):
        try:
            found[name] = dt.date.fromisoformat(text[name])
        except ValueError:
            found[name] = None
            errors[name] = f"{text[name]!r} is no day; write it as 2026-12-31." if text[name] else "Choose a day."
    start, stop = found["start"], found["stop"]
    if start is not None and start <= day:
        errors["start"] = f"A card is a promise made before the start: choose a day after {day}."
    if start is not None and stop is not None and stop <= start:
        errors["stop"] = f"This is not after the start {start}; nobody could join."
    return start, stop


def _between(text: str, errors: dict[str, str], *, field: str, low: float, high: float) -> float:
    """Read a number as people write it ("2,5", "50 %"); NaN never leaves, an error is noted instead."""
    try:
        value = float(text.rstrip("% ").replace(",", "."))
    except ValueError:
        value = math.nan
    whole = field != "days" or value == round(value) if math.isfinite(value) else False
    if not (low <= value <= high and whole):
        kind = "whole number" if field == "days" else "number"
        errors.setdefault(field, f"Expected a {kind} from {low:g} to {high:g}, got {text[:40]!r}.")
        return low
    return value


def eligible(segment: str, offer: Offered) -> str:
    """Write who may join, as SQL over the contract: the segment, and only at stages at which the offer may be made."""
    rules = []
    if segment == NO_SEGMENT:
        rules.append(f"(segment is null or segment = {_quoted(NO_SEGMENT)})")
    elif segment != ALL:
        rules.append(f"segment = {_quoted(segment)}")
    elif offer.segments:
        rules.append(f"segment in ({', '.join(map(_quoted, offer.segments))})")
    if offer.stages:
        rules.append(
            "prospect_id in (select prospect_id from touches where stage is not null group by prospect_id "
            f"having arg_max(stage, (occurred_at, touch_id)) in ({', '.join(map(_quoted, offer.stages))}))"
        )
    return "select prospect_id from prospects" + (f" where {' and '.join(rules)}" if rules else "")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _arm(offer: Offered) -> str:
    name = offer.name.strip()[:40] or offer.offer_id[:40]
    return name if name != AS_USUAL else f"offer {offer.offer_id}"[:40]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:30].strip("-")
    return found if found[:1].isalpha() else f"offer-{found}".strip("-")


def _free(name: str, taken: Collection[str]) -> str:
    return next(n for k in range(1, len(taken) + 2) if (n := name if k == 1 else f"{name}-{k}") not in taken)
