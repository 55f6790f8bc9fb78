"""If a number were another: what today's facts say of it, for the numbers of which they say anything."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions, parse
from features.readiness.given import Given
from features.time.asof import DAY, micros
from features.time.cohort import cohort
from models.decision.contact_choice import people
from models.decision.gaps import last_person
from models.decision.priority import todays_list
from pipelines.steps.boards.day import Day
from pipelines.steps.training import SEED
from serving.boards.definitions import Option, WhatIf

HORIZONS: Final = (30, 60, 90)
AGES: Final = (90, 180, 365)
GAPS: Final = (0, 2, 5)
SHARES: Final = (0.8, 1.0, 1.2)
LEAST_PAST: Final = 30
"""Prospects that were watched long enough, below which a horizon is not looked at."""
MOST: Final = 5_000
"""Open prospects up to which the list is made again with other capacities: a second or two."""
RETRAIN: Final = "Changing it changes what a chance means: models become stale and are trained again."
LISTS: Final = "Changing it changes the lists from the next morning on; models stay as they are."


def what_ifs(day: Day) -> tuple[WhatIf, ...]:
    """Answer what other values of the horizon, the age limit, the gap and the capacity would lead to."""
    return (horizon(day), age(day), gap(day), capacity(day))


def _changed(said: Definitions, **changes: Any) -> Definitions:
    return parse(said.model_dump() | changes)


def horizon(day: Day) -> WhatIf:
    """Count, of prospects all watched for the longest horizon, those won within each."""
    field, asks = "horizon_days", "How many past prospects would count as won?"
    own = day.definitions.horizon_days
    given = Given(day.facts, day.definitions, day.as_of)
    past = given.people[given.people["created_at"] >= (given.since or day.as_of)]
    watched = (micros(pd.Series([given.until]))[0] - micros(past["created_at"])) / DAY
    possible = [h for h in sorted({*HORIZONS, own}) if int((watched >= h).sum()) >= LEAST_PAST]
    if not possible:
        return WhatIf(field=field, asks=asks, why_not="Too few prospects were watched long enough to say.")
    known = past[watched >= possible[-1]]
    took = (micros(known["ended_at"]) - micros(known["created_at"])) / DAY
    won = (known["result"].eq("won") & known["ended_at"].notna()).to_numpy(np.bool_)
    options = [
        Option(words=f"{h} days", in_force=h == own, counts=(int((won & (took < h)).sum()),), of=len(known))
        for h in possible
    ]
    counted = f"Counted on {len(known):,} prospects created at least {possible[-1]} days before the last known outcome."
    return WhatIf(field=field, asks=asks, columns=("won",), options=tuple(options), beware=f"{counted} {RETRAIN}")


def age(day: Day) -> WhatIf:
    """Count the prospects that would be open today under other age limits."""
    own = day.definitions.max_age_days
    ages = sorted({*AGES} if own is None else {max(1, own // 2), own, own * 2})
    limits: list[int | None] = [*ages, None]
    options = [
        Option(
            words="no limit" if age is None else f"{age} days", in_force=age == own,
            counts=(len(cohort(day.facts, day.as_of, definitions=_changed(day.definitions, max_age_days=age))),),
        )
        for age in limits
    ]  # fmt: skip
    return WhatIf(
        field="max_age_days", asks="How many prospects would be open today?", columns=("open",),
        options=tuple(options), beware=RETRAIN,
    )  # fmt: skip


def gap(day: Day) -> WhatIf:
    """Count those whom we reached so lately that they would wait under other gaps."""
    own = day.definitions.minimum_gap_days
    ids = day.matrix.keys["prospect_id"]
    listed = set(day.today.listed["prospect_id"])
    members = people(day.facts, day.as_of)
    options = []
    for days in sorted({*GAPS, own}):
        waits = set(last_person(members, day.facts, day.as_of, days=days).index)
        counts = (len(waits & listed), int(ids.isin(waits).sum()))
        options.append(Option(words=f"{days} days", in_force=days == own, counts=counts))
    return WhatIf(
        field="minimum_gap_days", asks="How many would have to wait today, having just been reached?",
        columns=("on today's list", "of all open"), options=tuple(options),
        beware=f"Of {len(listed):,} on today's list and {len(ids):,} open. {LISTS}",
    )  # fmt: skip


def capacity(day: Day) -> WhatIf:
    """Make the list again with other capacities: the same scores and factors, without experiments."""
    field, asks = "capacity", "How many calls, and how many wins to expect of them?"
    if len(day.scores) > MOST:
        return WhatIf(
            field=field, asks=asks,
            why_not=f"With more than {MOST:,} open prospects the list is not made several times a day.",
        )  # fmt: skip
    options = []
    for share in SHARES:
        said = _changed(day.definitions, capacity=_scaled(day.definitions, share))
        listed = todays_list(day.scores, day.facts, said, day.as_of, factors=day.factors, seed=SEED).listed
        wins = listed["chance"].sum(min_count=1)
        words = "as it is" if share == 1 else f"{share - 1:+.0%}".replace("%", " %").replace("-", "\N{MINUS SIGN}")
        counts = (float(len(listed)), *(() if pd.isna(wins) else (round(float(wins), 1),)))
        options.append(Option(words=words, in_force=share == 1, counts=counts))
    some = all(len(option.counts) == 2 for option in options)
    return WhatIf(
        field=field, asks=asks, columns=("calls", "wins to expect") if some else ("calls",),
        options=tuple(options if some else [o.model_copy(update={"counts": o.counts[:1]}) for o in options]),
        beware=f"Each salesperson's capacity, rounded; experiments are not counted. Wins to expect is the sum of the "
        f"chances of those called, whether the call brings them or not. {LISTS}",
    )  # fmt: skip


def _scaled(said: Definitions, share: float) -> dict[str, Any]:
    owners = {owner: round(calls * share) for owner, calls in said.capacity.owners.items()}
    return {"default": round(said.capacity.default * share), "owners": owners}
