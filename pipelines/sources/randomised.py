"""Tables of offers that were made by lot: what a folder's `randomised.yaml` and its `table.py` say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.heads.trial import Trial
from pipelines.sources.errors import SourceError

FILE: Final = "randomised.yaml"


class _Said(BaseModel):
    """The fields of randomised.yaml: the folder below the data directory, and the outcomes to be raised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    outcomes: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Randomised:
    """One outcome of one table; `read` needs the folder to be there."""

    name: str
    outcome: str
    data: Path
    read: Callable[[], Trial]


def randomised(data: Path) -> Iterator[Randomised]:
    """Yield every built-in table with each of its outcomes, in order of their names.

    Raises
    ------
    SourceError
        A `randomised.yaml` is not readable or says something else than it may.
    """
    for path in sorted(Path(__file__).parent.glob(f"*/{FILE}")):
        try:
            said = _Said.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
            raise SourceError(f"{path}: expected data and outcomes; {error}") from error
        table = import_module(f"pipelines.sources.{path.parent.name}.table")
        for outcome in said.outcomes:
            place = data / said.data
            yield Randomised(path.parent.name, outcome, place, partial(table.read, place, outcome=outcome))
