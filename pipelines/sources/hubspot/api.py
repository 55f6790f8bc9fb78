"""HubSpot's CRM API as we use it: what changed, whole records with history, what is linked to what, what is gone.

Documentation: "Search the CRM", "CRM API | Objects: batch read", "Associations v4", "Properties", "Pipelines",
"Owners", "API usage guidelines and limits" at developers.hubspot.com. Times in the API are UTC with milliseconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import Token
from pipelines.sources.connected.errors import SourceChanged, SourceLoops, SourceRefused
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.sources.connected.web import Client, Json, Next

SOURCE: Final = "hubspot"
RECORDS: Final = ("companies", "contacts", "deals")
ENGAGEMENTS: Final = ("calls", "emails", "meetings", "tasks", "notes")
MODIFIED: Final = {"contacts": "lastmodifieddate"}
"""Property with the time of the last change, where it is not `hs_lastmodifieddate`."""
SEARCH_PAGE: Final = 200
SEARCH_LIMIT: Final = 10_000
"""Results of one search that can be paged through; a request beyond is refused."""
READ_BATCH: Final = 50
"""Records of one batch read with property history (100 without)."""
LINK_BATCH: Final = 1000


class HubspotSettings(ConnectionSettings):
    """Settings from `TAKT_HUBSPOT_...`.

    Attributes
    ----------
    token : SecretStr
        Access token of a private app with the scopes crm.objects.{deals,contacts,companies,owners}.read,
        crm.schemas.{deals,contacts,companies}.read and sales-email-read.
    properties : str
        Another file in place of properties.yaml.
    overlap_s : int
        Seconds before the last change seen that are searched again: HubSpot's search knows of a change a little late.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_HUBSPOT_", frozen=True, env_ignore_empty=True, extra="ignore")

    url: str = "https://api.hubapi.com"
    token: SecretStr = SecretStr("")
    properties: str = ""
    overlap_s: int = 600


class Hubspot:
    """The CRM of one HubSpot account.

    Raises
    ------
    SourceRefused
        There is no token.
    """

    def __init__(self, settings: HubspotSettings) -> None:
        if not settings.token.get_secret_value():
            raise SourceRefused(
                f"{SOURCE}: no token. Make a private app in HubSpot (Settings, Integrations, Private Apps) and put its "
                "access token into the environment as TAKT_HUBSPOT_TOKEN."
            )
        self._client = Client(SOURCE, settings, auth=Token(settings.token), hopeless=used_up)

    @property
    def requests(self) -> int:
        """Requests answered so far."""
        return self._client.requests

    def now(self) -> dt.datetime:
        """Return HubSpot's own clock, as its last answer said it: ours may be an hour off."""
        if self._client.clock is None:
            raise SourceChanged(f"{SOURCE}: answers carry no Date; expected one (RFC 9110, 6.6.1). Is a proxy between?")
        return self._client.clock

    def property_types(self, name: str) -> dict[str, str]:
        """Return the type (string, number, date, datetime, enumeration, bool) of every property of an object."""
        answer = self._client.ask(f"/crm/v3/properties/{name}")
        return {row["name"]: row["type"] for row in self._list(answer, "results", name)}

    def changed(self, name: str, start: int, end: int) -> Iterator[list[tuple[str, int]]]:
        """Yield (id, time of the last change) of the records changed in `[start, end]`, the earliest first.

        Times are milliseconds since 1970, UTC. A search shows 10,000 results; after those it begins again at the time
        of the last one, or, where all of them have one time, goes on within that time by id.
        """
        while True:
            window: list[tuple[str, int]] = []
            for page in self._search(name, [_between(MODIFIED.get(name, "hs_lastmodifieddate"), start, end)]):
                window += page
                yield page
            if len(window) < SEARCH_LIMIT:
                return
            last = window[-1][1]
            if last < start:
                raise _ignored(name)
            if last == start:
                yield from self._at(name, last)
                last += 1
            start = last

    def read(self, name: str, ids: Sequence[str], properties: Sequence[str]) -> Iterator[list[Json]]:
        """Yield the records with the history of their properties, in batches; those that are gone are left out."""
        for batch in _batches(ids, READ_BATCH):
            answer = self._client.ask(
                f"/crm/v3/objects/{name}/batch/read",
                json={
                    "inputs": [{"id": one} for one in batch],
                    "properties": list(properties),
                    "propertiesWithHistory": list(properties),
                },
            )
            yield self._list(answer, "results", name)

    def archived(self, name: str) -> Iterator[list[Json]]:
        """Yield the records that were deleted and can still be restored (90 days), in pages."""
        yield from self._client.pages(
            f"/crm/v3/objects/{name}", params={"archived": "true", "limit": 100}, follow=_after_in_params
        )

    def linked(self, name: str, to: str, ids: Sequence[str]) -> dict[str, list[tuple[str, bool]]]:
        """Return for each record the ids of the linked records of another object, and whether each is primary."""
        found: dict[str, list[tuple[str, bool]]] = {}
        asked: list[Json] = [{"id": one} for one in ids]
        before: set[tuple[str, str]] = set()
        while asked:
            answers = [
                row
                for batch in _batches(asked, LINK_BATCH)
                for row in self._list(
                    self._client.ask(f"/crm/v4/associations/{name}/{to}/batch/read", json={"inputs": batch}),
                    "results",
                    f"{name} to {to}",
                )
            ]
            for row in answers:
                found.setdefault(str(row["from"]["id"]), []).extend(map(_link, row["to"]))
            asked = [
                {"id": str(row["from"]["id"]), "after": row["paging"]["next"]["after"]}
                for row in answers
                if row.get("paging", {}).get("next")
            ]
            again = {(one["id"], one["after"]) for one in asked}
            if again & before:
                raise SourceLoops(
                    f"{SOURCE}: the links of {name} to {to} give a page a second time; nothing was taken."
                )
            before |= again
        return found

    def owners(self) -> Iterator[list[Json]]:
        """Yield the users who can own records, those who left among them."""
        for archived in ("false", "true"):
            yield from self._client.pages(
                "/crm/v3/owners", params={"archived": archived, "limit": 100}, follow=_after_in_params
            )

    def pipelines(self) -> list[Json]:
        """Return the deal pipelines with their stages."""
        return self._list(self._client.ask("/crm/v3/pipelines/deals"), "results", "pipelines")

    def _at(self, name: str, moment: int) -> Iterator[list[tuple[str, int]]]:
        """Yield all records changed at one millisecond, by id."""
        last = "0"
        modified = MODIFIED.get(name, "hs_lastmodifieddate")
        while True:
            filters = [_between(modified, moment, moment), _is("hs_object_id", "GT", last)]
            window = [row for page in self._search(name, filters, sort="hs_object_id") for row in page]
            yield window
            if len(window) < SEARCH_LIMIT:
                return
            if window[-1][0] == last:
                raise _ignored(name)
            last = window[-1][0]

    def _search(self, name: str, filters: list[Json], *, sort: str = "") -> Iterator[list[tuple[str, int]]]:
        modified = MODIFIED.get(name, "hs_lastmodifieddate")
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": sort or modified, "direction": "ASCENDING"}],
            "properties": [modified],
            "limit": SEARCH_PAGE,
        }
        for rows in self._client.pages(f"/crm/v3/objects/{name}/search", json=body, follow=_after_in_body):
            yield [(str(row["id"]), milliseconds(row["properties"].get(modified) or row["updatedAt"])) for row in rows]

    def _list(self, answer: Json, key: str, what: str) -> list[Json]:
        rows = answer.get(key)
        if not isinstance(rows, list):
            raise SourceChanged(f"{SOURCE}: {what} came without {key!r}; got {sorted(answer)}. Nothing was taken.")
        return rows


