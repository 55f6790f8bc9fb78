"""Which prospect belongs to which account, and since when that is known; when it was created.

Corrections of identity are not followed: the version that was recorded first counts, while it stands. Only where it was
withdrawn (its prospect was deleted, its account was merged into another) the next one takes its place.

Worked example, run as a doctest. `p` belongs to `a`, which is merged into `b` on the 5th; the merge is undone on the
9th. `q` belongs to `b` all the time:

>>> import pandas as pd
>>> from features.facts.ledger import Facts
>>> day = lambda n: pd.Timestamp(f"2026-03-{n:02}", tz="UTC").as_unit("us")
>>> who = pd.DataFrame({"prospect_id": ["p", "q", "p"], "account_id": ["a", "b", "b"],
...                     "recorded_at": [day(1), day(2), day(5)]})
>>> accounts = pd.DataFrame({"account_id": ["a", "b", "a"], "recorded_at": [day(1), day(1), day(9)]})
>>> merged = pd.DataFrame({"table": ["accounts"], "id": ["a"], "happened_at": [pd.NaT], "name": [None],
...                        "recorded_at": [day(5)], "reason": ["merged"]})
>>> for _, p, a, since, until in links(
...         Facts.of({"prospects": who, "accounts": accounts, "withdrawals": merged})).itertuples():
...     print(p, a, f"{since:%d}", "-" if pd.isna(until) else f"{until:%d}")
q b 02 -
p a 01 05
p b 05 09
p a 09 -
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import TIME_TYPE
from features.facts.ledger import Facts
from features.facts.withdrawn import WITHDRAWN_AT
from features.time.asof import Micros, earlier, later, micros

FOREVER: Final = np.iinfo(np.int64).max


def links(facts: Facts) -> pd.DataFrame:
    """Answer which prospect belongs to which account.

    Returns
    -------
    DataFrame
        `prospect_id`, `account_id`, `linked_at` (UTC, since when that is known) and, where prospects or accounts were
        withdrawn, `unlinked_at` (from when on it is not true; missing: to the end). A prospect has one row, or one for
        each time at which it had an account that stood.
    """
    known = facts.ever("prospects")
    if not {"prospects", "accounts"} & set(facts.gone):
        rows = known[["prospect_id", "account_id", "recorded_at"]].dropna()
        return _first(rows, "prospect_id").rename(columns={"recorded_at": "linked_at"})
    withdrawn_at = known[WITHDRAWN_AT] if WITHDRAWN_AT in known else pd.Series(pd.NaT, known.index, dtype=TIME_TYPE)
    known = known[["prospect_id", "account_id", "recorded_at"]].assign(unlinked_at=withdrawn_at)
    known = known.dropna(subset=["account_id"])
    dead = facts.gone["accounts"]["account_id"] if "accounts" in facts.gone else []
    moved = known["unlinked_at"].notna() | known["account_id"].isin(dead)
    moved = known["prospect_id"].isin(known.loc[moved, "prospect_id"])
    still = _first(known[~moved], "prospect_id").rename(columns={"recorded_at": "linked_at"})
    parts = [still, _resolved(known[moved], _alive(facts))]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def linked(frame: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Give each row of an account to the account's prospects, known once row and link are, while both are true.

    Parameters
    ----------
    frame : DataFrame
        `account_id`, `recorded_at`, perhaps `hidden_at`, and further columns.
    """
    both = frame.merge(links, on="account_id")
    return through(both).drop(columns="account_id")


def through(both: pd.DataFrame) -> pd.DataFrame:
    """Take the link's times into those of its row: known once both are, hidden once one is."""
    both = both.assign(recorded_at=later(both["recorded_at"], both["linked_at"]))
    if "unlinked_at" in both:
        hidden = both["hidden_at"] if "hidden_at" in both else pd.Series(pd.NaT, both.index, dtype=TIME_TYPE)
        both = both.assign(hidden_at=earlier(hidden, both["unlinked_at"]))
    return both.drop(columns=["linked_at", "unlinked_at"], errors="ignore")


