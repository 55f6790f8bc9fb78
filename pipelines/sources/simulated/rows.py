"""Rows of the CRM's activity list while they are being collected, and the words that the CRM uses for them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from pipelines.sources.simulated.draws import Bools, Floats, Ints

TYPES: Final = (
    "Call", "Mail", "Meeting", "Demo", "Web session", "Download", "Web form", "Message", "Event", "Proposal sent",
)  # fmt: skip
CALL, MAIL, MEETING, DEMO, SESSION, DOWNLOAD, FORM, MESSAGE, EVENT, PROPOSAL_SENT = range(len(TYPES))
MEDIUMS: Final = ("Telephone", "E-Mail", "On site", "Social network", "Website", "Chat", "Partner", "Fax")
TELEPHONE, E_MAIL, ON_SITE, SOCIAL, WEBSITE, CHAT, PARTNER, FAX = range(len(MEDIUMS))
RESULTS: Final = (
    "reached", "interested", "appointment", "later", "no interest", "wrong person", "no further contact",
    "not reached", "voicemail", "undeliverable", "done",
)  # fmt: skip
(
    REACHED, INTERESTED, APPOINTMENT, LATER, NO_INTEREST, WRONG_PERSON, NO_FURTHER,
    NOT_REACHED, VOICEMAIL, UNDELIVERABLE, DONE,
) = range(len(RESULTS))  # fmt: skip
NONE: Final = -1
"""A missing contact or result."""


@dataclass(frozen=True)
class Rows:
    """Activities, one entry each; codes are positions in the tuples above, `at` is microseconds UTC.

    `wait` is what must pass before the row can be complete (an answered mail is logged with its answer);
    `by_hand` tells rows that a salesperson writes from those that the website writes.
    """

    lead: Ints
    at: Ints
    type: Ints
    medium: Ints
    inbound: Bools
    contact: Ints
    stage: Ints
    result: Ints
    seconds: Floats
    value: Floats
    wait: Ints
    by_hand: Bools

    def __len__(self) -> int:
        """Return the number of activities."""
        return len(self.lead)

    def where(self, chosen: Bools | Ints) -> Rows:
        """Keep the chosen activities, or put them into the order given."""
        return Rows(*(getattr(self, f.name)[chosen] for f in fields(self)))


def rows(lead: Ints, at: Ints, **given: Any) -> Rows:
    """Build rows; single values are repeated, what is not given is missing (or no, or at once)."""
    size = len(lead)
    filled: dict[str, Any] = {
        "contact": NONE, "stage": NONE, "result": NONE, "seconds": np.nan, "value": np.nan,
        "inbound": False, "wait": 0, "by_hand": True,
    } | given  # fmt: skip
    return Rows(lead=lead, at=at, **{name: np.broadcast_to(value, size) for name, value in filled.items()})


def joined(parts: list[Rows]) -> Rows:
    """Put the parts one behind another."""
    return Rows(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Rows)))
