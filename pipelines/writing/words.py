"""Texts for a CRM: plain, within the vendor's length, cut at a word; and what is said of a call in one line."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any, Final

from babel.dates import format_date

from pipelines.writing.fields import Field
from pipelines.writing.target import Limits, Value
from serving.pages.words import CHANNELS
from serving.store.tables import Contact

ELLIPSIS: Final = "…"
_HIDDEN: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CALLED: Final = {
    "phone": "Call {who}", "email": "Write an e-mail to {who}", "in_person": "Meet {who}", "chat": "Chat with {who}",
    "social": "Write to {who} on social media", "post": "Send a letter to {who}",
}  # fmt: skip


def plain(text: str) -> str:
    """Return a text without control characters, directions of writing and halves of letters; ends of lines stay."""
    return _HIDDEN.sub("", text.replace("\t", " ")).strip()


def length(text: str) -> int:
    """Count letters as the strictest vendors do: in UTF-16, where an emoji is two or more."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` letters (by `length`), cut after a whole word, with an ellipsis.

    Only a first word that is too long by itself is cut within.
    """
    text = plain(text)
    if length(text) <= most:
        return text
    units = text.encode("utf-16-le")[: 2 * (most - length(ELLIPSIS))]
    kept = units.decode("utf-16-le", errors="ignore")  # an emoji that is cut in two is left out
    whole = kept if text[len(kept)].isspace() else _before_last_space(kept)
    return (whole or kept).rstrip().rstrip(",;:") + ELLIPSIS


def fit(field: Field, value: Value, limits: Limits) -> Value:
    """Return a field's value within the vendor's lengths; a link that is too long is left out: half of one is none."""
    if not isinstance(value, str):
        return value
    if field.form == "link":
        return value if length(value) <= limits.short_text else None
    return cut(value, limits.long_text if field.form == "long" else limits.short_text)


def rich(text: str, most: int) -> str:
    """Return a text as HTML of at most `most` letters, for fields that show what stands in them as HTML."""
    room = most
    while length(shown := html.escape(cut(text, room)).replace("\n", "<br>")) > most:
        room -= max(1, (length(shown) - most) // 6)
    return shown


def day(when: dt.date) -> str:
    """Write a day such as 12 March 2027."""
    return str(format_date(when, "d MMMM yyyy", locale="en"))


def who(contact: Contact | None) -> str:
    """Name a person with the role; "the person in charge" where nobody is known."""
    if contact is None:
        return "the person in charge"
    if contact.name and contact.role:
        return f"{contact.name}, {contact.role}"
    return contact.name or contact.role or "the person in charge"


def channel(name: str | None) -> str | None:
    """Say a channel; one that is not in the contract's words stays as it is."""
    return None if name is None else CHANNELS.get(name, name)


def hours(said: str | None, contact: Contact | None) -> str | None:
    """Say the best hours, and whose clock is meant."""
    if said is None or contact is None or contact.timezone is None:
        return said
    return f"{said}, their time ({contact.timezone})"


def action(name: str | None, asked: str) -> str:
    """Say what to do in a few words, such as "Call Dana Ito, operations lead"."""
    if name is None:
        return f"Contact {asked}"
    return _CALLED.get(name, f"Contact {{who}} by {CHANNELS.get(name, name)}").format(who=asked)


def reasons(told: list[dict[str, Any]]) -> str | None:
    """Write a receipt's reasons, one a line: + speaks for it, - against it; None without any."""
    lines = []
    for reason in told:
        counts = f" ({reason['counts_won']} of {reason['counts_n']} like it won)" if reason.get("counts_n") else ""
        lines.append(f"{'+' if reason['direction'] == 'for' else '-'} {reason['text']}{counts}")
    return "\n".join(lines) or None


def _before_last_space(text: str) -> str:
    at = max(text.rfind(" "), text.rfind("\n"))
    return text[:at] if at > 0 else ""
