"""Which prospects go into which shard: such that no feature of theirs needs a fact of another shard.

Prospects of one account see each other's outcomes and share contacts and attributes of the account, and which account
a prospect belongs to may change. So everybody who was ever linked, directly or through others, stays together: a
*household*, a connected component of prospects and accounts over all their versions. A household goes to the shard that
the hash of its smallest prospect id names, whatever the order of the rows. One that outweighs a fair share (a prospect
with a million touches, a company with a tenth of all prospects) gets a shard of its own, so that no other waits for it;
a household is never cut.

Worked example, run as a doctest: `p` and `q` share account `a`; `q` was moved to `b` later, where `r` is; `s` is alone.

>>> import pandas as pd
>>> links = pd.DataFrame({"prospect_id": ["p", "q", "q", "r", "s"], "account_id": ["a", "a", "b", "b", None]})
>>> households(links).tolist()
['p', 'p', 'p', 'p', 's']
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Deal:
    """Who is in which shard.

    Attributes
    ----------
    prospects : Index, shape (n_prospects,)
        Unique ids, sorted.
    shard : int64, shape (n_prospects,)
        From 0; some numbers may have nobody.
    alone : tuple of int
        Shards that hold one household that outweighs a fair share.
    """

    prospects: pd.Index
    shard: Ints
    alone: tuple[int, ...]

    def of(self, ids: pd.Series) -> Ints:
        """Return the shard of each id; who is unknown is in shard 0."""
        place = self.prospects.get_indexer(pd.Index(ids))
        return np.where(place >= 0, self.shard[place], 0) if len(self.shard) else np.zeros(len(ids), dtype=np.int64)


def households(links: pd.DataFrame) -> pd.Series:
    """Return the smallest prospect id of each row's household, index as given.

    Parameters
    ----------
    links : DataFrame
        `prospect_id` and `account_id` (missing: none) of all versions of prospects.
    """
    who, ids = pd.factorize(links["prospect_id"], sort=True)
    account, names = pd.factorize(links["account_id"])
    tied = account >= 0
    n = len(ids) + len(names)
    edges = coo_array((np.ones(tied.sum(), dtype=np.int8), (who[tied], len(ids) + account[tied])), shape=(n, n))
    component = connected_components(edges, directed=False)[1][: len(ids)]
    # ids are sorted, so the first of a component is its smallest
    _, first, whose = np.unique(component, return_index=True, return_inverse=True)
    return pd.Series(np.asarray(ids)[first[whose]][who], index=links.index)


def deal(links: pd.DataFrame, weights: pd.Series, *, shards: int) -> Deal:
    """Deal the prospects into shards.

    Parameters
    ----------
    links : DataFrame
        As for `households`.
    weights : Series
        Work that each prospect is, by id; who is not named weighs nothing.
    shards : int
        Partitions of the hash; households that outweigh `total / shards` come on top.
    """
    rows = links.assign(household=households(links)).drop_duplicates("prospect_id").sort_values("prospect_id")
    load = rows["prospect_id"].map(weights).fillna(0.0).groupby(rows["household"].to_numpy()).sum()
    heavy = load.index[load.to_numpy() > max(load.sum() / shards, 1.0)] if shards > 1 else load.index[:0]
    by_hash = pd.util.hash_array(rows["household"].to_numpy(dtype=object)) % np.uint64(shards)
    own = heavy.get_indexer(pd.Index(rows["household"]))
    shard = np.where(own >= 0, shards + own, by_hash.astype(np.int64))
    alone = tuple(range(shards, shards + len(heavy)))
    return Deal(pd.Index(rows["prospect_id"]), shard.astype(np.int64), alone)
