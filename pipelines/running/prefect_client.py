"""Prefect's own client for one server by its address; Prefect is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from features.errors import TaktError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


class PrefectUnreachable(TaktError):
    """Prefect's server does not answer, or not as it should; the text says where it was looked for."""


@contextmanager
def connected(url: str) -> Iterator[SyncPrefectClient]:
    """Yield a client of the server at `url` (`http://host:port/api`); also what Prefect does meanwhile goes there.

    Raises
    ------
    PrefectUnreachable
        No answer.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: url}):
        try:
            with get_client(sync_client=True) as client:
                yield client
        except (httpx.TransportError, PrefectHTTPStatusError) as error:
            raise PrefectUnreachable(
                f"Prefect's server at {url} does not do what it is asked ({error}). Look at `takt status` and at "
                "logs/prefect.log in the home."
            ) from error
