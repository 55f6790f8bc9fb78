"""The one place where a running company is described: home, source, data and time zone are said to `takt up` once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.facts.definitions import load
from pipelines.sources.folders import BUILT_IN, find
from pipelines.steps.pulling import check_place


@dataclass(frozen=True)
class Company:
    """What the schedule is about; all paths are absolute, for the runs begin in folders of their own.

    Attributes
    ----------
    home : Path
        Where everything is kept.
    source : str
        Name of a source that comes with Takt, or the absolute path of a folder.
    data : Path or None
        Folder of raw files, for sources that do not pull.
    timezone : str
        IANA name, from definitions.yaml: five in the morning is five there.
    working_days : tuple of int
        ISO weekdays (1 Monday) on which a list is made, from definitions.yaml.
    """

    home: Path
    source: str
    data: Path | None
    timezone: str
    working_days: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return the home's folder as a word: the name of the deployments and, with `takt-` before it, of the pool."""
        return re.sub(r"[^\w.-]+", "-", self.home.name).strip("-.") or "takt"

    @property
    def pool(self) -> str:
        """Return the name of the work pool."""
        return f"takt-{self.name}"

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, to be kept in the home."""
        return {
            "home": str(self.home), "source": self.source, "data": None if self.data is None else str(self.data),
            "timezone": self.timezone, "working_days": list(self.working_days),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Company:
        """Return the company that `to_json` described."""
        data = kept["data"]
        return cls(
            Path(kept["home"]), kept["source"], None if data is None else Path(data), kept["timezone"],
            tuple(kept["working_days"]),
        )  # fmt: skip


def company(home: Path, source: str, data: Path | None) -> Company:
    """Describe a company; what is wrong with its source is said here, before anything is started.

    Raises
    ------
    SourceError, NoData, DefinitionsError
        No such source, no folder of raw files where the source needs one, or definitions that break a rule.
    """
    folder = find(source)
    check_place(folder, data)
    words = load(folder.definitions)
    own = folder.path.resolve().parent != BUILT_IN.resolve()
    return Company(
        home.absolute(), str(folder.path.resolve()) if own else source, None if data is None else data.absolute(),
        words.timezone, words.working_days,
    )  # fmt: skip
