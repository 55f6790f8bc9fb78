"""How a request says who asks: a fixed token, or one that is fetched and renewed by OAuth 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pydantic import SecretStr

from pipelines.sources.connected.errors import SourceChanged, SourceRefused, SourceUnavailable

_TIMEOUT_S: Final = 30


class Auth(Protocol):
    """What a `Client` needs to know of credentials."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that prove who asks."""
        ...

    def renew(self) -> bool:
        """Get new credentials after the present ones were refused; False where there is no way to."""
        ...


@dataclass(frozen=True)
class Token:
    """A token that somebody made by hand in the system: it is sent as it is and cannot be renewed."""

    token: SecretStr
    header: str = "Authorization"
    scheme: str = "Bearer"

    def headers(self) -> Mapping[str, str]:
        """Return the one header."""
        return {self.header: f"{self.scheme} {self.token.get_secret_value()}".strip()}

    def renew(self) -> bool:
        """Say that there is no other token."""
        return False


class OAuth:
    """An access token by OAuth 2, fetched when first needed and again when it has expired (RFC 6749, 4.4 and 6).

    Parameters
    ----------
    source : str
        Name of the source, for messages.
    token_url : str
        Where tokens are given out.
    form : mapping of str to str or SecretStr
        What is sent there: `grant_type`, `client_id`, `client_secret`, `refresh_token`.
    """

    def __init__(self, source: str, token_url: str, form: Mapping[str, str | SecretStr]) -> None:
        self._source, self._token_url, self._form = source, token_url, dict(form)
        self.granted: dict[str, Any] = {}

    def headers(self) -> Mapping[str, str]:
        """Return the header with the access token; fetches it the first time."""
        if not self.granted:
            self.renew()
        return {"Authorization": f"Bearer {self.granted['access_token']}"}

    def renew(self) -> bool:
        """Fetch a new access token; `granted` is the whole answer, with what else the system tells there.

        Raises
        ------
        SourceRefused
            The client or its refresh token is not accepted (any more).
        SourceUnavailable
            The token address does not answer.
        SourceChanged
            The answer holds no access token.
        """
        import requests

        sent = {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in self._form.items()}
        try:
            answer = requests.post(self._token_url, data=sent, timeout=_TIMEOUT_S, allow_redirects=False)
        except requests.RequestException as error:
            raise SourceUnavailable(
                f"{self._source}: no answer from {self._token_url} ({type(error).__name__}); check the address and "
                "the network, then pull again."
            ) from error
        if answer.status_code >= 500:
            raise SourceUnavailable(f"{self._source}: {self._token_url} answered {answer.status_code}; pull again.")
        if answer.status_code != 200:
            raise SourceRefused(
                f"{self._source}: {self._token_url} gave no token: {answer.status_code} {answer.text[:200]}; expected "
                "200. Check the client id, its secret and the refresh token, and whether the app was disconnected."
            )
        self.granted = _granted(answer.text, f"{self._source}: {self._token_url}")
        return True


def _granted(text: str, where: str) -> dict[str, Any]:
    import json

    try:
        granted = json.loads(text)
    except ValueError:
        granted = None
    if not isinstance(granted, dict) or not isinstance(granted.get("access_token"), str):
        raise SourceChanged(f"{where}: expected JSON with access_token, got {len(text)} characters of something else.")
    return granted
