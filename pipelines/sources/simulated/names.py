"""Invented names of companies and people, and ids; any likeness to real ones is chance."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from pipelines.sources.simulated.draws import Ints, Rng

_STEMS: Final = (
    "Alder", "Amber", "Arbor", "Aven", "Bering", "Birken", "Brenner", "Calder", "Caro", "Dahl", "Dover", "Eider",
    "Elm", "Falken", "Fjord", "Garda", "Glen", "Halden", "Haver", "Holm", "Iber", "Jura", "Kestrel", "Kolm",
    "Lark", "Linden", "Lumen", "Marl", "Mistral", "Nieder", "Nord", "Ober", "Olm", "Orsa", "Pfeil", "Quell",
    "Rhône", "Ryde", "Salz", "Sauer", "Sierra", "Skår", "Solm", "Steen", "Tarn", "Thor", "Ulme", "Vesper",
    "Wald", "Weser", "Whit", "Ysel", "Zell", "Åre", "Östra",
)  # fmt: skip
_ENDINGS: Final = ("berg", "mark", "field", "haus", "land", "vik", "ton", "wald", "au", "mont", "dal", "stein")
_TRADES: Final = (
    ("Foods", "Dairy", "Mills", "Brewing"),
    ("Pharma", "Biologics", "Therapeutics", "Labs"),
    ("Chemicals", "Coatings", "Polymers", "Solvents"),
    ("Waterworks", "Utilities", "Water", "Networks"),
    ("University", "Institute", "Technical College", "Academy"),
    ("Logistics", "Freight", "Warehousing", "Transport"),
)
_FORMS: Final = ("GmbH", "AB", "Ltd", "S.L.", "Inc.")
"""By region."""
_FIRST: Final = (
    "Aisha", "Åsa", "Björn", "Carmen", "Chloé", "Dana", "David", "Elif", "Emeka", "Fatima", "Freya", "Giulia",
    "Grace", "Hanna", "Henrik", "Ines", "Jakub", "Jonas", "José", "Katrin", "Kenji", "Lars", "Leïla", "Luca",
    "Mara", "Marta", "Mei", "Nadia", "Noah", "Oleg", "Oskar", "Priya", "Rafael", "Rosa", "Sven", "Tomás",
    "Ulrike", "Yusuf", "Zoë", "Wiktor",
)  # fmt: skip
_LAST: Final = (
    "Adeyemi", "Andersson", "Baker", "Bauer", "Berg", "Braun", "Costa", "Demir", "Dubois", "Eriksen", "Fischer",
    "García", "Hughes", "Iglesias", "Ito", "Jensen", "Kaya", "Keller", "Kowalski", "Lindqvist", "Marino",
    "Meyer", "Moreau", "Müller", "Navarro", "Novák", "O'Brien", "Okafor", "Patel", "Petrov", "Quinn", "Richter",
    "Rossi", "Schäfer", "Silva", "Suzuki", "Taylor", "Vogel", "Walsh", "Zhang",
)  # fmt: skip


def ids(letter: str, numbers: Ints, digits: int) -> Any:
    """Return ids such as P000017, as text."""
    return np.char.mod(f"{letter}%0{digits}d", numbers).astype(object)


def firms(rng: Rng, industry: Ints, region: Ints) -> Any:
    """Return a name for each company: stem, ending, trade and legal form."""
    size = len(industry)
    trades = np.array(_TRADES, dtype=object)
    stem = _drawn(rng, _STEMS, size) + _drawn(rng, _ENDINGS, size)
    trade = trades[industry, rng.integers(0, trades.shape[1], size)]
    return stem + " " + trade + " " + np.array(_FORMS, dtype=object)[region]


def people(rng: Rng, size: int) -> Any:
    """Return a first and a last name for each person."""
    return _drawn(rng, _FIRST, size) + " " + _drawn(rng, _LAST, size)


def _drawn(rng: Rng, words: tuple[str, ...], size: int) -> Any:
    return np.array(words, dtype=object)[rng.integers(0, len(words), size)]
