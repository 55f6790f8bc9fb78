"""Takt's own fields on a record of the CRM: their names, what they hold, and the words a person sees beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes
    ----------
    name : str
        As in `Item.values`; the CRM's own name is `takt_` and this, in its way of writing.
    form : str
        share (a number from 0 to 1), day, link, text (short) or long.
    says : str
        What it means, for whoever looks at the CRM's settings.
    """

    name: str
    label: str
    form: Literal["share", "day", "link", "text", "long"]
    says: str


FIELDS: Final = (
    Field("score", "Takt chance", "share", "Chance that it is won within the horizon. Empty: see Takt state, not 0."),
    Field("state", "Takt state", "text", "Scored, ranked only, or unscored with the reason."),
    Field("grade", "Takt grade", "text", "A to D, against the average of all open prospects."),
    Field("reasons", "Takt reasons", "long", "What speaks for and against it, one line each."),
    Field("next_action", "Takt next action", "text", "What to do next, with whom and with which offer."),
    Field("person", "Takt person", "text", "Whom to ask for."),
    Field("channel", "Takt channel", "text", "How to reach the person."),
    Field("hours", "Takt hours", "text", "When people there answered, with counts."),
    Field("offer", "Takt offer", "text", "What to offer."),
    Field("list_day", "Takt list day", "day", "The day on whose call list it stands; empty: on none."),
    Field("link", "Takt page", "link", "Where all of it is explained."),
    Field("versions", "Takt versions", "text", "Model, definitions and data by which this was first said."),
)
NAMES: Final = tuple(field.name for field in FIELDS)
EMPTY: Final[dict[str, None]] = dict.fromkeys(NAMES)
