"""What a kill may lose of the audit (views of the last moment) and what it never loses (changes)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from serving.store.audit import Audit, AuditRetention, By, changed, delete_before
from serving.store.audit_log import AuditLog, View
from serving.store.engine import open_store, reading, writing
from serving.store.migrations import upgrade
from serving.store.news import News
from serving.store.tables import Feedback
from tests.postgres import postgres  # noqa: F401 - a fixture

SERVE = "from serving.server import run; from serving.settings import Settings; run(Settings())"
PATIENCE = 60


@pytest.mark.slow
def test_a_killed_server_has_lost_no_change_and_at_most_the_views_of_the_last_moment(settings, published):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TAKT_HOME": str(settings.home), "TAKT_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        next(line for line in process.stderr if "running on" in line)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            client.get("/v1/prospects/p1")
            _wait(settings, lambda rows: any(row.action == "saw" and row.prospect_id == "p1" for row in rows))
            said = [client.post("/v1/feedback", json={"prospect_id": "p1", "kind": "no_answer", "key": f"k{n}"})
                    for n in range(20)]  # fmt: skip
            client.get("/v1/prospects/p2")  # may be lost
            process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
    assert [answer.status_code for answer in said] == [201] * 20
    engine = open_store(settings.store)
    with reading(engine) as store:
        kept = {row.idempotency_key for row in store.scalars(select(Feedback))}
        noted = {row.change for row in store.scalars(select(Audit).where(Audit.action == "changed"))}
    engine.dispose()
    assert kept == {f"k{n}" for n in range(20)}
    assert noted == {f"key {key}" for key in kept}


@pytest.mark.slow
def test_postgresql_refuses_what_sqlite_refuses_and_keeps_views_too(postgres):  # noqa: F811
    engine = open_store(postgres.database("audit"))
    upgrade(engine)
    log = AuditLog(engine, News(engine))
    log.saw(View("mira", "salesperson", "session", "192.0.2.7", "saw", "/", prospect_id="p1"))
    log.close()
    with writing(engine) as connection:
        changed(connection, By("jon", "salesperson", "token", ""), what="feedback", prospect_id="p1")
        row = dict(connection.execute(select(Audit.__table__)).mappings().first())
        old = row["at"].replace(year=2000)
        connection.execute(insert(Audit).values(row | {"id": 1000, "at": old}))
    assert delete_before(engine, old.replace(year=2001), who="root") == 1
    for statement in (
        "update audit set who = 'x'", "delete from audit", "truncate audit", "delete from audit_retention",
        "update audit_retention set who = 'x'", "truncate audit_retention",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"appended to|stays written down"), engine.begin() as connection:
            connection.execute(text(statement))
    with reading(engine) as store:
        assert {row.who for row in store.scalars(select(Audit))} == {"mira", "jon", "root"}
        assert {row.running for row in store.scalars(select(AuditRetention))} == {False}
    engine.dispose()


def _wait(settings, found) -> None:
    engine = create_engine(settings.store)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with reading(engine) as store:
            if found(list(store.scalars(select(Audit)))):
                engine.dispose()
                return
        time.sleep(0.05)
    raise AssertionError("the view was not written in time")
