"""nextep people, backup and restore: exit codes, data on stdout, messages on stderr."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from samples import CATALOGUE

import config
from cli import main
from lists.entry import Entry
from store.open import open_store
from store.people import Person

LISTS = "user_id,anime_id,rating,watching_status,watched_episodes\n" + "".join(
    f"{user},{title},{title % 10 + 1},2,1\n" for user in (0, 3, 8) for title in range(1, 25)
)


def run(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _bare(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for info in config.Settings.model_fields.values():
        patch.delenv(str(info.alias), raising=False)
    patch.setenv("NEXTEP_VAR", str(folder / "var"))
    patch.setenv("NEXTEP_EMBEDDER", "lsa")
    patch.chdir(folder)


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A folder with Kaggle's lists and no index."""
    _bare(monkeypatch, tmp_path)
    (tmp_path / "kaggle").mkdir()
    (tmp_path / "kaggle" / "animelist.csv").write_text(LISTS)
    return tmp_path


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """A folder with an index of the tests' catalogue."""
    folder = tmp_path_factory.mktemp("indexed")
    lines = [
        json.dumps((title if copy == 0 else title.replace(id=title.id + 100 * copy, series=None, aliases=(), titles={"en": f"{title.name()} {'xy'[copy - 1]}"})).to_dict())
        for copy in range(3)
        for title in CATALOGUE
    ]  # fmt: skip
    (folder / "tiny.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        _bare(patch, folder)
        result = run("index", "--source", "tiny.jsonl")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def catalogue(monkeypatch, indexed):
    _bare(monkeypatch, indexed)
    (indexed / "var" / "nextep.sqlite3").unlink(missing_ok=True)
    return indexed


def create(folder: Path, *entries: Entry) -> None:
    store = open_store(f"sqlite:///{folder / 'var' / 'nextep.sqlite3'}")
    store.people.create(Person("ada", "own", {"en": "Ada"}), entries)
    store.engine.dispose()


def people_of(folder: Path) -> dict[str, list[Entry]]:
    store = open_store(f"sqlite:///{folder / 'var' / 'nextep.sqlite3'}")
    found = {person.id: store.lists.entries(person.id) for person in store.people.all()}
    store.engine.dispose()
    return found


# -- people of Kaggle's lists --------------------------------------------------------------------------------------------


def test_people_of_kaggles_lists_can_be_named_and_come_once(here):
    result = run("people", "import", "--source", "kaggle", "--users", "3, 0")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "kaggle-3\tadded\t24\nkaggle-0\tadded\t24\n"
    again = run("people", "import", "--source", "kaggle", "--users", "0,8")
    assert again.stdout == "kaggle-0\tthere\t24\nkaggle-8\tadded\t24\n"
    assert "--replace" in again.stderr
    assert [(e.title_id, e.status, e.score) for e in people_of(here)["kaggle-0"]][:2] == [
        (1, "completed", 2),
        (2, "completed", 3),
    ]
    (here / "kaggle" / "animelist.csv").write_text(LISTS.replace("0,1,2,2,1\n", "0,1,2,77,1\n", 1))
    replaced = run("people", "import", "--source", "kaggle", "--users", "0", "--replace")
    assert replaced.stdout == "kaggle-0\treplaced\t23\n"
    assert "the status '77' is unknown" in replaced.stderr


def test_people_are_drawn_where_none_are_named(here):
    one = run("people", "import", "--source", "kaggle", "--sample", "2", "--json")
    assert one.exit_code == 0
    told = json.loads(one.stdout)["people"]
    assert [person["state"] for person in told] == ["added", "added"]
    drawn = run("people", "import", "--source", "kaggle")
    assert drawn.exit_code == 0
    assert "has 3 people with 20 entries or more; 20 were asked for" in drawn.stderr
    assert len(people_of(here)) == 3


def test_a_user_who_is_not_there_fails_by_name_after_the_others_came(here):
    result = run("people", "import", "--source", "kaggle", "--users", "0,99")
    assert result.exit_code == 1
    assert result.stdout == "kaggle-0\tadded\t24\n"
    assert "Not in kaggle: 99." in result.stderr
    missing = run("people", "import", "--source", "nowhere", "--users", "0")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "nowhere: there is no such file or folder" in missing.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--person", "ada"),
        ("a.xml",),
        ("a.xml", "--source", "kaggle"),
        ("--source", "kaggle", "--person", "ada"),
        ("--source", "kaggle", "--users", "1", "--sample", "2"),
        ("a.xml", "--person", "ada", "--users", "1"),
        ("--source", "kaggle", "--sample", "0"),
    ],
)
def test_wrong_usage_of_import_exits_with_2(here, arguments):
    result = run("people", "import", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_people_are_listed_and_deleted(here):
    run("people", "import", "--source", "kaggle", "--users", "0,3")
    assert run("people", "list").stdout == "kaggle-0\timported\t24\tUser 0\nkaggle-3\timported\t24\tUser 3\n"
    assert json.loads(run("people", "list", "--json", "--kind", "own").stdout) == []
    assert run("people", "delete", "kaggle-0").exit_code == 0
    gone = run("people", "delete", "kaggle-0")
    assert (gone.exit_code, gone.stderr) == (1, "There is no person 'kaggle-0'.\n")
    assert [row["id"] for row in json.loads(run("people", "list", "--json").stdout)] == ["kaggle-3"]


# -- lists ---------------------------------------------------------------------------------------------------------------


def test_a_list_is_matched_with_the_catalogue_and_the_report_says_what_was_not(catalogue):
    create(catalogue)
    (catalogue / "list.csv").write_text(
        "id,title,status,score\n1,,completed,9\n,카우보이 비밥,watching,\n,Toradora!,on hold,7\n9999,Far away,dropped,2\n"
        ",Nobody knows,dropped,\n6,,enjoying,\n"
    )
    result = run("people", "import", "list.csv", "--person", "ada")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "CSV: 2 titles found (1 by name)." in result.stderr
    assert "Not in the catalogue, kept: Far away (9999)" in result.stderr
    assert "Not found: entry 5, Nobody knows" in result.stderr
    assert "the status 'enjoying' is unknown" in result.stderr
    assert "(카우보이 비밥): the title is in the file already" in result.stderr
    assert "Added 3, changed 0, removed 0, left 0 as they were." in result.stderr
    assert [(e.title_id, e.status) for e in people_of(catalogue)["ada"]] == [
        (1, "completed"),
        (3, "on_hold"),
        (9999, "dropped"),
    ]
    again = json.loads(run("people", "import", "list.csv", "--person", "ada", "--json").stdout)
    assert again["list"] == {"added": 0, "changed": 0, "same": 3, "removed": 0}
    assert again["unmatched"] == [{"place": 5, "name": "Nobody knows"}]


@pytest.mark.parametrize("name", ["out.xml", "out.xml.gz", "out.json", "out.csv"])
def test_an_exported_list_comes_back_as_it_was(catalogue, name):
    create(catalogue, Entry(3, "dropped", 2, 4, order=0), Entry(1, "completed", 9, 26, 1, order=1))
    before = people_of(catalogue)["ada"]
    assert run("people", "export", name, "--person", "ada").output == ""
    written = (catalogue / name).read_bytes()
    assert b"Cowboy Bebop" in (gzip.decompress(written) if name.endswith(".gz") else written)
    store = open_store(f"sqlite:///{catalogue / 'var' / 'nextep.sqlite3'}")
    store.people.create(Person("ben", "own", {"en": "Ben"}))
    store.engine.dispose()
    assert run("people", "import", name, "--person", "ben").exit_code == 0
    assert people_of(catalogue)["ben"] == before


def test_an_export_goes_to_stdout_and_everything_is_json(catalogue):
    create(catalogue, Entry(1, "completed", 9))
    result = run("people", "export", "-", "--format", "csv", "--person", "ada")
    assert result.stdout.splitlines()[1].startswith("1,Cowboy Bebop,completed,9,")
    told = json.loads(run("people", "export", "-", "--everything", "--person", "ada").stdout)
    assert (told["id"], told["entries"][0]["id"]) == ("ada", 1)
    assert run("people", "export", "list.txt", "--person", "ada").exit_code == 2
    nobody = run("people", "export", "x.csv", "--person", "nobody")
    assert (nobody.exit_code, nobody.stderr) == (1, "There is no person 'nobody'.\n")


def test_without_an_index_ids_are_taken_and_that_is_said(here):
    create(here)
    (here / "list.csv").write_text("id,title,status\n1,A,completed\n,B,completed\n")
    result = run("people", "import", "list.csv", "--person", "ada")
    assert result.exit_code == 0
    assert "There is no index" in result.stderr
    assert "Not found: entry 2, B" in result.stderr
    assert [entry.title_id for entry in people_of(here)["ada"]] == [1]


@pytest.mark.parametrize(
    ("data", "person", "told"),
    [
        (b"<myanimelist>", "ada", "The XML is broken"),
        (b"hello", "ada", "no column id or title"),
        (b"id,status\n1,1\n", "nobody", "There is no person 'nobody'."),
        (None, "ada", "list.csv"),
    ],
)
def test_a_list_that_can_not_be_imported_fails_with_the_reason(here, data, person, told):
    create(here)
    if data is not None:
        (here / "list.csv").write_bytes(data)
    result = run("people", "import", "list.csv", "--person", person)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert people_of(here)["ada"] == []


# -- backup --------------------------------------------------------------------------------------------------------------


def test_a_backup_is_restored_by_force_only_where_something_is(here):
    create(here, Entry(1, "completed", 9))
    made = run("backup", "all.zip")
    assert (made.exit_code, made.stdout) == (0, "")
    assert "1 people, 1 entries" in made.stderr
    run("people", "import", "--source", "kaggle", "--users", "0")
    refused = run("restore", "all.zip")
    assert refused.exit_code == 1
    assert "The database holds" in refused.stderr
    assert set(people_of(here)) == {"ada", "kaggle-0"}
    forced = run("restore", "all.zip", "--force")
    assert forced.exit_code == 0, forced.output
    assert set(people_of(here)) == {"ada"}


def test_what_can_not_be_restored_fails_with_the_reason(here):
    (here / "text.zip").write_text("no zip")
    assert "damaged or no backup" in run("restore", "text.zip").stderr
    missing = run("restore", "nowhere.zip")
    assert (missing.exit_code, missing.stderr) == (1, "nowhere.zip: there is no such file.\n")


def test_a_database_that_does_not_answer_is_said(here, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = run("people", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith("The database does not answer")
    assert "Traceback" not in result.stderr
