"""Days as small as they can be to make a board of: a few prospects, and a list of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pandas as pd

from features.facts.definitions import REQUIRED_TERMS, Definitions, parse
from features.facts.ledger import Facts
from features.matrix import Matrix
from features.time.cohort import cohort
from models.bundle import Bundle
from models.companions import Companions
from models.decision.priority import todays_list
from pipelines.home import Home
from pipelines.steps.boards.day import Day
from tests.models.decision.days import AS_OF, facts_of, prospect, scores, touch

NOTHING = cast(Any, None)


def said(**changes: Any) -> Definitions:
    """Return definitions in which each word holds for everybody, and the list for two calls of kim a day."""
    term = {"means": "whoever it is", "evidence": "select prospect_id from prospects", "owner": "sales",
            "since": "2026-01-01"}  # fmt: skip
    won = term | {"evidence": "select prospect_id from outcomes where result = 'won'", "owner": "finance"}
    given = {
        "company": "c", "recorded_at": "column", "horizon_days": 30, "terms": dict.fromkeys(REQUIRED_TERMS, term),
        "capacity": {"default": 2}, "exploration": 0.0, "working_days": [1, 2, 3, 4, 5, 6, 7],
    }  # fmt: skip
    given["terms"] = given["terms"] | {"won": won}
    return parse(given | changes)


def known(closed: int = 0) -> Facts:
    """Five open prospects of kim's, p5 reached yesterday; and so many won on the 10th to 40th day after creation."""
    open_ = [prospect(f"p{n}", account_id="a1" if n == 1 else None) for n in range(1, 6)]
    start = pd.Timestamp("2025-06-01", tz="UTC")
    days = [10 + 30 * n // max(closed - 1, 1) for n in range(closed)]
    ended = [prospect(f"w{n:02d}", created_at=start, recorded_at=start) for n in range(closed)]
    wins = [{"prospect_id": f"w{n:02d}", "occurred_at": start + pd.Timedelta(days=d), "result": "won"}
            for n, d in enumerate(days)]  # fmt: skip
    tables = {
        "prospects": open_ + ended, "touches": [touch("p5", "2026-03-01")],
        "accounts": [{"account_id": "a1", "name": "Hartwell Optics"}],
    }  # fmt: skip
    return facts_of(**tables, **({"outcomes": wins} if wins else {}))


def day_of(
    facts: Facts, definitions: Definitions, home: Path, *, bundle: Bundle | None = None, chance: float = 0.1
) -> Day:
    """Return the day of a list; heads are not there, and no board of these tests asks them."""
    seen = facts.visible(AS_OF)
    keys = cohort(seen, AS_OF, definitions=definitions)
    scored = scores(**dict.fromkeys(keys["prospect_id"], chance))
    return Day(
        as_of=AS_OF, home=Home(home), facts=seen, definitions=definitions, bundle=cast(Bundle, bundle),
        heads=cast(Companions, NOTHING), matrix=Matrix(keys, pd.DataFrame(index=keys.index)), scores=scored,
        factors=NOTHING, today=todays_list(scored, seen, definitions, AS_OF),
    )  # fmt: skip
