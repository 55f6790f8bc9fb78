"""How often something may be tried; each server counts on its own, in memory.

Source of the method: the sliding window counter of the `limits` library.
"""

from __future__ import annotations

import hashlib
import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Limit:
    """One limit, such as "10/minute; 100/hour"; an empty one never says stop."""

    def __init__(self, text: str) -> None:
        self._items: list[RateLimitItem] = parse_many(text) if text else []
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage()) if self._items else None

    def wait(self, who: str) -> int:
        """Return the seconds until the next try is taken; 0: now."""
        if self._limiter is None:
            return 0
        key = _key(who)
        full = [item for item in self._items if not self._limiter.test(item, key)]
        resets = (self._limiter.get_window_stats(item, key).reset_time for item in full)
        return max((max(1, math.ceil(reset - time.time())) for reset in resets), default=0)

    def count(self, who: str) -> None:
        """Count one try."""
        if self._limiter is not None:
            for item in self._items:
                self._limiter.hit(item, _key(who))

    def take(self, who: str) -> int:
        """Count one try if it is taken; otherwise return the seconds until one is."""
        if self._limiter is None:
            return 0
        for item in self._items:
            if not self._limiter.hit(item, _key(who)):
                return self.wait(who) or 1
        return 0


def _key(who: str) -> str:
    """Return a key of one length, whatever was typed as a name; names are not kept."""
    return hashlib.sha256(who.encode("utf-8", "surrogatepass")).hexdigest()[:32]
