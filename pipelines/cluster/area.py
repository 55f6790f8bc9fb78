"""A place that all machines reach, for what a run hands to its workers and gets back: Arrow tables by name.

It lies below the lake, in a folder or behind a URL, so that who reads the lake can read it too. Nothing of size goes
through the scheduler: a job names a table here, and its answer names another. A run removes its area when it ends; what
a killed run left is removed by a later one after a day.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
from pyarrow import fs

FOLDER: Final = "_shards"
"""Below the lake; no table of the contract is called so."""
KEPT: Final = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Area:
    """Tables of one run.

    Attributes
    ----------
    root : str
        A folder or a URL as pyarrow reads it (`s3://bucket/prefix`). Credentials and the endpoint come from the
        environment of each process (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, ...), never from a job.
    """

    root: str

    @classmethod
    def below(cls, lake: str) -> Area:
        """Return a new area of a lake; nothing is written yet."""
        place = lake if "://" in lake else str(Path(lake).absolute())
        return cls(f"{place.rstrip('/')}/{FOLDER}/{secrets.token_hex(8)}")

    def write(self, name: str, table: pa.Table) -> int:
        """Write a table and return its bytes; a reader finds it whole or not at all.

        Two workers may write the same name, after one of them was given up as lost: they write the same.
        """
        system, place = fs.FileSystem.from_uri(self.root)
        local, goal = isinstance(system, fs.LocalFileSystem), f"{place}/{name}.arrow"
        if local:
            system.create_dir(place, recursive=True)
        begun = f"{goal}.{secrets.token_hex(4)}" if local else goal  # an object appears when it is complete
        with system.open_output_stream(begun) as out, pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
        if local:
            system.move(begun, goal)
        return int(system.get_file_info(goal).size)

    def read(self, name: str) -> pa.Table:
        """Read a table; from a folder it is mapped into memory, not copied."""
        system, place = fs.FileSystem.from_uri(self.root)
        goal = f"{place}/{name}.arrow"
        if isinstance(system, fs.LocalFileSystem):
            return pa.ipc.open_file(pa.memory_map(goal)).read_all()
        with system.open_input_file(goal) as source:
            return pa.ipc.open_file(source).read_all()

    def remove(self, *, now: pd.Timestamp) -> None:
        """Remove this area, and those that killed runs left more than `KEPT` before `now` (UTC)."""
        system, place = fs.FileSystem.from_uri(self.root)
        above = place.rsplit("/", 1)[0]
        files = system.get_file_info(fs.FileSelector(above, recursive=True, allow_not_found=True))
        old = {f.path for f in files if f.is_file and pd.Timestamp(f.mtime).tz_convert("UTC") < now - KEPT}
        for one in files:
            if one.is_file and (one.path in old or one.path.startswith(f"{place}/")):
                system.delete_file(one.path)
        if isinstance(system, fs.LocalFileSystem):
            for folder in (*sorted((f.path for f in files if not f.is_file), reverse=True), above):
                if not any(Path(folder).iterdir()):
                    Path(folder).rmdir()
