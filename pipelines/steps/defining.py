"""The words in force in numbers, and a proposal against them, before anything takes effect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from features.errors import DefinitionsError
from features.facts import moves
from features.facts.definitions import Definitions, load
from features.facts.ledger import Facts
from features.time.cohort import cohort
from pipelines.home import Home
from pipelines.steps import moments, pulling

PROPOSED: Final = "definitions.proposed.yaml"
"""Where a proposal lies in the home; the daily run shows it on the page of definitions."""


@dataclass(frozen=True)
class Proposed:
    """A proposal against what is in force.

    Attributes
    ----------
    open_now, open_then : int
        Prospects in the day's cohort now, and under the proposal.
    """

    found: moves.Comparison
    open_now: int
    open_then: int


def compare(now: Definitions, file: Path, facts: Facts, as_of: pd.Timestamp) -> Proposed:
    """Answer what a proposed definitions.yaml would change.

    Parameters
    ----------
    facts : Facts
        Only what was visible at `as_of`.

    Raises
    ------
    DefinitionsError
        The file is absent, unreadable, breaks a rule, or a changed rule does not run; the text names the file by its
        name alone.
    """
    try:
        proposed = load(file)
    except DefinitionsError as error:
        raise DefinitionsError(str(error).replace(str(file), file.name)) from error
    found = moves.against(now, proposed, facts)
    open_now, open_then = (len(cohort(facts, as_of, definitions=said)) for said in (now, proposed))
    return Proposed(found, open_now, open_then)


def ask(home: Home, *, day: str | None = None, file: Path | None = None) -> tuple[pd.DataFrame, Proposed | None]:
    """Return the terms with their counts on a day, and a proposal against them if there is one.

    Parameters
    ----------
    day : str, optional
        YYYY-MM-DD, by default today or the day after the last fact.
    file : Path, optional
        The proposal; by default `PROPOSED` in the home, if it is there.
    """
    facts, _ = pulling.known(home)
    definitions = pulling.words(home)
    as_of = moments.as_of_for(day, facts, definitions)
    seen = facts.visible(as_of)
    place = file or home.path / PROPOSED
    terms = pulling.who_is_what(definitions, seen)
    if file is None and not place.exists():
        return terms, None
    return terms, compare(definitions, place, seen, as_of)
