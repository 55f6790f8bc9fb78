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


def sweep(events: tuple[Any, ...], snapshots: tuple[Any, ...], plan: tuple[Any, ...], out: Ints, first: int) -> None:
    """Fill `out` for every snapshot; see `kernel.sweep` for the arrays."""
    start, (snapshot_start, as_of) = events[0], snapshots
    base = snapshot_start[0]
    for p in range(len(start) - 1):
        begin, behind = snapshot_start[p], snapshot_start[p + 1]
        mine = slice(start[p], start[p + 1])
        if behind > begin:
            _one(mine, as_of[begin:behind], events, plan, _parts(plan, out[begin - base : behind - base, first:]))


def _parts(plan: tuple[Any, ...], out: Ints) -> list[Ints]:
    """Split the columns into sums, recencies, distincts and latests."""
    widths = (len(plan[3]), plan[13], len(plan[10]), plan[14])
    return np.split(out[:, : sum(widths)], np.cumsum(widths)[:-1], axis=1)


def _one(mine: slice, now: Ints, events: tuple[Any, ...], plan: tuple[Any, ...], out: list[Ints]) -> None:
    _, occurred, entered, hidden, _, signature, quantities, group_rank, _ = events
    sums, recencies, distincts, latests = out
    windows, n_windows = plan[0], len(plan[0])
    when, kind = occurred[mine], signature[mine]
    visible = (entered[mine][None, :] < now[:, None]) & (hidden[mine][None, :] >= now[:, None])
    sums[:], distincts[:] = 0, 0
    for w in range(n_windows + 1):
        inside = visible if w == n_windows else visible & (when[None, :] >= (now - windows[w])[:, None])
        row = kind * (n_windows + 1) + w
        for a, q in enumerate(plan[3]):
            fed = _fed(plan[1], plan[2], row, a)
            amount = np.ones(len(when), np.int64) if q < 0 else quantities[mine, q]
            sums[:, a] += (inside & fed) @ amount
        for d, g in enumerate(plan[10]):
            rank = group_rank[mine, g]
            fed = _fed(plan[8], plan[9], row, d) & (rank >= 0)
            distincts[:, d] += np.array([len(np.unique(rank[seen & fed])) for seen in inside], dtype=np.int64)
    for r in range(recencies.shape[1]):
        last, first = _fed(plan[4], plan[5], kind, r), _fed(plan[6], plan[7], kind, r)
        for s, seen in enumerate(visible):
            times = when[seen & (last | first)]
            recencies[s, r] = NEVER if not len(times) else times.max() if last.any() else times.min()
    for n in range(latests.shape[1]):
        fed = _fed(plan[11], plan[12], kind, n)
        for s, seen in enumerate(visible):
            at = np.flatnonzero(seen & fed)
            best = at[when[at] == when[at].max()][-1] if len(at) else -1
            latests[s, n] = -1 if best < 0 else mine.start + best


def _fed(start: Ints, items: Ints, rows: Ints, wanted: int) -> Bools:
    """Say for each event whether its row of the ragged table holds `wanted`."""
    return np.array([wanted in items[start[r] : start[r + 1]] for r in rows], dtype=bool)
