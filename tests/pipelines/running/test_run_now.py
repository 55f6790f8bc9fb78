"""`takt up --now` beside a schedule that is at work already."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType

from pipelines.running import now
from pipelines.running.now import RunFailed, run_now

CROWDED = State(type=StateType.CANCELLED, message="Deployment concurrency limit reached.")
COMPANY: Any = SimpleNamespace(name="north", home=Path("home"))


class Client:
    """Answers each request for a run with the next state."""

    def __init__(self, *states: State) -> None:
        self.states, self.asked = list(states), 0

    def read_deployment_by_name(self, _name: str) -> Any:
        return SimpleNamespace(id="d")

    def create_flow_run_from_deployment(self, _id: str) -> Any:
        self.asked += 1
        return SimpleNamespace(id=self.asked)

    def read_flow_run(self, _id: int) -> Any:
        return SimpleNamespace(state=self.states.pop(0))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(now, "_LOOK", 0.0)
    monkeypatch.setattr(now, "_AGAIN", 0.0)


def test_a_run_that_is_not_let_in_beside_the_schedule_is_asked_for_again() -> None:
    client: Any = Client(State(type=StateType.PENDING), CROWDED, CROWDED, State(type=StateType.COMPLETED))
    run_now(COMPANY, client, "ingest")
    assert client.asked == 3


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State(type=StateType.FAILED, name="Failed", message="no folder"), "ingest failed: no folder.*worker.log"),
        (State(type=StateType.CANCELLED, name="Cancelled", message="by hand"), "ingest cancelled: by hand"),
    ],
)
def test_a_run_that_ends_otherwise_says_how(state: State, said: str) -> None:
    client: Any = Client(state)
    with pytest.raises(RunFailed, match=said):
        run_now(COMPANY, client, "ingest")
    assert client.asked == 1
