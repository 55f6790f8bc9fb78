"""The numbers of the definitions, each with its value and what it does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from features.facts.definitions import LIST_RULES, Definitions
from serving.boards.definitions import Number

SAYS: Final[Mapping[str, str]] = {
    "simulated": "Whether the company is invented; every page then says so.",
    "timezone": "The clock of the company: when a day begins.",
    "currency": "In which amounts are written.",
    "recorded_at": "Whether the source knows when a fact became known. occurred_at: it is assumed to have been known "
    "the moment it happened, which flatters every test.",
    "horizon_days": "A win counts when it comes within so many days of the morning on which the chance is said.",
    "grid_days": "Days between two looks back from which the model learns.",
    "cohort_from": "Prospects created before this day are not learned from: their outcomes are not all recorded.",
    "observed_until": "Outcomes from this day on are not known yet; by default the last fact decides.",
    "max_age_days": "An open prospect older than this leaves the list: nobody works it any more.",
    "stages": "The stages in their order.",
    "kinds": "What the kinds of contact of the source are called here.",
    "attributes": "Columns that the model may look at.",
    "known_only_after": "Columns that are filled only once the outcome is known: never looked at.",
    "capacity": "Calls that a salesperson makes on a day.",
    "territories": "Whose prospects a salesperson may be given; one who is not named may be given any.",
    "working_days": "Days of the week on which calls are made.",
    "holidays": "Days without calls.",
    "away": "Days on which a salesperson makes no calls.",
    "office_hours": "Hours in which people are called, in their own time.",
    "minimum_gap_days": "Days between two calls to the same person.",
    "minimum_gap_account_days": "Days between two calls to anybody of the same company.",
    "exploration": "Share of the places on each list that are drawn by lot, so that the others are learned about.",
    "hold_out": "Share of the prospects that are never listed, to measure what the list is worth.",
    "fairness_band": "How far the expected value per call of one salesperson may lie from the team's.",
    "cost_per_call": "What a call costs; one that brings less is not listed.",
    "max_quarantine": "Share of bad rows above which an ingest is refused.",
}
"""Every field that is not the company's name or a term."""
LEFT_OUT: Final = ("company", "terms")
_SHARES: Final = ("exploration", "hold_out", "fairness_band", "max_quarantine")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOT_SET: Final = "not set"


def numbers(said: Definitions) -> tuple[Number, ...]:
    """Return every field that is not a term, in the order of the definitions, those that models depend on first."""
    given = said.model_dump(mode="json")
    rows = [
        Number(field=name, value=_value(name, given[name]), says=SAYS.get(name, ""), meaning=name not in LIST_RULES)
        for name in given
        if name not in LEFT_OUT
    ]
    return tuple(sorted(rows, key=lambda row: not row.meaning))


def _value(name: str, value: Any) -> str:
    """Write a value for people; the unit is that of the field's name."""
    if value is None or value in ([], {}):
        return NOT_SET
    if name in _SHARES:
        return f"{100 * value:.4g} %"
    if name == "working_days":
        return ", ".join(_DAYS[day - 1] for day in value)
    if name == "office_hours":
        return f"{value[0]}:00 to {value[1]}:00"
    if name == "attributes":
        return ", ".join(each["name"] for each in value)
    if name == "capacity":
        owners = ", ".join(f"{owner} {calls}" for owner, calls in value["owners"].items())
        return f"{value['default']} by default" + (f"; {owners}" if owners else "")
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    text = _plain(value)
    return f"{text} days" if name.endswith("_days") else text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
