"""Every setting is read from the environment and `.env`, and a bad value names itself and what is allowed."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import config
from config import Settings, SettingsError

FIELDS = Settings.model_fields
# What each setting may hold, as it is written, and what it becomes.
VALUES = {
    "NEXTEP_ENV": ("production", "production"),
    "NEXTEP_VAR": ("/tmp/some where", Path("/tmp/some where")),
    "NEXTEP_HOST": ("0.0.0.0", "0.0.0.0"),
    "NEXTEP_PORT": ("9000", 9000),
    "NEXTEP_WORKERS": ("3", 3),
    "NEXTEP_THREADS": ("4", 4),
    "NEXTEP_EMBEDDER": ("lsa", "lsa"),
    "NEXTEP_EMBEDDER_REVISION": ("abc123", "abc123"),
    "NEXTEP_TRUST_REMOTE_CODE": ("1", True),
    "NEXTEP_RATE_LIMIT": ("0", 0),
    "NEXTEP_ADULT": ("1", True),
    "NEXTEP_IMAGES": ("1", True),
    "NEXTEP_POSTERS": ("posters", Path("posters")),
    "NEXTEP_TODAY": ("2020-05-01", datetime.date(2020, 5, 1)),
    "NEXTEP_SECRET_KEY": ("s3cret", "s3cret"),
    "NEXTEP_API_TOKENS": ("one, two", "one, two"),
    "NEXTEP_ADMIN_TOKEN": ("t0ken", "t0ken"),
    "NEXTEP_PROXIES": ("2", 2),
    "NEXTEP_HOSTS": ("a.example, b.example,", ("a.example", "b.example")),
    "NEXTEP_MODEL_DIR": ("models", Path("models")),
    "ELASTICSEARCH_URL": ("http://a:9200,http://b:9200", ("http://a:9200", "http://b:9200")),
    "ELASTICSEARCH_API_KEY": ("a2V5", "a2V5"),
    "ELASTICSEARCH_USERNAME": ("elastic", "elastic"),
    "ELASTICSEARCH_PASSWORD": ("pw", "pw"),
    "ELASTICSEARCH_CA_CERTS": ("ca.pem", Path("ca.pem")),
    "NEXTEP_INDEX": ("anime", "anime"),
    "NEXTEP_ES_TIMEOUT": ("0.5", 0.5),
    "NEXTEP_ES_RETRIES": ("3", 3),
    "NEXTEP_ES_BREAKER_FAILURES": ("3", 3),
    "NEXTEP_ES_BREAKER_SECONDS": ("10", 10.0),
    "DATABASE_URL": ("postgresql://u:p@h/d", "postgresql://u:p@h/d"),
}


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for alias in {*VALUES, *(info.alias for info in FIELDS.values())}:
        monkeypatch.delenv(alias, raising=False)
    monkeypatch.chdir(tmp_path)


def field_of(alias: str) -> str:
    return next(name for name, info in FIELDS.items() if info.alias == alias)


def value_of(settings: Settings, alias: str) -> object:
    value = getattr(settings, field_of(alias))
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def test_every_setting_is_tried_here():
    assert {info.alias for info in FIELDS.values()} == set(VALUES)


def test_every_setting_has_a_default_and_a_help_that_ends_as_a_sentence():
    config.load()
    for info in FIELDS.values():
        assert info.description
        assert info.description.endswith(".")


@pytest.mark.parametrize("alias", VALUES)
def test_a_setting_is_read_from_the_environment(alias, monkeypatch):
    written, read = VALUES[alias]
    monkeypatch.setenv(alias, written)
    assert value_of(config.load(), alias) == read


@pytest.mark.parametrize("alias", VALUES)
def test_a_setting_is_read_from_the_file(alias, tmp_path):
    written, read = VALUES[alias]
    (tmp_path / ".env").write_text(f"# a comment\n{alias}={written}\n", encoding="utf-8")
    assert value_of(config.load(), alias) == read


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("NEXTEP_PORT=1111\n", encoding="utf-8")
    monkeypatch.setenv("NEXTEP_PORT", "2222")
    assert config.load().port == 2222


def test_what_is_not_ours_in_the_file_is_left_alone(tmp_path):
    (tmp_path / ".env").write_text("SOMETHING_ELSE=1\n", encoding="utf-8")
    config.load()


@pytest.mark.parametrize("alias", VALUES)
def test_a_blank_value_is_none_given(alias, monkeypatch, tmp_path):
    default = value_of(config.load(), alias)
    (tmp_path / ".env").write_text(f"{alias}=\n", encoding="utf-8")
    assert value_of(config.load(), alias) == default
    monkeypatch.setenv(alias, "")
    assert value_of(config.load(), alias) == default


@pytest.mark.parametrize(
    ("alias", "written", "allowed"),
    [
        ("NEXTEP_ENV", "staging", "'development' or 'production'"),
        ("NEXTEP_PORT", "eighty", "valid integer"),
        ("NEXTEP_PORT", "0", "greater than or equal to 1"),
        ("NEXTEP_PORT", "65536", "less than or equal to 65535"),
        ("NEXTEP_WORKERS", "0", "greater than or equal to 1"),
        ("NEXTEP_THREADS", "1000", "less than or equal to 128"),
        ("NEXTEP_RATE_LIMIT", "-1", "greater than or equal to 0"),
        ("NEXTEP_ADULT", "maybe", "valid boolean"),
        ("NEXTEP_TRUST_REMOTE_CODE", "2", "valid boolean"),
        ("NEXTEP_TODAY", "01/05/2020", "valid date"),
        ("NEXTEP_PROXIES", "-1", "greater than or equal to 0"),
        ("NEXTEP_INDEX", "Upper Case", "match pattern"),
        ("NEXTEP_ES_TIMEOUT", "0", "greater than 0"),
        ("NEXTEP_ES_RETRIES", "-1", "greater than or equal to 0"),
        ("NEXTEP_ES_BREAKER_FAILURES", "0", "greater than or equal to 1"),
        ("NEXTEP_ES_BREAKER_SECONDS", "long", "valid number"),
    ],
)
def test_a_bad_value_names_itself_and_what_is_allowed(alias, written, allowed, monkeypatch):
    monkeypatch.setenv(alias, written)
    with pytest.raises(SettingsError) as told:
        config.load()
    assert alias in str(told.value)
    assert repr(written) in str(told.value)
    assert allowed in str(told.value)
    assert FIELDS[field_of(alias)].description in str(told.value)


def test_every_bad_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("NEXTEP_PORT", "x")
    monkeypatch.setenv("NEXTEP_ENV", "y")
    with pytest.raises(SettingsError) as told:
        config.load()
    assert "NEXTEP_PORT='x'" in str(told.value)
    assert "NEXTEP_ENV='y'" in str(told.value)


def test_secrets_are_not_printed(monkeypatch):
    monkeypatch.setenv("NEXTEP_SECRET_KEY", "hush-hush")
    monkeypatch.setenv("ELASTICSEARCH_PASSWORD", "hush-hush")
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "hush-hush")
    settings = config.load()
    assert "hush-hush" not in repr(settings)
    assert "hush-hush" not in str(settings)


def test_settings_do_not_change_once_read():
    with pytest.raises(ValueError, match="frozen"):
        config.load().port = 1


def test_places_follow_from_the_folder_of_everything_generated(monkeypatch, tmp_path):
    monkeypatch.setenv("NEXTEP_VAR", str(tmp_path / "v"))
    settings = config.load()
    assert settings.index_dir == tmp_path / "v" / "index"
    assert settings.vectors_dir == tmp_path / "v" / "vectors"
    assert settings.sqlalchemy_url == f"sqlite:///{tmp_path / 'v' / 'nextep.sqlite3'}"
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/d")
    assert config.load().sqlalchemy_url == "postgresql://h/d"


def test_the_date_is_the_set_one_or_the_real_one(monkeypatch):
    assert config.load().date == datetime.date.today()
    monkeypatch.setenv("NEXTEP_TODAY", "2020-05-01")
    assert config.load().date == datetime.date(2020, 5, 1)


def test_arguments_given_by_name_win(monkeypatch):
    monkeypatch.setenv("NEXTEP_PORT", "2222")
    assert config.load(port=3333).port == 3333
