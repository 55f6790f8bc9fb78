"""Which day a list may be made for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from features.facts.definitions import Definitions, load
from features.facts.ledger import Facts
from features.time.asof import moment
from pipelines.sources.folders import find
from pipelines.sources.mapping import map_source
from pipelines.steps.moments import BadDay, as_of_for


@pytest.fixture(scope="module")
def facts(small_company: Path) -> Facts:
    """Facts that end on 30 June 2026, UTC."""
    return map_source(find("simulated"), small_company).facts()


@pytest.fixture(scope="module")
def words() -> Definitions:
    return load(find("simulated").definitions)


def ahead(days: int, words: Definitions) -> str:
    return str(dt.datetime.now(words.zone).date() + dt.timedelta(days=days))


def test_without_a_day_it_is_the_day_after_the_last_fact(facts: Facts, words: Definitions) -> None:
    # the last facts are recorded on 30 June in Berlin
    assert as_of_for(None, facts, words) == pd.Timestamp("2026-07-01", tz="Europe/Berlin")


def test_a_day_begins_at_midnight_where_the_company_is(facts: Facts, words: Definitions) -> None:
    assert str(as_of_for("2026-06-01", facts, words)) == "2026-05-31 22:00:00+00:00"


def test_tomorrow_may_be_asked_for_from_any_time_zone(facts: Facts, words: Definitions) -> None:
    """In Auckland tomorrow is already the day after tomorrow of a company in Berlin."""
    day = ahead(2, words)
    assert as_of_for(day, facts, words) == moment(dt.date.fromisoformat(day), words.zone)


def test_a_day_further_ahead_is_refused_because_its_list_would_hide_all_before_it(
    facts: Facts, words: Definitions
) -> None:
    # four days, so that midnight may pass between the two readings of the clock
    for day in (ahead(4, words), "2062-06-01"):
        with pytest.raises(BadDay, match=rf"{day} lies ahead, today is .*name tomorrow or earlier"):
            as_of_for(day, facts, words)


def test_a_day_before_the_first_prospect_is_refused(facts: Facts, words: Definitions) -> None:
    with pytest.raises(BadDay, match="nothing was known on 1999-01-01: the first prospect was recorded on 20"):
        as_of_for("1999-01-01", facts, words)


def test_no_facts_at_all_are_refused(words: Definitions) -> None:
    with pytest.raises(BadDay, match="no facts at all"):
        as_of_for(None, Facts.of({}), words)
