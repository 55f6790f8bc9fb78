"""One Delta Lake table: open it at a version, add to it in one transaction, say clearly what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from features.errors import TaktError

ATTEMPTS: Final = 10
"""How often a commit is tried when other processes write the same table at the same time."""

_KEEP_VERSIONS: Final = {
    # Delta forgets versions after 30 days by default; a receipt must be repeatable for as long as it is kept
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
_NOTE: Final = "takt.content"
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


class LakeError(TaktError):
    """A table at rest cannot be read or written; the text names the table, its place and the cause."""


@dataclass(frozen=True)
class Change:
    """Rows to write, how many of them are news, whether they replace the whole table, and a note to keep."""

    rows: pa.Table
    news: int
    replaces: bool = False
    note: str = ""


@dataclass(frozen=True)
class LakeTable:
    """A Delta Lake table by its place, which need not exist yet."""

    place: str
    options: dict[str, str] | None = None

    def open(self, version: int | None = None) -> DeltaTable | None:
        """Open the table, or return None where there is none.

        Raises
        ------
        LakeError
            The place holds something else, there is no such version, or it is damaged or out of reach.
        """
        self._refuse_foreign()
        with self._explained("read"):
            try:
                delta = DeltaTable(self.place, storage_options=self.options)
            except TableNotFoundError as error:
                if "Unknown scheme" in str(error):
                    raise
                delta = None
        if version is None or (delta is not None and version == delta.version()):
            return delta
        return self._at(version, -1 if delta is None else delta.version())

    def rows(self, delta: DeltaTable, columns: list[str] | None = None, *, where: Any = None) -> pa.Table:
        """Read columns (default all) of the rows where a pyarrow expression holds (default all)."""
        with self._explained("read"):
            return delta.to_pyarrow_dataset().to_table(columns=columns, filter=where)

    def schema(self, delta: DeltaTable) -> pa.Schema:
        """Return the columns and their types in Arrow's terms."""
        with self._explained("read"):
            return delta.to_pyarrow_dataset().schema

    def commit(self, plan: Callable[[DeltaTable | None], Change]) -> int:
        """Write what `plan` makes of the table as it is, and return its `news`; none, and nothing is written.

        If another process commits in between, the plan is made again from what the table then is, so that no
        row is written twice.
        """
        for _ in range(ATTEMPTS):
            delta = self.open()
            change = plan(delta)
            if not change.news or self._written(delta, change):
                return change.news
        raise LakeError(
            f"lake table {self.place}: another process committed first, {ATTEMPTS} times in a row. "
            "Nothing was written; let one load run at a time and run this one again."
        )

    def note(self, version: int) -> str:
        """Return the note of the commit that made a version; empty where it has none (another engine's)."""
        delta = self.open()
        with self._explained("read"):
            commits = [] if delta is None else delta.history(delta.version() - version + 1)
        return next((c.get(_NOTE, "") for c in commits if c["version"] == version), "")

    def history(self) -> list[dict[str, Any]]:
        """Return the commits, the last first, as Delta Lake keeps them; none where there is no table."""
        delta = self.open()
        with self._explained("read"):
            return [] if delta is None else list(delta.history())

    def _at(self, version: int, last: int) -> DeltaTable:
        if not 0 <= version <= last:
            there = f"0 to {last}" if last >= 0 else "no table at all"
            raise LakeError(f"lake table {self.place}: expected version {version}, got {there}.")
        with self._explained("read"):
            return DeltaTable(self.place, version=version, storage_options=self.options)

    def _written(self, delta: DeltaTable | None, change: Change) -> bool:
        """Commit, or say that somebody else was first."""
        with self._explained("write"):
            try:
                self._write(delta, change)
            except CommitFailedError:
                return False
            except DeltaError:
                if delta is None and self.open() is not None:
                    return False
                raise
        return True

    def _write(self, delta: DeltaTable | None, change: Change) -> None:
        # Delta lets two appends pass each other, and even two first loads. Without retries the second one fails
        # instead: it was planned without the rows of the first.
        stamp = CommitProperties(custom_metadata={_NOTE: change.note}, max_commit_retries=0)
        if delta is None:
            write_deltalake(
                self.place, change.rows, mode="error", configuration=_KEEP_VERSIONS,
                storage_options=self.options, commit_properties=stamp,
            )  # fmt: skip
        elif change.replaces:
            write_deltalake(delta, change.rows, mode="overwrite", schema_mode="overwrite", commit_properties=stamp)
        else:
            write_deltalake(delta, change.rows, mode="append", schema_mode="merge", commit_properties=stamp)

    def _refuse_foreign(self) -> None:
        """Refuse a folder with other contents; leftovers of a load that was killed are no such thing."""
        folder = Path(self.place)
        if "://" in self.place or not folder.exists():
            return
        with self._explained("read"):
            foreign = sorted(f.name for f in folder.iterdir() if not _of_delta(f))
        if foreign:
            raise LakeError(
                f"lake table {self.place}: expected a Delta Lake table or nothing, got {foreign[:3]}. "
                "Name another folder for the lake, or move these away."
            )

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (DeltaError, OSError, pa.ArrowException) as error:
            cause = _COLOURS.sub("", str(error)).splitlines()[0]
            raise LakeError(
                f"lake table {self.place}: cannot {doing} it: {cause}. If files of it were changed or deleted, "
                "restore the folder from a backup, or move it away and load the source again."
            ) from error


def _of_delta(file: Path) -> bool:
    # a file that is just being written is called x.parquet#1
    return file.name == "_delta_log" or ".parquet" in file.name
