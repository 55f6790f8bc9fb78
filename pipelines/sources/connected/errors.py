"""What can go wrong between us and a running system: each outcome has its name, and says what to do.

Nothing is published from a pull that ends in one of these: the raw files of the last complete pull stay as they are.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pipelines.sources.errors import SourceError


class ConnectionFailed(SourceError):
    """Base of what ends a pull; `passes` says whether the same pull may succeed later with nothing changed."""

    passes: ClassVar[bool] = False


class SourceRefused(ConnectionFailed):
    """The credentials are wrong, or may not read what was asked for."""


class SourceRevoked(ConnectionFailed):
    """The credentials were good and are not any more: revoked or expired in the middle of a pull."""


class SourceUnavailable(ConnectionFailed):
    """No usable answer within the retries allowed: down, overloaded, out of reach, or a quota is used up."""

    passes: ClassVar[bool] = True


class SourceLoops(ConnectionFailed):
    """A page came again, so that reading would never end."""


class SourceChanged(ConnectionFailed):
    """A field, an object or the shape of an answer is not what was agreed: the system was changed."""


class SourceRejected(ConnectionFailed):
    """A request that the system understood and did not accept.

    Attributes
    ----------
    status : int
        The HTTP status, 400 to 499.
    body : object
        The answer, parsed where it is JSON, else its text.
    """

    def __init__(self, message: str, *, status: int, body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = body

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied between processes with status and body."""
        return _rejected, (str(self), self.status, self.body)


def _rejected(message: str, status: int, body: Any) -> SourceRejected:
    return SourceRejected(message, status=status, body=body)
