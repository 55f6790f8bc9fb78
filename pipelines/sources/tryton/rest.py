"""Asking Tryton: records by a condition page by page, their history, and writing one record.

Tryton's REST API (trytond/protocols/rest.py, "User application: REST API" in its documentation) answers
`GET /<database>/rest/model/<name>` with a list. `d` is a condition (domain), `f` a field, `s` the size of a page, `o`
the order. The header X-Tryton-Context with `_datetime` asks for records as they were then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import Token
from pipelines.sources.connected.errors import SourceChanged, SourceLoops, SourceRefused, SourceRejected
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.sources.connected.web import Client
from pipelines.sources.tryton.values import decoded, encoded, packed

SOURCE: Final = "tryton"
PAGE: Final = 500
CHUNK: Final = 200
"""Ids named in one condition: the condition is part of the address, which servers cut at some thousand letters."""

Record = dict[str, Any]
Domain = list[Any]


class TrytonSettings(ConnectionSettings):
    """Where Tryton is, from `TAKT_TRYTON_...`.

    Attributes
    ----------
    url : str
        Address with the name of the database, such as https://crm.company.example/tryton.
    key : SecretStr
        Key of a user application "REST API" that is validated.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_TRYTON_", frozen=True, env_ignore_empty=True, extra="ignore")

    key: SecretStr = SecretStr("")


class Rest:
    """One database of a Tryton server.

    Raises
    ------
    SourceRefused
        Address or key are not set.
    """

    def __init__(self, settings: TrytonSettings | None = None) -> None:
        settings = settings or TrytonSettings()
        if not settings.url or not settings.key.get_secret_value():
            raise SourceRefused(
                "tryton: set TAKT_TRYTON_URL (address with the database, https://host/database) and TAKT_TRYTON_KEY "
                "(key of a user application for REST)."
            )
        self.url = settings.url
        self._client = Client(SOURCE, settings, auth=Token(settings.key, scheme="bearer"))

    def require(self, model: str, fields: Iterable[str]) -> None:
        """Make sure that a model has these fields; of `a.b` the first part is looked at.

        Raises
        ------
        SourceChanged
            It does not have them: a module is not activated, or a field was renamed.
        """
        try:
            there = self._ask(f"/rest/model/{model}/fields_get", json={})
        except SourceRejected as error:
            if error.status != 404:
                raise
            raise SourceChanged(f"tryton: {self.url} is no database of Tryton's with a REST API: {error}") from error
        missing = sorted({f.split(".")[0] for f in fields} - set(there))
        if missing:
            raise SourceChanged(
                f"tryton: {model} has no field {', '.join(missing)}, or the key's user may not see it; expected the "
                "modules sale_opportunity and sale, and a user in the groups Sale Opportunity and Sales."
            )

    def search(
        self, model: str, fields: Sequence[str], domain: Domain | None = None, *, page: int = PAGE
    ) -> Iterator[list[Record]]:
        """Yield the records that fulfil a condition, by id, a page at a time.

        The next page is asked for by the last id, so that what is added or deleted meanwhile shifts nothing.

        Raises
        ------
        SourceLoops
            A page does not go on where the one before ended.
        """
        last, full = 0, True
        while full:
            rows = self._read(model, fields, [*(domain or []), ["id", ">", last]], page=page)
            ids = [row["id"] for row in rows]
            if any(a >= b for a, b in zip([last, *ids], ids, strict=False)):
                raise SourceLoops(
                    f"tryton: {model} after id {last} gave the ids {ids[:5]}...; expected later ones, each once. "
                    "Nothing was taken."
                )
            if rows:
                yield rows
                last = ids[-1]
            full = len(rows) >= page

    def at(self, model: str, fields: Sequence[str], ids: Sequence[int], *, moment: dt.datetime | None) -> list[Record]:
        """Return records as they were at a moment (as they are, without one); those that did not exist are absent."""
        return self._read(model, fields, [["id", "in", list(ids)]], page=len(ids), moment=moment)

    def revisions(self, model: str, ids: Sequence[int]) -> list[tuple[int, dt.datetime]]:
        """Return (id, time) of each change that the history of these records holds, a deletion among them."""
        rows = self._ask(f"/rest/model/{model}/history_revisions", json={"ids": list(ids)}, expect=list)
        return sorted({(row[1], decoded(row[0])) for row in rows})

    def get(self, model: str, record: int, fields: Sequence[str]) -> Record:
        """Return one record."""
        found: Record = self._ask(f"/rest/model/{model}/{record}", params={"f": list(fields)})
        return found

    def put(self, model: str, record: int, values: Mapping[str, Any]) -> None:
        """Change one record, in one transaction of Tryton's; sent once, because it may add something.

        Raises
        ------
        SourceRejected
            Tryton does not take it; `body` holds its words.
        """
        self._ask(f"/rest/model/{model}/{record}", json=dict(values), method="PUT", repeatable=False)

    def _read(
        self, model: str, fields: Sequence[str], domain: Domain, *, page: int, moment: dt.datetime | None = None
    ) -> list[Record]:
        asked = {"f": list(fields), "d": packed(domain), "o": packed([["id", "ASC"]]), "s": page}
        # records that were put out of use are read too: Tryton leaves them away where nothing is said
        context: dict[str, Any] = {"active_test": False} | ({} if moment is None else {"_datetime": encoded(moment)})
        sent = {"X-Tryton-Context": packed(context)}
        rows: list[Record] = self._ask(f"/rest/model/{model}", params=asked, headers=sent, expect=list)
        lost = sorted({f.split(".")[0] for f in fields} - set(rows[0])) if rows else []
        if lost:
            # fields that the key's user may not read are left away without a word
            raise SourceRefused(f"tryton: the key's user may not read {', '.join(lost)} of {model}.")
        return rows

    def _ask(self, path: str, **sent: Any) -> Any:
        try:
            return self._client.ask(path, **sent)
        except SourceRejected as error:
            if sent.get("method") or error.status != 400:
                raise
            said = error.body.get("message", "") if isinstance(error.body, dict) else str(error.body)
            raise SourceRefused(
                f"tryton: {path} was refused: {said} Put the key's user into the groups Sale Opportunity and Sales."
            ) from error
