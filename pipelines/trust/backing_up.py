"""`takt backup` and `takt restore`: a home in one file while the server runs, and back into an empty folder.

What is in it: the store (with every tap that was acknowledged before the moment it names), the lake with all its
versions, the notes of ingests, the champion, the registry, experiments, raw files, and the book of what was written
into the CRM. What is not: credentials, locks, and Prefect's own notes of its runs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pipelines.home import Home, NotIngested
from pipelines.settings import PipelineSettings
from pipelines.steps import moments
from pipelines.trust.archive import Manifest, Writer, unpacked, written
from pipelines.trust.errors import BackupError
from pipelines.trust.quiet import PATIENCE, quiet

_SQLITE: Final = b"SQLite format 3\x00"
_FOLDERS: Final = ("locks", "prefect")
_NAMES: Final = ("session.key", "secrets.toml", ".env", "running.json")
_ENDS: Final = (".lock", "-wal", "-shm", "-journal", ".key", ".pem", ".part")


def back_up(home: Home, to: Path, settings: PipelineSettings, *, patience: float = PATIENCE) -> Manifest:
    """Write a home into one file, `.tar` or `.tar.zst`; nobody can read it but who wrote it.

    Runs of the pipelines wait meanwhile, or are waited for; pages are served and taps are taken.

    Returns
    -------
    Manifest
        `at`: what was acknowledged before it is in the file; what was tapped later may be.

    Raises
    ------
    BackupError
        There is such a file, the place lies in the home, or there is no home. An unfinished file does not stay.
    Busy
        A run was still at work when patience ended.
    """
    _refuse(home, to)
    part = to.with_name(f"{to.name}.part")
    with quiet(home.path, doing="takt backup", patience=patience):
        manifest = _begun(home, settings)
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            with written(part, manifest) as out:
                for place in _ordered(home.path, manifest):
                    _add(out, place, place.relative_to(home.path).as_posix())
            _synced(part)
            part.rename(to)
        except OSError as error:
            raise BackupError(f"{to} cannot be written ({error}); there is no backup. Name another place.") from error
        finally:
            part.unlink(missing_ok=True)
    return manifest


def restore(source: Path, into: Path) -> Manifest:
    """Put a backup into a folder that is not there or empty; it appears whole, or not at all.

    Raises
    ------
    BackupError
        The folder has something in it, or the file is not whole: then nothing was changed.
    """
    into = into.absolute()
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BackupError(f"{into} is not empty; a backup is restored into a folder that is not there or empty.")
    if not source.is_file():
        raise BackupError(f"{source}: no such file; expected what `takt backup` wrote.")
    into.parent.mkdir(parents=True, exist_ok=True)
    beside = into.parent / f".{into.name}.restoring-{secrets.token_hex(4)}"
    beside.mkdir(mode=0o700)
    try:
        manifest = unpacked(source, beside)
        _moved_registry(beside / "mlflow.db", manifest, into)
        beside.rename(into)
    except OSError as error:
        raise BackupError(f"{into} cannot be written ({error}); nothing was restored.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _refuse(home: Home, to: Path) -> None:
    if not home.path.is_dir():
        raise BackupError(f"{home.path}: no such home; name one that a run was made in.")
    if not to.name.endswith((".tar", ".tar.zst")):
        raise BackupError(f"{to}: expected a name that ends in .tar or .tar.zst.")
    if to.exists():
        raise BackupError(f"{to} is there already; a backup replaces no other one.")
    if to.absolute().parent.resolve().is_relative_to(home.path.resolve()):
        raise BackupError(f"{to} lies in the home itself; name a place outside, best on another disk.")


def _begun(home: Home, settings: PipelineSettings) -> Manifest:
    try:
        data_version = home.ingested().data_version
    except NotIngested:
        data_version = ""
    away = {
        "lake": (home.lake.root if "://" in home.lake.root else "", "copy the bucket, or keep its versions"),
        "registry": (settings.mlflow_url, "back up the tracking server"),
        "store": ("TAKT_STORE_URL" if settings.store_url else "", "back it up with its own tool, such as pg_dump"),
    }
    return Manifest(
        at=moments.now().isoformat(), home=str(home.path.absolute()), name=home.path.absolute().name,
        takt=version("takt"), data_version=data_version,
        elsewhere={what: f"{where}: {do}" for what, (where, do) in away.items() if where},
    )  # fmt: skip


def _ordered(home: Path, manifest: Manifest) -> Iterator[Path]:
    """Yield the files to copy: the store first, for it names what the others must have; a table's log before its rows.

    What is not copied is noted.
    """
    found = sorted(p for p in home.rglob("*") if p.is_file() and not p.is_symlink())
    for place in sorted(
        found, key=lambda p: (p.name != "store.db", p.name != "mlflow.db", "_delta_log" not in p.parts)
    ):
        name = place.relative_to(home)
        if name.parts[0] in _FOLDERS or place.name in _NAMES or place.name.endswith(_ENDS) or "#" in place.name:
            manifest.left_out.append(name.as_posix())
        else:
            yield place


def _add(out: Writer, place: Path, name: str) -> None:
    with place.open("rb") as content:
        if content.read(len(_SQLITE)) != _SQLITE:
            content.seek(0)
            state = os.fstat(content.fileno())
            out.add(name, content, state.st_size, mode=state.st_mode & 0o700)
            return
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        _online(place, Path(copy.name))
        with Path(copy.name).open("rb") as content:
            out.add(name, content, os.fstat(content.fileno()).st_size)


def _online(place: Path, copy: Path) -> None:
    """Copy a database as of one moment, whoever writes to it."""
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            said = target.execute("pragma quick_check").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupError(f"{place} cannot be copied ({error}); there is no backup. Is it damaged?") from error
    if said != "ok":
        raise BackupError(f"{place} is damaged ({said}); there is no backup. Restore an earlier one.")


def _synced(place: Path) -> None:
    with place.open("rb") as file:
        os.fsync(file.fileno())


def _moved_registry(book: Path, manifest: Manifest, into: Path) -> None:
    """Let the registry speak of the new folder: MLflow keeps whole paths, and models are called as the folder is."""
    if not book.is_file():
        return
    old, new = manifest.name, into.name
    with contextlib.closing(sqlite3.connect(book)) as con, con:
        for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            for _, column, kind, *_ in con.execute(f'pragma table_info("{table}")').fetchall():
                if "CHAR" in kind.upper() or "TEXT" in kind.upper():
                    con.execute(
                        f'update "{table}" set "{column}" = replace("{column}", ?, ?) where instr("{column}", ?)',  # noqa: S608
                        (f"{Path(manifest.home).as_uri()}/", f"{into.as_uri()}/", f"{Path(manifest.home).as_uri()}/"),
                    )
        if old != new:
            con.execute("update experiments set name = ? where name = ?", (new, old))
            for table in _MODELS:
                con.execute(
                    f"update {table} set name = ? || substr(name, ?) where name like ? || '-%'",  # noqa: S608
                    (new, len(old) + 1, old),
                )


_MODELS: Final = (
    "registered_models", "model_versions", "registered_model_aliases", "registered_model_tags", "model_version_tags",
)  # fmt: skip
