"""Today's list: who is called, in which order, by whom; and for everyone else the reason why not.

The weight of each call (`worth`) is summed over lists of greatest total weight (`allocation`) under capacity, ownership
and territory, gaps, working days and do-not-contact (`team`, `obstacles`); lists are dealt fairly if the definitions
ask for it (`fairness`), and some places are drawn by chance (`exploration`). Everybody who is scored is either listed
or left out with exactly one reason, one of `REASONS`, and with the day on which it could be listed again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from models.decision.allocation import allocate_in_turn
from models.decision.assignment import NOBODY, Candidates, Mask
from models.decision.contact_choice import people
from models.decision.errors import DecisionError
from models.decision.exploration import Drawn, explore
from models.decision.fairness import deal_fairly
from models.decision.no_longer import no_longer
from models.decision.obstacles import REASONS, Day, obstacles
from models.decision.ownership import last_known, owners
from models.decision.team import Team, team_of
from models.decision.waiting import waiting
from models.decision.whom import COLUMNS, Whom
from models.decision.workdays import today
from models.decision.worth import DEFAULT, NUMBERS, Factors, Form, describe, notes, worth
from models.measures.ranking import Ints

__all__ = ["REASONS", "Factors", "TodaysList", "owners", "todays_list"]


@dataclass(frozen=True)
class TodaysList:
    """The day's calls and everybody else.

    Attributes
    ----------
    listed : DataFrame
        `rank` (1-based within the owner), `owner_id` (who calls; missing: the team's pool), `prospect_id`, `chance`,
        `margin`, `amount`, `timing`, `reach`, `value` (expected money, chance x amount; NaN: not known), `weight`
        (what orders calls), `moved` (what timing and reach did to the order, in words), `worth_words`, `drawn`
        ("value", "exploration" or "experiment"), `propensity` (the chance of being listed that day), `contact_id`
        (missing: nobody known), `channel`, `why_contact`, and further columns of the factors; best first by weight over
        all owners, so that each owner's rows are in the order of their rank.
    left_out : DataFrame
        `prospect_id`, `owner_id` (whose it is; missing: nobody's), `reason` (one of `REASONS`), `words`, `until` (date
        in the company's time zone from which it could be listed; NaT: not known); one row for each one not listed,
        and one for each of whom `no_longer` says that its record is gone.
    worth : DataFrame
        `models.decision.worth.worth` of the whole cohort.
    lotteries : DataFrame
        By salesperson the `places`, the `share` of a place left to the lottery, and how many places were `drawn`.
    notes : tuple of str
        What somebody who reads the list should know: factors that are not known, whether the band of fairness holds.
    """

    listed: pd.DataFrame
    left_out: pd.DataFrame
    worth: pd.DataFrame = field(default_factory=pd.DataFrame)
    lotteries: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()


def todays_list(
    scores: pd.DataFrame, facts: Facts, definitions: Definitions, as_of: pd.Timestamp, *,
    factors: Factors | None = None, seed: int = 7, form: Form = DEFAULT, first: Collection[str] = (),
) -> TodaysList:  # fmt: skip
    """Answer whom to call today.

    Parameters
    ----------
    scores : DataFrame
        `models.decision.score.score` of the day's cohort: one row per prospect. Closed prospects are not in it.
    facts : Facts
        All facts; only those visible at `as_of` (`recorded_at < as_of`) are used.
    as_of : Timestamp
        Start of the day, UTC.
    factors : Factors or None
        What the other heads say of these prospects; None: nothing.
    seed : int
        Of hold-out and exploration; keep the same one over the days, the lotteries differ by day all the same.
    form : {"chance", "chance_amount", "damped", "full"}
        What orders calls: see `models.decision.worth`.
    first : collection of str
        Prospects that an experiment lists: where nothing stands in the way they have their places before all others.

    Raises
    ------
    DecisionError
        A prospect is scored twice, at another moment, or is unknown at `as_of`; factors that do not fit the scores.
    """
    day = Day(as_of, today(as_of, definitions), facts.visible(as_of), definitions, seed, form)
    cohort = _cohort(scores, day)
    members = people(day.seen, as_of)
    whom = Whom.of(day, members, factors)
    worths = worth(cohort, whom.factors, definitions=definitions, form=form)
    cohort = cohort.join(worths.drop(columns=["prospect_id", "chance"]))
    team, kind = team_of(cohort, day.date, definitions)
    stopped = obstacles(cohort, day, team=team, kind=kind, members=members)
    rows = _best_first(cohort, stopped)
    free = cohort.iloc[rows].reset_index(drop=True)
    candidates = _candidates(free, kind[rows], whom)
    ahead = free["prospect_id"].isin(list(first)).to_numpy()
    lists, fair = _lists(free, candidates, team, definitions=definitions, first=ahead)
    drawn = explore(
        lists, candidates, team, share=definitions.exploration, seed=seed, day=day.date, fixed=ahead & (lists >= 0)
    )
    others = waiting(free.assign(by_value=lists >= 0), candidates, drawn=drawn, team=team, day=day)
    return TodaysList(
        _listed(free, drawn, team, whom=whom),
        _left_out(cohort, stopped, others, no_longer(day)),
        worths,
        drawn.lotteries,
        (*notes(worths, definitions, form), *fair),
    )


def _cohort(scores: pd.DataFrame, day: Day) -> pd.DataFrame:
    """Return the scores by prospect_id, with owner, territory and account as last known."""
    as_of = day.as_of
    twice = scores["prospect_id"].duplicated()
    if twice.any():
        raise DecisionError(f"prospect {scores.loc[twice, 'prospect_id'].iloc[0]} is scored twice; give one row each.")
    other = scores["as_of"] != as_of
    if other.any():
        who, when = scores.loc[other, ["prospect_id", "as_of"]].iloc[0]
        raise DecisionError(
            f"prospect {who} is scored as of {when}, the list is for {as_of}; score the cohort of that moment."
        )
    known = {name: last_known(day.seen, name) for name in ("owner_id", "territory", "account_id")}
    unknown = ~scores["prospect_id"].isin(known["owner_id"].index)
    if unknown.any():
        raise DecisionError(f"prospect {scores.loc[unknown, 'prospect_id'].iloc[0]} is not known at {as_of}.")
    rows = scores.sort_values("prospect_id", ignore_index=True)
    return rows.assign(**{name: rows["prospect_id"].map(value).astype("str") for name, value in known.items()})


def _best_first(cohort: pd.DataFrame, stopped: pd.DataFrame) -> Ints:
    """Return the rows of those who can be called: by falling weight, ties by margin, then by id."""
    free = cohort[stopped["reason"].isna()]
    ordered = free.sort_values(["weight", "margin", "prospect_id"], ascending=[False, False, True])
    rows: Ints = ordered.index.to_numpy(np.int64)
    return rows


def _candidates(free: pd.DataFrame, kind: Ints, whom: Whom) -> Candidates:
    account = pd.factorize(free["account_id"], sort=True)[0].astype(np.int64)
    return Candidates(free["weight"].to_numpy(np.float64), kind, account, whom.persons(free["prospect_id"], account))


def _lists(
    free: pd.DataFrame, candidates: Candidates, team: Team, *, definitions: Definitions, first: Mask
) -> tuple[Ints, tuple[str, ...]]:
    """Return who calls whom by value, dealt fairly if the definitions ask for it, and what is to be said of that."""
    lists = allocate_in_turn(candidates, team.may_today, team.places, first=first)
    if definitions.fairness_band is None:
        return lists, ()
    called = np.flatnonzero(lists >= 0)
    fair = deal_fairly(
        lists[called], free["value"].to_numpy(np.float64)[called],
        unowned=free["owner_id"].isna().to_numpy()[called], may=team.may_today[candidates.kind[called]],
        band=definitions.fairness_band,
    )  # fmt: skip
    lists = lists.copy()
    lists[called] = fair.owner
    return lists, (fair.words,)


def _listed(free: pd.DataFrame, drawn: Drawn, team: Team, *, whom: Whom) -> pd.DataFrame:
    called = np.flatnonzero(drawn.owner != NOBODY)
    rows = free.iloc[called].assign(
        owner_id=pd.array([team.owners[o] for o in drawn.owner[called]], dtype="str"),
        drawn=pd.array(drawn.how[called], dtype="str"),
        propensity=drawn.propensity[called],
    )
    rank = rows.groupby("owner_id", dropna=False).cumcount() + 1
    words = [describe(row, whom.day.definitions) for row in rows.itertuples()]
    rows = rows.assign(rank=rank, worth_words=pd.array(words, dtype="str"))
    columns = [
        "rank",
        "owner_id",
        "prospect_id",
        "chance",
        "margin",
        *NUMBERS,
        "value",
        "weight",
        "moved",
        "worth_words",
    ]
    out = rows[[*columns, "drawn", "propensity"]].merge(
        whom.ask(rows["prospect_id"]), on="prospect_id", validate="one_to_one"
    )
    if whom.factors is None:
        return out
    more = whom.factors.drop(columns=[c for c in (*NUMBERS, *COLUMNS[1:]) if c in whom.factors])
    return out.merge(more, on="prospect_id", how="left", validate="one_to_one")


def _left_out(cohort: pd.DataFrame, stopped: pd.DataFrame, others: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    rows = cohort[["prospect_id", "owner_id"]].join(stopped).dropna(subset="reason")
    parts = [rows, others, gone] if len(gone) else [rows, others]
    return pd.concat(parts).sort_values("prospect_id", ignore_index=True)
