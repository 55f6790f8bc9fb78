from __future__ import annotations


def test_a_process_that_answers_is_alive_even_with_nothing_to_serve(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_not_ready_says_each_missing_part_and_what_to_type(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    ready = answer.json()
    assert (ready["ready"], ready["store"]) == (False, "ok")
    assert "`takt run`" in ready["call_list"]
    assert "`takt train`" in ready["champion"]


def test_ready_with_a_list_and_a_champion(client, published, champion):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "store": "ok", "call_list": "ok", "champion": "ok"}


def test_not_ready_when_the_store_was_spoiled(client, settings, published, champion):
    client.app.state.engine.dispose()
    for file in settings.home.glob("store.db*"):
        file.write_bytes(b"not a database" * 100)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "not a database" in answer.json()["store"]
    assert client.get("/v1/call-list").json()["type"] == "urn:problem-type:takt:store-unusable"
