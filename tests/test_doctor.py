"""The doctor says what is missing and how to mend it, and finds nothing wrong where nothing is."""

from __future__ import annotations

import shutil
import socket

import elastic_server
import pytest
from samples import CATALOGUE, WordHashEmbedder, fill

import config
import doctor
from doctor import Finding, examine
from indexer.build import Source, build_index
from indexer.report import Report
from search.elastic.client import connect
from search.elastic.rights import make_keys
from search.embedders import EmbedderUnavailable
from search.open import open_engine


def settings(tmp_path, **given) -> config.Settings:
    return config.load(**{"var": tmp_path / "var", "embedder": "lsa", "port": free_port(), **given})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def found(settings: config.Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings)}


def indexed(settings: config.Settings) -> None:
    settings.var.mkdir(parents=True, exist_ok=True)
    # Twenty texts are the least that LSA learns from.
    titles = [title.replace(id=title.id + 100 * copy, series=None) for copy in range(3) for title in CATALOGUE]
    build_index(titles, open_engine(settings), None, settings.var, Source("tiny"), Report())


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for info in config.Settings.model_fields.values():
        monkeypatch.delenv(str(info.alias), raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_fresh_machine_is_told_which_command_makes_the_index(tmp_path):
    told = found(settings(tmp_path))["index"]
    assert (told.status, told.mend) == ("wrong", "nextep index")


def test_everything_that_the_issue_names_is_examined(tmp_path):
    assert {"model", "engine", "index", "database", "port", "disk", "memory", "secret key"} == set(
        found(settings(tmp_path))
    )


def test_with_an_index_nothing_is_wrong(tmp_path):
    made = settings(tmp_path)
    indexed(made)
    told = found(made)
    assert not [finding for finding in told.values() if finding.status == "wrong"]
    assert "30 titles of 36 offered" in told["index"].detail


def test_a_model_that_does_not_load_is_told_with_what_mends_it(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise EmbedderUnavailable("nowhere/model is not here")

    monkeypatch.setattr("search.open.load_embedder", refuse)
    told = found(settings(tmp_path, embedder="nowhere/model"))["model"]
    assert (told.status, told.detail) == ("wrong", "nowhere/model is not here")
    assert "make install" in told.mend


def test_the_fallback_announces_itself(tmp_path):
    told = found(settings(tmp_path))["model"]
    assert told.status == "note"
    assert "LSA" in told.detail


def test_an_index_of_another_model_is_told_with_both_names(tmp_path, monkeypatch):
    class Newer(WordHashEmbedder):
        revision = "2"

    made = settings(tmp_path, embedder="word-hash")
    fill(open_engine(made))
    monkeypatch.setattr("search.open.load_embedder", lambda *_, **__: Newer())
    told = found(made)["index"]
    assert (told.status, told.mend) == ("wrong", "nextep index --rebuild")
    assert "word-hash (1, " in told.detail
    assert "word-hash (2, " in told.detail


def test_an_index_whose_fitted_model_is_gone_is_told_with_what_mends_it(tmp_path):
    made = settings(tmp_path)
    indexed(made)
    shutil.rmtree(made.var / "lsa")
    told = found(made)["index"]
    assert (told.status, told.mend) == ("wrong", "nextep index --rebuild")
    assert "LSA" in told.detail


def test_a_taken_port_is_noted_with_another_way(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = found(settings(tmp_path, port=port))["port"]
    assert told.status == "note"
    assert f"127.0.0.1:{port}" in told.detail
    assert "--port" in told.mend


def test_a_host_that_is_not_here_is_noted_and_not_an_error(tmp_path):
    assert found(settings(tmp_path, host="no-such-host.invalid"))["port"].status in ("note", "wrong")


def test_a_full_disk_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED_DISK", 10**18)
    told = found(settings(tmp_path))["disk"]
    assert told.status == "wrong"
    assert "GB free" in told.detail
    assert told.mend


def test_a_folder_that_can_not_be_written_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    told = found(settings(tmp_path))["disk"]
    assert told.status == "wrong"
    assert "NEXTEP_VAR" in told.mend


def test_too_little_memory_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED_MEMORY", 10**18)
    told = found(settings(tmp_path))["memory"]
    assert told.status == "wrong"
    assert told.mend


def test_a_database_that_does_not_answer_is_wrong_and_its_password_is_not_shown(tmp_path):
    port = free_port()
    url = f"postgresql://user:hush-hush@127.0.0.1:{port}/nextep"
    told = found(settings(tmp_path, database_url=url))["database"]
    assert told.status == "wrong"
    assert "DATABASE_URL" in told.mend
    assert "hush-hush" not in told.text()


@pytest.mark.parametrize("url", ["nonsense", "nosuchdialect://x/y"])
def test_a_database_address_that_means_nothing_is_wrong_and_not_a_crash(tmp_path, url):
    assert found(settings(tmp_path, database_url=url))["database"].status == "wrong"


@pytest.mark.parametrize(
    ("given", "status"),
    [({}, "ok"), ({"env": "production"}, "wrong"), ({"env": "production", "secret_key": "x" * 32}, "ok")],
)
def test_production_needs_a_secret_key(tmp_path, given, status):
    told = found(settings(tmp_path, **given))["secret key"]
    assert told.status == status
    assert (told.mend != "") == (status == "wrong")


def test_a_look_changes_nothing(tmp_path):
    made = settings(tmp_path)
    examine(made)
    assert not made.index_dir.exists()


def test_a_finding_is_a_line_and_a_dict():
    finding = Finding("index", "wrong", "none", "nextep index")
    assert finding.text() == "WRONG index: none\n      -> nextep index"
    assert finding.to_dict() == {"name": "index", "status": "wrong", "detail": "none", "mend": "nextep index"}


# -- Elasticsearch ------------------------------------------------------------------------------------------------------


def test_an_elasticsearch_that_does_not_answer_is_wrong_with_the_reason(tmp_path):
    told = found(settings(tmp_path, elasticsearch_url=f"http://127.0.0.1:{free_port()}"))["elasticsearch"]
    assert told.status == "wrong"
    assert "Nothing answers" in told.detail
    assert "docs/elasticsearch.md" in told.mend


def test_an_address_that_can_not_be_one_is_wrong_and_not_a_crash(tmp_path):
    told = found(settings(tmp_path, elasticsearch_url="localhost"))["elasticsearch"]
    assert (told.status, "ELASTICSEARCH_URL" in told.detail) == ("wrong", True)


def elastic(tmp_path, **given) -> dict[str, Finding]:
    server = {elastic_server.NAMES[name]: value for name, value in elastic_server.need_server().items()}
    made = settings(tmp_path, **{**server, "index_name": "nextep-doctor", "es_timeout": 10, **given})
    return found(made)


@pytest.mark.elasticsearch
def test_a_server_is_told_with_version_licence_analysers_and_disk(tmp_path):
    told = elastic(tmp_path)
    assert "version 9." in told["elasticsearch"].detail
    assert (told["licence"].status, told["licence"].detail) == ("ok", "basic")
    assert (told["analysers"].status, told["analysers"].detail) == ("ok", "nori, kuromoji")
    assert told["elasticsearch disk"].status == "ok"
    assert (told["index"].status, told["index"].mend) == ("wrong", "nextep index")


@pytest.mark.elasticsearch
def test_a_superuser_is_noted_and_wrong_in_production(tmp_path):
    for env, status in (("development", "note"), ("production", "wrong")):
        told = elastic(tmp_path, env=env, secret_key="x")["sign-in"]
        assert (told.status, told.mend) == (status, "nextep es setup")
        assert "superuser" in told.detail


@pytest.mark.elasticsearch
def test_a_wrong_password_is_wrong_and_not_shown(tmp_path):
    told = elastic(tmp_path, elasticsearch_password="hush-hush")["elasticsearch"]
    assert told.status == "wrong"
    assert "ELASTICSEARCH_PASSWORD" in told.detail
    assert "hush-hush" not in told.text()


@pytest.mark.elasticsearch
def test_the_search_key_is_enough_for_the_doctor(tmp_path):
    environment = elastic_server.need_server()
    admin = connect(elastic_server.settings(environment), guard=False)
    key = make_keys(admin, "nextep-doctor", expires="1h").search
    admin.close()
    only = {"elasticsearch_api_key": key, "elasticsearch_username": None, "elasticsearch_password": None}
    told = elastic(tmp_path, env="production", secret_key="x", **only)
    assert (told["sign-in"].status, told["sign-in"].detail) == ("ok", "the API key")
    assert told["elasticsearch"].status == "ok"
    assert told["licence"].detail == "not visible to this sign-in"
