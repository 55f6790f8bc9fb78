"""The facts of one shard, read from the lake: what `Facts.of_prospects` would keep, and never more at once.

Each table is scanned once and only the rows asked for come into memory. A row may have several versions, and a later
one may name another prospect or account; such rows are named by whoever deals (`moved`), and every shard has all of
them: facts of others change no feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.facts.ledger import Facts
from pipelines.lake import Lake

_WHOSE: Final = {
    "touches": ("touch_id", ("prospect_id",)),
    "contacts": ("contact_id", ("prospect_id", "account_id")),
}
"""Tables whose rows may move: by which key, and what they may leave for another."""


def moved(facts: Facts) -> dict[str, list[str]]:
    """Return the touches and contacts of which one version belongs to somebody else than another one, by table."""
    out = {}
    for name, (key, owners) in _WHOSE.items():
        rows = facts.ever(name)
        again = rows[rows.duplicated(key, keep=False).to_numpy()]
        ties = again.drop_duplicates([key, *owners])
        out[name] = sorted(ties.loc[ties.duplicated(key), key].unique())
    return out


def shard_facts(lake: Lake, versions: Mapping[str, int], ids: pd.Index, *, moved: Mapping[str, list[str]]) -> Facts:
    """Read the facts of whole households at some versions of the lake.

    Parameters
    ----------
    ids : Index
        Prospects; everybody whom they were ever linked with is among them (`dealing.households`).
    moved : mapping of table name to ids
        As `moved` returns it.
    """
    tables: dict[str, pd.DataFrame] = {}

    def read(name: str, where: Any = None) -> pd.DataFrame:
        if name in versions:
            tables[name] = lake.read(name, versions[name], where=where)
        return tables.get(name, pd.DataFrame(columns=["account_id", "contact_id"]))

    mine = _among("prospect_id", ids)
    accounts = read("prospects", mine)["account_id"].dropna().unique()
    read("accounts", _among("account_id", accounts))
    named = read("touches", mine | _among("touch_id", moved["touches"]))["contact_id"].dropna().unique()
    theirs = mine | _among("account_id", accounts) | _among("contact_id", [*named, *moved["contacts"]])
    read("contacts", theirs)
    of_prospect = (pc.field("entity") == "prospect") & _among("id", ids)
    read("attribute_changes", of_prospect | ((pc.field("entity") == "account") & _among("id", accounts)))
    read("offers_made", mine)
    read("outcomes", mine)
    read("offers")
    read("withdrawals")
    return Facts.of(tables)


def _among(column: str, ids: Any) -> pc.Expression:
    return pc.field(column).isin(pa.array(list(ids), type=pa.string()))
