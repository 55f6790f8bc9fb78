from __future__ import annotations

from serving.store.publish import publish


def test_the_definitions_of_a_list_can_be_read(client, published):
    assert client.get("/v1/definitions").json() == {
        "definitions_hash": "0123456789ab",
        "definitions": {"company": "Northwind Instruments"},
    }


def test_the_card_of_the_model_that_made_a_list_can_be_read_for_each_day(client, engine, make_run):
    publish(engine, make_run())
    publish(engine, make_run("next", "2026-11-25T06:00:00+00:00", model_card={"predicts": "more"}, base_rate=None))
    assert client.get("/v1/model").json() == {
        "model_version": "win-3",
        "bundle_fingerprint": "f00dfacef00dface",
        "base_rate": None,
        "card": {"predicts": "more"},
        "evidence": None,
    }
    assert client.get("/v1/model?day=2026-11-24").json()["card"] == {"predicts": "won within 45 days"}


def test_before_anything_was_published_there_is_no_model_to_show(client):
    assert client.get("/v1/model").status_code == 404


def test_what_its_training_measured_comes_with_the_card(client, engine, make_run):
    publish(engine, make_run(boards={"model": {"refused": None, "evidence": {"kept": "logistic"}}}))
    assert client.get("/v1/model").json()["evidence"] == {"kept": "logistic"}
