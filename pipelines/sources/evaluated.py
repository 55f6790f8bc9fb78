"""What a source says of itself for `takt evaluate --all`: its `evaluation.yaml`.

A source without the file is not evaluated there. The file is all that the evaluation knows of a data set, so a set is
added by a file in its own folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipelines.sources.errors import SourceError
from pipelines.sources.folders import SourceFolder, built_in, find

FILE: Final = "evaluation.yaml"


class _Said(BaseModel):
    """The fields of evaluation.yaml.

    Attributes
    ----------
    data : str or None
        Folder of the raw files below the data directory; None where the source makes its own.
    times : bool
        Whether facts have times, so that a test forward in time is possible.
    truth : bool
        Whether the source writes a folder `truth` beside its raw files, with the true chances of what it simulated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str | None = None
    times: bool
    truth: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> _Said:
        if self.data is None and not self.truth:
            raise ValueError("data: name the folder of the raw files below the data directory")
        return self


@dataclass(frozen=True)
class Evaluated:
    """A source that is evaluated; `data` is where its raw files should lie, None where it makes its own."""

    source: SourceFolder
    data: Path | None
    times: bool
    truth: bool


def evaluated(data: Path, names: list[str] | None = None) -> list[Evaluated]:
    """Return the sources that have an `evaluation.yaml`, in order of their names; built-in ones by default.

    Raises
    ------
    SourceError
        A file is not readable or says something else than it may.
    """
    found = []
    for name in built_in() if names is None else names:
        source = find(name)
        if (source.path / FILE).is_file():
            said = _read(source.path / FILE)
            found.append(Evaluated(source, data / said.data if said.data else None, said.times, said.truth))
    return found


def _read(path: Path) -> _Said:
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _Said.model_validate(raw)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise SourceError(f"{path}: expected data, times and perhaps truth; {error}") from error
