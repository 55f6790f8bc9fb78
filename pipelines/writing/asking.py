"""A CRM's API as the targets ask it: the client of the sources, whose failures are told in the words of writing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipelines.sources.connected.auth import Auth
from pipelines.sources.connected.errors import ConnectionFailed, SourceRejected
from pipelines.sources.connected.settings import ConnectionSettings
from pipelines.sources.connected.web import Client
from pipelines.writing.errors import Stopped
from pipelines.writing.target import Item, Outcome

_OF_PULLS = re.compile(r"[^.;]*\bpull\b[^.;]*[.;]?")


class Api:
    """One CRM; what it rejects is raised as `SourceRejected`, what stops everything as `Stopped`."""

    def __init__(
        self, name: str, settings: ConnectionSettings, auth: Auth, *, hopeless: Callable[[Any], str] | None = None,
        url: str = "",
    ) -> None:  # fmt: skip
        self._client = Client(name, settings, auth=auth, hopeless=hopeless, url=url)

    def ask(
        self, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None, method: str = "",
        repeatable: bool = True, expect: type = dict,
    ) -> Any:  # fmt: skip
        """Send one request; see `Client.ask`."""
        with told():
            return self._client.ask(path, params=params, json=json, method=method, repeatable=repeatable, expect=expect)


@contextmanager
def told() -> Iterator[None]:
    """Tell a failure of the connection in the words of writing; what was rejected is the caller's to judge."""
    try:
        yield
    except SourceRejected:
        raise
    except ConnectionFailed as error:
        words = re.sub(r"[;,]$", ".", _OF_PULLS.sub("", str(error)).strip())
        raise Stopped(f"{words} What was confirmed before is noted; the same command sends the rest.") from error


def one_by_one(
    items: Sequence[Item], send: Callable[[Sequence[Item]], list[Outcome]], words: Callable[[SourceRejected], str]
) -> list[Outcome]:
    """Send rows together, and in halves where the whole batch is rejected because of some: each gets its answer.

    A batch that a vendor rejects as a whole was not written at all.
    """
    try:
        return send(items)
    except SourceRejected as error:
        if len(items) == 1:
            gone = error.status == 404
            return [Outcome("gone" if gone else "rejected", words=words(error))]
        half = len(items) // 2
        return [*one_by_one(items[:half], send, words), *one_by_one(items[half:], send, words)]
