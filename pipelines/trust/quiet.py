"""A home in which nobody but the server writes: what must not happen during a backup or an erasure waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from pipelines.running.exclusive import alone

PATIENCE: Final = 900.0
"""Seconds to wait for a run that is under way."""
LOCKS: Final = ("daily", "train", "lake")
"""In the order in which the flows take them, so that nobody waits for somebody who waits."""


@contextmanager
def quiet(home: Path, *, doing: str, patience: float = PATIENCE) -> Iterator[None]:
    """Keep ingest, training and the daily run out of a home; pages and taps go on.

    Raises
    ------
    Busy
        One of them was still at work when patience ended.
    """
    with ExitStack() as held:
        for name in LOCKS:
            held.enter_context(alone(home, name, doing=doing, patience=patience))
        yield
