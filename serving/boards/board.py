"""What every board has in common: it is published with a run, and read back in the same shape."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Board(BaseModel):
    """The content of one page of one run: figures, tables and sentences, no more than the page shows.

    A figure that is not known is None. `refused` says in words why there is nothing else to show.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    refused: str | None = None
