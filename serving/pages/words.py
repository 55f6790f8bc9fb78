"""How numbers, days and people are written on a page.

Numbers and dates follow the reader's locale, times the company's zone. Nothing here reads the clock: "12 days
ago" means before the list's own `as_of`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_time
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal, format_percent

from serving.store.tables import Contact, Moment, Receipt, Run

FALLBACK: Final = "en"
WRITTEN: Final = 5000
"""Numbers and dates of each kind kept as written: Babel takes 0.1 ms for one, and a page of 50 calls has 700."""
_FIGURE: Final = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w,.]*\d)")
"""A number with separators, as the published sentences have it; whole small numbers look the same everywhere."""
LONG_AGO: Final = 60
"""Days beyond which nobody counts days any more."""
CHANNELS: Final = {
    "phone": "phone", "email": "e-mail", "web": "web", "in_person": "in person", "chat": "chat",
    "social": "social media", "post": "letter", "partner": "through a partner",
}  # fmt: skip
OBVIOUS: Final = (("call", "phone"), ("email", "email"))
LEFT_OUT: Final = {
    "withdrawn": "deleted in the CRM, or merged into another record",
    "do_not_contact": "asked not to be contacted",
    "too_soon": "contacted only recently",
    "unscored": "could not be scored",
    "no_capacity": "beyond today's capacity",
    "account_called": "somebody else of the same company is called, or was just called",
    "not_working": "no calls are made today",
    "no_salesperson": "in a territory that no salesperson serves",
    "not_worth": "the call would cost more than it brings",
    "hold_out": "held out by lot, to measure what the list is worth",
}

NO_CHANCE: Final = {
    "ranked": "ranked by what happened last; too few wins are known to say a chance",
    "unscored": "nothing is known to judge it by; this does not mean zero",
}
GRADES: Final = {
    "A": "far above average", "B": "above average", "C": "below average", "D": "far below average",
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """Writes for one reader; `locale` such as "de_DE" decides how numbers and dates look, the words are English."""

    locale: str = FALLBACK

    def percent(self, share: float) -> str:
        """Write a share; below 1 % and above 99 % as such, for nobody is certain."""
        if share <= 0.005:
            return f"under {_percent(0.01, self.locale)}"
        if share >= 0.995:
            return f"over {_percent(0.99, self.locale)}"
        return _percent(share, self.locale)

    def number(self, value: float) -> str:
        """Write a number with the reader's separators."""
        return _number(value, self.locale)

    def money(self, amount: float, run: Run) -> str:
        """Write an amount in the run's currency, in whole units, the sign where the reader's locale has it."""
        return _money(round(amount), run.currency, self.locale)

    def day(self, day: dt.date) -> str:
        """Write a day in full, with its weekday."""
        return _date(day, "full", self.locale)

    def short_day(self, when: dt.date | dt.datetime, run: Run) -> str:
        """Write a day shortly; a moment is first brought to the company's zone."""
        day = when.astimezone(ZoneInfo(run.timezone)).date() if isinstance(when, dt.datetime) else when
        return _date(day, "medium", self.locale)

    def time(self, when: dt.datetime, run: Run) -> str:
        """Write day and time, to the minute, in the company's zone."""
        clock = format_time(when, format="short", tzinfo=ZoneInfo(run.timezone), locale=self.locale)
        return f"{self.short_day(when, run)}, {clock}"

    def ago(self, when: dt.datetime, run: Run) -> str:
        """Write how many calendar days in the company's zone a moment was before the list's `as_of`."""
        zone = ZoneInfo(run.timezone)
        days = (run.as_of.astimezone(zone).date() - when.astimezone(zone).date()).days
        if days <= 0:
            return "today"
        if days == 1:
            return "yesterday"
        return f"{self.number(days)} days ago" if days <= LONG_AGO else f"on {self.short_day(when, run)}"

    def likely(self, run: Run) -> str:
        """Write the chance as the words that follow it: "likely to sign within 45 days"."""
        return f"likely to sign within {self.number(run.horizon_days)} days"

    def told(self, text: str) -> str:
        """Write a published sentence with its figures in the reader's way: sentences are made with 1,234.5."""
        return text if self.locale.startswith("en") else _FIGURE.sub(self._figure, text)

    def _figure(self, found: re.Match[str]) -> str:
        return _exact(found[0].replace(",", ""), self.locale)

    def like(self, receipt: Receipt) -> str:
        """Write the counts behind a chance; empty without any."""
        if not receipt.like_n or receipt.like_won is None:
            return ""
        return f"{self.number(receipt.like_won)} of {self.number(receipt.like_n)} like it did"


@lru_cache(maxsize=WRITTEN)
def _number(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(maxsize=WRITTEN)
def _exact(figure: str, locale: str) -> str:
    return format_decimal(Decimal(figure), decimal_quantization=False, locale=locale)


@lru_cache(maxsize=WRITTEN)
def _percent(share: float, locale: str) -> str:
    return format_percent(share, locale=locale)


@lru_cache(maxsize=WRITTEN)
def _money(amount: int, currency: str, locale: str) -> str:
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (0, 0)
    return str(pattern.apply(amount, locale, currency=currency, currency_digits=False))


@lru_cache(maxsize=WRITTEN)
def _date(day: dt.date, form: Literal["full", "medium"], locale: str) -> str:
    return format_date(day, format=form, locale=locale)


@lru_cache(maxsize=500)
def preferred_locale(accept_language: str) -> str:
    """Return the best known locale of an Accept-Language header, "en" where there is none."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        found = re.fullmatch(r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3})\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", part)
        if found:
            wanted.append((-float(found[2] or 1), found[1].replace("-", "_")))
    best = negotiate_locale([tag for _, tag in sorted(wanted, key=lambda w: w[0])], locale_identifiers())
    try:
        return str(Locale.parse(best)) if best else FALLBACK
    except (ValueError, UnknownLocaleError):
        return FALLBACK


def person(contact: Contact) -> str:
    """Return what to call a person: the name, else the role, else the id."""
    return contact.name or contact.role or contact.contact_id


def happened(moment: Moment) -> str:
    """Return what happened in one line, such as "Call from us" or "Demo from them, in person"."""
    what = CHANNELS.get(moment.kind, moment.kind).replace("_", " ")
    words = what[:1].upper() + what[1:]
    if moment.direction:
        words += " from them" if moment.direction == "inbound" else " from us"
    if moment.channel and (moment.kind, moment.channel) not in OBVIOUS:
        words += f", {CHANNELS.get(moment.channel, moment.channel)}"
    return words


def dial(phone: str) -> str:
    """Return a telephone number as a tel: link has it; empty where there are too few digits to dial."""
    # "+49 (0)30": the zero is dialled only from inside the country
    number = re.sub(r"[^0-9+]", "", re.sub(r"^(\s*\+.*?)\(0\)", r"\1", phone))
    return number if len(number) > 2 else ""


def mail(address: str) -> str:
    """Return an e-mail address as a mailto: link has it."""
    return quote(address, safe="@")


def bar(receipt: Receipt) -> dict[str, float]:
    """Return where chance and interval lie on a bar of width 100."""
    chance = 100 * (receipt.chance or 0.0)
    low = chance if receipt.low is None or math.isnan(receipt.low) else 100 * receipt.low
    high = chance if receipt.high is None or math.isnan(receipt.high) else 100 * receipt.high
    return {"chance": round(chance, 1), "low": round(low, 1), "width": round(max(high - low, 1.0), 1)}
