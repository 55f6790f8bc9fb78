"""From slots to features in float64, for the ways that are compared with the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from features.algebra.terms import Arithmetic, Slot, Term

Numbers = npt.NDArray[np.float64]


def slots_of(terms: Sequence[Term]) -> list[Slot]:
    """Return what the terms need, each once."""
    return list(dict.fromkeys(slot for term in terms for slot in term.slots()))


def work_out(term: Term, filled: Mapping[Slot, Numbers]) -> Numbers:
    """Return a feature; a division by zero is missing."""
    if isinstance(term, Slot):
        return filled[term]
    if not isinstance(term, Arithmetic):
        raise TypeError(f"a term is a slot or arithmetic, got {type(term).__name__}.")
    left, right = work_out(term.left, filled), work_out(term.right, filled)
    if term.op != "/":
        joined: Numbers = left + right if term.op == "+" else left - right
        return joined
    found = np.full(len(left), np.nan)
    np.divide(left, right, out=found, where=right != 0)
    return found
