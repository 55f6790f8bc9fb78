"""The shard kernel: every window of every feature in one pass over a prospect's events.

For each prospect the snapshots are walked in time order. A head pointer adds each event that has entered (became
visible) before `as_of` to all windows it still lies in; one tail pointer per window takes out what has left it.
Each event is touched once per window on entry and once on leaving, however many snapshots there are.

Late facts enter at `entered` but count by `occurred`: on entry an event is added only to windows that still reach
back to it, and a tail that meets an event which has not entered yet passes it by (it will never be added).
A row that was corrected is hidden once its next version is recorded. Prospects with such rows are rare; theirs are
recomputed from the start for each snapshot, without the hidden events.
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


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def sweep(events: tuple[Any, ...], snapshots: tuple[Any, ...], plan: tuple[Any, ...], out: tuple[Any, ...]) -> None:
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
            group_start, group_items, distinct_group, distinct_window, newest_start, newest_items)
    out : (sums, recencies, distincts, latests), int64, each of shape (n_snapshots, n)
        Recencies are microseconds since 1970 or NEVER; latests are event positions or -1.
    """
    start, hidden, group_size = events[0], events[3], events[8]
    snapshot_start, as_of = snapshots
    windows = plan[0]
    sums, recencies, distincts, latests = out
    state = _nothing_seen(group_size, len(windows), out)
    running, recency, newest, seen, tails = state
    base = snapshot_start[0]
    for p in range(len(start) - 1):
        if snapshot_start[p] == snapshot_start[p + 1]:
            continue
        head, end = start[p], start[p + 1]
        corrected = (hidden[head:end] != ALWAYS).any()
        for s in range(snapshot_start[p], snapshot_start[p + 1]):
            if corrected or s == snapshot_start[p]:
                running[:], recency[:], newest[:] = 0, NEVER, -1
                for g in range(group_size.shape[1]):
                    seen[g, : group_size[p, g]] = NEVER
                head = start[p]
                tails[:] = head
            _leave(events, plan, state, head, end, as_of[s])
            head = _enter(events, plan, state, head, end, as_of[s])
            row = s - base
            sums[row], recencies[row], latests[row] = running, recency, newest
            _count_distinct(plan, seen, group_size[p], as_of[s], distincts[row])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _nothing_seen(group_size: Any, n_windows: int, out: tuple[Any, ...]) -> tuple[Any, ...]:
    """Make the buffers that are carried from snapshot to snapshot: running, recency, newest, seen, tails."""
    widest = 1
    for size in group_size.ravel():
        widest = max(widest, size)
    return (
        np.zeros(out[0].shape[1], np.int64),
        np.zeros(out[1].shape[1], np.int64),
        np.zeros(out[3].shape[1], np.int64),
        np.zeros((group_size.shape[1], widest), np.int64),
        np.zeros(n_windows, np.int64),
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _leave(events: Any, plan: Any, state: Any, head: int, end: int, now: int) -> None:
    """Move each window's tail to its edge and take out what was in and now lies before it."""
    occurred, by_occurred, signature, quantities = events[1], events[4], events[5], events[6]
    windows, feed_start, feed_items, quantity = plan[0], plan[1], plan[2], plan[3]
    running, tails = state[0], state[4]
    for w in range(len(windows)):
        edge = now - windows[w]
        while tails[w] < end and occurred[by_occurred[tails[w]]] < edge:
            i = by_occurred[tails[w]]
            tails[w] += 1
            if i < head:
                row = signature[i] * (len(windows) + 1) + w
                for k in range(feed_start[row], feed_start[row + 1]):
                    q = quantity[feed_items[k]]
                    running[feed_items[k]] -= 1 if q < 0 else quantities[i, q]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _enter(events: Any, plan: Any, state: Any, head: int, end: int, now: int) -> int:
    """Add every event that became visible before `now` and is not hidden; return the new head."""
    occurred, entered, hidden, signature, quantities = events[1], events[2], events[3], events[5], events[6]
    windows, feed_start, feed_items, quantity = plan[0], plan[1], plan[2], plan[3]
    running = state[0]
    while head < end and entered[head] < now:
        i = head
        head += 1
        if hidden[i] < now:
            continue
        for w in range(len(windows) + 1):
            if w == len(windows) or occurred[i] >= now - windows[w]:
                row = signature[i] * (len(windows) + 1) + w
                for k in range(feed_start[row], feed_start[row + 1]):
                    q = quantity[feed_items[k]]
                    running[feed_items[k]] += 1 if q < 0 else quantities[i, q]
        _remember(events, plan, state, i)
    return head


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _remember(events: Any, plan: Any, state: Any, i: int) -> None:
    """Keep when event `i` was, where it is the first or the last of its kind or the last with its value."""
    when, g, group_rank = events[1][i], events[5][i], events[7]
    last_start, last_items, first_start, first_items = plan[4], plan[5], plan[6], plan[7]
    group_start, group_items, newest_start, newest_items = plan[8], plan[9], plan[12], plan[13]
    recency, newest, seen = state[1], state[2], state[3]
    for k in range(last_start[g], last_start[g + 1]):
        recency[last_items[k]] = max(recency[last_items[k]], when)
    for k in range(first_start[g], first_start[g + 1]):
        known = recency[first_items[k]]
        recency[first_items[k]] = when if known == NEVER else min(known, when)
    for k in range(newest_start[g], newest_start[g + 1]):
        best = newest[newest_items[k]]
        if best < 0 or when >= events[1][best]:
            newest[newest_items[k]] = i
    for k in range(group_start[g], group_start[g + 1]):
        rank = group_rank[i, group_items[k]]
        if rank >= 0:
            seen[group_items[k], rank] = max(seen[group_items[k], rank], when)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_distinct(plan: Any, seen: Any, sizes: Any, now: int, counts: Any) -> None:
    """Count the values of each group that were seen in each window."""
    windows, distinct_group, distinct_window = plan[0], plan[10], plan[11]
    for d in range(len(distinct_group)):
        w, among = distinct_window[d], 0
        edge = NEVER + 1 if w == len(windows) else now - windows[w]
        for rank in range(sizes[distinct_group[d]]):
            among += seen[distinct_group[d], rank] >= edge
        counts[d] = among
