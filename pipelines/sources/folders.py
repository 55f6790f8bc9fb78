"""A source is a folder: `definitions.yaml`, one `<table>.sql` per contract table, perhaps a `source.py`.

`prospects.sql` must be there; the other tables are empty where no .sql fills them. `left_out.sql` may count the
raw rows that the mapping leaves out on purpose. `source.py` may hold `pull(raw, ...)`, which fetches the raw
files; a source without it reads files that somebody else put into a folder.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from features.facts.contract import TABLES
from pipelines.sources.errors import SourceError

BUILT_IN: Final = Path(__file__).parent
LEFT_OUT: Final = "left_out"
GUESS: Final = "GUESS:"
"""The mark of a guess in a .sql or definitions.yaml that nobody has confirmed yet."""
_GUESSES_SHOWN: Final = 20


class OpenGuesses(SourceError):
    """A source whose mapping was guessed and not yet confirmed was to be used."""


@dataclass(frozen=True)
class SourceFolder:
    """One source: where its words and its SQL stand.

    Attributes
    ----------
    name : str
        The folder's name.
    path : Path
        The folder.
    tables : mapping of str to Path
        The `.sql` file of each contract table that the source fills, in the contract's order.
    left_out : Path or None
        `left_out.sql`, which counts the raw rows that are left out on purpose.
    """

    name: str
    path: Path
    tables: Mapping[str, Path]
    left_out: Path | None = None

    @property
    def definitions(self) -> Path:
        """The file of operational definitions."""
        return self.path / "definitions.yaml"

    @property
    def pulls(self) -> bool:
        """Whether the source fetches its own raw files."""
        return (self.path / "source.py").is_file()

    def pull(self, raw: Path, **options: Any) -> None:
        """Fetch the raw files into the folder `raw` with the source's own `pull`.

        Raises
        ------
        SourceError
            The source has no `source.py`, or that file has no function `pull`.
        """
        _puller(self)(raw, **options)


def built_in() -> list[str]:
    """Name the sources that come with Takt."""
    return sorted(p.parent.name for p in BUILT_IN.glob("*/definitions.yaml"))


def find(name_or_path: str) -> SourceFolder:
    """Return the source of that name, or the one in that folder.

    A built-in name wins over a folder of the same name; write `./olist` for the folder.

    Raises
    ------
    SourceError
        Neither a built-in name nor a folder, or a folder that is not a source.
    """
    if name_or_path in built_in():
        return read_folder(BUILT_IN / name_or_path)
    path = Path(name_or_path)
    if path.is_dir():
        return read_folder(path)
    tables = sorted(p.parent.name for p in BUILT_IN.glob("*/table.yaml"))
    if name_or_path in tables:
        raise SourceError(
            f"{name_or_path!r} is a table without times: `takt assess` says what it is good for, and nothing can be "
            "ranked by it."
        )
    raise SourceError(
        f"no source {name_or_path!r}: expected one of {', '.join(built_in())}, or the path of a folder with "
        "definitions.yaml and prospects.sql. To begin one, copy the folder pipelines/sources/files."
    )


def read_folder(path: Path) -> SourceFolder:
    """Look at a folder as a source, and refuse one that is incomplete or has a .sql of no table."""
    sql = {p.stem: p for p in sorted(path.glob("*.sql"))}
    missing = [f for f in ("definitions.yaml", "prospects.sql") if not (path / f).is_file()]
    if missing:
        raise SourceError(
            f"{path}: not a source, {' and '.join(missing)} not found; got {sorted(p.name for p in path.iterdir())}."
        )
    unknown = sorted(set(sql) - set(TABLES) - {LEFT_OUT})
    if unknown:
        raise SourceError(
            f"{path}: {', '.join(f'{u}.sql' for u in unknown)} fills no table of the contract; "
            f"expected names among {', '.join(TABLES)} (and {LEFT_OUT})."
        )
    tables = {name: sql[name] for name in TABLES if name in sql}
    return SourceFolder(path.resolve().name, path, tables, sql.get(LEFT_OUT))


def open_guesses(source: SourceFolder) -> list[str]:
    """List the guesses that nobody has confirmed, each as `file:line what was guessed`; [] where there are none."""
    files = [source.definitions, *source.tables.values(), *([source.left_out] if source.left_out else [])]
    return [
        f"{path.name}:{number} {line.partition(GUESS)[2].strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if GUESS in line
    ]


def refuse_guesses(source: SourceFolder) -> None:
    """Refuse a source in whose files a guess is still marked.

    Raises
    ------
    OpenGuesses
        With the list of the open guesses and what to do about them.
    """
    found = open_guesses(source)
    if found:
        more = [f"and {len(found) - _GUESSES_SHOWN:,} more"] if len(found) > _GUESSES_SHOWN else []
        listed = "\n".join(f"  {one}" for one in [*found[:_GUESSES_SHOWN], *more])
        raise OpenGuesses(
            f"{source.path}: {len(found):,} guesses are not confirmed yet:\n{listed}\nRead each one, correct the line "
            f"below it where it is wrong, and delete the line with the mark `{GUESS}`. `takt source check` shows what "
            "the mapping gives in the meantime."
        )


def _puller(source: SourceFolder) -> Callable[..., None]:
    if not source.pulls:
        raise SourceError(
            f"{source.path}: has no source.py, so there is nothing to pull. Put its files into a folder and "
            "give that folder with --data."
        )
    pull = getattr(_module(source), "pull", None)
    if not callable(pull):
        raise SourceError(f"{source.path / 'source.py'}: expected a function pull(raw, ...), found none.")
    return pull  # type: ignore[no-any-return]


def _module(source: SourceFolder) -> ModuleType:
    """Import source.py: a built-in one as part of this package, a user's own one from its file."""
    if source.path.resolve().parent == BUILT_IN.resolve():
        return importlib.import_module(f"pipelines.sources.{source.name}.source")
    spec = importlib.util.spec_from_file_location(f"takt_source_{source.name}", source.path / "source.py")
    if spec is None or spec.loader is None:
        raise SourceError(f"{source.path / 'source.py'}: cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
