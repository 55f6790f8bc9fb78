"""Tryton's values in JSON: times, days and exact numbers are objects that name their class; all times are UTC.

>>> decoded({"__class__": "date", "year": 2026, "month": 11, "day": 24})
datetime.date(2026, 11, 24)
>>> decoded({"__class__": "Decimal", "decimal": "1200.00"})
1200.0
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any, Final

from pipelines.sources.connected.errors import SourceChanged

_PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def decoded(value: Any) -> Any:
    """Return a value as Python has it: datetime in UTC, date, float for exact numbers; anything else as it is.

    Raises
    ------
    SourceChanged
        The value names a class that is none of these.
    """
    kind = value.get("__class__") if isinstance(value, dict) else None
    if kind is None:
        return value
    if kind == "datetime":
        year, month, day, hour, minute, second, micro = (int(value[part]) for part in _PARTS)
        return dt.datetime(year, month, day, hour, minute, second, micro, tzinfo=dt.UTC)
    if kind == "date":
        return dt.date(value["year"], value["month"], value["day"])
    if kind == "Decimal":
        return float(value["decimal"])
    raise SourceChanged(f"tryton: a value of class {kind!r}; expected datetime, date or Decimal.")


def encoded(moment: dt.datetime) -> dict[str, Any]:
    """Return a moment as Tryton writes it, in UTC."""
    at = moment.astimezone(dt.UTC)
    return {"__class__": "datetime", **{part: getattr(at, part) for part in _PARTS}}


def packed(value: Any) -> str:
    """Return JSON as Tryton takes it in addresses and headers: base64 with letters that are safe there."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
