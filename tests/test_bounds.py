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
LOCKS = {"bench": "benchmarks/requirements.lock", "trust": "tests/trust/requirements.lock"}
"""Extras that have a venv of their own; all others lie in the one of the project."""
ALONE = ("benchmarks/featuretools.in", "benchmarks/featuretools.lock")
"""A peer of `make bench` that does not live with the project's pins."""
EXTRAS = [(extra, Requirement(line)) for extra, lines in PROJECT["optional-dependencies"].items() for line in lines]


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


def pins(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize(("extra", "needed"), EXTRAS, ids=str)
def test_every_optional_dependency_is_pinned_inside_its_bounds(extra: str, needed: Requirement) -> None:
    lock = LOCKS.get(extra, "requirements.lock")
    name = re.escape(needed.name)
    pinned = re.search(rf"^{name}(?:\[[\w,-]+\])?==(\S+)", pins(lock), re.MULTILINE | re.IGNORECASE)
    assert pinned, f"{needed.name} is not in {lock}; run `make lock`"
    assert needed.specifier.contains(pinned.group(1), prereleases=True)


@pytest.mark.parametrize(
    ("lock", "at_least"), [("requirements.lock", 100), *((lock, 100) for lock in LOCKS.values()), (ALONE[1], 20)]
)
def test_every_pin_of_a_lock_carries_a_hash_and_none_an_address(lock: str, at_least: int) -> None:
    text = pins(lock)
    blocks = [b for b in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE) if "==" in b.split("\n", 1)[0]]
    assert len(blocks) > at_least
    assert [b.split("==", 1)[0] for b in blocks if "--hash=sha256:" not in b] == []
    assert "://" not in text
    assert "--index" not in text


def test_what_the_peer_that_lives_alone_needs_is_pinned_inside_its_bounds() -> None:
    asked, lock = ALONE
    for needed in map(Requirement, re.findall(r"^[^#\n]+", pins(asked), re.MULTILINE)):
        pinned = re.search(rf"^{re.escape(needed.name)}==(\S+)", pins(lock), re.MULTILINE)
        assert pinned, f"{needed.name} is not in {lock}; run `make lock`"
        assert needed.specifier.contains(pinned.group(1))


@pytest.mark.parametrize("lock", LOCKS.values())
def test_a_venv_of_its_own_holds_the_pins_of_the_project(lock: str) -> None:
    found = (
        dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", pins(one), re.MULTILINE)) for one in ("requirements.lock", lock)
    )
    project, own = found
    assert {name: own.get(name) for name in project} == project
