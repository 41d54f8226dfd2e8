"""People on the site: fifty of them with a second of thought between clicks, and services that don't stop to think.

The site is one of its own (gunicorn, production settings, no rate limit) over the Kaggle catalogue, with a model learned
from real lists where they are at hand. Clients and server share the machine, so the figures are what one gets there, and
the report says how busy it was before.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np

from catalogue import Title
from config import Settings
from evaluation.clock import Clock
from evaluation.queries import load_queries
from evaluation.search import KAGGLE
from evaluation.served import served
from indexer.build import build_index
from indexer.prepare import prepare
from indexer.report import Report
from recommenders.train import train
from search.embedded import EmbeddedEngine
from search.open import open_embedder

LISTS = Path("anime_interactions") / "mal_lists_4198users.csv.gz"
WARM_SECONDS = 300
TIMEOUT = 30
THOUGHT = (0.5, 1.5)  # seconds, a second on average
ROWS_FILLED = 3
# How often each click is made; hybrid stands for a service that recommends to its own user meanwhile.
CLICKS = (("home", 3), ("search", 4), ("title", 5), ("list change", 2), ("hybrid", 3), ("browse", 1))
SERVICES = 8
HURRY_SECONDS = 15.0
Say = Callable[[str], None]


@dataclass
class Tally:
    """Milliseconds and failures of each kind of request, from many threads."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, seconds: float, failure: str = "") -> None:
        """Count one request."""
        with self._lock:
            self.took[name].append(seconds * 1000)
            if failure:
                self.failed[name].append(failure)

    def table(self) -> list[str]:
        """Return Markdown lines, one for each kind and one for all."""
        lines = ["| | n | p50 ms | p95 ms | p99 ms | errors |", "|---|---|---|---|---|---|"]
        everything = [value for values in self.took.values() for value in values]
        errors = sum(len(failures) for failures in self.failed.values())
        for name, values in [*sorted(self.took.items()), ("all", everything)]:
            p50, p95, p99 = np.percentile(values, [50, 95, 99]) if values else (0.0, 0.0, 0.0)
            count = errors if name == "all" else len(self.failed.get(name, ()))
            lines.append(f"| {name} | {len(values)} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {count} |")
        for name, failures in self.failed.items():
            lines.append(f"\n{name} failed: {failures[0]}")
        return lines


