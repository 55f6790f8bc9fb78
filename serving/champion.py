"""The promoted bundle as the server holds it: read from its folder, read again when promotion changed it.

A request never trains and never fetches; it scores with what lies in `TAKT_HOME/champion`.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.catalog import Catalog, catalog
from features.errors import SchemaMismatch, TaktError
from features.facts.definitions import Definitions, parse
from models.bundle import Bundle
from models.decision.fact_counts import FactCounts
from serving.errors import NoChampion

_Stamp = tuple[int, int, int]
_WAITS: Final = (0.02, 0.1, 0.3)
"""Seconds to wait for a promotion in progress, when there was a champion before."""


@dataclass(frozen=True, eq=False)
class Champion:
    """A bundle with what is needed to score and to explain: counts of facts, definitions, catalogue."""

    bundle: Bundle
    facts: FactCounts
    definitions: Definitions
    catalog: Catalog


class Champions:
    """The champion of one folder, now and after every promotion."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: tuple[_Stamp, Champion] | None = None

    def ready(self) -> Champion | None:
        """Return the champion if it is held and still the one in the folder; never waits."""
        held = self._held
        try:
            return held[1] if held is not None and held[0] == self._stamp() else None
        except NoChampion:
            return None

    def current(self) -> Champion:
        """Return the champion in the folder; it is read again when its bundle.json is another file.

        Raises
        ------
        NoChampion
            Nothing was promoted yet, or what lies there cannot be read; the text says what to type.
        SchemaMismatch
            It was trained with other features than this version of Takt declares.
        """
        with self._lock:
            for wait in _WAITS:
                try:
                    return self._read()
                except NoChampion:
                    if self._held is None:
                        raise
                    # promotion renames the folder: between two renames there is none for a moment
                    time.sleep(wait)
            self._held = None
            return self._read()

    def _read(self) -> Champion:
        stamp = self._stamp()
        if self._held is None or self._held[0] != stamp:
            champion = _load(self._folder)
            if stamp != self._stamp():
                raise NoChampion(f"The model in {self._folder} was replaced while it was read; try again.")
            self._held = (stamp, champion)
        return self._held[1]

    def _stamp(self) -> _Stamp:
        try:
            found = (self._folder / "bundle.json").stat()
        except OSError:
            raise NoChampion(f"No model has been promoted to {self._folder} yet; run `takt train`.") from None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _load(folder: Path) -> Champion:
    try:
        bundle = Bundle.load(folder)
        facts = FactCounts.from_json((folder / "facts.json").read_text(encoding="utf-8"))
        definitions = _definitions(folder)
    except (OSError, UnicodeDecodeError, TaktError) as error:
        raise NoChampion(f"The model in {folder} cannot be read: {error} Run `takt train` again.") from error
    declared = catalog(definitions)
    if declared.hash != bundle.catalog_hash:
        raise SchemaMismatch(
            f"The model in {folder} was trained with catalogue {bundle.catalog_hash}, this Takt declares "
            f"{declared.hash}: a score would mean something else. Run `takt train` again."
        )
    return Champion(bundle, facts, definitions, declared)


def _definitions(folder: Path) -> Definitions:
    path = folder / "definitions.json"
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")), origin=str(path))
    except ValueError as error:
        raise NoChampion(f"{path} is not JSON: {error}.") from error
