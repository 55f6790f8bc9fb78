"""The home of one company: the folder that holds everything Takt keeps about it, and the note of the last ingest."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import TaktError
from pipelines.lake import Lake
from pipelines.settings import PipelineSettings


class NotIngested(TaktError):
    """There are no facts in the home yet; the text says what to type."""


@dataclass(frozen=True)
class Ingested:
    """What the last complete ingest left in the lake.

    Flows read the lake at these versions, so that an ingest that is running, or died halfway, is not seen.
    """

    source: str
    data: str
    versions: Mapping[str, int]
    data_version: str


@dataclass(frozen=True)
class Home:
    """Paths below one folder; nothing outside it is written."""

    path: Path

    @property
    def lake(self) -> Lake:
        """The facts: in the home, or below `TAKT_LAKE` under the home's name."""
        elsewhere = PipelineSettings().lake
        return Lake(f"{elsewhere.rstrip('/')}/{self.path.absolute().name}" if elsewhere else self.path / "lake")

    @property
    def raw(self) -> Path:
        """Raw files of sources that pull their own."""
        return self.path / "raw"

    @property
    def champion(self) -> Path:
        """The promoted bundle, where the server reads it."""
        return self.path / "champion"

    @property
    def experiments(self) -> Path:
        """Cards of experiments and who was assigned to which arm."""
        return self.path / "experiments"

    @property
    def store(self) -> str:
        """URL of the default serving store."""
        return f"sqlite:///{(self.path / 'store.db').absolute()}"

    def ingested(self) -> Ingested:
        """Return the note of the last complete ingest.

        Raises
        ------
        NotIngested
            There was none, or the note cannot be read.
        """
        place = self.path / "ingested.json"
        try:
            return Ingested(**json.loads(place.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotIngested(f"{self.path} holds no facts yet; run `takt ingest --source NAME --data DIR`.") from None
        except (ValueError, TypeError) as error:
            raise NotIngested(f"{place} cannot be read ({error}); run `takt ingest` again.") from error

    def ingests(self) -> list[Ingested]:
        """Return the notes of all complete ingests, the first first: which versions each data version was."""
        place = self.path / "ingests.jsonl"
        lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
        return [note for line in lines if (note := _note(line)) is not None]

    def note_ingested(self, note: Ingested) -> None:
        """Replace the note in one step: a reader finds the old one or the new one. Earlier ones are kept beside it."""
        if note not in self.ingests():
            with (self.path / "ingests.jsonl").open("a", encoding="utf-8") as book:
                # begun on a line of its own: the one before may have been cut off by a kill
                book.write("\n" + json.dumps(asdict(note), sort_keys=True) + "\n")
                book.flush()
                os.fsync(book.fileno())
        text = json.dumps(asdict(note), indent=1, sort_keys=True)
        with tempfile.NamedTemporaryFile("w", dir=self.path, delete=False, encoding="utf-8") as scratch:
            scratch.write(text)
            scratch.flush()
            os.fsync(scratch.fileno())
        Path(scratch.name).replace(self.path / "ingested.json")


def _note(line: str) -> Ingested | None:
    """Read one kept note; None for an empty line and for one cut off by a kill: its ingest was never complete."""
    try:
        return Ingested(**json.loads(line))
    except (ValueError, TypeError):
        return None