class Browser:
    """One visitor: a connection that stays open, cookies, and the token that changes need."""

    def __init__(self, port: int, tally: Tally) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.tally = tally
        self.cookies: dict[str, str] = {}

    def ask(
        self, name: str, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """Send a request, count it as `name`, and return the answer's text; a failure is counted and empty."""
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        started = time.perf_counter()
        try:
            self.connection.request(method, path, body.encode() if body is not None else None, sent)
            answer = self.connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.tally.add(name, time.perf_counter() - started, f"{method} {path}: {error!r}")
            return ""
        took = time.perf_counter() - started
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            key, _, value = cookie.split(";")[0].partition("=")
            self.cookies[key] = value
        self.tally.add(name, took, "" if answer.status < 400 else f"{method} {path}: {answer.status} {text[:200]}")
        return text if answer.status < 400 else ""


class Visitor:
    """Somebody at the site: chooses a person, then clicks and thinks."""

    def __init__(self, number: int, port: int, tally: Tally, titles: Sequence[Title], queries: Sequence[str]) -> None:
        self.random = random.Random(number)
        self.browser = Browser(port, tally)
        self.titles, self.queries = titles, queries
        self.user = f"load-{number}"
        self.token = self.person = ""

    def arrive(self) -> None:
        """Choose one of the sample people, and give the service's user a profile."""
        page = self.browser.ask("people", "GET", "/people")
        people = re.findall(r'name="person" value="([^"]+)"', page)
        hidden = re.search(r'name="csrf_token" value="([^"]+)"', page)
        if people and hidden:
            self.person = self.random.choice(people)
            form = urlencode({"csrf_token": hidden[1], "person": self.person, "next": "/"})
            self.browser.ask(
                "choose", "POST", "/people/choose", form, {"Content-Type": "application/x-www-form-urlencoded"}
            )
            meta = re.search(r'name="csrf-token" content="([^"]+)"', self.browser.ask("home", "GET", "/"))
            self.token = meta[1] if meta else ""
        watched = self.random.sample([title.id for title in self.titles], min(25, len(self.titles)))
        ratings = [self.random.randint(4, 10) for _ in watched]
        body = {"user_id": self.user, "watched_anime": watched, "ratings": ratings}
        self._send("profile", "POST", "/api/user/profile", body)

    def click(self) -> None:
        """Do one of the things that people do."""
        names, weights = zip(*CLICKS, strict=True)
        name = self.random.choices(names, weights)[0]
        title = self.random.choice(self.titles)
        if name == "home":
            page = self.browser.ask("home", "GET", "/")
            for row in list(dict.fromkeys(re.findall(r'"(/rows/[\w/-]+)[?"]', page)))[:ROWS_FILLED]:
                self.browser.ask("row", "GET", row)
        elif name == "search":
            query = self.random.choice(self.queries)
            for letters in (2, 4, 7):
                self.browser.ask("suggest", "GET", f"/api/suggest?q={quote(query[:letters])}")
            self.browser.ask("search", "GET", f"/search?q={quote(query)}")
        elif name == "list change":
            status = self.random.choice(("plan_to_watch", "watching", "completed"))
            path = f"/api/people/{quote(self.person)}/lists/{title.id}"
            self._send("list change", "PUT", path, {"status": status}, {"X-CSRFToken": self.token})
        elif name == "hybrid":
            self.recommend()
        elif name == "browse":
            self.browser.ask(
                "browse", "GET", f"/browse?genre={quote(self.random.choice(('Drama', 'Action', 'Comedy')))}"
            )
        else:
            self.browser.ask("title", "GET", f"/titles/{title.id}")

    def recommend(self) -> None:
        """Ask for recommendations as a service does."""
        self._send("hybrid", "POST", "/api/recommend/hybrid", {"user_id": self.user})

    def _send(self, name: str, method: str, path: str, body: object, headers: Mapping[str, str] | None = None) -> None:
        sent = {"Content-Type": "application/json", **(headers or {})}
        self.browser.ask(name, method, path, json.dumps(body), sent)


def run(settings: Settings, data: Path, people: int, seconds: float, workers: int, say: Say = print) -> str:
    """Return the tables of one run. Raises ValueError where the site does not start, OSError where data are missing."""
    clock = Clock()
    titles, folder = _prepared(settings, data, say)
    queries = [query.text for name in ("titles", "typos", "plots") for query in load_queries(f"{KAGGLE}_{name}")]
    popular = sorted(
        (title for title in titles if title.offered and not title.adult), key=lambda title: -(title.members or 0)
    )[:2000]
    arriving, clicks, hurried = Tally(), Tally(), Tally()
    with _site(folder, settings, workers) as port:
        visitors = [Visitor(number, port, arriving, popular, queries) for number in range(people)]
        say(f"{people} people arrive")
        _together(visitors, Visitor.arrive)
        say(f"they click for {seconds:g} s")
        lasted = _timed(visitors, clicks, seconds, _visit)
        services = visitors[:SERVICES]
        say(f"{len(services)} services ask without a pause")
        clock.tick()
        hurry_lasted = _timed(services, hurried, min(seconds, HURRY_SECONDS), _hurry)
    clock.tick()
    requests = sum(map(len, clicks.took.values()))
    lines = [
        f"## {people} people, a second of thought between clicks",
        "",
        f"{len(titles):,} titles, {workers} workers on {os.cpu_count()} cores shared with the clients, load average "
        f"{clock.busy:.1f} before; {lasted:.0f} s, {requests / lasted:.0f} requests a second. {clock.said()}",
        "",
        *clicks.table(),
        "",
        "Arriving, all at once (choosing a person, the first page, the first profile):",
        "",
        *arriving.table(),
        "",
        f"## Hybrid without a pause, {len(services)} connections",
        "",
        f"{len(hurried.took['hybrid']) / hurry_lasted:.0f} requests a second.",
        "",
        *hurried.table(),
    ]
    return "\n".join(lines) + "\n"


def _timed(visitors: Sequence[Visitor], tally: Tally, seconds: float, act: Callable[[Visitor, float], None]) -> float:
    """Let all act until the time is over, counted in `tally`; return the seconds it took."""
    for visitor in visitors:
        visitor.browser.tally = tally
    began = time.monotonic()
    _together(visitors, lambda visitor: act(visitor, began + seconds))
    return time.monotonic() - began


def _visit(visitor: Visitor, until: float) -> None:
    # Not all in the same moment.
    time.sleep(visitor.random.uniform(0, THOUGHT[1]))
    while time.monotonic() < until:
        visitor.click()
        time.sleep(visitor.random.uniform(*THOUGHT))


def _hurry(visitor: Visitor, until: float) -> None:
    while time.monotonic() < until:
        visitor.recommend()


def _together(visitors: Sequence[Visitor], act: Callable[[Visitor], None]) -> None:
    threads = [threading.Thread(target=act, args=(visitor,), daemon=True) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _prepared(settings: Settings, data: Path, say: Say) -> tuple[list[Title], Path]:
    """Index the Kaggle catalogue and learn a model in a folder of their own; both are kept for the next run."""
    source = data / KAGGLE
    if not source.is_dir():
        raise ValueError(f"{data} holds no {KAGGLE}; give --data the folder that does.")
    folder = settings.var / "evaluation" / "load"
    say(f"indexing {source}")
    titles, described = prepare(source, Report())
    build_index(titles, EmbeddedEngine(folder / "index"), open_embedder(settings), settings.var, described, Report())
    # What the indexer fitted (LSA) lies with the vectors that it keeps; the site looks for it in its own folder.
    fitted = settings.var / "lsa"
    if fitted.is_dir() and not (folder / "lsa").exists():
        (folder / "lsa").symlink_to(fitted.resolve())
    lists, model = data / LISTS, folder / "model"
    if lists.is_file() and not model.is_dir():
        say(f"learning from {lists}")
        train("edlae", lists, model, titles, settings={"liked": "all"})
    for name in ("nextep.sqlite3", "nextep.sqlite3-wal", "nextep.sqlite3-shm"):
        (folder / name).unlink(missing_ok=True)
    return titles, folder


@contextmanager
def _site(folder: Path, settings: Settings, workers: int) -> Iterator[int]:
    """Serve from `folder` on a free port, and wait until every worker is warm."""
    environment = {
        "NEXTEP_VAR": str(folder.resolve()),
        "NEXTEP_ENV": "production",
        "NEXTEP_EMBEDDER": settings.embedder,
        "NEXTEP_API_TOKENS": "",
        "NEXTEP_MODEL_DIR": str((folder / "model").resolve()) if (folder / "model").is_dir() else "",
        "DATABASE_URL": f"sqlite:///{(folder / 'nextep.sqlite3').resolve()}",
        "ELASTICSEARCH_URL": "",
    }
    with served(environment, folder, "--workers", str(workers)) as (_, port):
        _warm(port, workers)
        yield port


def _warm(port: int, workers: int) -> None:
    """Ask often enough, on many connections, that each worker has opened everything."""
    deadline = time.monotonic() + WARM_SECONDS
    body = json.dumps({"user_id": "warm", "watched_anime": [1], "ratings": [9]})
    sent = {"Content-Type": "application/json"}
    browsers = [Browser(port, Tally()) for _ in range(workers * 8)]

    def open_all(browser: Browser) -> None:
        browser.ask("warm", "GET", "/")
        browser.ask("warm", "GET", "/search?q=warm+the+model+up")
        browser.ask("warm", "POST", "/api/user/profile", body, sent)
        # The hybrid answers 503 until it is ready.
        while not browser.ask("warm", "POST", "/api/recommend/hybrid", json.dumps({"user_id": "warm"}), sent):
            if time.monotonic() > deadline:
                return
            time.sleep(1)
        browser.connection.close()

    threads = [threading.Thread(target=open_all, args=(browser,), daemon=True) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
