"""When a request is sent again, and how long the system asks us to wait before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import requests


def asked_to_wait(answer: requests.Response) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date); None without one."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    until = _date(said)
    # against the clock that set it, where that is told: ours may be an hour off
    now = told_time(answer) or dt.datetime.now(dt.UTC)
    return None if until is None else max(0.0, (until - now).total_seconds())


def told_time(answer: requests.Response) -> dt.datetime | None:
    """Return the clock of the system that answered (`Date`, UTC, whole seconds), None where it does not say."""
    return _date(answer.headers.get("Date", ""))


def _date(text: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.astimezone(dt.UTC) if moment.tzinfo else None


def worth_another_try(
    answer: requests.Response | None, *, longest_s: float, hopeless: Callable[[dict[str, Any]], str]
) -> bool:
    """Answer whether a refused request may be accepted next time, within the pause that we allow.

    Connection errors (no answer at all) are retried by the client itself.
    """
    if answer is None or not (answer.status_code == 429 or answer.status_code >= 500):
        return False
    wait = asked_to_wait(answer)
    if wait is not None and wait > longest_s:
        return False
    try:
        body = answer.json()
    except ValueError:
        return True
    return not (isinstance(body, dict) and hopeless(body))
