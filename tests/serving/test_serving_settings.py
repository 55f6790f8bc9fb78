from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.settings import Settings, is_loopback

GOOD = "a-long-enough-secret"


def test_by_default_only_this_machine_is_served_from_the_simulated_company():
    settings = Settings()
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8000, Path(".takt/simulated"))
    assert settings.store == f"sqlite:///{Path('.takt/simulated/store.db')}"
    assert settings.champion == Path(".takt/simulated/champion")


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TAKT_HOME", str(tmp_path))
    monkeypatch.setenv("TAKT_PORT", "8080")
    monkeypatch.setenv("TAKT_STORE_URL", "postgresql+psycopg://db/takt")
    settings = Settings()
    assert (settings.home, settings.port, settings.store) == (tmp_path, 8080, "postgresql+psycopg://db/takt")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "takt.example"])
def test_a_host_others_can_reach_is_refused_without_a_secret(host):
    with pytest.raises(ValidationError, match=r"can be reached from other machines.*Set TAKT_SECRET to 16 or more"):
        Settings(host=host)
    assert Settings(host=host, secret=GOOD).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_secret(host):
    assert is_loopback(host)
    assert Settings(host=host).host == host


def test_a_short_secret_is_refused_and_never_repeated_in_the_message():
    with pytest.raises(ValidationError, match="TAKT_SECRET has 8 characters; expected at least 16") as refused:
        Settings(secret="hunter22")
    assert "hunter22" not in str(refused.value)


def test_secrets_are_not_shown_when_settings_are_printed():
    shown = repr(Settings(secret=GOOD, store_url="postgresql://u:pw-in-url@db/takt"))
    assert GOOD not in shown
    assert "pw-in-url" not in shown
