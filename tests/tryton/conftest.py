"""A real Tryton for the tests of this folder; skipped, with the reason, where there is none to be had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import postgres
from tests.tryton.crm import NoTryton, prepared, running
from tests.tryton.filling import Company

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def tryton(postgres: object) -> object:
    """The server on which Tryton can be started; its packages and its database are made here if need be."""
    try:
        prepared(postgres)  # type: ignore[arg-type]
    except NoTryton as reason:
        pytest.skip(str(reason))
    return postgres


@pytest.fixture(scope="session")
def company(tryton: object) -> Iterator[Company]:
    """A company in a Tryton of its own, without leads."""
    with running(tryton) as crm:  # type: ignore[arg-type]
        yield Company.found(crm)
