"""Asking Pipedrive: lists by cursor (version 2), and by start and limit (version 1).

Sources: "Pagination", "Rate limiting", "Pipedrive API v2 migration guide" (Pipedrive's developer documentation).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import Token
from pipelines.sources.connected.errors import SourceRefused
from pipelines.sources.connected.settings import ConnectionSettings

if TYPE_CHECKING:
    from pipelines.sources.connected.web import Client

SOURCE: Final = "pipedrive"
_PAGE: Final = 500
Row = dict[str, Any]


class PipedriveSettings(ConnectionSettings):
    """From `TAKT_PIPEDRIVE_...`.

    Attributes
    ----------
    token : SecretStr or None
        A user's API token (Personal preferences > API). The user must see all deals.
    changelogs : int
        Deals whose history is read in one pull; one request each, which is what Pipedrive counts most. Those that are
        left over come with the next pulls, the longest unread first.
    fields : str
        Path of another fields.yaml.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_PIPEDRIVE_", frozen=True, env_ignore_empty=True, extra="ignore")

    url: str = "https://api.pipedrive.com"
    token: SecretStr | None = None
    changelogs: int = Field(default=1000, ge=0)
    fields: str = ""


class Api:
    """The lists of one company."""

    def __init__(self, settings: PipedriveSettings) -> None:
        self._settings = settings

    def listed(self, path: str, **params: Any) -> Iterator[list[Row]]:
        """Yield the pages of a list that has a cursor."""
        from pipelines.sources.connected.web import Next

        def follow(answer: Row) -> Next | None:
            cursor = (answer.get("additional_data") or {}).get("next_cursor")
            return Next(params={"cursor": cursor}) if cursor else None

        yield from self._client.pages(path, rows="data", follow=follow, params={"limit": _PAGE, **params})

    def offset(self, path: str, **params: Any) -> Iterator[list[Row]]:
        """Yield the pages of a list of version 1, which has a start."""
        from pipelines.sources.connected.web import Next

        def follow(answer: Row) -> Next | None:
            paging = (answer.get("additional_data") or {}).get("pagination") or {}
            more = paging.get("more_items_in_collection")
            return Next(params={"start": paging.get("next_start")}) if more else None

        yield from self._client.pages(path, rows="data", follow=follow, params={"limit": _PAGE, "start": 0, **params})

    @cached_property
    def _client(self) -> Client:
        from pipelines.sources.connected.web import Client

        class _Nothing(Client):
            """Takes `data: null` of version 1 for an empty list."""

            def _rows(self, answer: Row, rows: str, path: str) -> list[Row]:
                nothing = answer.get("success") is True and rows in answer and answer[rows] is None
                return [] if nothing else super()._rows(answer, rows, path)

        if self._settings.token is None:
            raise SourceRefused(
                f"{SOURCE}: TAKT_PIPEDRIVE_TOKEN is not set; expected an API token (Personal preferences > API)."
            )
        return _Nothing(SOURCE, self._settings, auth=Token(self._settings.token, header="x-api-token", scheme=""))
