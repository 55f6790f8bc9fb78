"""The bounds that are traps stay in pyproject.toml: a version that was seen to break the stack is not let in.

test_stack.py and pipelines/running/test_running.py see the breakage once such a version is installed; this sees that
it could be.
"""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BOUNDS = {r.name: r.specifier for r in map(Requirement, PROJECT["dependencies"])}
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
EXTRAS = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]


@pytest.mark.parametrize(
    ("name", "broken", "what_breaks"),
    [
        ("fastapi", "0.151.0", "Prefect's nulls are answered with 422"),
        ("fastapi", "0.155.0", "Prefect's server does not import"),
        ("sqlalchemy", "2.1.0", "Prefect's scheduler dies in silence"),
        ("sqlalchemy", "2.1.9", "Prefect's scheduler dies in silence"),
        ("mlflow", "1.27.0", "the resolver falls back to it without a floor"),
    ],
)
def test_a_version_that_was_seen_to_break_the_stack_is_outside_the_bounds(
    name: str, broken: str, what_breaks: str
) -> None:
    assert not BOUNDS[name].contains(broken), f"{name} {broken} is let in: {what_breaks}"


@pytest.mark.parametrize(("name", "works"), [("fastapi", "0.150.0"), ("sqlalchemy", "2.0.58"), ("mlflow", "3.17.2")])
def test_the_version_that_was_seen_to_work_is_inside_them(name: str, works: str) -> None:
    assert BOUNDS[name].contains(works)


@pytest.mark.parametrize("needed", EXTRAS, ids=lambda r: r.name)
def test_every_optional_dependency_is_pinned_inside_its_bounds(needed: Requirement) -> None:
    pinned = re.search(rf"^{re.escape(needed.name)}(?:\[[\w,-]+\])?==(\S+)", LOCK, re.MULTILINE | re.IGNORECASE)
    assert pinned, f"{needed.name} is not in requirements.lock; run `make lock`"
    assert needed.specifier.contains(pinned.group(1), prereleases=True)


def test_every_pin_of_the_lock_carries_a_hash() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)
    pins = [b for b in blocks if "==" in b.split("\n", 1)[0]]
    assert len(pins) > 100
    assert [b.split("==", 1)[0] for b in pins if "--hash=sha256:" not in b] == []
