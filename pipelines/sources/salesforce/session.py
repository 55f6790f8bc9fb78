"""Signing in to Salesforce, and what its answers mean.

Sources: "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration" and "OAuth 2.0 Refresh Token Flow for
Renewed Sessions" (Salesforce help); "Status Codes and Error Responses" (REST API developer guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from pipelines.sources.connected.auth import OAuth
from pipelines.sources.connected.errors import (
    SourceChanged,
    SourceRefused,
    SourceRejected,
    SourceRevoked,
    SourceUnavailable,
)
from pipelines.sources.connected.settings import ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.sources.connected.web import Client

SOURCE: Final = "salesforce"
NOT_THERE: Final = "INVALID_TYPE"
_CHANGED: Final = ("INVALID_FIELD", NOT_THERE, "MALFORMED_QUERY")


class SalesforceSettings(ConnectionSettings):
    """From `TAKT_SALESFORCE_...`: `url` is the company's own domain, such as https://acme.my.salesforce.com.

    Attributes
    ----------
    client_id, client_secret : str, SecretStr
        Consumer key and secret of an external client app with the client credentials flow and the scope `api`.
    refresh_token : SecretStr or None
        Where it is given, the refresh token flow is used instead.
    api_version : str
        Version of the REST API.
    fields : str
        Path of another fields.yaml.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_SALESFORCE_", frozen=True, env_ignore_empty=True, extra="ignore")

    client_id: str = ""
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    api_version: str = "62.0"
    fields: str = ""


class Login(OAuth):
    """OAuth 2 of Salesforce: a session that is over is begun again; where that is refused the app was disconnected."""

    def renew(self) -> bool:
        """Fetch a new access token.

        Raises
        ------
        SourceRevoked
            The credentials had been good in this pull and are not any more.
        SourceRefused, SourceUnavailable, SourceChanged
            See `OAuth.renew`.
        """
        had_one = bool(self.granted)
        try:
            return super().renew()
        except SourceRefused as error:
            if not had_one:
                raise
            raise SourceRevoked(f"{error} They were good when this pull began: nothing of it was taken.") from error


class Session:
    """Queries against one organisation; the address of its data comes with the first token."""

    def __init__(self, settings: SalesforceSettings) -> None:
        self._settings = settings
        self._client: Client | None = None

    def query(self, soql: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the records page by page, deleted and archived ones too (`queryAll`).

        Raises
        ------
        SourceUnavailable
            Also where the API calls of the day are used up.
        SourceChanged
            The query names a field or an object that is not there (any more).
        ConnectionFailed
            See `Client.pages`.
        """
        from urllib.parse import quote_plus

        from pipelines.sources.connected.web import Next

        path = f"/services/data/v{self._settings.api_version}/queryAll?q={quote_plus(soql)}"
        try:
            yield from self._opened().pages(
                path,
                rows="records",
                follow=lambda answer: None if answer.get("done") else Next(path=str(answer.get("nextRecordsUrl"))),
            )
        except SourceRejected as error:
            code, message = _said(error)
            if code in _CHANGED:
                raise Missing(code, soql, message) from error
            raise
        except SourceRefused as error:
            if "REQUEST_LIMIT_EXCEEDED" in str(error):
                raise SourceUnavailable(
                    f"{SOURCE}: the API calls that the organisation has for 24 hours are used up "
                    "(REQUEST_LIMIT_EXCEEDED). Pull less often, or buy more; the next pull goes on from the last "
                    "complete one."
                ) from error
            raise

    def _opened(self) -> Client:
        if self._client is None:
            from pipelines.sources.connected.web import Client

            login = _login(self._settings)
            login.renew()
            url = str(login.granted.get("instance_url") or self._settings.url)
            self._client = Client(SOURCE, self._settings, auth=login, url=url)
        return self._client


class Missing(SourceChanged):
    """A query names what is not there; `code` is Salesforce's."""

    def __init__(self, code: str, soql: str, message: str) -> None:
        self.code, self.soql, self.said = code, soql, message
        super().__init__(
            f"{SOURCE}: {code}: {' '.join(message.split())[:400]} (asked: {soql[:300]}). A field or an object was "
            "renamed or deleted, or the integration user may not see it: correct fields.yaml, or give the user's "
            "permission set the field. Nothing of this pull was taken."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied between processes whole."""
        return Missing, (self.code, self.soql, self.said)


def _said(error: SourceRejected) -> tuple[str, str]:
    first = error.body[0] if isinstance(error.body, list) and error.body else {}
    return (str(first.get("errorCode", "")), str(first.get("message", ""))) if isinstance(first, dict) else ("", "")


def _login(settings: SalesforceSettings) -> Login:
    missing = [
        f"TAKT_SALESFORCE_{name.upper()}"
        for name in ("url", "client_id", "client_secret")
        if not getattr(settings, name)
    ]
    if missing:
        raise SourceRefused(
            f"{SOURCE}: {', '.join(missing)} not set; expected the company's domain (https://acme.my.salesforce.com) "
            "and the consumer key and secret of an external client app with the client credentials flow."
        )
    form: dict[str, str | SecretStr] = {"client_id": settings.client_id}
    if settings.client_secret is not None:
        form["client_secret"] = settings.client_secret
    if settings.refresh_token is not None:
        form |= {"grant_type": "refresh_token", "refresh_token": settings.refresh_token}
    else:
        form["grant_type"] = "client_credentials"
    return Login(SOURCE, f"{settings.url}/services/oauth2/token", form)
