"""Backup and restore: one file, one moment, all or nothing, on and between both databases."""

from __future__ import annotations

import json
import threading
import zipfile
from pathlib import Path

import pytest
from databases import BOTH, NOW, Clock, open_engine
from sqlalchemy import select

from store import database
from store.backup import BackupError, back_up, restore
from store.lists import Change, Entry
from store.open import make_store
from store.people import Person, Preferences
from store.profiles import Profile
from store.tables import Base

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "sample" / "people.jsonl"


@pytest.fixture(params=BOTH)
def engine(request, tmp_path):
    for made in open_engine(request.param, tmp_path):
        database.upgrade(made)
        yield made


@pytest.fixture(params=BOTH)
def other(request, tmp_path):
    """Another database, empty and without tables, of either kind."""
    yield from open_engine(request.param, tmp_path, "other")


def fill(engine):
    store = make_store(engine, Clock())
    store.people.ensure_samples(SAMPLES)
    store.people.create(Person("ada", "own", {"ko": "에이다", "en": "Ada 🎬"}, favourites=(1, 5)))
    store.people.set_preferences("ada", Preferences(frozenset({"dropped"}), 0.75, True))
    store.lists.put("ada", 1, Change("completed", score=9, started=None), token="t")
    store.lists.hide("ada", 2)
    store.events.record("shown", "ada", "v", 1, "top", "edlae", 3)
    store.events.record("opened", None, "v", 1)
    store.profiles.put("user", Profile((1, 2), (8.5, 3.0), 10, ("말 안 됨",)))
    store.searches.record("v", "진격의 거인\n", "key", "exact", 1)
    store.searches.record_opened("v", 7)
    return store


def contents(engine) -> dict[str, list[dict]]:
    with engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in Base.metadata.sorted_tables
        }


