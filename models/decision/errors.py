"""What can go wrong between scores and a list."""

from __future__ import annotations

from features.errors import TaktError


class DecisionError(TaktError):
    """Scores, contributions and facts do not belong together; nothing is listed or recorded from them."""
