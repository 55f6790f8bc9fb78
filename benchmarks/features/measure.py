"""The features part of `make bench`: how it grows, beside others, one prospect, and where the time goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from benchmarks.clock import in_turn
from benchmarks.features import apart, grown, one, parts, peers
from benchmarks.features.asked import Asked, first, whole
from benchmarks.features.grown import MILLION, Sized
from benchmarks.features.made import Made, make
from benchmarks.features.streamed import Stream
from benchmarks.report import Section

_ONE_CALLS = 2_000
_SMALL = 11_000_000
_ALWAYS = ("scan", "scan without ids", "first")
"""With more touches all but these run once, and shards on threads not at all, for the time it takes."""


def measure(folder: Path, *, millions: Sequence[float], rounds: int, sample: float) -> list[Section]:
    """Measure at each size, and what else there is at the smallest.

    Parameters
    ----------
    sample : float
        Share of the prospects that the SQL range join runs on.
    """
    basic, catalogue = first(), whole()
    sizes: list[Sized] = []
    sections: list[Section] = []
    for number, size in enumerate(sorted(millions)):
        made = make(folder, touches=int(size * MILLION))
        if number == 0:
            compare = peers.Peers(made, basic, share=sample, folder=folder)
            sizes.append(_at(made, basic, catalogue, rounds=rounds, more=compare.ways()))
            sections += [
                compare.section(sizes[0].took, looks=sizes[0].looks),
                one.section(made, basic, calls=_ONE_CALLS),
                parts.section(made, {"130 features": basic, "the whole catalogue": catalogue}, rounds=rounds),
            ]
        else:
            sizes.append(_at(made, basic, catalogue, rounds=rounds, more={}))
        for place in (made.touches, made.weekly, made.today):
            place.unlink()
    return [grown.streams(sizes, basic, catalogue), grown.growth(sizes), *sections]


def _at(made: Made, basic: Asked, catalogue: Asked, *, rounds: int, more: Mapping[str, Callable[[], object]]) -> Sized:
    """Run all ways in turn at one size, after a first small run of each for the compiler."""
    written = made.touches.with_suffix(".arrow")
    streams = {
        "first": Stream(made, made.weekly, basic),
        "today": Stream(made, made.today, basic),
        "whole": Stream(made, made.weekly, catalogue),
    }
    for stream in streams.values():
        next(iter(next(iter(stream.shards())).blocks()))
    ways = {
        "scan": lambda: duckdb.execute(basic.scan(made.touches)).fetchall(),
        "scan without ids": lambda: duckdb.execute(basic.scan(made.touches, without="touch_id")).fetchall(),
        "scan of all": lambda: duckdb.execute(catalogue.scan(made.touches)).fetchall(),
        **{name: stream.run for name, stream in streams.items()},
        "written": lambda: streams["first"].write(written),
    }
    if small := made.rows(made.touches) <= _SMALL:
        ways["threads"] = lambda: streams["first"].run_on(os.cpu_count() or 1)
    often = {name: way for name, way in ways.items() if small or name in _ALWAYS}
    took = in_turn({**often, **more}, rounds=rounds)
    took |= in_turn({name: way for name, way in ways.items() if name not in often}, rounds=1)
    size = written.stat().st_size
    written.unlink()
    rows, read = made.rows(made.touches), made.touches.stat().st_size
    return Sized(rows, made.rows(made.weekly), made.prospects(), took, size, read, apart.memory(made))
