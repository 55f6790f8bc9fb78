"""A port to listen on: the one asked for, or the next one that nobody has."""

from __future__ import annotations

import socket
from typing import Final

from features.errors import TaktError

LOOPBACK: Final = "127.0.0.1"
NEARBY: Final = 50
"""Ports after the usual one that are tried before any that the system gives."""


class PortTaken(TaktError):
    """Somebody else listens on the port that was asked for."""


def choose(usual: int, asked: int | None, *, what: str, option: str, taken: frozenset[int] = frozenset()) -> int:
    """Return a port that is free now.

    Parameters
    ----------
    usual : int
        Where to begin to look, if no port was asked for.
    asked : int or None
        The port that somebody named; it is taken or refused, never replaced by another.
    what, option : str
        For the message: what would listen there, and how another port is named.
    taken : frozenset of int
        Ports that are promised to others.

    Raises
    ------
    PortTaken
        The port asked for is not free.
    """
    if asked:
        if asked in taken or not is_free(asked):
            raise PortTaken(
                f"{what} cannot listen on port {asked}: something else does. Name another with {option}, or leave it "
                "out, and a free one is found."
            )
        return asked
    for port in range(usual, usual + NEARBY):
        if port not in taken and is_free(port):
            return port
    with socket.socket() as any_free:
        any_free.bind((LOOPBACK, 0))
        return int(any_free.getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of this machine's loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
