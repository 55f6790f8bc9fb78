"""The file of a backup: a tar, its members named by paths below the home, the last one a manifest with checksums.

The manifest's own checksum is part of its name, so that nothing in the file is believed unseen. A name that ends in
`.zst` is compressed with Zstandard, which any `tar` with `--zstd` reads.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from pipelines.trust.errors import BackupError

FORMAT: Final = 1
_MANIFEST: Final = re.compile(r"manifest-([0-9a-f]{64})\.json")
_BLOCK: Final = 1 << 20


@dataclass
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    at : str
        UTC, ISO 8601. What the server had acknowledged before it is in the backup.
    home, name : str
        The folder that was copied, and its last part, by which the registry is called.
    data_version : str
        Of the last complete ingest; empty before the first one.
    elsewhere : dict of str to str
        What of the company lies outside of the home, and is not in this file, with what to do about it.
    left_out : list of str
        Files of the home that are not in it: credentials, locks, and what is made again.
    files : dict of path to [sha256, bytes]
    """

    at: str
    home: str
    name: str
    takt: str
    data_version: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Adds files to an archive and notes what they were."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar, self.manifest = tar, manifest

    def add(self, name: str, content: IO[bytes], size: int, *, mode: int = 0o600) -> None:
        """Add `size` bytes under a name; a file that has grown since is cut there."""
        note = tarfile.TarInfo(name)
        note.size, note.mode = size, mode
        seen = _Summing(content)
        self._tar.addfile(note, seen)
        self.manifest.files[name] = (seen.sum.hexdigest(), size)

    def close(self) -> None:
        """Write the manifest behind the files."""
        text = json.dumps(asdict(self.manifest), sort_keys=True, indent=1, ensure_ascii=False).encode()
        note = tarfile.TarInfo(f"manifest-{hashlib.sha256(text).hexdigest()}.json")
        note.size, note.mode = len(text), 0o600
        self._tar.addfile(note, io.BytesIO(text))


class _Summing(io.RawIOBase):
    """A file that is summed while it is read."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner, self.sum = inner, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._inner.read(size)
        self.sum.update(block)
        return block


@contextmanager
def written(place: Path, manifest: Manifest) -> Iterator[Writer]:
    """Yield where files are added to; the manifest follows them when nothing failed."""
    with _stream(place, "w") as out, tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        writer = Writer(tar, manifest)
        yield writer
        writer.close()


def unpacked(place: Path, into: Path) -> Manifest:
    """Write the files of an archive below an empty folder and return its manifest, once every checksum is right.

    Raises
    ------
    BackupError
        The file is no backup, cut off, or one byte of it is not what it was; what was unpacked is not to be used.
    """
    try:
        with _stream(place, "r") as source, tarfile.open(fileobj=source, mode="r|") as tar:
            return _checked(tar, into, place)
    except (tarfile.TarError, OSError, EOFError, ValueError, TypeError, pa.ArrowException) as error:
        why = " ".join(str(error).split())[:200]
        raise BackupError(
            f"{place} is no whole backup ({type(error).__name__}: {why}). Nothing was restored."
        ) from error


def _checked(tar: tarfile.TarFile, into: Path, place: Path) -> Manifest:
    manifest, found = None, dict[str, tuple[str, int]]()
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if content is None:
            raise BackupError(f"{place}: {member.name!r} is no plain file; this was not written by `takt backup`.")
        if (named := _MANIFEST.fullmatch(member.name)) is not None:
            manifest = _manifest(content.read(), named[1], place)
        else:
            found[member.name] = _extracted(content, into, member.name, mode=member.mode & 0o700)
    if manifest is None:
        raise BackupError(f"{place} ends before its manifest: it was cut off. Nothing was restored.")
    wrong = sorted(n for n in found.keys() | manifest.files.keys() if found.get(n) != manifest.files.get(n))
    if wrong:
        raise BackupError(f"{place}: {wrong[0]} is not what was backed up ({len(wrong)} such). Nothing was restored.")
    return manifest


def _manifest(text: bytes, checksum: str, place: Path) -> Manifest:
    if hashlib.sha256(text).hexdigest() != checksum:
        raise BackupError(f"{place}: the manifest is not what was written. Nothing was restored.")
    read: dict[str, Any] = json.loads(text)
    if read.get("format") != FORMAT:
        raise BackupError(
            f"{place} has the format {read.get('format')}, expected {FORMAT}: use the Takt that wrote it."
        )
    read["files"] = {name: (str(digest), int(size)) for name, (digest, size) in read["files"].items()}
    return Manifest(**read)


def _extracted(content: IO[bytes], into: Path, name: str, *, mode: int) -> tuple[str, int]:
    place = into / name
    if Path(name).is_absolute() or ".." in Path(name).parts or place.exists():
        raise BackupError(f"{name!r} is no place below a home, or there twice; this was not written by `takt backup`.")
    place.parent.mkdir(parents=True, exist_ok=True)
    total, size = hashlib.sha256(), 0
    with place.open("xb") as out:
        while block := content.read(_BLOCK):
            out.write(block)
            total.update(block)
            size += len(block)
    place.chmod(mode | 0o600)
    return total.hexdigest(), size


@contextmanager
def _stream(place: Path, mode: str) -> Iterator[Any]:
    """Open the file, through Zstandard where its name says so."""
    packed = place.name.removesuffix(".part").endswith(".zst")
    with place.open(f"{mode}b") as plain:
        if not packed:
            yield plain
        elif mode == "w":
            with pa.CompressedOutputStream(pa.PythonFile(plain, "w"), "zstd") as out:
                yield out
        else:
            with pa.CompressedInputStream(pa.PythonFile(plain, "r"), "zstd") as source:
                yield source
