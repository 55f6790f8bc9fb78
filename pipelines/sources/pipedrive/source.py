"""Pull from Pipedrive: what changed in each list since the last pull, the history of deals, and what was deleted.

A version is known by its `update_time`: what is read again at the boundary changes nothing. Each pull reads ten minutes
before its last end again, since a change may be stamped earlier than a list shows it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.sources.connected.errors import SourceRejected
from pipelines.sources.connected.landing import land, table
from pipelines.sources.pipedrive import rows as shaped
from pipelines.sources.pipedrive.client import SOURCE, Api, PipedriveSettings, Row
from pipelines.sources.pipedrive.fields import Found, found, read_fields

if TYPE_CHECKING:
    from dlt.extract.resource import DltResource

FIELDS: Final = Path(__file__).with_name("fields.yaml")
_LISTS: Final = {
    "deals": ("/api/v2/deals", "/api/v2/deals/archived"),
    "organizations": ("/api/v2/organizations",),
    "persons": ("/api/v2/persons",),
    "activities": ("/api/v2/activities",),
}
_ALL_DEALS: Final = "open,won,lost,deleted"
OVERLAP: Final = dt.timedelta(minutes=10)
_BEGINNING: Final = "2000-01-01 00:00:00"
State = dict[str, Any]


def pull(raw: Path, *, settings: PipedriveSettings | None = None) -> None:
    """Add what is new in Pipedrive to the raw log in `raw`, and write the log's tables as Parquet files.

    Parameters
    ----------
    raw : Path
        Folder of the raw files.
    settings : PipedriveSettings, optional
        Default: from the environment.

    Raises
    ------
    ConnectionFailed
        Pipedrive did not answer as it should; the kind says how. The files of the last complete pull are untouched.
    SourceError
        fields.yaml or the raw log cannot be used.
    """
    settings = settings or PipedriveSettings()
    asked = read_fields(Path(settings.fields) if settings.fields else FIELDS)
    api = Api(settings)
    fields = found(api, asked)
    land(raw, SOURCE, [*_words(api, fields), *_records(api, fields), _changelog(api, settings), _recents(api)])


def _words(api: Api, fields: dict[str, list[Found]]) -> Iterator[DltResource]:
    """Yield the small tables that are read whole each time: fields, their choices, stages."""
    every = [f for of in fields.values() for f in of]
    yield _whole("fields", lambda: [shaped.field(f) for f in every], shaped.FIELD, ("entity", "code"))
    yield _whole("options", lambda: shaped.options(every), shaped.OPTION, ("entity", "code", "id"))
    yield _whole(
        "stages",
        lambda: [shaped.stage(r) for page in api.listed("/api/v2/stages") for r in page],
        shaped.STAGE,
        ("id",),
    )
    yield _whole(
        "users", lambda: [shaped.user(r) for page in api.offset("/v1/users") for r in page], shaped.USER, ("id",)
    )


def _whole(name: str, rows: Callable[[], list[Row]], columns: Any, key: tuple[str, ...]) -> DltResource:
    return table(name, lambda _: [rows()], columns=columns, key=key)


def _records(api: Api, fields: dict[str, list[Found]]) -> Iterator[DltResource]:
    for name in _LISTS:
        shape = shaped.SHAPES[name]
        more = [f for f in fields.get(shape.entity, []) if f.attribute]
        columns = {**shape.columns, **dict.fromkeys((f"field_{f.attribute}" for f in more), "text")}
        yield table(name, _versions(api, name, more), columns=columns)  # type: ignore[arg-type]


def _versions(api: Api, name: str, more: list[Found]) -> Callable[[State], Iterable[Any]]:
    def rows(state: State) -> Iterator[list[Row]]:
        asked = sorted(f"{f.attribute}={f.code}" for f in more)
        if state.get("asked") != asked:
            state.clear()
        newest = state.get("until")
        chosen = {
            "custom_fields": ",".join(sorted(f.code for f in more if f.custom)),
            "include_fields": ",".join(sorted(f.code for f in more if f.optional)),
        }
        params = {name: codes for name, codes in chosen.items() if codes}
        for page in _changed(api, name, state.get("until"), **params):
            got = [shaped.record(name, row, more) for row in page]
            newest = max([newest or "", *(f"{row['changed_at']}" for row in got)]) or None
            yield got
        state |= {"asked": asked, "until": newest}

    return rows


def _changed(api: Api, name: str, until: str | None, **params: str) -> Iterator[list[Row]]:
    """Yield the records of a list that changed since `until` or shortly before, the oldest change first."""
    since = {"updated_since": f"{_before(until):%Y-%m-%dT%H:%M:%SZ}"} if until else {}
    for path in _LISTS[name]:
        status = {"status": _ALL_DEALS} if name == "deals" else {}
        yield from api.listed(path, sort_by="update_time", sort_direction="asc", **since, **status, **params)


def _before(until: str) -> dt.datetime:
    return dt.datetime.fromisoformat(until) - OVERLAP


def _changelog(api: Api, settings: PipedriveSettings) -> DltResource:
    return table(
        "changelog",
        lambda state: histories(api, settings.changelogs, state),
        columns=shaped.CHANGE,
        key=("deal_id", "code", "changed_at"),
    )


def histories(api: Api, most: int, state: State) -> Iterator[list[Row]]:
    """Yield the history of the deals that changed since the state, of `most` deals at most, and move the state on.

    Those that are left wait in the state for the next pull, which takes the longest unread first.
    """
    newest, waiting, read = state.get("until"), dict(state.get("waiting", {})), dict(state.get("read", {}))
    for page in _changed(api, "deals", newest):
        for row in page:
            changed = f"{shaped.moment(row.get('update_time') or row['add_time'])}"
            newest = max(newest or "", changed)
            # of a deleted deal there is no history to ask for; what was read last comes again at the boundary
            if not shaped.is_deleted(row) and read.get(str(row["id"])) != changed:
                waiting[str(row["id"])] = changed
    for deal in sorted(waiting, key=lambda one: (waiting[one], one))[:most]:
        yield shaped.changes(deal, _history(api, deal))
        read[deal] = waiting.pop(deal)
    again = {deal: changed for deal, changed in read.items() if newest and changed >= f"{_before(newest)}"}
    state |= {"until": newest, "waiting": waiting, "read": again}


def _history(api: Api, deal: str) -> Iterator[Row]:
    """Yield the changes of a deal; none where it was deleted since it was listed."""
    try:
        for page in api.listed(f"/v1/deals/{deal}/changelog"):
            yield from page
    except SourceRejected as error:
        if error.status not in (404, 410):
            raise


def _recents(api: Api) -> DltResource:
    """Read what was deleted or merged: the lists of version 2 leave it out, but for deals."""

    def rows(state: State) -> Iterator[list[Row]]:
        newest = state.get("until")
        since = f"{_before(newest):%Y-%m-%d %H:%M:%S}" if newest else _BEGINNING
        for page in api.offset("/v1/recents", since_timestamp=since, items="activity,deal,organization,person"):
            got = [shaped.recent(row) for row in page if row.get("data")]
            newest = max([newest or "", *(f"{row['changed_at']}" for row in got)]) or None
            yield [row for row in got if row["is_deleted"] or row["merged_from"]]
        state["until"] = newest

    return table("recents", rows, columns=shaped.RECENT, key=("item", "id", "changed_at"))
