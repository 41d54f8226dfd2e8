"""`nextep es` makes keys that do their job, tells the state of a cluster, and takes a search apart on either engine."""

from __future__ import annotations

import json
import stat

import pytest
from click.testing import CliRunner
from elastic_server import NAMES, need_server, settings
from samples import CATALOGUE, encoder, fill

import config
from cli import main
from search.elastic import ElasticEngine
from search.elastic.client import connect
from search.embedded import EmbeddedEngine
from search.explain import explain
from search.results import QueryError
from search.service import SearchService

PLOT = "a surgeon saves a boy who grows up to be a killer"


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for info in config.Settings.model_fields.values():
        monkeypatch.delenv(str(info.alias), raising=False)
    monkeypatch.chdir(tmp_path)


def run(*words: str, **environment: str):
    return CliRunner().invoke(main, ["es", *words], env=environment)


# -- without a server ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["setup", "status"])
def test_without_an_address_the_setting_is_named(command):
    done = run(command)
    assert done.exit_code == 1
    assert "Set ELASTICSEARCH_URL" in done.stderr


def test_a_server_that_does_not_answer_is_an_error_and_not_a_stack_trace():
    done = run("status", ELASTICSEARCH_URL="http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "Nothing answers" in done.stderr


def test_a_wrong_address_is_an_error_that_names_the_setting():
    done = run("status", ELASTICSEARCH_URL="localhost")
    assert done.exit_code == 1
    assert "ELASTICSEARCH_URL" in done.stderr


def test_if_missing_needs_both_files():
    done = run("setup", "--if-missing", "--search-file", "x", ELASTICSEARCH_URL="http://127.0.0.1:1")
    assert done.exit_code == 2
    assert "--index-file" in done.stderr


@pytest.fixture
def service(tmp_path):
    engine = EmbeddedEngine(tmp_path / "index")
    fill(engine, CATALOGUE)
    return SearchService(engine, encoder())


def test_an_explanation_holds_every_leg_with_ranks_and_scores(service):
    told = explain(service, PLOT, limit=3)
    assert told.resolution == "meaning"
    assert set(told.legs) == {"words", "document:text", "passage:text"}
    for hits in told.legs.values():
        assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
        assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
        assert len(hits) <= 3
    best = told.fused[0]
    assert best["id"] == next(item.title.id for item in service.search(PLOT).groups[0].items)
    assert best["legs"]["words"]["rank"] >= 1
    assert told.evidence >= told.floor
    assert json.loads(json.dumps(told.to_dict()))["fused"][0]["title"] == best["title"]


def test_an_explanation_of_nonsense_says_that_it_is_below_the_floor(service):
    text = explain(service, "qqqq wwww zzzz").text()
    assert "is below the floor" in text
    assert "nothing" in text


def test_words_that_are_filters_are_shown_as_filters(service):
    told = explain(service, "drama without comedy before 2010")
    assert told.filters["year_to"] == 2009
    assert told.filters["without_genre"] == ["Comedy"]


def test_an_empty_query_is_refused(service):
    with pytest.raises(QueryError):
        explain(service, " ")


# -- a real server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def server():
    return {**need_server(), "NEXTEP_INDEX": "nextep-commands"}


@pytest.fixture
def indexed(server):
    """Return the server with an index of the tiny catalogue behind the alias."""
    engine = ElasticEngine(connect(settings(server, es_timeout=20), guard=False), "nextep-commands")
    fill(engine, CATALOGUE)
    yield server
    names = engine.connection.do(lambda write: write.indices.get_alias(index="nextep-commands-*").body)
    for name in names:
        engine.connection.do(lambda write, name=name: write.indices.delete(index=name))
    engine.close()


@pytest.mark.elasticsearch
def test_setup_prints_two_keys_that_can_be_pasted_and_sign_in(server):
    done = run("setup", "--expires", "1h", "--withdraw", **server)
    assert done.exit_code == 0, done.stderr
    lines = [line.removeprefix("# ") for line in done.stdout.splitlines() if "ELASTICSEARCH_API_KEY=" in line]
    assert len(lines) == 2
    for line in lines:
        signed_in = settings(
            {"ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"], "ELASTICSEARCH_API_KEY": line.split("=", 1)[1]}
        )
        connection = connect(signed_in, guard=False)
        assert connection.do(lambda write: write.security.authenticate())["authentication_type"] == "api_key"
        connection.close()
    again = run("setup", "--expires", "1h", **server)
    assert "2 older keys still work" in again.stderr


@pytest.mark.elasticsearch
def test_setup_writes_files_that_only_this_account_reads_and_keeps_keys_that_work(server, tmp_path):
    files = tmp_path / "s" / "key", tmp_path / "i" / "key"
    words = ("setup", "--if-missing", "--expires", "1h", "--search-file", str(files[0]), "--index-file", str(files[1]))
    done = run(*words, **server)
    assert done.exit_code == 0, done.stderr
    assert "ELASTICSEARCH_API_KEY" not in done.stdout
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    first = files[0].read_text()
    assert "nothing to do" in run(*words, **server).stderr
    assert files[0].read_text() == first
    files[1].write_text("d3Jvbmc6a2V5")
    assert run(*words, **server).exit_code == 0
    assert files[0].read_text() != first


@pytest.mark.elasticsearch
def test_status_tells_the_index_its_model_and_what_is_wrong(indexed):
    done = run("status", "--json", **indexed)
    assert done.exit_code == 1, "a superuser is something wrong"
    told = json.loads(done.stdout)
    serving = next(index for index in told["indices"] if index["name"] == told["serving"])
    assert serving["documents"] == len(CATALOGUE)
    assert serving["bytes"] > 0
    assert any("word-hash" in model for model in serving["models"])
    assert serving["aliases"] == ["nextep-commands"]
    assert serving["health"] == "green"
    assert told["analysers"] == {"nori": True, "kuromoji": True}
    assert [problem for problem in told["problems"] if "superuser" in problem] == told["problems"]
    assert f"-> {told['serving']} (alias nextep-commands)" in run("status", **indexed).stdout


@pytest.mark.elasticsearch
def test_status_with_the_search_key_tells_what_it_may_see_and_names_the_rest(indexed, tmp_path):
    key = tmp_path / "key"
    run("setup", "--expires", "1h", "--search-file", str(key), **indexed)
    only = {name: value for name, value in indexed.items() if name not in NAMES or name == "ELASTICSEARCH_URL"}
    done = run("status", "--json", **only, ELASTICSEARCH_API_KEY=key.read_text().strip())
    assert done.exit_code == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["indices"][0]["documents"] == len(CATALOGUE)
    assert told["analysers"] == {"nori": True, "kuromoji": True}
    assert {"health", "licence", "disk", "sizes"} <= set(told["hidden"])
    assert told["problems"] == []


@pytest.mark.elasticsearch
def test_an_index_that_a_full_disk_locked_is_told(indexed):
    connection = connect(settings(indexed, es_timeout=20), guard=False)
    lock = {"index.blocks.read_only_allow_delete": True}
    connection.do(lambda write: write.indices.put_settings(index="nextep-commands", settings=lock))
    told = run("status", **indexed).stdout
    lock["index.blocks.read_only_allow_delete"] = None
    connection.do(lambda write: write.indices.put_settings(index="nextep-commands", settings=lock))
    connection.close()
    assert "is read-only: the disk was full" in told
