"""The one line that a call begins with: what moved since the last list, else what speaks most for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from serving.store.queries import Listed

SHOWN: Final = 3
"""Reasons shown under the line."""


@dataclass(frozen=True)
class WhyNow:
    """`words` is empty where nothing is known; `reason` the reason they are made of, `others` those to show below."""

    words: str
    reason: dict[str, Any] | None
    others: list[dict[str, Any]]


def why_now(line: Listed) -> WhyNow:
    """Return why to call this prospect now, and up to three further reasons, the strongest against among them."""
    reasons = line.receipt.reasons
    leading = next((r for r in reasons if r["direction"] == "for"), None)
    moved = _moved(line)
    first = None if moved else leading
    words = moved or (leading["text"] if leading else (line.call.timing_words or "").partition(" (")[0])
    return WhyNow(words[:1].upper() + words[1:], first, _others([r for r in reasons if r is not first]))


def _moved(line: Listed) -> str:
    """Return the fact that made the chance rise, as `models.decision.change` writes it behind the figures."""
    if line.receipt.trend != "rising":
        return ""
    return (line.receipt.change or "").partition(": ")[2]


def _others(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    against = [r for r in reasons if r["direction"] != "for"][:1]
    speaking = [r for r in reasons if r["direction"] == "for"][: SHOWN - len(against)]
    more = [r for r in reasons if r not in speaking and r not in against]
    return [*speaking, *against, *more][:SHOWN]
