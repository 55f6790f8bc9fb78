"""The words of the built-in sources run: every term's evidence is SQL that returns prospects of the source."""

from __future__ import annotations

import duckdb
import pytest

from features.facts.contract import empty
from features.facts.definitions import load
from features.facts.ledger import Facts
from features.facts.tables import TABLES
from pipelines.sources.folders import built_in, find


@pytest.mark.parametrize("name", built_in())
def test_the_evidence_of_every_term_runs_over_the_contract_tables(name):
    definitions = load(find(name).definitions)
    with duckdb.connect() as con:
        for table, frame in Facts.of({t: empty(t) for t in TABLES}).tables().items():
            con.register(table, frame)
        for word, term in definitions.terms.items():
            relation = con.sql(term.evidence)
            assert relation.columns == ["prospect_id"], word
            assert relation.fetchall() == []
