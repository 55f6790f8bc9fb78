"""The heads beside the win head: what a win is worth, when, whom, on which channel, with which offer.

They are kept as text and JSON in folders below the bundle's, are promoted and rolled back with it, and their common
fingerprint is part of every run that was made with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from features.errors import TaktError
from models.heads.amount import Amount
from models.heads.hours import Hours
from models.heads.offer import Offer
from models.heads.person import Reply
from models.heads.timing import Timing

FOLDER: Final = "heads"
_TYPES: Final[Mapping[str, Any]] = {
    "amount": Amount, "hours": Hours, "offer": Offer, "reply": Reply, "timing": Timing,
}  # fmt: skip


class CompanionError(TaktError):
    """A head's folder is missing or cannot be read; the text says which."""


@dataclass(frozen=True)
class Companions:
    """The fitted heads of one training."""

    amount: Amount
    hours: Hours
    offer: Offer
    reply: Reply
    timing: Timing

    def to_files(self) -> dict[str, str]:
        """Return paths below the bundle's folder, and texts."""
        heads = {field.name: getattr(self, field.name).to_files() for field in fields(self)}
        return {f"{FOLDER}/{name}/{file}": text for name, files in heads.items() for file, text in files.items()}

    @property
    def fingerprint(self) -> str:
        """First 16 hex digits of the SHA-256 of all files."""
        text = json.dumps(self.to_files(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def notes(self) -> dict[str, str]:
        """What each head is made of, in words."""
        return {field.name: getattr(self, field.name).note for field in fields(self)}

    @classmethod
    def load(cls, bundle: Path) -> Companions:
        """Read the heads kept below a bundle's folder.

        Raises
        ------
        CompanionError
            A head is absent or unreadable.
        """
        return cls(**{name: _read(bundle / FOLDER / name, type_) for name, type_ in _TYPES.items()})


def _read(folder: Path, type_: Any) -> Any:
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*")) if path.is_file()}
    if not files:
        raise CompanionError(f"{folder}: no such head; it was trained by an earlier version. Run `takt train`.")
    try:
        return type_.from_files(files)
    except (KeyError, TypeError, ValueError) as error:
        raise CompanionError(
            f"{folder}: cannot be read ({error!r}). Run `takt train`, or restore the folder."
        ) from error
