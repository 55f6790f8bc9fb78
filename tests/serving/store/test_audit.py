"""Who saw or changed which prospect: written cheaply, never changed afterwards, and found again."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from serving.store.audit import Audit, AuditRetention, By, delete_before, is_among, places_of, who_saw
from serving.store.engine import reading, writing
from serving.store.feedback import Said, keep
from serving.store.migrations import upgrade
from serving.store.tables import Feedback
from tests.serving.conftest import run
from tests.serving.whose_rows import of_two, world  # noqa: F401 - a fixture

AT = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def make_world_run():
    return of_two(run())


def told(engine, prospect: str) -> list[tuple[str, str, str]]:
    with reading(engine) as store:
        return [(row.who, row.action, row.what) for row in who_saw(store, prospect)]


@pytest.mark.parametrize(("given", "ranges"), [([], ""), ([3], "3"), ([1, 2, 3, 5], "1-3,5"), ([9, 7, 8, 7], "7-9")])
def test_places_are_written_as_ranges(given, ranges):
    assert places_of(given) == ranges
    assert {n for n in range(12) if is_among(n, ranges)} == set(given)


def test_who_saw_a_prospect_is_told_for_its_page_its_list_its_file_and_a_search(world):  # noqa: F811
    as_, engine = world
    asked = ("/v1/call-list", "/", "/call-list.csv", "/search?q=s", "/v1/prospects/p2", "/offers/audience.csv")
    for path in asked:
        answer = as_("root").get(path)
        assert answer.status_code == 200
        assert "x-takt-seen" not in answer.headers
    as_("mira").get("/v1/call-list")
    as_("mira").get("/v1/prospects/p2")
    assert as_("root").app.state.audit.flush()
    found = told(engine, "p2")
    assert {what for who, action, what in found if (who, action) == ("root", "saw")} == {
        "/v1/call-list", "/", "/call-list.csv", "/search", "/v1/prospects/{prospect_id}", "/offers/audience.csv",
    }  # fmt: skip
    assert [what for who, action, what in found if who == "mira"] == ["/v1/prospects/{prospect_id}"]
    assert ("mira", "refused", "/v1/prospects/{prospect_id}") in found


def test_an_answer_kept_in_memory_and_one_not_modified_are_views_too(world):  # noqa: F811
    as_, engine = world
    log = as_("jon").app.state.audit
    tag = as_("jon").get("/v1/call-list?limit=7").headers["ETag"]
    assert log.flush()
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    as_("jon").get("/v1/call-list?limit=7")
    assert as_("jon").get("/v1/call-list?limit=7", headers={"If-None-Match": tag}).status_code == 304
    assert log.flush()
    with reading(engine) as store:
        rows = list(store.scalars(select(Audit).where(Audit.who == "jon", Audit.what == "/v1/call-list")))
    assert sum(row.times for row in rows) == 3
    assert rows[-1].places == "2-3"


def test_writing_views_is_no_news_so_what_is_kept_stays(world):  # noqa: F811
    as_, _ = world
    app = as_("root").app
    as_("root").get("/v1/call-list")
    before = app.state.kept_answers.news.stamp()
    assert app.state.audit.flush()
    as_("root").get("/v1/prospects/p1")
    assert app.state.audit.flush()
    assert app.state.kept_answers.news.stamp() == before


def test_while_somebody_else_holds_the_store_views_wait_and_are_written_afterwards(world):  # noqa: F811
    as_, engine = world
    log = as_("ana").app.state.audit
    with writing(engine):
        as_("ana").get("/v1/prospects/p4")
        assert not log.flush()
    assert log.flush()
    assert ("ana", "saw", "/v1/prospects/{prospect_id}") in told(engine, "p4")


def test_a_view_names_the_viewer_the_role_how_and_from_where_and_no_person(world):  # noqa: F811
    as_, engine = world
    as_("root").get("/search?q=Hartwell", headers={"X-Forwarded-For": "203.0.113.9"})
    assert as_("root").app.state.audit.flush()
    with reading(engine) as store:
        row = list(store.scalars(select(Audit).where(Audit.what == "/search")))[-1]
    assert (row.who, row.role, row.how, row.address) == ("root", "admin", "token", "testclient")
    assert "Hartwell" not in str(vars(row))


def test_a_change_and_its_row_of_the_audit_are_kept_together_or_not_at_all(published, engine):
    by = By("mira", "salesperson", "session", "192.0.2.7")
    keep(engine, Said("k1", "p1", "no_answer", AT), by)
    with reading(engine) as store:
        row = store.scalars(select(Audit)).one()
        assert (row.who, row.address, row.action, row.what, row.prospect_id) == (
            "mira", "192.0.2.7", "changed", "feedback no_answer", "p1",
        )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text("create trigger no_more before insert on audit begin select raise(abort, 'full'); end"))
    with pytest.raises(DBAPIError, match="full"):
        keep(engine, Said("k2", "p1", "interested", AT), by)
    with reading(engine) as store:
        assert [row.idempotency_key for row in store.scalars(select(Feedback))] == ["k1"]


def test_the_audit_refuses_to_be_changed_and_deletes_only_by_a_retention_that_is_written_down(engine):
    upgrade(engine)
    row = {"who": "a", "role": "admin", "how": "open", "address": "", "action": "saw", "what": "/", "times": 1}
    with writing(engine) as connection:
        connection.execute(insert(Audit), [row | {"at": AT - dt.timedelta(days=n)} for n in (0, 400)])
    for statement in (update(Audit).values(who="b"), delete(Audit), delete(AuditRetention)):
        if statement.table.name == "audit_retention":
            delete_before(engine, AT - dt.timedelta(days=365), who="root")
        with pytest.raises(DBAPIError, match=r"appended to|stays written down"), writing(engine) as connection:
            connection.execute(statement)
    with reading(engine) as store:
        assert [(r.who, r.action) for r in store.scalars(select(Audit).order_by(Audit.id))] == [
            ("a", "saw"), ("root", "changed"),
        ]  # fmt: skip
        assert [(r.who, r.running) for r in store.scalars(select(AuditRetention))] == [("root", False)]


def test_a_server_that_stops_writes_what_waits(settings, published, serve):
    client = serve(settings)
    client.get("/v1/prospects/p1")
    engine = client.app.state.engine
    client.app.state.audit.close()
    assert ("", "saw", "/v1/prospects/{prospect_id}") in told(engine, "p1")
