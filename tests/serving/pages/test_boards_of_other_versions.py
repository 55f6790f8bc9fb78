from __future__ import annotations

import pytest

from serving.store.publish import publish

AS_A_PERSON = {"Accept": "text/html"}


@pytest.mark.parametrize("boards", [{}, {"flow": {"from": "another version"}}])
def test_a_board_that_is_missing_or_of_another_shape_is_a_page_that_says_what_to_type(engine, make_run, client, boards):
    publish(engine, make_run(boards=boards))
    answer = client.get("/flow", headers=AS_A_PERSON)
    assert answer.status_code == 200
    assert "takt daily" in answer.text
    assert "was published without this page" in answer.text
