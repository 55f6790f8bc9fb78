"""A real Tryton 8.2 on a real PostgreSQL, for tests and for trying Takt by hand.

The packages and a database with the modules activated are made once (about a minute and a half) and kept in a folder
outside the checkout: `TAKT_TRYTON`, or `takt/tryton` in the user's cache folder. After that a Tryton with an empty
database is up in a few seconds.

    python -m tests.tryton.crm        # a Tryton with two months of work in it, until Ctrl-C
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.postgres import Postgres, free_port, programs, started, why_not

PACKAGES = ("trytond~=8.2.0", "trytond_sale_opportunity~=8.2.0", "trytond_sale~=8.2.0", "psycopg[binary,pool]>=3.2,<4")
PASSWORD = "takt-loopback"
DEADLINE_S = 60


class NoTryton(Exception):
    """There is no Tryton to be had here; the text says why."""


def cache() -> Path:
    """Return the folder that keeps what is made once; another set of packages has another folder."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "takt" / "tryton"
    made_of = hashlib.sha256("\n".join((*PACKAGES, PASSWORD)).encode()).hexdigest()[:12]
    return Path(os.environ.get("TAKT_TRYTON") or base) / made_of


def programs_of_tryton() -> Path:
    """Return the folder of Tryton's programs; made where it is absent, whole or not at all."""
    place = cache() / "venv" / "bin"
    if (place / "trytond").exists():
        return place
    cache().mkdir(parents=True, exist_ok=True)
    shutil.rmtree(place.parent, ignore_errors=True)
    python = str(place / "python")
    steps = (
        (["uv", "venv", "-q", "--python", sys.executable, str(place.parent)],
         ["uv", "pip", "install", "-q", "--python", python, *PACKAGES])
        if shutil.which("uv")
        else ([sys.executable, "-m", "venv", str(place.parent)], [python, "-m", "pip", "install", "-q", *PACKAGES])
    )  # fmt: skip
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            shutil.rmtree(place.parent, ignore_errors=True)
            raise NoTryton(f"no Tryton: {' '.join(step[:3])} ended with {done.returncode}: {done.stderr[-400:]}")
    return place


def prepared(server: Postgres) -> Path:
    """Return a dump of a database in which the modules are activated; made where it is absent."""
    dump = cache() / "activated.dump"
    if dump.is_file():
        return dump
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "pass").write_text(PASSWORD, encoding="utf-8")
        server.database("tryton_prepared")
        done = subprocess.run(
            [str(programs_of_tryton() / "trytond-admin"), "-c", str(_settings(server, Path(scratch), 0)), "-d",
             "tryton_prepared", "-u", "sale_opportunity", "--activate-dependencies", "--email", "admin@crm.example"],
            capture_output=True, text=True, timeout=600, check=False,
            env={**os.environ, "TRYTONPASSFILE": str(Path(scratch) / "pass")},
        )  # fmt: skip
        if done.returncode:
            raise NoTryton(f"no Tryton: activating its modules ended with {done.returncode}: {done.stderr[-400:]}")
        _postgres("pg_dump", server, "-Fc", "-Z1", "-f", f"{dump}.new", "tryton_prepared")
    Path(f"{dump}.new").replace(dump)
    server.execute('drop database "tryton_prepared"')
    return dump


@dataclass
class Crm:
    """A running Tryton.

    Attributes
    ----------
    url : str
        Address with the database, for `TAKT_TRYTON_URL`.
    database : str
        Its database in `server`.
    key : str
        Key for `TAKT_TRYTON_KEY`; empty until somebody has made one.
    context : dict
        Preferences that Tryton's own clients send along with each call.
    """

    url: str
    database: str
    server: Postgres
    key: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    _session: str = ""

    def sign_in(self) -> None:
        """Sign in as Tryton's clients do, and take the preferences of the administrator."""
        user, token, *_ = self._rpc("common.db.login", "admin", {"password": PASSWORD}, "en")
        self._session = base64.b64encode(f"admin:{user}:{token}".encode()).decode()
        self.context = self._rpc("model.res.user.get_preferences", True, {})

    def call(self, model: str, method: str, *given: Any) -> Any:
        """Call a method of a model by Tryton's JSON-RPC, the API of its own clients (and of proteus)."""
        return self._rpc(f"model.{model}.{method}", *given, self.context)

    def _rpc(self, method: str, *given: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/rpc/", json.dumps({"method": method, "params": given}).encode())
        request.add_header("Content-Type", "application/json")
        if self._session:
            request.add_header("Authorization", f"Session {self._session}")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                told = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} was answered {error.code}: {error.read()[:2000]!r}") from error
        if isinstance(told, dict) and "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        return told["result"] if isinstance(told, dict) and "result" in told else told


_numbers = itertools.count(1)


@contextmanager
def running(server: Postgres) -> Iterator[Crm]:
    """Start Tryton with a new database of activated modules; stop it at the end, by force if need be."""
    dump, database = prepared(server), f"tryton{next(_numbers)}"
    server.database(database)
    _postgres("pg_restore", server, "--no-owner", "-j", "2", "-d", database, str(dump))
    port = free_port()
    with tempfile.TemporaryDirectory() as scratch, (Path(scratch) / "log").open("wb") as log:
        settings = _settings(server, Path(scratch), port)
        command = [str(programs_of_tryton() / "trytond"), "-c", str(settings), "-d", database]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            crm = Crm(f"http://127.0.0.1:{port}/{database}", database, server)
            _wait(crm, process, Path(log.name))
            yield crm
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait(crm: Crm, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody can sign in."""
    until = time.monotonic() + DEADLINE_S
    while True:
        try:
            crm.sign_in()
        except (OSError, RuntimeError) as error:
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise NoTryton(f"Tryton does not answer ({error}): {said}") from error
            time.sleep(0.1)
        else:
            return


def _settings(server: Postgres, folder: Path, port: int) -> Path:
    place = folder / "trytond.conf"
    place.write_text(
        f"[database]\nuri = postgresql://postgres@127.0.0.1:{server.port}\n[web]\nlisten = 127.0.0.1:{port}\n",
        encoding="utf-8",
    )
    return place


def _postgres(program: str, server: Postgres, *given: str) -> None:
    folder = programs()
    assert folder is not None, why_not()
    command = [str(folder / program), "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", *given]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def main() -> None:
    """Run a Tryton with work in it until Ctrl-C."""
    from tests.tryton.filling import Company

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # told to end, it still stops what it started
    with started() as server, running(server) as crm:
        company = Company.found(crm)
        company.work(days=60)
        sys.stdout.write(f"export TAKT_TRYTON_URL={crm.url}\nexport TAKT_TRYTON_KEY={crm.key}\n")
        sys.stdout.write(f"# administrator: admin, password {PASSWORD}; Ctrl-C ends it, and its data are gone\n")
        sys.stdout.flush()
        try:
            time.sleep(10**8)
        except KeyboardInterrupt:
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
