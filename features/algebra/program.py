"""From filled slots to features: all terms of a catalogue as one short program, run row by row.

A term is a tree of slots and arithmetic. Written down in the order in which it is worked out (operands first), it is
a list of steps on a small stack; the steps of all features follow one another, so that a row is read and written once
and while it is in the processor's cache. Everything is
computed in float64 and stored as float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from features.algebra.kernel import NEVER, SCALE
from features.algebra.terms import Arithmetic, Slot, Term
from features.facts.columns import Ints
from features.time.asof import DAY

COUNT, TOTAL, AGO, NUMBER, PLUS, MINUS, OVER, STORE = range(8)
_READS: Final = {"count": COUNT, "distinct": COUNT, "total": TOTAL, "last": AGO, "first": AGO, "latest": NUMBER}
_JOINS: Final = {"+": PLUS, "-": MINUS, "/": OVER}

Floats = npt.NDArray[np.float64]
Block = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Program:
    """What to do for a row.

    Attributes
    ----------
    counts, totals, agos : shape (n, 2)
        Terms that are one slot: the column that is read, and the one that is written.
    steps : shape (n_steps, 2)
        The other terms: what to do, and the column that is read or stored.
    depth : int
        Of the stack.
    """

    counts: Ints
    totals: Ints
    agos: Ints
    steps: Ints
    depth: int

    @classmethod
    def of(cls, terms: Sequence[Term], place: Mapping[Slot, int]) -> Program:
        """Write down the terms; term `i` goes to column `i`, `place` says where each slot is read."""
        single: dict[int, list[tuple[int, int]]] = {COUNT: [], TOTAL: [], AGO: []}
        steps: list[tuple[int, int]] = []
        deepest = 1
        for column, term in enumerate(terms):
            if isinstance(term, Slot) and _READS[term.kind] in single:
                single[_READS[term.kind]].append((place[term], column))
            else:
                deepest = max(deepest, _write(term, place, steps))
                steps.append((STORE, column))
        return cls(_pairs(single[COUNT]), _pairs(single[TOTAL]), _pairs(single[AGO]), _pairs(steps), deepest)

    def run(self, filled: Ints, as_of: Ints, numbers: Floats, out: Block) -> None:
        """Work out every row.

        Parameters
        ----------
        filled : shape (n_rows, n_slots)
            As the kernel filled it.
        as_of : shape (n_rows,), microseconds
        numbers : shape (n_events,)
            The values of numeric attributes, which a latest slot points into.
        out : float32, shape (n_rows, n_terms)
            Missing is NaN; what is too large for it is infinite.
        """
        _read(self.counts, self.totals, self.agos, filled, as_of, out)
        if len(self.steps):
            _run(self.steps, np.empty(self.depth), filled, as_of, numbers, out)


def _pairs(listed: list[tuple[int, int]]) -> Ints:
    return np.array(listed, dtype=np.int64).reshape(-1, 2)


def _write(term: Term, place: Mapping[Slot, int], steps: list[tuple[int, int]]) -> int:
    """Append the steps of a term and return how deep its stack gets."""
    if isinstance(term, Slot):
        steps.append((_READS[term.kind], place[term]))
        return 1
    if not isinstance(term, Arithmetic):
        raise TypeError(f"a term is a slot or arithmetic between terms, got {type(term).__name__}.")
    left, right = _write(term.left, place, steps), _write(term.right, place, steps)
    steps.append((_JOINS[term.op], -1))
    return max(left, right + 1)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _read(counts: Any, totals: Any, agos: Any, filled: Any, as_of: Any, out: Any) -> None:
    """Write the terms that are one slot."""
    for r in range(len(out)):
        for k in range(len(counts)):
            out[r, counts[k, 1]] = filled[r, counts[k, 0]]
        for k in range(len(totals)):
            out[r, totals[k, 1]] = filled[r, totals[k, 0]] / SCALE
        for k in range(len(agos)):
            out[r, agos[k, 1]] = _ago(filled[r, agos[k, 0]], as_of[r])


@numba.njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _run(steps: Any, stack: Any, filled: Any, as_of: Any, numbers: Any, out: Any) -> None:
    """Work out the other terms."""
    for r in range(len(out)):
        top = -1
        for s in range(len(steps)):
            what, column = steps[s, 0], steps[s, 1]
            if what >= PLUS:
                if what == STORE:
                    out[r, column] = stack[top]
                else:
                    stack[top - 1] = _joined(what, stack[top - 1], stack[top])
                top -= 1
                continue
            top += 1
            if what == COUNT:
                stack[top] = filled[r, column]
            elif what == TOTAL:
                stack[top] = filled[r, column] / SCALE
            elif what == AGO:
                stack[top] = _ago(filled[r, column], as_of[r])
            else:
                at = filled[r, column]
                stack[top] = np.nan if at < 0 else numbers[at]


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _ago(seen: int, now: int) -> float:
    return np.nan if seen == NEVER else (now - seen) / DAY


@numba.njit(cache=True, nogil=True, inline="always", error_model="numpy")  # type: ignore[untyped-decorator]
def _joined(what: int, left: float, right: float) -> float:
    if what == PLUS:
        return left + right
    if what == MINUS:
        return left - right
    return np.nan if right == 0 else left / right