def creations(facts: Facts) -> pd.DataFrame:
    """Return `prospect_id`, `created_at` and `recorded_at` of each prospect's first version.

    Where prospects were withdrawn also `hidden_at`, and one row for each time between its withdrawals.
    """
    known, columns = facts.ever("prospects"), ["prospect_id", "created_at", "recorded_at"]
    if "prospects" not in facts.gone:
        return _first(known[columns], "prospect_id")
    known = known[[*columns, WITHDRAWN_AT]].rename(columns={WITHDRAWN_AT: "hidden_at"})
    return known.sort_values("recorded_at", kind="stable").drop_duplicates(["prospect_id", "hidden_at"])


def _first(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame.sort_values("recorded_at", kind="stable").drop_duplicates(key)


def _alive(facts: Facts) -> pd.DataFrame:
    """Return when each account that was ever withdrawn stood: `account_id`, `since`, `until`, as microseconds.

    The first time has no beginning: that a prospect belongs to an account is known from the prospect.
    """
    known = facts.ever("accounts")
    if "accounts" not in facts.gone:
        nobody = {"account_id": pd.Series([], dtype="str"), "since": [], "until": []}
        return pd.DataFrame(nobody).astype({"since": "Int64", "until": "Int64"})
    known = known[known["account_id"].isin(facts.gone["accounts"]["account_id"])]
    times = pd.DataFrame(
        {"account_id": known["account_id"], "since": micros(known["recorded_at"]), "until": _ends(known[WITHDRAWN_AT])}
    )
    spans = times.groupby(["account_id", "until"], as_index=False)["since"].min().sort_values(["account_id", "since"])
    spans = spans.assign(since=spans["since"].where(spans["account_id"].duplicated(), -FOREVER))
    return spans.astype({"since": "Int64", "until": "Int64"})  # whole numbers also where a merge finds nothing


def _ends(times: pd.Series) -> Micros:
    return np.where(times.isna(), FOREVER, micros(times))


def _resolved(known: pd.DataFrame, alive: pd.DataFrame) -> pd.DataFrame:
    """Let at every moment the first version count that stands and whose account does."""
    times = known[["prospect_id", "account_id"]].assign(
        order=micros(known["recorded_at"]), until_row=_ends(known["unlinked_at"])
    )
    spans = times.merge(alive, on="account_id", how="left").fillna({"since": -FOREVER, "until": FOREVER})
    since = np.maximum(spans["order"], spans["since"].astype(np.int64))
    until = np.minimum(spans["until_row"], spans["until"].astype(np.int64))
    spans = spans.assign(since=since, until=until)[since < until].sort_values(["order", "since"], kind="stable")
    rows = [(who, *row) for who, mine in spans.groupby("prospect_id") for row in _in_turn(mine)]
    who, account, begin, end = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pd.DataFrame(
        {
            "prospect_id": pd.Series(who, dtype="str"),
            "account_id": pd.Series(account, dtype="str"),
            "linked_at": _times(begin),
            "unlinked_at": _times([None if t == FOREVER else t for t in end]),
        }
    )


def _in_turn(spans: pd.DataFrame) -> Iterator[tuple[str, int, int]]:
    """Yield account, since and until of one prospect, its spans given in the order in which they count."""
    account, since, until = (spans[c].to_numpy() for c in ("account_id", "since", "until"))
    now: tuple[str, int, int] | None = None
    bounds = np.unique(np.concatenate([since, until]))
    for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
        there = np.flatnonzero((since <= begin) & (until > begin))
        name = account[there[0]] if len(there) else None
        if now and (name != now[0]):
            yield now
            now = None
        if name is not None:
            now = (name, now[1] if now else int(begin), int(end))
    if now:
        yield now


def _times(micros_: object) -> pd.Series:
    return pd.to_datetime(pd.Series(micros_, dtype="Int64"), unit="us", utc=True).astype(TIME_TYPE)
