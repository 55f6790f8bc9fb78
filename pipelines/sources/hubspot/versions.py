"""From a record with the history of its properties to the versions it has had: what it said, and from when on.

Worked example, run as a doctest. A deal was made on the 1st and went to the next stage on the 3rd; on the 4th something
changed that we do not read:

>>> set_at = lambda day, value: {"timestamp": f"2026-03-0{day}T09:00:00.000Z", "value": value}
>>> deal = {"id": "7", "createdAt": "2026-03-01T09:00:00.000Z", "updatedAt": "2026-03-04T09:00:00.000Z",
...         "properties": {"dealstage": "won", "amount": "10"},
...         "propertiesWithHistory": {"dealstage": [set_at(3, "won"), set_at(1, "new")], "amount": [set_at(1, "10")]}}
>>> for row in versions(deal, {"dealstage": "enumeration", "amount": "number"}):
...     print(f"{row['changed_at']:%d}", row["dealstage"], row["amount"])
01 new 10
03 won 10
04 won 10
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.sources.connected.errors import SourceChanged
from pipelines.sources.connected.web import Json
from pipelines.sources.hubspot.api import SOURCE, instant


def versions(record: Json, types: Mapping[str, str], *, also: dt.datetime | None = None) -> Iterator[dict[str, Any]]:
    """Yield the versions of one record, the earliest first.

    Parameters
    ----------
    record : dict
        As a batch read with `propertiesWithHistory` returns it.
    types : mapping of str to str
        The properties that are wanted, with HubSpot's type of each.
    also : datetime, optional
        A further moment (UTC) at which a version is wanted, though no property changed then.

    Yields
    ------
    dict
        `id`, `created_at`, `changed_at` (UTC) and a column for each property: text or None, times in ISO 8601. The last
        version is that of the record's last change, also where no property that is read has changed with it.

    Raises
    ------
    SourceChanged
        The record has no id or times.
    """
    try:
        identity, created, updated = str(record["id"]), instant(record["createdAt"]), instant(record["updatedAt"])
    except KeyError as error:
        raise SourceChanged(f"{SOURCE}: a record came without {error}; got {sorted(record)}. Nothing taken.") from error
    events = sorted(_events(record, types, updated), key=lambda event: event[0])
    moments = {at for at, _, _ in events} | {updated} | ({also} if also else set())
    said: dict[str, str | None] = dict.fromkeys(types)
    begun = 0
    for moment in sorted(moments):
        while begun < len(events) and events[begun][0] <= moment:
            said[events[begun][1]] = events[begun][2]
            begun += 1
        yield {"id": identity, "created_at": created, "changed_at": moment, **said}


def _events(
    record: Json, types: Mapping[str, str], updated: dt.datetime
) -> Iterator[tuple[dt.datetime, str, str | None]]:
    """Yield when which property got which value; one without history counts from the record's last change."""
    history = record.get("propertiesWithHistory") or {}
    for name, kind in types.items():
        entries = history.get(name) or []
        if not entries and (record.get("properties") or {}).get(name):
            yield updated, name, _value(record["properties"][name], kind)
        # the history has the last value first: of two at one moment the last one given counts
        for entry in reversed(entries):
            yield instant(entry["timestamp"]), name, _value(entry.get("value"), kind)


def _value(value: Any, kind: str) -> str | None:
    if value is None or value == "":
        return None
    return instant(str(value)).isoformat(timespec="milliseconds") if kind == "datetime" else str(value)
