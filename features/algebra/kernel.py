"""The shard kernel: every window of every feature in one pass over a prospect's events.

For each prospect the snapshots are walked in time order. A head pointer adds each event that has entered (became
visible) before `as_of` to all windows it still lies in; one tail pointer per window takes out what has left it.
Each event is touched once per window on entry and once on leaving, however many snapshots there are.

Late facts enter at `entered` but count by `occurred`: on entry an event is added only to windows that still reach
back to it, and a tail that meets an event which has not entered yet passes it by (it will never be added).
A row that was corrected is hidden once its next version is recorded. Prospects with such rows are rare; theirs are
recomputed from the start for each snapshot, without the hidden events.
Distinct values are counted the same way: how often each value lies in the window, and how many do at all.
Sums are integers (values in ten-thousandths), so adding and taking out is exact: a row does not depend on which
other snapshots were computed, and the batch row equals the row of the real-time call to the last bit.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).min
ALWAYS = np.iinfo(np.int64).max
SCALE = 10_000
"""Values are summed as integers of ten-thousandths, which is exact and does not depend on the order."""


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def sweep(events: tuple[Any, ...], snapshots: tuple[Any, ...], plan: tuple[Any, ...], out: Ints, first: int) -> None:
    """Fill `out` for every snapshot of some neighbouring prospects.

    Parameters
    ----------
    events : (start, occurred, entered, hidden, by_occurred, signature, quantities, group_rank, group_size)
        Sorted by prospect, then entered; `start` has one entry per prospect and one more, and with `group_size` is of
        these prospects, the other arrays may hold the events of more. `by_occurred` lists each
        prospect's events by occurred. `group_rank[i, g]` numbers event i's value in distinct-group g within its
        prospect, -1 where missing; `group_size[p, g]` is the number of values that prospect p has.
    snapshots : (start, as_of)
        Sorted by prospect, then time, as microseconds; `start` is of these prospects, and `out` begins at `start[0]`.
    plan : (windows, feed_start, feed_items, quantity, last_start, last_items, first_start, first_items,
            unlike_start, unlike_items, distinct_group, newest_start, newest_items, n_recencies, n_latests)
    out : int64, shape (n_snapshots, at least first + n)
        From column `first` on: sums, recencies, distincts, latests, as many of each as the plan has. Recencies are
        microseconds since 1970 or NEVER; latests are event positions or -1.
    """
    start, hidden, group_size = events[0], events[3], events[8]
    snapshot_start, as_of = snapshots
    state = _nothing_seen(group_size, plan)
    running, recency, unlike, newest = state[0], state[1], state[2], state[3]
    base = snapshot_start[0]
    for p in range(len(start) - 1):
        if snapshot_start[p] == snapshot_start[p + 1]:
            continue
        head, end = start[p], start[p + 1]
        corrected = False
        for i in range(head, end):
            corrected |= hidden[i] != ALWAYS
        for s in range(snapshot_start[p], snapshot_start[p + 1]):
            if corrected or s == snapshot_start[p]:
                head = start[p]
                _forget(state, plan, group_size[p], head)
            _leave(events, plan, state, head, end, as_of[s])
            head = _enter(events, plan, state, head, end, as_of[s])
            at = first
            for part in (running, recency, unlike, newest):
                for k in range(len(part)):
                    out[s - base, at + k] = part[k]
                at += len(part)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _nothing_seen(group_size: Any, plan: tuple[Any, ...]) -> tuple[Any, ...]:
    """Make what is carried from snapshot to snapshot: running, recency, unlike, newest, tails, often."""
    widest = 1
    for size in group_size.ravel():
        widest = max(widest, size)
    n_distinct = len(plan[10])
    return (
        np.zeros(len(plan[3]), np.int64),
        np.zeros(plan[13], np.int64),
        np.zeros(n_distinct, np.int64),
        np.zeros(plan[14], np.int64),
        np.zeros(len(plan[0]), np.int64),
        np.zeros((n_distinct, widest), np.int64),
    )


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _forget(state: Any, plan: Any, sizes: Any, head: int) -> None:
    """Begin a prospect: nothing seen, all tails at its first event."""
    running, recency, unlike, newest, tails, often = state
    running[:], recency[:], unlike[:], newest[:], tails[:] = 0, NEVER, 0, -1, head
    for d in range(len(unlike)):
        often[d, : sizes[plan[10][d]]] = 0


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _leave(events: Any, plan: Any, state: Any, head: int, end: int, now: int) -> None:
    """Move each window's tail to its edge and take out what was in and now lies before it."""
    occurred, by_occurred = events[1], events[4]
    windows, tails = plan[0], state[4]
    for w in range(len(windows)):
        edge = now - windows[w]
        while tails[w] < end and occurred[by_occurred[tails[w]]] < edge:
            i = by_occurred[tails[w]]
            tails[w] += 1
            if i < head:
                _move(events, plan, state, i, (w, w + 1), -1)


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _enter(events: Any, plan: Any, state: Any, head: int, end: int, now: int) -> int:
    """Add every event that became visible before `now` and is not hidden; return the new head."""
    occurred, entered, hidden = events[1], events[2], events[3]
    windows = plan[0]
    while head < end and entered[head] < now:
        i = head
        head += 1
        if hidden[i] < now:
            continue
        w = 0
        while w < len(windows) and occurred[i] < now - windows[w]:
            w += 1
        _move(events, plan, state, i, (w, len(windows) + 1), 1)
        _remember(events, plan, state, i)
    return head


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _move(events: Any, plan: Any, state: Any, i: int, among: tuple[int, int], sign: int) -> None:
    """Add event `i` to neighbouring windows (`sign` 1) or take it out (-1)."""
    quantities, group_rank = events[6], events[7]
    feed_start, feed_items, quantity = plan[1], plan[2], plan[3]
    unlike_start, unlike_items, distinct_group = plan[8], plan[9], plan[10]
    running, unlike, often = state[0], state[2], state[5]
    row = events[5][i] * (len(plan[0]) + 1)
    first, behind = row + among[0], row + among[1]
    for k in range(feed_start[first], feed_start[behind]):
        q = quantity[feed_items[k]]
        running[feed_items[k]] += sign if q < 0 else sign * quantities[i, q]
    for k in range(unlike_start[first], unlike_start[behind]):
        d = unlike_items[k]
        rank = group_rank[i, distinct_group[d]]
        if rank >= 0:
            before = often[d, rank]
            often[d, rank] = before + sign
            if before == 0 or before + sign == 0:
                unlike[d] += sign


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _remember(events: Any, plan: Any, state: Any, i: int) -> None:
    """Keep when event `i` was, where it is the first or the last of its kind or the last with its value."""
    when, g = events[1][i], events[5][i]
    last_start, last_items, first_start, first_items = plan[4], plan[5], plan[6], plan[7]
    newest_start, newest_items = plan[11], plan[12]
    recency, newest = state[1], state[3]
    for k in range(last_start[g], last_start[g + 1]):
        recency[last_items[k]] = max(recency[last_items[k]], when)
    for k in range(first_start[g], first_start[g + 1]):
        known = recency[first_items[k]]
        recency[first_items[k]] = when if known == NEVER else min(known, when)
    for k in range(newest_start[g], newest_start[g + 1]):
        best = newest[newest_items[k]]
        if best < 0 or when >= events[1][best]:
            newest[newest_items[k]] = i
