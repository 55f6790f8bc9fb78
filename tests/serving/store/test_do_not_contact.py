"""Who asked not to be contacted is off the published list at once: the call goes to somebody else, or is not made."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from serving.errors import Unknown
from serving.store import do_not_contact
from serving.store.publish import publish

AT = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
NEVER = {"prospect_id": "p1", "kind": "never_again", "contact_id": "c1", "key": "n1"}


@pytest.fixture
def listed(client):
    def ask() -> dict[str, str | None]:
        items = client.get("/v1/call-list").json()["items"]
        return {line["prospect"]["prospect_id"]: (line["contact"] or {}).get("contact_id") for line in items}

    return ask


def people(make_run, **changes):
    contacts = make_run().contacts
    more = pd.DataFrame(
        {"contact_id": ["c4"], "prospect_id": ["p1"], "name": ["Ada Lin"], "phone": ["+49 30 555 011"],
         "do_not_contact": [False], **changes}
    )  # fmt: skip
    return make_run(contacts=pd.concat([contacts, more], ignore_index=True))


def test_a_call_whose_only_reachable_person_refuses_is_gone_and_why_not_says_why(client, published, listed):
    assert listed() == {"p1": "c1", "p2": "c2", "p3": None}
    assert client.post("/v1/feedback", json=NEVER).status_code == 201
    assert listed() == {"p2": "c2", "p3": None}
    answer = client.get("/v1/why-not/p1").json()
    assert (answer["listed"], answer["reason"]) == (False, "do_not_contact")
    assert "asked not to be contacted" in answer["sentence"]
    assert client.get("/prospects/p1").status_code == 200


def test_taken_back_it_is_on_the_list_again(client, published, listed):
    client.post("/v1/feedback", json=NEVER)
    client.post("/v1/feedback", json={"prospect_id": "p1", "kind": "undo", "undoes": "n1", "key": "n2"})
    assert listed() == {"p1": "c1", "p2": "c2", "p3": None}


def test_a_call_goes_to_the_next_person_who_can_be_reached(client, engine, make_run, listed):
    publish(engine, people(make_run))
    client.post("/v1/feedback", json=NEVER)
    assert listed()["p1"] == "c4"
    line = next(i for i in client.get("/v1/call-list").json()["items"] if i["prospect"]["prospect_id"] == "p1")
    assert "Ada Lin may be" in line["why_contact"]
    assert client.get("/v1/why-not/p1").json()["listed"]


def test_nobody_with_the_same_address_is_called_instead(client, engine, make_run, listed):
    publish(engine, people(make_run, email=["Dana@Hartwell.example "]))
    client.post("/v1/feedback", json=NEVER)
    assert "p1" not in listed()


def test_where_no_person_was_named_it_holds_for_the_prospect(client, published, listed):
    client.post("/v1/feedback", json={"prospect_id": "p3", "kind": "never_again", "key": "w1"})
    assert set(listed()) == {"p1", "p2"}
    assert client.get("/v1/why-not/p3").json()["reason"] == "do_not_contact"


def test_a_mark_of_the_crm_and_a_command_take_effect_the_same_way(client, engine, published, listed):
    assert do_not_contact.marked(engine, ["c2", "nobody"]) == 1
    assert do_not_contact.marked(engine, ["c2"]) == 0
    assert set(listed()) == {"p1", "p3"}
    assert do_not_contact.refuse(engine, "c1", at=AT, said_by="mira") == 1
    assert set(listed()) == {"p3"}
    with pytest.raises(Unknown, match="nothing was recorded"):
        do_not_contact.refuse(engine, "c9", at=AT, said_by=None)


def test_the_page_of_the_list_and_its_file_follow_too(client, engine, published):
    do_not_contact.marked(engine, ["c2"])
    assert "Sørensen" not in client.get("/").text
    assert "Sørensen" not in client.get("/call-list.csv").text
