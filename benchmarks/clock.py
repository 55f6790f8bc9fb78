"""Timing: rounds in turn, medians, and the stages of a call by wrapping the functions that it consists of."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple


class Took(NamedTuple):
    """Seconds on the clock, and seconds of all cores; the second moves less when others use the machine."""

    wall: float
    cpu: float

    def __add__(self, other: tuple[float, ...]) -> Took:  # type: ignore[override]
        return Took(self.wall + other[0], self.cpu + other[1])

    def scaled(self, factor: float) -> Took:
        """Return both times the factor."""
        return Took(self.wall * factor, self.cpu * factor)


def in_turn(ways: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Took]:
    """Run each way once per round, in turn; return the medians of each."""
    spent: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            way()
            spent[name].append(Took(time.perf_counter() - wall, time.process_time() - cpu))
    return {name: middle(each) for name, each in spent.items()}


def middle(each: Sequence[Took]) -> Took:
    """Return the median of each of the two."""
    return Took(statistics.median(t.wall for t in each), statistics.median(t.cpu for t in each))


@contextmanager
def stages(parts: Mapping[str, tuple[Any, str]]) -> Iterator[dict[str, Took]]:
    """Add up the seconds spent in named functions of modules while the block runs; what is timed is the real call."""
    spent: dict[str, Took] = defaultdict(lambda: Took(0.0, 0.0))
    originals = {label: getattr(module, name) for label, (module, name) in parts.items()}
    for label, (module, name) in parts.items():
        setattr(module, name, _clocked(originals[label], spent, label))
    try:
        yield spent
    finally:
        for label, (module, name) in parts.items():
            setattr(module, name, originals[label])


def _clocked(function: Callable[..., Any], spent: dict[str, Took], label: str) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return function(*given, **named)
        finally:
            spent[label] += Took(time.perf_counter() - wall, time.process_time() - cpu)

    return timed
