"""Pull from Salesforce: what changed in each object since the last pull, deleted records too.

A version is known by the record's `SystemModstamp`: what is read again at the boundary changes nothing. Each pull reads
ten minutes before its last end again, since a transaction may be stamped earlier than it can be seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.sources.connected.landing import Type, land, table
from pipelines.sources.salesforce.objects import Object, objects, read_fields
from pipelines.sources.salesforce.session import NOT_THERE, SOURCE, Missing, SalesforceSettings, Session

if TYPE_CHECKING:
    from dlt.extract.resource import DltResource

FIELDS: Final = Path(__file__).with_name("fields.yaml")
OVERLAP: Final = dt.timedelta(minutes=10)


def pull(raw: Path, *, settings: SalesforceSettings | None = None) -> None:
    """Add what is new in Salesforce to the raw log in `raw`, and write the log's tables as Parquet files.

    Parameters
    ----------
    raw : Path
        Folder of the raw files.
    settings : SalesforceSettings, optional
        Default: from the environment.

    Raises
    ------
    ConnectionFailed
        Salesforce did not answer as it should; the kind says how. The files of the last complete pull are untouched.
    SourceError
        fields.yaml or the raw log cannot be used.
    """
    settings = settings or SalesforceSettings()
    asked = objects(read_fields(Path(settings.fields) if settings.fields else FIELDS))
    session = Session(settings)
    land(raw, SOURCE, [_table(one, session) for one in asked])


def _table(one: Object, session: Session) -> DltResource:
    columns: dict[str, Type] = {column: kind for column, (_, kind) in one.asked.items()}
    if one.history_of:
        columns["attribute"] = "text"
    key = ("id", "changed_at") if one.changed else ("id",)
    return table(one.table, lambda state: _rows(one, session, state), columns=columns, key=key)


def _rows(one: Object, session: Session, state: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield the versions that are new since the state, and move it on."""
    if state.get("asked") != one.fingerprint:
        state.clear()
    newest = state.get("until")
    try:
        for page in session.query(soql(one, newest)):
            rows = [_row(one, record) for record in page]
            if one.changed and rows:
                newest = max(row["changed_at"] for row in rows).isoformat()
            yield rows
    except Missing as error:
        if not (one.optional and error.code == NOT_THERE and newest is None):
            raise
    state |= {"asked": one.fingerprint, "until": newest}


def soql(one: Object, until: str | None) -> str:
    """Return the query for what changed since `until` (ISO time with zone), the oldest change first."""
    select = f"SELECT {', '.join(dict.fromkeys(api for api, _ in one.asked.values()))} FROM {one.name}"
    if not one.changed:
        return select
    since = ""
    if until is not None:
        begin = (dt.datetime.fromisoformat(until) - OVERLAP).astimezone(dt.UTC)
        since = f" WHERE {one.changed} >= {begin:%Y-%m-%dT%H:%M:%S}.{begin.microsecond // 1000:03}Z"
    return f"{select}{since} ORDER BY {one.changed}, Id"


def _row(one: Object, record: Mapping[str, Any]) -> dict[str, Any]:
    row = {column: _value(record[api], kind) for column, (api, kind) in one.asked.items()}
    if one.history_of:
        names = {api: name for name, api in one.attributes.items()}
        row["attribute"] = names.get(row["name"])
    return row


def _value(value: Any, kind: Type) -> Any:
    """Give a value its raw type: times with their zone, and text for whatever is kept as text."""
    if value is None or value == "":
        return None
    if kind == "timestamp":
        return dt.datetime.fromisoformat(value)
    if kind == "date":
        return dt.date.fromisoformat(value)
    if kind == "text":
        return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    return float(value) if kind == "double" else value
