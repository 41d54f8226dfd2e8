"""The site over the tiny catalogue, for the tests whose names begin with test_web."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

from samples import CATALOGUE, encoder, fill, title

from catalogue import Character, Title
from config import Settings
from search import ranking
from search.embedded import EmbeddedEngine
from search.service import SearchService
from store.database import connect, sessions, upgrade
from store.searches import SearchLog
from webapp import create_app

TODAY = datetime.date(2017, 8, 10)
# The learned weights are fitted on real data; these make the tiny catalogue's answers plain.
WEIGHTS = ranking.Weights(words=0.25, document=0.7, passage=0.3, members=0.02, floor=0.25)
PLOT = "a surgeon saves a boy who grows up to be a killer"
# Every page that works without a person, with one address for each shape it takes.
PAGES = (
    "/",
    "/?top10=month",
    "/search",
    "/search?q=Toradora!",
    "/search?q=cowboy",
    "/search?q=attack+on+titan",
    "/search?q=Twin+Names",
    "/search?q=drama",
    f"/search?q={quote(PLOT)}",
    "/search?q=Lost+Tape",
    "/search?q=toradroa",
    "/search?q=qqqq+wwww+zzzz",
    "/search?q=comedy&genre=Romance&year_from=2000",
    "/titles/1",
    "/titles/9",
    "/titles/11",
    "/browse",
    "/browse?genre=Drama&sort=score",
    "/browse?year_from=1900&year_to=1901",
    "/browse?page=400",
    "/about",
)


def make_settings(folder: Path, **changes: object) -> Settings:
    values: dict[str, object] = {"var": folder / "var", "today": TODAY, "rate_limit": 0, "secret_key": "for tests", "env": "production"}  # fmt: skip
    return Settings(_env_file=None, **{**values, **changes})  # type: ignore[arg-type]


def make_engine(folder: Path, titles=CATALOGUE) -> EmbeddedEngine:
    engine = EmbeddedEngine(folder / "index")
    fill(engine, titles)
    return engine


def make_log(folder: Path, clock=None) -> SearchLog:
    database = connect(f"sqlite:///{folder / 'searches.sqlite3'}")
    upgrade(database)
    return SearchLog(sessions(database), clock) if clock else SearchLog(sessions(database))


def make_site(folder: Path, engine=None, titles=CATALOGUE, log=None, **changes):
    """Return the app over an engine; every setting can be changed."""
    settings = make_settings(folder, **changes)
    service = SearchService(engine or make_engine(folder, titles), encoder(), adult=settings.adult)
    app = create_app(settings, service, log or make_log(folder))
    app.testing = False
    return app


def many(count: int = 60) -> list[Title]:
    """Return a catalogue that is large enough for rows: genres in turn, scores and watchers all different."""
    genres = ("Action", "Comedy", "Drama", "Romance", "Horror", "Mystery")
    made = []
    for number in range(1, count + 1):
        year = 1990 + number % 27
        made.append(
            title(
                number, f"Work {number} of {('Winter', 'Summer', 'Autumn')[number % 3]}",
                titles={"native": f"作品{number}", "ko": f"작품 {number}"},
                year=year, aired_from=f"{year}-{1 + number % 12:02d}-05", episodes=number % 26 + 1,
                genres=(genres[number % 6], genres[(number // 6) % 6]), themes=("School",) if number % 2 else (),
                studios=(f"Studio {number % 5}",), score=round(9.5 - number * 0.05, 2), members=(number * 7919) % 100_000 + 10,
                synopsis={"en": f"Story {number} about a {genres[number % 6].lower()} club.", "ko": f"{number}번째 이야기이다."},
            )
        )  # fmt: skip
    return made


HOSTILE = "<script>alert(1)</script>"
TURNED = "\u202egpj.exe\u2066"


def hostile() -> list[Title]:
    """Return a catalogue in which every text attacks the page."""
    text = f"{HOSTILE}\"'><img src=x onerror=alert(2)>{TURNED}"
    return [
        title(
            number, f"{text} {number}", titles={"romaji": text, "native": text + "の", "ko": text + "가"}, aliases=(text,),
            genres=(text, "Drama"), themes=(text,), studios=(text,), source=text, year=2016, aired_from="2016-10-01",
            episodes=3, score=8.0 + number / 100, members=number * 10, series=1,
            synopsis={"en": f"{text}. A drama club.", "ko": f"{text}. 연극부."}, characters=(Character(text, text),),
        )
        for number in range(1, 9)
    ]  # fmt: skip


class Page(HTMLParser):
    """What a page holds, for assertions: tags, links, headings and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._skipped = 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._skipped += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._skipped -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._skipped:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def links(self) -> list[str]:
        return [str(attributes["href"]) for attributes in self.all("a") if attributes.get("href")]

    def title_ids(self) -> list[int]:
        """Return the titles linked to, in order, each time."""
        return [
            int(found[1]) for link in self.links() if (found := re.fullmatch(r"/titles/(\d+)(?:\?from=[\w.-]+)?", link))
        ]

    def section(self, id: str) -> Page:
        """Return the section of that id as a page of its own (sections do not nest here)."""
        found = re.search(rf'<section[^>]* id="{id}".*?</section>', self.html, re.DOTALL)
        assert found, f"no section {id}"
        return Page(found[0])


def get(client, address: str, status: int = 200, **headers: str) -> Page:
    response = client.get(address, headers=headers)
    assert response.status_code == status, f"{address}: {response.status_code} {response.get_data(as_text=True)[:400]}"
    return Page(response.get_data(as_text=True))
