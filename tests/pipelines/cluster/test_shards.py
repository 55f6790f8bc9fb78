"""A matrix built in shards of the lake is the matrix built at once, bit for bit, whatever the number of shards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.matrix import build
from features.time.cohort import snapshots, training_moments
from pipelines.cluster.dealing import deal
from pipelines.cluster.shards import Sharded
from pipelines.home import Home
from pipelines.sources.folders import find
from pipelines.steps import moments, pulling


@pytest.mark.parametrize("shards", [1, 7])
def test_shards_put_together_are_the_whole(small_company: Path, tmp_path: Path, shards: int) -> None:
    home = Home(tmp_path / "home")
    source = find("simulated")
    mapped = pulling.map_and_check(source, small_company, home)
    pulling.write(mapped, small_company, home, source="simulated", run_id="x")
    facts, note = pulling.known(home)
    words = pulling.words(home)
    as_of = moments.as_of_for(None, facts, words)
    seen = facts.visible(as_of)
    keys = snapshots(seen, training_moments(seen, as_of, definitions=words), definitions=words)
    whole = build(seen, keys, catalog(words))
    sharded = Sharded(home.lake.root, note.versions, as_of, lambda work, jobs: [work(job) for job in jobs], shards)
    parts = sharded.build(seen, keys, catalog(words))
    pd.testing.assert_frame_equal(whole.keys, parts.keys)
    pd.testing.assert_frame_equal(whole.values, parts.values, check_exact=True)
    for name in whole.values.select_dtypes("float32"):
        assert np.array_equal(
            whole.values[name].to_numpy().view(np.int32), parts.values[name].to_numpy().view(np.int32)
        )
    assert not list(home.path.rglob("_shards"))


def test_a_prospect_that_outweighs_a_fair_share_gets_a_shard_of_its_own() -> None:
    links = pd.DataFrame({"prospect_id": [f"p{i}" for i in range(40)], "account_id": [None] * 40}).astype("str")
    weights = pd.Series(1, index=links["prospect_id"]) + pd.Series({"p3": 1_000_000}).reindex(
        links["prospect_id"], fill_value=0
    )
    dealt = deal(links, weights, shards=4)
    assert dealt.alone == (4,)
    assert dealt.prospects[dealt.shard == 4].tolist() == ["p3"]
