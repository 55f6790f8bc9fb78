"""The order of events: by prospect, then by when they entered, then by when they happened.

Prospects are grouped by counting, and within a prospect only what is out of order is sorted, so that events that come
in order cost one look each.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from features.facts.columns import Ints

_FEW = 32
"""So many events are put in order by insertion, which is fastest where few are out of place."""


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def ordered(prospect: Ints, occurred: Ints, entered: Ints, n_prospects: int) -> tuple[Ints, Ints]:
    """Return where each prospect's events begin, shape (n_prospects + 1,), and all events in order.

    Parameters
    ----------
    prospect : shape (n_events,)
        Whose event it is; -1 is left out.
    """
    start = np.zeros(n_prospects + 1, np.int64)
    for p in prospect:
        if p >= 0:
            start[p + 1] += 1
    for p in range(n_prospects):
        start[p + 1] += start[p]
    free, order = start[:-1].copy(), np.empty(start[-1], np.int64)
    for i in range(len(prospect)):
        if prospect[i] >= 0:
            order[free[prospect[i]]] = i
            free[prospect[i]] += 1
    for p in range(n_prospects):
        mine = order[start[p] : start[p + 1]]
        if not _rises(mine, entered, occurred):
            _sort(mine, entered, occurred)
    return start, order


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def by_occurred(start: Ints, occurred: Ints) -> Ints:
    """Return each prospect's events, numbered as they lie, by when they happened; of equal times the first first."""
    order = np.arange(len(occurred))
    for p in range(len(start) - 1):
        mine = order[start[p] : start[p + 1]]
        if not _rises(mine, occurred, occurred):
            _sort(mine, occurred, occurred)
    return order


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def tied(start: Ints, order: Ints, occurred: Ints, entered: Ints) -> Any:
    """Say of each event in order whether a neighbour of the same prospect has the same times."""
    same = np.zeros(len(order), np.bool_)
    for p in range(len(start) - 1):
        for k in range(start[p] + 1, start[p + 1]):
            i, j = order[k - 1], order[k]
            if entered[i] == entered[j] and occurred[i] == occurred[j]:
                same[k - 1] = same[k] = True
    return same


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def ranks(start: Ints, order: Ints, codes: Ints, n_levels: int) -> tuple[Ints, Ints]:
    """Give each word its number within its prospect, as they appear (-1 missing), and count them.

    Returns
    -------
    rank : shape (n_events,), in order
    size : shape (n_prospects,)
    """
    rank, size = np.full(len(order), -1), np.zeros(len(start) - 1, np.int64)
    owner, number = np.full(n_levels, -1), np.zeros(n_levels, np.int64)
    for p in range(len(start) - 1):
        for k in range(start[p], start[p + 1]):
            word = codes[order[k]]
            if word < 0:
                continue
            if owner[word] != p:
                owner[word], number[word] = p, size[p]
                size[p] += 1
            rank[k] = number[word]
    return rank, size


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _rises(mine: Ints, first: Ints, second: Ints) -> bool:
    for k in range(1, len(mine)):
        i, j = mine[k - 1], mine[k]
        if first[i] > first[j] or (first[i] == first[j] and second[i] > second[j]):
            return False
    return True


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sort(mine: Ints, first: Ints, second: Ints) -> None:
    """Sort some events in place by two times; equal ones keep their order."""
    if len(mine) > _FEW:
        by_second = mine[np.argsort(second[mine], kind="mergesort")]
        mine[:] = by_second[np.argsort(first[by_second], kind="mergesort")]
        return
    for k in range(1, len(mine)):
        one, at = mine[k], k
        while at > 0 and (
            first[mine[at - 1]] > first[one]
            or (first[mine[at - 1]] == first[one] and second[mine[at - 1]] > second[one])
        ):
            mine[at] = mine[at - 1]
            at -= 1
        mine[at] = one
