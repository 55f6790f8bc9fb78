"""A server on loopback for the time of a `with`: `with loopback(app) as url:`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

_DEADLINE_S = 30


@contextmanager
def loopback(app: Any) -> Iterator[str]:
    """Serve an ASGI app on a free port in a thread; yields its address without a slash at the end."""
    # with the protocol named asyncio sets TCP_NODELAY; without, each answer waits 40 ms for an acknowledgement
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off", ws="none", date_header=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        _wait(server, thread)
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_DEADLINE_S)


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server on loopback did not start")
        time.sleep(0.01)