def _ignored(name: str) -> SourceLoops:
    return SourceLoops(
        f"{SOURCE}: the search of {name} gives the same {SEARCH_LIMIT} records whatever is asked for; nothing was "
        "taken. Tell HubSpot's support, then pull again."
    )


def used_up(body: Json) -> str:
    """Say why waiting does not help: the calls of the day are used up."""
    if body.get("policyName") == "DAILY":
        return "The calls of this day are used up; they begin anew at midnight in the time zone of the account"
    return ""


def milliseconds(text: str) -> int:
    """Return a time of the API as milliseconds since 1970, UTC."""
    return round(instant(text).timestamp() * 1000)


def instant(text: str) -> dt.datetime:
    """Return a time of the API: ISO 8601 with its zone, or milliseconds since 1970 as some histories have it.

    Raises
    ------
    SourceChanged
        It is neither.
    """
    try:
        if text.lstrip("-").isdecimal():
            return dt.datetime.fromtimestamp(int(text) / 1000, dt.UTC)
        moment = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise SourceChanged(f"{SOURCE}: expected a time such as 2026-03-01T09:30:00.000Z, got {text!r}.") from error
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _after_in_params(answer: Json) -> Next | None:
    after = answer.get("paging", {}).get("next", {}).get("after")
    return None if after is None else Next(params={"after": after})


def _after_in_body(answer: Json) -> Next | None:
    after = answer.get("paging", {}).get("next", {}).get("after")
    return None if after is None or int(after) >= SEARCH_LIMIT else Next(json={"after": after})


def _between(name: str, low: int, high: int) -> Json:
    return {"propertyName": name, "operator": "BETWEEN", "value": str(low), "highValue": str(high)}


def _is(name: str, operator: str, value: str) -> Json:
    return {"propertyName": name, "operator": operator, "value": value}


def _link(to: Json) -> tuple[str, bool]:
    labels = [str(kind.get("label") or "").casefold() for kind in to.get("associationTypes", [])]
    return str(to["toObjectId"]), "primary" in labels


def _batches(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for begin in range(0, len(rows), size):
        yield list(rows[begin : begin + size])
