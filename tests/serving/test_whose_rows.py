"""Every route, asked by every role, about its own row and about somebody else's."""

from __future__ import annotations

import ast
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import event, select, text, update

import serving
from serving.app import create_app
from serving.settings import Settings
from serving.store.engine import reading
from serving.store.scope import ROWS, OutOfScope, Scope, ScopedSession
from serving.store.tables import Call, Contact, Prospect
from tests.serving.conftest import run
from tests.serving.whose_rows import FOREIGN, PEOPLE, of_two, world  # noqa: F401 - a fixture

ROLES = ("mira", "marta", "ana", "root")
ROW = "row"
"""A route of one prospect: its own answers 200, another's 404 to a salesperson."""
MANY = "many"
"""A route of several prospects: 200 for everybody, without the rows of others for a salesperson."""
NONE = "none"
"""A route that shows no row of the store about a prospect."""
SAYS = "says"
"""A route that changes something about one prospect."""

ROUTES = {
    ("GET", "/v1/call-list"): MANY,
    ("GET", "/v1/prospects/{prospect_id:path}"): ROW,
    ("GET", "/v1/why-not/{prospect_id:path}"): ROW,
    ("POST", "/v1/feedback"): SAYS,
    ("POST", "/taps"): SAYS,
    ("GET", "/taps"): NONE,
    ("GET", "/"): MANY,
    ("GET", "/prospects/{prospect_id:path}"): ROW,
    ("GET", "/call-list.csv"): MANY,
    ("GET", "/call-list.xlsx"): MANY,
    ("GET", "/call-list.ics"): MANY,
    ("GET", "/search"): MANY,
    ("GET", "/offers/audience.csv"): MANY,
    ("GET", "/offers/audience.xlsx"): MANY,
    ("GET", "/team"): MANY,
    ("GET", "/definitions"): MANY,
    **dict.fromkeys(
        (
            ("GET", "/v1/definitions"), ("GET", "/v1/model"), ("GET", "/v1/flow"), ("GET", "/v1/experiments"),
            ("GET", "/v1/segments/{segment:path}/offers"), ("POST", "/v1/score"), ("GET", "/metrics"),
            ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/takt.css"), ("GET", "/static/takt.css"),
            ("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/sign-out"), ("GET", "/offers"), ("GET", "/where"),
            ("GET", "/sign-in/provider"), ("GET", "/sign-in/provider/back"),
            ("GET", "/flow"), ("GET", "/experiments"), ("GET", "/model"), ("GET", "/readiness"), ("GET", "/watch"),
            ("GET", "/offers/experiment"), ("POST", "/offers/experiment"), ("GET", "/offers/experiment/{key}"),
        ),
        NONE,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def make_world_run() -> Any:
    return of_two(run())


def _of(*kinds: str) -> list[str]:
    return [path for (method, path), kind in ROUTES.items() if kind in kinds and method == "GET"]


def test_every_route_of_the_application_says_here_whose_rows_it_shows(tmp_path):
    app = create_app(Settings(home=tmp_path))
    found = {(m, r.path) for r in app.routes if isinstance(r, APIRoute) for m in r.methods - {"HEAD"}}
    app.state.audit.close()
    assert found - set(ROUTES) == set()


@pytest.mark.parametrize("path", _of(ROW))
@pytest.mark.parametrize("prospect", ["p1", "p2", "p3", "p4", "p5", "nobody"])
def test_a_route_of_one_prospect_knows_only_ones_own(world, path, prospect):  # noqa: F811
    as_, _ = world
    asked = path.replace("{prospect_id:path}", prospect)
    for name in ROLES:
        own = prospect in ("p1", "p3", "p4") if name == "mira" else prospect != "nobody"
        answer = as_(name).get(asked, headers={"Accept": "text/html"} if not path.startswith("/v1") else {})
        assert answer.status_code == (200 if own else 404), (name, asked)


def test_a_row_of_somebody_else_is_answered_as_one_that_does_not_exist(world):  # noqa: F811
    as_, _ = world
    for path in _of(ROW):
        other, nobody = (as_("mira").get(path.replace("{prospect_id:path}", i)).text for i in ("p2", "p9"))
        assert other.replace("p2", "p9") == nobody


def _read(answer: Any) -> str:
    """Return the text of an answer; a workbook's is packed."""
    if not answer.content.startswith(b"PK"):
        return str(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


@pytest.mark.parametrize("path", _of(MANY))
def test_a_route_of_many_prospects_names_none_of_somebody_else(world, path):  # noqa: F811
    as_, _ = world
    for query in ("", "?owner=jon", "?q=s", "?q=p"):
        answer = as_("mira").get(path + query, headers={"Accept": "text/html"} if path in ("/", "/search") else {})
        assert answer.status_code == 200, answer.text
        # whom one asked for is repeated: that is no news to who typed it
        hidden = [name for name in FOREIGN if "jon" not in query or "jon" not in name]
        body = _read(answer)
        found = [name for name in hidden if name in body]
        assert found == [], (path, query)


@pytest.mark.parametrize("name", ["marta", "ana"])
@pytest.mark.parametrize("path", _of(MANY, ROW))
def test_who_plans_and_measures_sees_every_row_and_no_person(world, name, path):  # noqa: F811
    as_, _ = world
    answer = as_(name).get(path.replace("{prospect_id:path}", "p1"))
    assert answer.status_code == 200
    assert [person for person in PEOPLE if person in _read(answer)] == []


@pytest.mark.parametrize(("name", "status"), [("marta", 403), ("ana", 403), ("mira", 404), ("jon", 201), ("root", 201)])
def test_only_whose_row_it_is_says_what_came_of_it(world, name, status):  # noqa: F811
    as_, _ = world
    sent = {"prospect_id": "p2", "kind": "no_answer", "key": f"of-{name}"}
    assert as_(name).post("/v1/feedback", json=sent).status_code == status
    tapped = {"prospect": "p2", "kind": "no_answer", "key": f"tap-{name}", "run": "run-1"}
    assert as_(name).post("/taps", data=tapped).status_code == (303 if status == 201 else status)


def test_nothing_is_taken_back_or_learnt_by_a_key_of_somebody_else(world):  # noqa: F811
    as_, _ = world
    said = {"prospect_id": "p2", "kind": "interested", "key": "jons-key"}
    assert as_("jon").post("/v1/feedback", json=said).status_code == 201
    for sent in ({"prospect_id": "p2", "kind": "undo", "undoes": "jons-key", "key": "u1"},
                 {"prospect_id": "p1", "kind": "undo", "undoes": "jons-key", "key": "u2"},
                 {"prospect_id": "p1", "kind": "no_answer", "key": "jons-key"}):  # fmt: skip
        answer = as_("mira").post("/v1/feedback", json=sent)
        assert answer.status_code in (404, 409, 422)
        assert "interested" not in answer.text


@pytest.mark.parametrize("order", [("root", "mira"), ("jon", "mira"), ("root", "marta"), ("mira", "root")])
@pytest.mark.parametrize("path", ["/v1/call-list", "/"])
def test_an_answer_kept_for_one_is_never_given_to_another(world, order, path):  # noqa: F811
    as_, _ = world
    alone = {name: as_(name).get(path + "?limit=40").text for name in set(order)}
    for name in (*order, *order):
        answer = as_(name).get(path)
        assert ("Sørensen" in answer.text) == (name != "mira")
        assert ("Dana Ito" in answer.text) == (name in ("mira", "root"))
    assert len(set(alone.values())) == len(set(order))


def test_a_tag_of_somebody_elses_answer_is_not_not_modified(world):  # noqa: F811
    as_, _ = world
    tag = as_("root").get("/v1/call-list").headers["ETag"]
    assert as_("mira").get("/v1/call-list", headers={"If-None-Match": tag}).status_code == 200


def test_every_query_on_a_table_of_rows_carries_the_owners_condition(world):  # noqa: F811
    _, engine = world
    with reading(engine, Scope("mira")) as store:
        for table in ROWS:
            statement = select(table)
            assert all(row.prospect_id in ("p1", "p3", "p4") for row in store.scalars(statement))
            assert all(i in ("p1", "p3", "p4") for i in store.scalars(select(table.prospect_id)))
        assert store.get(Prospect, "p2") is None


@pytest.mark.parametrize("query", [
    text("select * from prospects"), select(Prospect.__table__), update(Prospect).values(owner_id="mira"),
])  # fmt: skip
def test_a_query_that_the_condition_cannot_be_added_to_is_refused(world, query):  # noqa: F811
    _, engine = world
    with reading(engine, Scope("mira")) as store, pytest.raises(OutOfScope, match="mapped classes"):
        store.execute(query)


def test_single_columns_of_people_are_refused_to_who_must_not_know_them(world):  # noqa: F811
    _, engine = world
    with reading(engine, Scope(None, contacts=False)) as store:
        assert {c.email for c in store.scalars(select(Contact))} == {None}
        assert {c.why_contact for c in store.scalars(select(Call))} == {None}
        with pytest.raises(OutOfScope, match="who a person is"):
            store.execute(select(Contact.email))


def test_routes_pages_and_exports_open_the_store_with_a_scope_only():
    root = Path(serving.__file__).parent
    for path in sorted(p for room in ("routes", "pages", "exports") for p in (root / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            assert called not in ("Session", "connection", "exec_driver_sql", "writing"), f"{path}:{node.lineno}"
            # health asks whether anything was published; a proposal is no row about a prospect
            if called == "reading" and path.name not in ("health.py", "proposing.py"):
                assert len(node.args) == 2, f"{path}:{node.lineno} reads without a scope"


def test_only_what_looks_for_refusals_and_for_news_looks_at_everybodys_rows():
    root = Path(serving.__file__).parent
    uses = {
        path.name: path.read_text(encoding="utf-8").count("execution_options=EVERYBODY") for path in root.rglob("*.py")
    }
    assert set(name for name, n in uses.items() if n) == {"workday.py", "do_not_contact.py", "queries.py"}


def test_the_condition_is_on_the_session_and_not_left_to_whoever_asks():
    assert event.contains(ScopedSession, "do_orm_execute", __import__("serving.store.scope", fromlist=["x"])._only_own)
