"""Reading every version of a record with as few requests as its history allows.

Tryton shows a record as it was at one moment, for all records at once. A version lives from its revision to the next
one of the same record. So we need moments such that each version wanted lives at one of them: points that stab all
intervals. Going by the ends and stabbing just before each one that is not stabbed yet needs the fewest (the textbook
greedy for interval stabbing).

>>> at = lambda day: dt.datetime(2026, 11, day, tzinfo=dt.UTC)
>>> for moment, ids in moments([(1, at(2)), (1, at(9)), (2, at(3))], wanted=lambda revision: True):
...     print(moment, ids)
2026-11-08 23:59:59.999999+00:00 [1, 2]
None [1]

The version of record 2 is also the last one, and was read with the first moment; None stands for now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

Revision = tuple[int, dt.datetime]
_TICK: Final = dt.timedelta(microseconds=1)
_NEVER: Final = dt.datetime.max.replace(tzinfo=dt.UTC)


def moments(
    revisions: Sequence[Revision], *, wanted: Callable[[Revision], bool]
) -> Iterator[tuple[dt.datetime | None, list[int]]]:
    """Yield moments, and the ids to be read at each, so that every wanted version is read once.

    Parameters
    ----------
    revisions : sequence of (id, time)
        All known revisions of some records; UTC.
    wanted : callable
        Whether this version is to be read.
    """
    lives = sorted(_lives(revisions, wanted), key=itemgetter(2, 1, 0))
    while lives:
        end = lives[0][2]
        at = None if end == _NEVER else end - _TICK
        now = [life for life in lives if at is None or life[1] <= at]
        yield at, sorted({life[0] for life in now})
        done = set(now)
        lives = [life for life in lives if life not in done]


def _lives(
    revisions: Sequence[Revision], wanted: Callable[[Revision], bool]
) -> Iterator[tuple[int, dt.datetime, dt.datetime]]:
    """Yield (id, start, end) of each wanted version: half-open, without end for the last one."""
    for record, group in groupby(sorted(revisions), key=itemgetter(0)):
        starts = [at for _, at in group]
        for start, end in zip(starts, [*starts[1:], _NEVER], strict=True):
            if wanted((record, start)):
                yield record, start, end