def rewrite(file: Path, change) -> Path:
    """Write the backup anew beside itself, with its members as `change` makes them ({name: bytes})."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    made = file.with_name("changed.zip")
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made


def manifest(**facts):
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **facts}).encode()

    return change


# -- there and back ------------------------------------------------------------------------------------------------------


def test_everything_comes_back_on_whichever_database(engine, other, tmp_path):
    fill(engine)
    made = back_up(engine, tmp_path / "all.zip", Clock())
    assert made.created == NOW.isoformat(timespec="seconds")
    assert (made.rows["people"], made.rows["events"], made.rows["opened"]) == (9, 2, 1)
    assert "9 people" in made.text()
    assert restore(other, tmp_path / "all.zip").rows == made.rows
    assert contents(other) == contents(engine)


def test_what_was_restored_goes_on_where_it_stood(engine, other, tmp_path):
    fill(engine)
    back_up(engine, tmp_path / "all.zip", Clock())
    restore(other, tmp_path / "all.zip")
    store = make_store(other, Clock())
    version = store.lists.version("ada")
    # Row numbers go on after the last one, tokens are still known.
    store.events.record("opened", "ada", "v", 1)
    store.searches.record("v", "Monster", "monster", "exact", 1)
    assert store.lists.put("ada", 1, Change("completed", score=9, started=None), token="t").changed
    assert store.lists.version("ada") == version
    assert store.lists.put("ada", 3, Change("watching")).changed
    assert store.lists.version("ada") > version


def test_a_backup_of_the_restored_is_the_same_backup(engine, other, tmp_path):
    fill(engine)
    back_up(engine, tmp_path / "one.zip", Clock())
    restore(other, tmp_path / "one.zip")
    back_up(other, tmp_path / "two.zip", Clock())
    with zipfile.ZipFile(tmp_path / "one.zip") as one, zipfile.ZipFile(tmp_path / "two.zip") as two:
        assert json.loads(one.read("manifest.json")) == json.loads(two.read("manifest.json"))


def test_a_backup_is_of_one_moment_while_the_site_writes_on(engine, other, tmp_path):
    store = fill(engine)
    store.lists.replace_all("ada", [Entry(100, "watching")])
    apart = store.lists.version("ada") - 100
    stop = threading.Event()
    failures = []

    def write() -> None:
        title = 100
        try:
            while not stop.is_set():
                title += 1
                # One transaction changes two tables: each time both title and version grow by one.
                store.lists.replace_all("ada", [Entry(title, "watching")])
        except Exception as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    try:
        for _ in range(5):
            back_up(engine, tmp_path / "all.zip", Clock())
            restore(other, tmp_path / "all.zip", force=True)
            lists = make_store(other).lists
            [entry] = lists.entries("ada")
            assert lists.version("ada") - entry.title_id == apart
            seen.add(entry.title_id)
    finally:
        stop.set()
        writer.join()
    assert not failures
    assert len(seen) > 1


# -- refused -------------------------------------------------------------------------------------------------------------


def test_what_a_database_holds_is_replaced_only_by_force(engine, tmp_path):
    fill(engine)
    back_up(engine, tmp_path / "all.zip", Clock())
    store = make_store(engine, Clock())
    store.people.create(Person("ben", "own", {"en": "Ben"}))
    before = contents(engine)
    with pytest.raises(BackupError, match=r"The database holds .*10 people.*--force"):
        restore(engine, tmp_path / "all.zip")
    assert contents(engine) == before
    restore(engine, tmp_path / "all.zip", force=True)
    assert store.people.get("ben") is None
    assert store.people.get("ada") is not None


def swap_score(members):
    members["entries.jsonl"] = members["entries.jsonl"].replace(b'"score":9', b'"score":1', 1)


def drop_row(members):
    members["entries.jsonl"] = members["entries.jsonl"].split(b"\n", 1)[1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda members: members.pop("manifest.json"), "manifest.json is missing"),
        (lambda members: members.update({"manifest.json": b"{"}), "manifest.json is broken"),
        (lambda members: members.update({"manifest.json": b"[]"}), "does not say nextep-backup"),
        (manifest(format="other"), "does not say nextep-backup"),
        (manifest(version=2), "version is 2; 1 can be read"),
        (manifest(revision="9999"), "'9999', which this Nextep does not know"),
        (manifest(tables={"passwords": {}}), "names tables that are not there"),
        (manifest(tables={"people": {}}), "without counts"),
        (lambda members: members.pop("entries.jsonl"), "entries.jsonl is missing"),
        (swap_score, "entries was changed after it was written"),
        (drop_row, r"entries has \d+ rows; the manifest says"),
    ],
)
def test_a_foreign_or_changed_file_is_refused_with_the_reason_and_changes_nothing(engine, tmp_path, change, told):
    fill(engine)
    back_up(engine, tmp_path / "all.zip", Clock())
    before = contents(engine)
    with pytest.raises(BackupError, match=told):
        restore(engine, rewrite(tmp_path / "all.zip", change), force=True)
    assert contents(engine) == before


def test_rows_that_no_table_holds_are_refused_though_their_sum_is_right(engine, tmp_path):
    import hashlib

    fill(engine)
    back_up(engine, tmp_path / "all.zip", Clock())
    before = contents(engine)

    def lie(column: str, value: object):
        def change(members: dict[str, bytes]) -> None:
            lines = members["entries.jsonl"].splitlines()
            row = json.loads(lines[-1])
            row[column] = value
            lines[-1] = json.dumps(row).encode()
            members["entries.jsonl"] = b"\n".join(lines) + b"\n"
            told = json.loads(members["manifest.json"])
            told["tables"]["entries"]["sha256"] = hashlib.sha256(members["entries.jsonl"]).hexdigest()
            members["manifest.json"] = json.dumps(told).encode()

        return change

    for column, value, told in (
        ("score", "nine", "score is 'nine'"),
        ("episodes", True, "episodes is True"),
        ("episodes", None, "episodes is missing"),
        ("updated", "yesterday", "(?i)isoformat"),
        ("password", "x", "no column 'password'"),
    ):
        with pytest.raises(BackupError, match=told):
            restore(engine, rewrite(tmp_path / "all.zip", lie(column, value)), force=True)
        assert contents(engine) == before


def test_no_file_and_a_file_of_something_else_are_told_apart(engine, tmp_path):
    with pytest.raises(BackupError, match="there is no such file"):
        restore(engine, tmp_path / "nowhere.zip")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(BackupError, match="damaged or no backup"):
        restore(engine, tmp_path / "text.zip")
    fill(engine)
    back_up(engine, tmp_path / "all.zip", Clock())
    whole = (tmp_path / "all.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError, match="damaged or no backup"):
        restore(engine, tmp_path / "half.zip", force=True)
    spoilt = bytearray(whole)
    at = whole.index(b"entries.jsonl") + 200
    spoilt[at : at + 8] = bytes(8)
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    with pytest.raises(BackupError, match=r"damaged|changed after"):
        restore(engine, tmp_path / "spoilt.zip", force=True)


def test_a_backup_of_an_older_nextep_is_taken(engine, other, tmp_path):
    fill(engine)
    back_up(engine, tmp_path / "all.zip", Clock())

    def older(members: dict[str, bytes]) -> None:
        told = json.loads(members["manifest.json"])
        told["revision"] = "0001"
        told["tables"] = {name: told["tables"][name] for name in ("searches", "opened")}
        members["manifest.json"] = json.dumps(told).encode()

    restored = restore(other, rewrite(tmp_path / "all.zip", older))
    assert restored.rows == {"searches": 1, "opened": 1}
    assert make_store(other).people.all() == []


def test_a_backup_that_fails_leaves_the_one_before(engine, tmp_path, monkeypatch):
    fill(engine)
    file = tmp_path / "all.zip"
    back_up(engine, file, Clock())
    before = file.read_bytes()

    def break_(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("store.backup.os.fsync", break_)
    with pytest.raises(OSError, match="disk full"):
        back_up(engine, file, Clock())
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["all.zip"]
    with pytest.raises(BackupError, match="no such folder"):
        back_up(engine, tmp_path / "nowhere" / "all.zip", Clock())


def test_a_backup_is_for_the_operators_eyes_only(engine, tmp_path):
    back_up(engine, tmp_path / "all.zip", Clock())
    assert (tmp_path / "all.zip").stat().st_mode & 0o077 == 0
