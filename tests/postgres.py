"""A real PostgreSQL server for tests: made in a temporary folder, on loopback and a free port, gone afterwards.

`from tests.postgres import postgres` in a conftest or a test file makes the fixture known; a test that asks for it is
skipped, with the reason, where there is no server to start. Each test file makes databases of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PLACES = "/usr/lib/postgresql/*/bin"
"""Where Debian puts the programs of a server, which are not on the PATH there."""
AS = "postgres"
"""The server refuses to run as root; as root it is started as this user."""


@dataclass(frozen=True)
class Postgres:
    """A running server without passwords but for those roles that a test makes; user `postgres` is its superuser."""

    port: int
    folder: Path

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str = "") -> str:
        """Return the address of a database for SQLAlchemy with psycopg 3."""
        secret = f":{password}" if password else ""
        return f"postgresql+psycopg://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements one by one, each committed."""
        import psycopg

        where = f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    def database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self.execute(f'drop database if exists "{name}" with (force)', f'create database "{name}"')
        return self.url(name)


def programs() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`, the newest first; None where there is none."""
    found = shutil.which("pg_ctl")
    resolved = [Path(found).resolve().parent] if found else []
    places = sorted(Path("/").glob(PLACES.lstrip("/")), key=lambda p: p.parent.name.zfill(4), reverse=True)
    return next((p for p in (*places, *resolved) if (p / "initdb").exists() and (p / "pg_ctl").exists()), None)


def why_not() -> str:
    """Return why no server can be started here; empty where one can."""
    if programs() is None:
        return f"no PostgreSQL server: initdb and pg_ctl are neither on the PATH nor in {PLACES}"
    if os.geteuid() == 0 and not _user():
        return f"no PostgreSQL server: it does not run as root, and there is no user {AS!r} to run it as"
    return ""


@contextmanager
def started() -> Iterator[Postgres]:
    """Start a server and stop it at the end, whatever happened in between."""
    bin_ = programs()
    assert bin_ is not None, why_not()
    # short, because the path of a socket may have 107 bytes; not below pytest's folders, which only root may enter
    folder = Path(tempfile.mkdtemp(prefix="takt-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, AS)
        data, port = folder / "data", free_port()
        _run(str(bin_ / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
             "--no-sync", folder=folder)  # fmt: skip
        # passwords are asked of every user but the superuser, so that a wrong one can be tried
        rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (data / "pg_hba.conf").write_text(rules, encoding="utf-8")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c full_page_writes=off -c timezone=UTC"
        _run(str(bin_ / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start",
             folder=folder)  # fmt: skip
        try:
            yield Postgres(port, folder)
        finally:
            _run(str(bin_ / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop", folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of this process."""
    if reason := why_not():
        pytest.skip(reason)
    with started() as server:
        yield server


def free_port() -> int:
    """Return a port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _user() -> bool:
    import pwd

    return AS in {entry.pw_name for entry in pwd.getpwall()}


def _run(*command: str, folder: Path) -> None:
    as_user = {"user": AS, "group": AS, "extra_groups": ()} if os.geteuid() == 0 else {}
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    with (folder / "said").open("ab") as said:
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=said, env=environment, timeout=120, **as_user)
    if done.returncode:
        words = (folder / "said").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {words[-2000:]}")
