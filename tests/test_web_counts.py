"""Rate limits that several worker processes count together."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
import web

from webapp import counts
from webapp.counts import SharedCounts


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return web.make_engine(tmp_path_factory.mktemp("counts"))


def test_many_count_one_key_and_lose_nothing(tmp_path):
    def count() -> None:
        own = SharedCounts(counts.uri(tmp_path / "counts.sqlite"))
        for _ in range(50):
            own.incr("a", 60)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = SharedCounts(counts.uri(tmp_path / "counts.sqlite"))
    assert kept.get("a") == 200
    assert 0 < kept.get_expiry("a") - time.time() <= 60
    assert kept.get("b") == 0


def test_a_window_that_is_over_counts_no_more_and_is_swept_out(tmp_path, monkeypatch):
    file = tmp_path / "folder with a space" / "counts.sqlite"
    kept = SharedCounts(counts.uri(file))
    now = time.time()
    monkeypatch.setattr(counts.time, "time", lambda: now)
    assert [kept.incr("a", 60), kept.incr("a", 60, 3)] == [1, 4]
    now += 61
    assert kept.get("a") == 0
    assert kept.incr("a", 60) == 1
    now += 61
    kept.incr("b", 60)
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT key FROM counts").fetchall() == [("b",)]
    database.close()
    kept.clear("b")
    assert kept.get("b") == 0
    assert kept.reset() == 0


@pytest.mark.parametrize(("workers", "statuses"), [(1, [200, 200, 200, 200]), (2, [200, 200, 429, 429])])
def test_several_workers_allow_an_address_as_much_as_one(tmp_path, engine, workers, statuses):
    # Two applications over one NEXTEP_VAR, as two worker processes are.
    clients = [web.make_site(tmp_path, engine, rate_limit=2, workers=workers).test_client() for _ in range(2)]
    answers = [client.get("/api/search?q=tora") for _ in range(2) for client in clients]
    assert [answer.status_code for answer in answers] == statuses
    for answer in answers:
        assert answer.status_code == 200 or 1 <= int(answer.headers["Retry-After"]) <= 60


def test_while_the_file_cannot_be_written_each_worker_counts_for_itself(tmp_path, engine):
    site = web.make_site(tmp_path, engine, rate_limit=2, workers=2)
    (tmp_path / "var" / "counts.sqlite").unlink(missing_ok=True)
    (tmp_path / "var" / "counts.sqlite").mkdir(parents=True)
    client = site.test_client()
    assert [client.get("/api/search?q=tora").status_code for _ in range(4)] == [200, 200, 429, 429]
