"""Takt over shards of some row groups each: read, lay out, run, and forget; one shard is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.features.asked import Asked
from benchmarks.features.made import Made
from features.algebra.filling import Filling, Snapshots
from features.facts.columns import Columns
from features.facts.ledger import Facts
from features.matrix import asked

SHARD: Final = 4
"""Row groups of a shard."""
_WORDS: Final = frozenset(("prospect_id", "contact_id", "kind", "channel", "direction", "stage", "result"))
_BATCH: Final = 65_536
"""Rows that are collected column by column before they are written."""


@dataclass(frozen=True)
class Stream:
    """What is asked of which files."""

    made: Made
    looks: Path
    asked: Asked

    def run(self) -> int:
        """Work every feature out, keeping none; return how many rows there were."""
        return sum(map(_run, self.shards()))

    def run_on(self, threads: int) -> int:
        """Do the same with shards on several threads, each with files of its own."""
        n = pq.read_metadata(self.made.touches).num_row_groups
        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(self._run_one, _groups(n)))

    def write(self, place: Path) -> None:
        """Work every feature that is a number out and write it as Arrow IPC, float32."""
        names = [d.name for d in self.asked.catalog.declarations if not d.is_category]
        schema = pa.schema([(name, pa.float32()) for name in names])
        room = np.empty((len(names), _BATCH), dtype=np.float32)
        with pa.OSFile(str(place), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            at = 0
            for shard in self.shards():
                for filled in shard.blocks():
                    rows = len(filled.numbers)
                    if at + rows > _BATCH:
                        writer.write_batch(_batch(room[:, :at], schema))
                        at = 0
                    room[:, at : at + rows] = filled.numbers.T
                    at += rows
            writer.write_batch(_batch(room[:, :at], schema))

    def shards(self) -> Iterator[Filling]:
        """Lay out one shard after the other."""
        with self._touches() as touches, _looks(self.looks) as looks:
            for groups in _groups(touches.num_row_groups):
                yield shard(touches, looks, groups, self.asked)

    def _run_one(self, groups: list[int]) -> int:
        with self._touches() as touches, _looks(self.looks) as looks:
            return _run(shard(touches, looks, groups, self.asked))

    def _touches(self) -> pq.ParquetFile:
        words = [name for name in self.asked.columns if name in _WORDS]
        return pq.ParquetFile(self.made.touches, read_dictionary=words, pre_buffer=False)  # which pays over a network


def shard(touches: pq.ParquetFile, looks: pq.ParquetFile, groups: list[int], wanted: Asked) -> Filling:
    """Read some row groups of both files and lay them out."""
    facts = Facts.of({"touches": Columns(touches.read_row_groups(groups, columns=list(wanted.columns)))})
    snapshots = Snapshots.of(looks.read_row_groups(groups).unify_dictionaries().to_pandas())
    return asked(facts, snapshots, wanted.catalog)


def _run(filling: Filling) -> int:
    return sum(filled.rows.stop - filled.rows.start for filled in filling.blocks())


def _groups(n: int) -> list[list[int]]:
    return [list(range(first, min(first + SHARD, n))) for first in range(0, n, SHARD)]


def _looks(place: Path) -> pq.ParquetFile:
    return pq.ParquetFile(place, read_dictionary=["prospect_id"])


def _batch(columns: npt.NDArray[np.float32], schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=schema)
