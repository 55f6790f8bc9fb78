"""What became of an experiment that somebody proposed on a page."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Filed(BaseModel):
    """One proposal as the daily run left it.

    Attributes
    ----------
    key : str
        Key of the proposal in the store.
    name : str
        Name of the card.
    filed : bool
        Whether the card is among the home's experiments; False: it was refused.
    words : str
        From when prospects join, or why it was refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: str
    filed: bool
    words: str
