"""The same slots by brute force: for each prospect every snapshot is compared with every event.

A second implementation in plain NumPy with no running state, for checking the kernel and for machines without
numba. It takes and fills the very arrays of `kernel.sweep`; its cost is events times snapshots.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from features.algebra.kernel import NEVER

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def sweep(events: tuple[Any, ...], snapshots: tuple[Any, ...], plan: tuple[Any, ...], out: tuple[Any, ...]) -> None:
    """Fill `out` for every snapshot; see `kernel.sweep` for the arrays."""
    start, (snapshot_start, as_of) = events[0], snapshots
    base = snapshot_start[0]
    for p in range(len(start) - 1):
        first, behind = snapshot_start[p], snapshot_start[p + 1]
        mine = slice(start[p], start[p + 1])
        if behind > first:
            _one(mine, as_of[first:behind], events, plan, tuple(part[first - base : behind - base] for part in out))


def _one(mine: slice, now: Ints, events: tuple[Any, ...], plan: tuple[Any, ...], out: tuple[Any, ...]) -> None:
    _, occurred, entered, hidden, _, signature, quantities, group_rank, _ = events
    sums, recencies, distincts, latests = out
    windows, n_windows = plan[0], len(plan[0])
    when, kind = occurred[mine], signature[mine]
    visible = (entered[mine][None, :] < now[:, None]) & (hidden[mine][None, :] >= now[:, None])
    for w in range(n_windows + 1):
        inside = visible if w == n_windows else visible & (when[None, :] >= (now - windows[w])[:, None])
        for a, q in enumerate(plan[3]):
            fed = _fed(plan[1], plan[2], kind * (n_windows + 1) + w, a)
            if fed.any():
                amount = np.ones(len(when), np.int64) if q < 0 else quantities[mine, q]
                sums[:, a] = (inside & fed) @ amount
        for d in np.flatnonzero(plan[11] == w):
            g = plan[10][d]
            fed = _fed(plan[8], plan[9], kind, g) & (group_rank[mine, g] >= 0)
            rank = group_rank[mine, g]
            distincts[:, d] = [len(np.unique(rank[row & fed])) for row in inside]
    for r in range(recencies.shape[1]):
        last, first = _fed(plan[4], plan[5], kind, r), _fed(plan[6], plan[7], kind, r)
        for s, row in enumerate(visible):
            seen = when[row & (last | first)]
            recencies[s, r] = NEVER if not len(seen) else seen.max() if last.any() else seen.min()
    for n in range(latests.shape[1]):
        fed = _fed(plan[12], plan[13], kind, n)
        for s, row in enumerate(visible):
            at = np.flatnonzero(row & fed)
            best = at[when[at] == when[at].max()][-1] if len(at) else -1
            latests[s, n] = -1 if best < 0 else mine.start + best


def _fed(start: Ints, items: Ints, rows: Ints, wanted: int) -> Bools:
    """Say for each event whether its row of the ragged table holds `wanted`."""
    return np.array([wanted in items[start[r] : start[r + 1]] for r in rows], dtype=bool)
