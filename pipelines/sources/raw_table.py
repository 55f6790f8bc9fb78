"""A table that cannot be mapped to the contract because it has no times: `table.yaml` says what it is.

Such a source is a folder with a `table.yaml` and nothing else. It can be assessed, and neither ingested nor trained on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.sources.database import connect, lock
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import BUILT_IN
from pipelines.sources.reading import load_table, locate, missing_file, quoted

FILE: Final = "table.yaml"


class TableWords(BaseModel):
    """What `table.yaml` says of one table.

    Attributes
    ----------
    company, means : str
        Whose table it is, and what a row of it is.
    table : str
        Name of the file in SQL's words, as `reading.table_name` gives it: `Leads.csv` is "leads".
    target, positive : str
        Column of the outcome, and its value that means won.
    order : {"time", "none"}
        Whether the rows stand in the order of time, the oldest first.
    ids : tuple of str
        Columns that name the row.
    missing_words : tuple of str
        Values that mean "missing".
    known_only_after : tuple of str
        Columns that are known only after the outcome.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    company: str
    means: Annotated[str, Field(min_length=10)]
    table: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    target: str
    positive: str = "1"
    order: Literal["time", "none"] = "none"
    ids: tuple[str, ...] = ()
    missing_words: tuple[str, ...] = ()
    known_only_after: tuple[str, ...] = ()


def built_in_tables() -> list[str]:
    """Name the tables without times that come with Takt."""
    return sorted(p.parent.name for p in BUILT_IN.glob(f"*/{FILE}"))


def find_table(name_or_path: str) -> Path | None:
    """Return the table.yaml of a source, by its name or its folder; None where it has none."""
    folder = BUILT_IN / name_or_path if name_or_path in built_in_tables() else Path(name_or_path)
    return folder / FILE if (folder / FILE).is_file() else None


def read_words(path: Path) -> TableWords:
    """Read table.yaml.

    Raises
    ------
    SourceError
        It is not UTF-8 YAML, or breaks a rule; the text names file, field and rule.
    """
    try:
        return TableWords.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: not readable as UTF-8 YAML: {error}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or FILE}: {e['msg']}{_hint(e['type'])}" for e in error.errors()]
        raise SourceError(f"{path}: {len(lines)} thing(s) to correct\n" + "\n".join(lines)) from error


def _hint(kind: str) -> str:
    return "; write it in quotes, YAML takes yes, no and 1 for something else than a text" * (kind == "string_type")


def read_rows(words: TableWords, data: Path) -> pd.DataFrame:
    """Return the table as it stands in the file: its rows in their order, every CSV column as text.

    Raises
    ------
    SourceError
        The file is not there, or cannot be read as a table.
    """
    table = locate(words.table, data)
    if table is None:
        raise missing_file(words.table, data, FILE)
    with connect() as con:
        load_table(con, table)
        lock(con)
        # without an order by: DuckDB keeps the order of insertion, and that is the order of the file
        return con.sql(f"select * from {quoted(words.table)}").df()
