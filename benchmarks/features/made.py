"""Touches for the feature benchmark, made a million at a time: journeys of very unequal length, and looks at them.

Beside the touches lie two Parquet files of looks in the same row groups: one a week over each journey, and one for
each prospect on the day on which the data end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.facts.arrow import TIME
from features.facts.contract import CHANNELS, KINDS, RESULTS
from features.time.asof import DAY

PER_PROSPECT: Final = 50
LATE_PROSPECTS, LATE_TOUCHES = 0.2, 0.25
"""So many prospects have touches that were recorded late, and so many of theirs were: 5 % of all."""
_CHUNK = 1_000_000
_GROUP = 125_000
"""Touches that are made at once, and about how many lie in a row group, always of whole prospects."""
_START: Final = pd.Timestamp("2024-01-01", tz="UTC").value // 1000
END: Final = pd.Timestamp("2027-01-01", tz="UTC").value // 1000
"""When all data were recorded, in microseconds."""
_LETTERS = 9

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Made:
    """Where the touches and the looks at them lie, in as many row groups each."""

    touches: Path
    weekly: Path
    today: Path

    def rows(self, of: Path) -> int:
        """Return how many rows a file has."""
        return int(pq.read_metadata(of).num_rows)

    def prospects(self) -> int:
        """Return how many prospects there are."""
        return self.rows(self.today)


def make(folder: Path, *, touches: int, seed: int = 7) -> Made:
    """Draw the touches of `touches / 50` prospects and write them, sorted by prospect and time."""
    made = Made(*(folder / f"{name}-{touches}.parquet" for name in ("touches", "weekly", "today")))
    rng = np.random.default_rng(seed)
    prospects = max(touches // PER_PROSPECT, 1)
    with ExitStack() as files:
        writers: dict[Path, pq.ParquetWriter] = {}
        for first in range(0, prospects, _CHUNK // PER_PROSPECT):
            owners = np.arange(first, min(first + _CHUNK // PER_PROSPECT, prospects))
            for place, coded in _tables(rng, owners, made):
                table = _as_text(coded)
                if place not in writers:
                    # what is text or a code is for the reader to say: no Arrow schema beside the Parquet one
                    writer = pq.ParquetWriter(place, table.schema, compression="zstd", store_schema=False)
                    writers[place] = files.enter_context(writer)
                writers[place].write_table(table)
    return made


def _tables(rng: np.random.Generator, owners: Ints, made: Made) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the row groups of some prospects."""
    length = rng.gamma(0.8, 1.0, len(owners))
    length = np.maximum(1, np.rint(length / length.sum() * len(owners) * PER_PROSPECT)).astype(np.int64)
    owner = np.repeat(np.arange(len(owners)), length)
    began, lasted = rng.uniform(0, 600, len(owners)), rng.gamma(2.0, 45.0, len(owners))
    occurred = _START + np.rint((began[owner] + rng.random(len(owner)) * lasted[owner]) * DAY).astype(np.int64)
    occurred = occurred[np.lexsort((occurred, owner))]
    touches = _touches(rng, owners, owner, occurred)
    behind = np.append(0, np.cumsum(length))
    cuts = np.unique(np.searchsorted(behind, np.arange(0, behind[-1] + _GROUP, _GROUP)).clip(0, len(owners)))
    for a, b in zip(cuts[:-1], cuts[1:], strict=True):
        yield made.touches, touches.slice(behind[a], behind[b] - behind[a])
        yield made.weekly, _weekly(owners[a:b], behind[a : b + 1], occurred)
        yield made.today, _looks(owners[a:b], np.full(b - a, END))


def _as_text(table: pa.Table) -> pa.Table:
    """Return words as text, so that each row group gets a dictionary of its own."""
    return pa.table({name: c.combine_chunks().dictionary_decode() if pa.types.is_dictionary(c.type) else c
                     for name, c in zip(table.column_names, table.columns, strict=True)})  # fmt: skip


def _touches(rng: np.random.Generator, owners: Ints, owner: Ints, occurred: Ints) -> pa.Table:
    n = len(owner)
    late = (rng.random(len(owners)) < LATE_PROSPECTS)[owner] & (rng.random(n) < LATE_TOUCHES)
    recorded = occurred + np.where(late, rng.integers(DAY // 24, 30 * DAY, n), 0)
    contacts = 4 * owner + rng.integers(0, 4, n)
    value, seconds = rng.integers(1, 10_000, n) / 4, rng.integers(10, 3_600, n).astype(np.float64)
    # a prospect has 10 million numbers for its touches, which no journey exhausts
    touch = owners[owner] * 10_000_000 + np.arange(n)
    return pa.table(
        {
            "touch_id": _ids("t", touch, letters=16),
            "prospect_id": _some(owner, _ids("p", owners)),
            "contact_id": _some(contacts, _ids("c", owners[0] * 4 + np.arange(4 * len(owners))), rng, 0.8),
            "kind": _some(rng.integers(0, len(KINDS), n), pa.array(KINDS)),
            "channel": _some(rng.integers(0, len(CHANNELS), n), pa.array(CHANNELS), rng, 0.9),
            "direction": _some(rng.integers(0, 2, n), pa.array(["inbound", "outbound"])),
            "occurred_at": pa.array(occurred).cast(TIME),
            "recorded_at": pa.array(recorded).cast(TIME),
            "stage": pa.nulls(n, pa.string()),
            "result": _some(rng.integers(0, len(RESULTS), n), pa.array(RESULTS), rng, 0.6),
            "value": pa.array(value, mask=rng.random(n) >= 0.5),
            "duration_s": pa.array(seconds, mask=rng.random(n) >= 0.4),
        }
    )


def _weekly(owners: Ints, bounds: Ints, occurred: Ints) -> pa.Table:
    """Return a look a week over each journey, from the week after its first touch to that after its last."""
    week = 7 * DAY
    from_week, to_week = occurred[bounds[:-1]] // week + 1, occurred[bounds[1:] - 1] // week + 1
    each = to_week - from_week + 1
    within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    return _looks(np.repeat(owners, each), (np.repeat(from_week, each) + within) * week)


def _looks(owner: Ints, as_of: Ints) -> pa.Table:
    levels, codes = np.unique(owner, return_inverse=True)
    return pa.table({"prospect_id": _some(codes, _ids("p", levels)), "as_of": pa.array(as_of).cast(TIME)})


def _some(codes: Ints, words: pa.Array, rng: np.random.Generator | None = None, known: float = 1.0) -> pa.Array:
    """Return words by their codes; where a share is known, the others are missing."""
    missing = rng.random(len(codes)) >= known if rng is not None else None
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=missing), words)


def _ids(letter: str, numbers: Ints, *, letters: int = _LETTERS) -> pa.Array:
    """Return a letter and the number with leading zeros, as text."""
    text = np.empty((len(numbers), letters), dtype=np.uint8)
    text[:, 0] = ord(letter)
    for at in range(letters - 1, 0, -1):
        text[:, at] = ord("0") + numbers % 10
        numbers = numbers // 10
    offsets = np.arange(len(text) + 1, dtype=np.int32) * letters
    return pa.StringArray.from_buffers(len(text), pa.py_buffer(offsets), pa.py_buffer(text))
