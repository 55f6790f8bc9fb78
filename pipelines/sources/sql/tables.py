"""Which tables of a database are read: tables.yaml, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from pipelines.sources.errors import SourceError

FILE: Final = "tables.yaml"
DELETIONS: Final = "deletions"
"""The raw table of what is gone; no table of tables.yaml may be called so."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Read(BaseModel):
    """One table: where it is, what names a record, and what says that it changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(min_length=1)
    key: tuple[str, ...] = Field(min_length=1)
    changed_at: str
    optional: bool = False
    without: tuple[str, ...] = ()
    deleted: Literal["compare"] | None = None
    most_gone: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _comparable(self) -> Read:
        if self.deleted and len(self.key) != 1:
            raise ValueError(f"deleted: compare needs a single key column, got {list(self.key)}")
        if needed := sorted({*self.without} & {*self.columns}):
            raise ValueError(f"without: {needed} name a record or its version and must be read")
        return self

    @property
    def place(self) -> tuple[str | None, str]:
        """The schema (None: the default one) and the name."""
        schema, _, name = self.table.rpartition(".")
        return schema or None, name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns without which it cannot be read."""
        return (*self.key, self.changed_at)


Wanted = Mapping[str, Read]
_SHAPE: Final[TypeAdapter[dict[str, Read]]] = TypeAdapter(dict[Name, Read])


def read(path: Path) -> Wanted:
    """Read tables.yaml.

    Raises
    ------
    SourceError
        The file is absent, not YAML, names no table, or breaks a rule.
    """
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = _SHAPE.validate_python(said)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: not readable as UTF-8 YAML: {error}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'tables'}: {e['msg']}" for e in error.errors()]
        raise SourceError(f"{path}: {len(lines)} thing(s) to correct\n" + "\n".join(lines)) from error
    if not found or DELETIONS in found:
        raise SourceError(f"{path}: expected at least one table, and none that is called {DELETIONS}.")
    return found
