"""The nextep command: exit codes, data on stdout, messages on stderr, a whole run on a small catalogue."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from samples import CATALOGUE

import config
from cli import command_names, main

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def write(file: Path, titles) -> Path:
    file.write_text(
        "".join(json.dumps(title.to_dict(), ensure_ascii=False) + "\n" for title in titles), encoding="utf-8"
    )
    return file


# Twenty texts are the least that LSA learns from, so the tiny catalogue comes three times, under other names.
TITLES = [
    title if copy == 0 else title.replace(id=title.id + 100 * copy, series=None, aliases=(), titles={"en": f"{title.name()} {'xy'[copy - 1]}"})
    for copy in range(3)
    for title in CATALOGUE
]  # fmt: skip


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """A folder with the catalogue's file and the index of it."""
    folder = tmp_path_factory.mktemp("a folder with spaces")
    write(folder / "tiny.jsonl", TITLES)
    with pytest.MonkeyPatch.context() as patch:
        _bare(patch, folder)
        result = run("index", "--source", str(folder / "tiny.jsonl"))
    assert result.exit_code == 0, result.output
    return folder, result


def _bare(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for info in config.Settings.model_fields.values():
        patch.delenv(str(info.alias), raising=False)
    patch.setenv("NEXTEP_VAR", str(folder / "var"))
    patch.setenv("NEXTEP_EMBEDDER", "lsa")
    patch.chdir(folder)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    _bare(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def here(monkeypatch, indexed):
    _bare(monkeypatch, indexed[0])
    return indexed[0]


# -- help and wrong usage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *command_names()])
def test_every_command_has_a_help_that_is_a_sentence(nowhere, command):
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    told = result.stdout.split("Options:")[0].split("\n\n", 1)[1].strip()
    assert told.endswith((".", ":"))


def test_the_commands_of_the_contract_are_there():
    assert {"index", "serve", "search", "suggest", "show", "doctor", "evaluate search", "bench search"} <= set(
        command_names()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("search",),
        ("search", "titan", "--lang", "fr"),
        ("search", "titan", "--limit", "many"),
        ("show", "one"),
        ("index", "--only", "1,x"),
        ("index", "--no-such-option"),
        ("serve", "--port", "http"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_so_on_stderr(nowhere, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error" in result.stderr


def test_a_wrong_setting_exits_with_2_and_names_itself(nowhere, monkeypatch):
    monkeypatch.setenv("NEXTEP_PORT", "eighty")
    result = run("doctor")
    assert result.exit_code == 2
    assert "NEXTEP_PORT='eighty'" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("search", "titan"), ("suggest", "tit"), ("show", "1")])
def test_without_an_index_the_command_that_makes_one_is_told(nowhere, arguments):
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.strip() == "There is no index yet. Run: nextep index"
    assert result.stdout == ""


# -- index -----------------------------------------------------------------------------------------------------------------


def test_indexing_reports_on_stderr_and_prints_nothing_on_stdout(indexed):
    _, result = indexed
    assert result.stdout == ""
    assert "Read 36 rows" in result.stderr
    assert "Serving gen-" in result.stderr


def test_an_index_that_matches_is_not_built_again_unless_asked(here):
    again = run("index", "--source", "tiny.jsonl")
    assert again.exit_code == 0
    assert "Nothing has changed" in again.stderr
    rebuilt = run("index", "--source", "tiny.jsonl", "--rebuild", "--json")
    assert json.loads(rebuilt.stdout)["built"] is True


def test_if_missing_does_nothing_where_an_index_serves(here):
    result = run("index", "--if-missing")
    assert (result.exit_code, result.output) == (0, "")


def test_the_report_as_json_is_all_of_stdout(here):
    result = run("index", "--source", "tiny.jsonl", "--json")
    told = json.loads(result.stdout)
    assert told["built"] is False
    assert (told["read"], told["kept"]) == (36, 36)


def test_only_changes_the_titles_named_and_rollback_returns(nowhere):
    write(nowhere / "old.jsonl", TITLES)
    changed = [title.replace(titles={"en": f"New {title.name()}"}) for title in TITLES]
    write(nowhere / "new.jsonl", changed)
    assert run("index", "--source", "old.jsonl").exit_code == 0
    result = run("index", "--source", "new.jsonl", "--only", "3, 6")
    assert result.exit_code == 0, result.output
    assert json.loads(run("show", "3").stdout)["titles"]["en"] == "New Toradora!"
    assert json.loads(run("show", "6").stdout)["titles"]["en"] == "New Monster"
    assert json.loads(run("show", "10").stdout)["titles"]["en"] == "Dennou Coil"
    back = run("index", "--rollback")
    assert (back.exit_code, back.stdout) == (0, "")
    assert "again" in back.stderr
    assert json.loads(run("show", "3").stdout)["titles"]["en"] == "Toradora!"


def test_only_names_ids_that_the_source_does_not_have(here):
    result = run("index", "--source", "tiny.jsonl", "--only", "1,424242")
    assert result.exit_code == 1
    assert "424242" in result.stderr


def test_rollback_without_an_index_before_fails_with_a_reason(nowhere):
    result = run("index", "--rollback")
    assert result.exit_code == 1
    assert result.stderr.strip()


def test_a_source_that_is_not_there_fails_by_name(nowhere):
    result = run("index", "--source", "nowhere.jsonl")
    assert result.exit_code == 1
    assert "nowhere.jsonl" in result.stderr


def test_an_unreadable_row_is_reported_with_file_and_line_and_strict_stops_there(nowhere):
    file = write(nowhere / "tiny.jsonl", TITLES)
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[2] = '{"id": "not a number"'
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    strict = run("index", "--source", "tiny.jsonl", "--strict")
    assert strict.exit_code == 1
    assert "tiny.jsonl, line 3" in strict.stderr
    assert not (nowhere / "var" / "index").exists()
    lenient = run("index", "--source", "tiny.jsonl")
    assert lenient.exit_code == 0
    assert "tiny.jsonl, line 3" in lenient.stderr


def test_a_model_asked_for_by_name_must_load(nowhere):
    write(nowhere / "tiny.jsonl", TITLES)
    result = run("index", "--source", "tiny.jsonl", "--embedder", str(nowhere / "no-model"))
    assert result.exit_code == 1
    assert "no-model" in result.stderr
    assert not (nowhere / "var" / "index").exists()


# -- search, suggest, show -------------------------------------------------------------------------------------------------


def test_search_prints_works_on_stdout_and_how_it_resolved_on_stderr(here):
    result = run("search", "Cowboy Bebop")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == ["exact (1)", "  1\tCowboy Bebop\t1998"]
    assert result.stderr.startswith("exact (")


def test_search_says_what_it_corrected(here):
    assert "corrected to 'Dennou Coil'" in run("search", "denou coil").stderr


def test_search_speaks_korean_on_request(here):
    assert "  1\t카우보이 비밥\t1998" in run("search", "카우보이 비밥", "--lang", "ko").stdout.splitlines()


def test_search_as_json_is_what_the_api_answers(here):
    pytest.importorskip("webapp.api.shapes")
    result = run("search", "Cowboy Bebop", "--json")
    told = json.loads(result.stdout)
    assert {"query", "resolution", "corrected", "filters", "groups", "took_ms"} <= set(told)
    assert told["resolution"] == "exact"
    assert told["groups"][0]["name"] == "exact"
    assert told["groups"][0]["items"][0]["id"] == 1
    assert result.stderr == ""


def test_search_explains_each_leg(here):
    result = run("search", "bounty hunters chase criminals between the planets", "--explain")
    assert '"legs"' in result.stdout


def test_a_query_that_can_not_be_fails_with_the_reason(here):
    result = run("search", "  ")
    assert result.exit_code == 1
    assert "q is empty" in result.stderr


def test_suggest_prints_kind_id_and_text(here):
    result = run("suggest", "dennou coil")
    assert result.stdout.splitlines()[0] == "title\t10\tDennou Coil"
    assert result.stderr == ""


def test_show_prints_one_object_of_the_catalogue_file(here):
    # Series are inferred for a catalogue that does not name them.
    assert json.loads(run("show", "6").stdout) == {**CATALOGUE[5].to_dict(), "series": 6}


@pytest.mark.parametrize("id", ["424242", "8"])
def test_a_title_that_is_not_there_or_adult_can_not_be_shown(here, id):
    result = run("show", id)
    assert result.exit_code == 1
    assert result.stderr.strip() == f"There is no title {id}."


def test_doctor_exits_with_1_while_something_is_wrong(nowhere, indexed, monkeypatch):
    result = run("doctor")
    assert result.exit_code == 1
    assert "-> nextep index" in result.stdout
    monkeypatch.setenv("NEXTEP_VAR", str(indexed[0] / "var"))
    found = json.loads(run("doctor", "--json").stdout)
    assert {finding["name"]: finding["status"] for finding in found}["index"] == "ok"


# -- as a process ----------------------------------------------------------------------------------------------------------


def test_the_help_is_quick_and_imports_nothing_heavy(nowhere):
    code = (
        "import sys; sys.argv=['nextep','--help']\n"
        "import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'flask', 'sqlalchemy', 'sklearn', 'tantivy'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)  # fmt: skip
    assert result.stderr.strip() == "[]"


def test_the_command_works_from_another_folder(here):
    environment = {**os.environ, "PYTHONPATH": "", "NEXTEP_VAR": str(here / "var")}
    result = subprocess.run([sys.executable, str(ROOT / "cli.py"), "show", "1"], cwd=here, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["id"] == 1
    assert result.stderr == ""


def test_the_short_name_works_through_a_link_and_in_a_folder_with_a_space(tmp_path):
    bin = tmp_path / "a folder" / ".venv" / "bin"
    bin.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "nextep", bin / "nextep")
    (bin / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (bin / "python").chmod(0o755)
    (tmp_path / "nextep").symlink_to(bin / "nextep")
    told = subprocess.run([tmp_path / "nextep", "search", "two words"], capture_output=True, text=True, check=True)
    script, *arguments = told.stdout.splitlines()
    assert Path(script).resolve() == tmp_path / "a folder" / "cli.py"
    assert arguments == ["search", "two words"]
