"""The matrix, shard by shard: the work of one shard, and putting the parts together to the same bits as one build.

A job is a few names (the lake, its versions, the area, the number of the shard); what comes back is where the part lies
and what it took. Which machine does it, and in what order, changes nothing: a row of the matrix depends on the facts of
its own household, and every row has one place.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

import features
from features.catalog import Catalog
from features.facts.arrow import from_arrow, to_arrow
from features.facts.ledger import Facts
from features.matrix import Matrix, build
from pipelines.cluster import assembling, reading
from pipelines.cluster.area import Area
from pipelines.cluster.dealing import Deal, deal
from pipelines.cluster.errors import ClusterError
from pipelines.lake import Lake
from pipelines.steps import moments

Builder = Callable[[Facts, pd.DataFrame, Catalog], Matrix]
"""From facts, keys and a catalogue to a matrix: `features.matrix.build`, or `Sharded.build`."""


@dataclass(frozen=True)
class Job:
    """One shard of a build.

    Attributes
    ----------
    lake, versions
        The place of the lake and the versions to read it at.
    as_of : Timestamp or None
        Only what was recorded before it is seen; None: everything.
    area : Area
        `members-N` and `keys-N` are read there, `part-N` is written.
    code : str
        Of the process that asks; a worker with other features refuses.
    """

    number: int
    lake: str
    versions: Mapping[str, int]
    as_of: pd.Timestamp | None
    area: Area
    catalog: Catalog
    code: str


@dataclass(frozen=True)
class Done:
    """What a shard came to: snapshots, touches read, bytes written, and seconds reading and building."""

    number: int
    rows: int
    touches: int
    written: int
    reading: float
    building: float


Mapped = Callable[[Callable[[Job], Done], Sequence[Job]], Sequence[Done]]
"""Do the same for several jobs, wherever: on threads, or on a cluster. In any order, all of them or an error."""


@cache
def code() -> str:
    """Name the code of the features of this process: 12 hex digits of their source files."""
    places = sorted(Path(str(features.__file__)).parent.rglob("*.py"))
    text = b"\n".join(place.name.encode() + place.read_bytes() for place in places)
    return hashlib.sha256(text).hexdigest()[:12]


def compute(job: Job) -> Done:
    """Build the matrix of one shard from the lake and write it; run again it writes the same.

    Raises
    ------
    ClusterError
        This process has other features than the one that asks.
    """
    if job.code != code():
        raise ClusterError(
            f"shard {job.number}: this worker's features are {code()}, the run's are {job.code}: a row would mean "
            "something else. Install the same version of takt on all machines and start the workers again."
        )
    begin = time.perf_counter()
    members = job.area.read(f"members-{job.number}").to_pandas()
    ids = {
        kind: members.loc[(members["kind"] == kind).to_numpy(), "id"] for kind in ("prospects", "touches", "contacts")
    }
    moved = {name: list(ids[name]) for name in ("touches", "contacts")}
    facts = reading.shard_facts(Lake(job.lake), job.versions, pd.Index(ids["prospects"]), moved=moved)
    facts = facts if job.as_of is None else facts.visible(job.as_of)
    keys = from_arrow(job.area.read(f"keys-{job.number}"))
    read = time.perf_counter()
    matrix = build(facts, keys, job.catalog)
    built = time.perf_counter()
    written = job.area.write(f"part-{job.number}", assembling.to_table(matrix))
    return Done(job.number, len(keys), len(facts.touches), written, read - begin, built - read)


@dataclass
class Sharded:
    """A build of a matrix in shards.

    Attributes
    ----------
    lake, versions, as_of
        Where the facts given to `build` lie at rest, and how much of them was known.
    mapped : Mapped
        Where the shards are worked.
    shards : int
        Partitions of the prospects by hash.
    done : list of Done
        What the last build's shards came to, by number.
    """

    lake: str
    versions: Mapping[str, int]
    as_of: pd.Timestamp | None
    mapped: Mapped
    shards: int
    done: Sequence[Done] = ()

    def build(self, facts: Facts, keys: pd.DataFrame, catalog: Catalog) -> Matrix:
        """Return what `features.matrix.build` returns for the same facts, bit for bit.

        Parameters
        ----------
        facts : Facts
            Those of the lake at these versions, visible at `as_of`; here they are only dealt.
        keys : DataFrame, shape (n_snapshots, 2)
            As for `features.matrix.build`.

        Raises
        ------
        ClusterError
            A shard was not done, or not by the same code.
        """
        keys = keys[["prospect_id", "as_of"]].reset_index(drop=True)
        if keys.empty:
            return build(facts, keys, catalog)
        area = Area.below(self.lake)
        try:
            rows = self._hand_out(facts, keys, area)
            jobs = [Job(k, self.lake, self.versions, self.as_of, area, catalog, code()) for k in rows]
            self.done = sorted(self.mapped(compute, jobs), key=lambda one: one.number)
            _all_there(self.done, rows)
            parts = {k: (where, area.read(f"part-{k}")) for k, where in rows.items()}
            return assembling.together(parts, keys, catalog)
        finally:
            area.remove(now=pd.Timestamp(moments.now()))

    def _hand_out(self, facts: Facts, keys: pd.DataFrame, area: Area) -> dict[int, np.ndarray]:
        """Write down who and what is asked of each shard; return the rows of each, the heaviest shards first."""
        dealt = self._dealt(facts, keys)
        of_key, moved = dealt.of(keys["prospect_id"]), reading.moved(facts)
        by_shard = np.argsort(of_key, kind="stable")
        numbers, begin = np.unique(of_key[by_shard], return_index=True)
        rows = dict(zip(numbers.tolist(), np.split(by_shard, begin[1:]), strict=True))
        for number, where in rows.items():
            ids = {"prospects": dealt.prospects[dealt.shard == number], **moved}
            kinds = np.repeat(list(ids), [len(one) for one in ids.values()])
            members = pa.table({"kind": pa.array(kinds, pa.string()), "id": pa.array(_joined(ids), pa.string())})
            area.write(f"members-{number}", members)
            area.write(f"keys-{number}", to_arrow(keys.iloc[where]))
        first = sorted(rows, key=lambda number: (number not in dealt.alone, -len(rows[number]), number))
        return {number: rows[number] for number in first}

    def _dealt(self, facts: Facts, keys: pd.DataFrame) -> Deal:
        links = facts.ever("prospects")[["prospect_id", "account_id"]]
        stranger = pd.Index(keys["prospect_id"].unique()).difference(pd.Index(links["prospect_id"]))
        links = pd.concat([links, pd.DataFrame({"prospect_id": stranger, "account_id": None}).astype("str")])
        weights = facts.touches["prospect_id"].value_counts().add(keys["prospect_id"].value_counts(), fill_value=0)
        return deal(links.reset_index(drop=True), weights, shards=self.shards)


def _joined(ids: Mapping[str, Sequence[str]]) -> list[str]:
    return [one for many in ids.values() for one in many]


def _all_there(done: Sequence[Done], rows: Mapping[int, np.ndarray]) -> None:
    """Refuse to put a matrix together of which a part is missing or of another size."""
    came = {one.number: one.rows for one in done}
    wanted = {number: len(where) for number, where in rows.items()}
    if came != wanted:
        odd = sorted(set(wanted.items()) ^ set(came.items()))[:3]
        raise ClusterError(
            f"shards and their rows: expected {len(wanted)} shards as dealt, other are {odd}; run again."
        )
