"""What stands in the way of a call today, apart from capacity; and from which day on it no longer does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from models.decision.assignment import Mask, anybody
from models.decision.exploration import held_out
from models.decision.gaps import last_account, last_person
from models.decision.ownership import last_known
from models.decision.put_off import put_off
from models.decision.team import Team, no_salesperson
from models.decision.workdays import next_working, said, why_closed
from models.decision.worth import DEFAULT, Form, describe
from models.measures.ranking import Ints

REASONS: Final[Mapping[str, str]] = {
    "withdrawn": "its record was deleted in the CRM, or merged into another one",
    "do_not_contact": "everybody we know there asked not to be contacted",
    "hold_out": "never listed, by lot, to measure what the list is worth",
    "unscored": "nothing was known to judge it by",
    "no_salesperson": "no salesperson may be given it (ownership and territories)",
    "not_worth": "the call would cost more than it is expected to bring",
    "waiting": "they asked to be called later, or we moved the call to a later day",
    "too_soon": "the person was reached within the minimum gap",
    "account_called": "somebody of the same account (or the same person) is called today, or was within its gap",
    "not_working": "nobody who may call it works today",
    "no_capacity": "others are worth more, and the day has only so many calls",
}
"""Why a prospect is left out. The first one that holds is the one given; the first six do not pass with time alone."""


@dataclass(frozen=True)
class Day:
    """The day of a list and what was known at its start."""

    as_of: pd.Timestamp
    date: dt.date
    seen: Facts
    definitions: Definitions
    seed: int = 7
    form: Form = DEFAULT

    def until(self, at_least: Ints, kind: Ints, team: Team) -> pd.Series[Any]:
        """Return the first day, at least so many days from now, on which somebody works who may call it.

        Returns
        -------
        Series of datetime64 (midnight, without zone), NaT where there is none in sight
        """
        calendar = (team.may @ team.calendar.astype(np.int64)) > 0
        code = kind * (int(at_least.max(initial=0)) + 1) + at_least
        _, first, back = np.unique(code, return_index=True, return_inverse=True)
        days = next_working(calendar[kind[first]], at_least[first], self.date)
        return pd.Series(days[back].astype("datetime64[us]"))


def obstacles(cohort: pd.DataFrame, day: Day, *, team: Team, kind: Ints, members: pd.DataFrame) -> pd.DataFrame:
    """Answer for each prospect whether it can be called today, and if not why, and when again.

    Parameters
    ----------
    cohort : DataFrame, shape (n, ...), index 0 to n - 1
        `prospect_id`, `owner_id`, `territory`, `account_id`, `reason` (of the score), and the columns of `worth`.
    members : DataFrame
        `models.decision.contact_choice.people`.

    Returns
    -------
    DataFrame, shape (n, 3)
        `reason` (one of `REASONS`; missing: nothing stands in the way), `words`, `until` (the first day on which it
        could be listed again, in the company's time zone; NaT: not known, time alone does not change it).
    """
    ids, definitions = cohort["prospect_id"], day.definitions
    person, company = _reached(cohort, day, members)
    later = put_off(day.seen, day.date).reindex(ids).set_axis(cohort.index)
    nobody = ~anybody(team.may)[kind]
    off = ~anybody(team.may & team.calendar[:, 0])[kind]
    unknown = cohort["weight"].isna()
    found: dict[str, tuple[Any, Any]] = {
        "do_not_contact": (ids.isin(refusing(day.seen, members)), REASONS["do_not_contact"]),
        "hold_out": (held_out(ids, definitions.hold_out, day.seed), REASONS["hold_out"]),
        "unscored": (unknown, "could not be scored: " + cohort["reason"].replace("", "no reason given")),
        "no_salesperson": (nobody, _no_salesperson(cohort, nobody)),
        "not_worth": (cohort["weight"] < 0, _not_worth(cohort, day)),
        "waiting": (later["until"].notna(), later["words"]),
        "too_soon": (person.notna(), _in_touch(person, "we were in touch", definitions.minimum_gap_days, day)),
        "account_called": (company.notna(), _in_touch(
            company, "somebody there was called", definitions.minimum_gap_account_days, day)),
        "not_working": (off, _off(kind, team, day)),
    }  # fmt: skip
    out = pd.DataFrame({"reason": pd.NA, "words": pd.NA}, index=cohort.index, dtype="str")
    # the last one written is the first of REASONS that holds
    for reason, (holds, words) in reversed(found.items()):
        out = out.assign(reason=out["reason"].mask(holds, reason), words=out["words"].mask(holds, words))
    passes = out["reason"].isin(["waiting", "too_soon", "account_called", "not_working"])
    gaps = ((person, definitions.minimum_gap_days), (company, definitions.minimum_gap_account_days))
    wait = np.maximum.reduce([_from(later["until"], day), *(_days(last, gap, day) for last, gap in gaps)])
    return out.assign(until=day.until(wait, kind, team).where(passes).set_axis(cohort.index))


def refusing(seen: Facts, members: pd.DataFrame) -> pd.Index:
    """Return prospects of which every known contact refuses, or that refused without naming a contact."""
    everyone = members.groupby("prospect_id")["refuses"].all()
    touches = current(seen.touches, TABLES["touches"].key)
    nameless = touches["result"].eq("do_not_contact") & touches["contact_id"].isna()
    return everyone.index[everyone].union(pd.Index(touches.loc[nameless, "prospect_id"]))


def _reached(cohort: pd.DataFrame, day: Day, members: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return when the person and when the account was last reached within its gap; missing where not."""
    ids, definitions = cohort["prospect_id"], day.definitions
    person = last_person(members, day.seen, day.as_of, days=definitions.minimum_gap_days)
    account = last_known(day.seen, "account_id")
    company = last_account(account, day.seen, day.as_of, days=definitions.minimum_gap_account_days)
    return person.reindex(ids).set_axis(cohort.index), company.reindex(ids).set_axis(cohort.index)


def _in_touch(last: pd.Series[Any], what: str, days: int, day: Day) -> pd.Series[Any]:
    when = last.dt.tz_convert(day.definitions.zone).dt.strftime("%Y-%m-%d")
    return what + " on " + when + f", the gap is {days} day{'' if days == 1 else 's'}"


def _days(last: pd.Series[Any], gap: int, day: Day) -> Ints:
    """Return how many days from today the gap is over at midnight; 0 where there is none."""
    over = (last + pd.Timedelta(days=gap)).dt.tz_convert(day.definitions.zone).dt.tz_localize(None).dt.normalize()
    days = (over - pd.Timestamp(day.date)).dt.days + 1
    out: Ints = np.maximum(days.fillna(0).to_numpy(np.int64), 0)
    return out


def _from(until: pd.Series[Any], day: Day) -> Ints:
    """Return how many days from today the named day is; 0 where none is named."""
    days = (pd.to_datetime(until) - pd.Timestamp(day.date)).dt.days
    out: Ints = days.fillna(0).to_numpy(np.int64)
    return out


def _not_worth(cohort: pd.DataFrame, day: Day) -> pd.Series[Any]:
    rows = cohort[cohort["weight"] < 0]
    words = [f"{REASONS['not_worth']}: {describe(r, day.definitions)}" for r in rows.itertuples()]
    return pd.Series(words, rows.index, dtype="str").reindex(cohort.index)


def _no_salesperson(cohort: pd.DataFrame, nobody: Mask) -> pd.Series[Any]:
    rows = cohort.loc[nobody, ["owner_id", "territory"]]
    return pd.Series([no_salesperson(*row) for row in rows.itertuples(index=False)], rows.index, dtype="str").reindex(
        cohort.index
    )


def _off(kind: Ints, team: Team, day: Day) -> pd.Series[Any]:
    """Say for each prospect why nobody works who could call it."""
    closed = why_closed(day.date, day.definitions)
    words = [closed or f"{team.names(k)} is away on {said(day.date)}" for k in range(len(team.may))]
    return pd.Series(np.array(words, dtype="object")[kind], dtype="str")
