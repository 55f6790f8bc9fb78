"""Asking a JSON API: who we are, how patient we are, page after page, and a named outcome for every refusal.

Retries, back-off and `Retry-After` are dlt's (`dlt.sources.helpers.requests`); what the statuses mean is decided here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from dlt.sources.helpers.requests import Client as Session

from pipelines.sources.connected.auth import Auth
from pipelines.sources.connected.errors import (
    SourceChanged,
    SourceLoops,
    SourceRefused,
    SourceRejected,
    SourceRevoked,
    SourceUnavailable,
)
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.sources.connected.waiting import asked_to_wait, told_time, worth_another_try

Json = dict[str, Any]
_MOST_PAGES: Final = 1_000_000
_SHOWN: Final = 300


@dataclass(frozen=True)
class Next:
    """What differs in the request for the next page: another path (or a whole address), parameters, body fields."""

    path: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] = field(default_factory=dict)


class Client:
    """One system that answers in JSON.

    Parameters
    ----------
    source : str
        Name of the source, for messages.
    settings : ConnectionSettings
        Address and patience.
    auth : Auth
        `Token` or `OAuth`.
    hopeless : callable, optional
        Says for a parsed error answer why waiting does not help ("the daily limit is used up"); "" where it may.
    url : str, optional
        Address instead of that of the settings, where the system tells it at sign-in.

    Attributes
    ----------
    requests : int
        Requests answered so far, retries not counted.
    clock : datetime or None
        The system's own clock (UTC, whole seconds) at its last answer; None where it does not say.
    """

    def __init__(
        self,
        source: str,
        settings: ConnectionSettings,
        *,
        auth: Auth,
        hopeless: Callable[[Json], str] | None = None,
        url: str = "",
    ) -> None:
        self.source, self.url = source, (url or settings.url).rstrip("/")
        self.requests = 0
        self.clock: dt.datetime | None = None
        self._settings, self._auth, self._hopeless = settings, auth, hopeless or (lambda _: "")
        self._patient = self._session(settings.attempts)
        self._once = self._session(1)

    def ask(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        method: str = "",
        repeatable: bool = True,
        expect: type = dict,
    ) -> Any:
        """Send one request and return its parsed answer; an answer without content is an empty `expect`.

        Parameters
        ----------
        path : str
            Below the address, with a leading slash, or a whole address of the same system.
        params, headers, json : optional
            Query parameters; headers beside those of the credentials; the body.
        method : str
            Default GET, or POST where there is a body.
        repeatable : bool
            Whether sending it twice is the same as once. If not, it is sent once.
        expect : type
            `dict` or `list`: what the answer must be.

        Raises
        ------
        SourceRefused, SourceRevoked
            Not, or no longer, who may ask.
        SourceUnavailable
            No answer, 5xx or 429 up to the last attempt, or a pause asked for that is too long.
        SourceRejected
            Any other 4xx.
        SourceChanged
            A redirect, or an answer that is not JSON or not `expect`.
        """
        verb = method or ("GET" if json is None else "POST")
        call = f"{verb} {path.removeprefix(self.url)}"
        sent = {"params": params, "headers": headers, "json": json}
        answer = self._send(verb, path, call, repeatable=repeatable, **sent)
        if answer.status_code == 401 and self._auth.renew():
            answer = self._send(verb, path, call, repeatable=repeatable, **sent)
        self._judge(answer, call)
        self.requests += 1
        self.clock = told_time(answer)
        return self._parsed(answer, call, expect)

    def pages(
        self,
        path: str,
        *,
        follow: Callable[[Json], Next | None],
        rows: str = "results",
        params: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
        most: int = _MOST_PAGES,
    ) -> Iterator[list[Json]]:
        """Yield the rows of each page, until `follow` returns None for an answer.

        Parameters
        ----------
        follow : callable
            From the answer to what differs in the next request (added to the first one's), or None at the end.
        rows : str
            Key of the answer that holds the list of rows.
        most : int
            Pages after which reading is given up.

        Raises
        ------
        SourceLoops
            A request or a full page of rows came a second time, or there are more than `most` pages.
        SourceChanged
            An answer has no list under `rows`.
        """
        seen: set[str] = set()
        at: Next | None = Next()
        while at is not None:
            asked = (at.path or path, {**(params or {}), **at.params}, None if json is None else {**json, **at.json})
            answer = self.ask(asked[0], params=asked[1], json=asked[2])
            got = self._rows(answer, rows, asked[0])
            marks = {_mark(asked), *([_mark(got)] if got else [])}
            if marks & seen or len(seen) > 2 * most:
                raise SourceLoops(
                    f"{self.source}: {asked[0]} gave a page a second time (page {len(seen) // 2 + 1}, {len(got)} "
                    "rows); expected every page once. Nothing was taken; tell the system's support, then pull again."
                )
            seen |= marks
            yield got
            at = follow(answer)

    def _session(self, attempts: int) -> Session:
        wait = self._settings.longest_wait_s
        return Session(
            request_timeout=(min(10.0, self._settings.timeout_s), self._settings.timeout_s),
            raise_for_status=False,
            status_codes=(),
            request_max_attempts=attempts,
            request_backoff_factor=self._settings.backoff_s,
            request_max_retry_delay=wait,
            retry_condition=lambda answer, _: worth_another_try(answer, longest_s=wait, hopeless=self._hopeless),
        )

    def _send(self, verb: str, path: str, call: str, *, repeatable: bool, **sent: Any) -> requests.Response:
        session = self._patient if repeatable else self._once
        address = path if path.startswith(("http://", "https://")) else f"{self.url}{path}"
        if address != self.url and not address.startswith((f"{self.url}/", f"{self.url}?")):
            # credentials go nowhere but to the system that they are for, whatever a page says comes next
            raise SourceChanged(f"{self.source}: {call} leads away from {self.url}; expected an address below it.")
        try:
            answer: requests.Response = session.request(
                verb, address, auth=_Signed(self._auth), allow_redirects=False, **sent
            )
        except requests.RequestException as error:
            raise SourceUnavailable(
                f"{self.source}: {call} at {self.url} got no answer ({type(error).__name__}) in "
                f"{self._settings.attempts if repeatable else 1} attempts. Check the address and the network; the next "
                "pull goes on from the last complete one."
            ) from error
        return answer

    def _judge(self, answer: requests.Response, call: str) -> None:
        status, said = answer.status_code, answer.text[:_SHOWN]
        where = f"{self.source}: {call} was answered {status}"
        if status == 401 and self.requests:
            raise SourceRevoked(
                f"{where} after {self.requests} good answers: {said}. The token was revoked or has expired; make a new "
                "one and pull again. Nothing of this pull was taken."
            )
        if status in (401, 403):
            raise SourceRefused(
                f"{where}: {said}. Check the token (and with 403 what it is allowed to read), and the address "
                f"{self.url}."
            )
        if status == 429 or status >= 500:
            raise SourceUnavailable(f"{where}: {said}. {self._why(answer)}")
        if status >= 400:
            raise SourceRejected(f"{where}: {said}.", status=status, body=_body(answer))
        if status >= 300:
            raise SourceChanged(f"{where} and sent on to {answer.headers.get('Location')}; correct the address.")

    def _why(self, answer: requests.Response) -> str:
        body, wait = _body(answer), asked_to_wait(answer)
        reason = self._hopeless(body) if isinstance(body, dict) else ""
        if reason:
            return f"{reason}; pull again after that."
        if wait is not None and wait > self._settings.longest_wait_s:
            return (
                f"It asks to wait {wait:.0f} s, longer than {self._settings.longest_wait_s:.0f}; pull again after that."
            )
        return f"Given up after {self._settings.attempts} attempts; the next pull goes on from the last complete one."

    def _parsed(self, answer: requests.Response, call: str, expect: type) -> Any:
        if not answer.content:
            return expect()
        body = _body(answer)
        if not isinstance(body, expect):
            raise SourceChanged(
                f"{self.source}: {call} was answered {answer.status_code} with {answer.headers.get('Content-Type')}: "
                f"{answer.text[:_SHOWN]!r}; expected a JSON {'object' if expect is dict else expect.__name__}. Check "
                f"that {self.url} is the API and not a sign-in page."
            )
        return body

    def _rows(self, answer: Json, rows: str, path: str) -> list[Json]:
        got = answer.get(rows)
        if not isinstance(got, list) or not all(isinstance(row, dict) for row in got):
            raise SourceChanged(
                f"{self.source}: {path} has no list of objects under {rows!r}; got the keys {sorted(answer)}. The API "
                "was changed; nothing was taken."
            )
        return got


class _Signed(requests.auth.AuthBase):
    """Sets the headers late, so that neither a .netrc nor a kept request overrides them."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._auth.headers())
        return request


def _body(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _mark(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
