from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from features.errors import SchemaMismatch
from serving.champion import Champions
from serving.errors import NoChampion


def test_the_champion_is_read_once_and_held(champion, settings):
    champions = Champions(settings.champion)
    assert champions.current() is champions.current()
    assert champions.current().bundle.fingerprint == champion.bundle.fingerprint


def test_a_promotion_is_noticed_at_the_next_request(champion, settings):
    champions = Champions(settings.champion)
    before = champions.current().bundle
    replace(champion, bundle=replace(champion.bundle, note="trained again")).promote(settings.champion)
    after = champions.current().bundle
    assert after.note == "trained again"
    assert after.fingerprint != before.fingerprint


def test_a_champion_taken_away_is_no_champion_even_if_it_was_held(champion, settings):
    champions = Champions(settings.champion)
    champions.current()
    shutil.rmtree(settings.champion)
    with pytest.raises(NoChampion, match="No model has been promoted to .*champion yet; run `takt train`"):
        champions.current()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("facts.json", "{", "facts.json is not readable"),
        ("definitions.json", "not json", "definitions.json is not JSON"),
        ("definitions.json", "{}", "thing\\(s\\) to correct"),
        ("bundle.json", "{}", "schema version None"),
    ],
)
def test_a_spoiled_folder_says_which_file_and_what_to_type(champion, settings, file, text, message):
    (settings.champion / file).write_text(text)
    with pytest.raises(NoChampion, match=f"(?s)cannot be read: .*{message}.*Run `takt train` again") as refused:
        Champions(settings.champion).current()
    assert str(settings.champion) in str(refused.value)


def test_a_missing_file_is_named(champion, settings):
    (settings.champion / "facts.json").unlink()
    with pytest.raises(NoChampion, match="facts.json"):
        Champions(settings.champion).current()


def test_a_bundle_of_other_features_is_refused_not_guessed_at(champion, settings):
    words = json.loads((settings.champion / "definitions.json").read_text())
    words["attributes"] = []
    (settings.champion / "definitions.json").write_text(json.dumps(words))
    with pytest.raises(SchemaMismatch, match="trained with catalogue .* this Takt declares"):
        Champions(settings.champion).current()
