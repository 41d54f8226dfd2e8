"""Compare the two engines: the same queries on the same catalogue, what resolves them and what stands first."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogue import Title
from config import Settings
from evaluation.queries import load_queries
from evaluation.search import KAGGLE
from indexer.build import Source, build_index
from indexer.prepare import prepare
from indexer.report import Report
from search.elastic import ElasticEngine
from search.elastic.client import connect
from search.embedded import EmbeddedEngine
from search.embedders import Embedder
from search.engine import Engine
from search.open import open_embedder, open_encoder
from search.options import Options
from search.results import Answer
from search.service import SearchService

SEED = 42
# Of each kind that is made from the catalogue's names.
MADE = 40
DEPTH = 10
MIN_FIRST = 0.95
FILTERED = (
    "90s robot", "romance movies", "comedy without school", "short horror", "sci-fi 2010s", "action movies before 2000",
    "slice of life ova", "mystery after 2015", "anime like cowboy bebop", "like death note but funny", "sports 12 episodes",
    "kyoto animation", "studio ghibli movies", "madhouse thriller", "space opera from the 80s", "80s",
    "판타지 영화", "90년대 로봇", "로맨스 코미디", "2000년대 스포츠", "공포 단편", "카우보이 비밥 같은 애니", "매드하우스", "액션 없는 판타지",
)  # fmt: skip
# Plots in Korean are read where Korean text is: the notes on the most watched works.
PLOTS_KO = ("sample_ko_plots", "sample_ko_plots_more")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query, of which kind, in whose language."""

    text: str
    kind: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Difference:
    """A query that the engines answer differently: resolution and first title of each."""

    asked: Asked
    resolutions: tuple[str, str]
    firsts: tuple[str, str]

    def text(self) -> str:
        """Return it as a line: what the embedded engine says | what Elasticsearch says."""
        one, other = (f"{how}, {first}" for how, first in zip(self.resolutions, self.firsts, strict=True))
        return f"{self.asked.kind}: {self.asked.text!r}: {one} | {other}"


@dataclass(frozen=True)
class Parity:
    """How far two engines agree over `queries`, and each query on which they don't."""

    queries: Counter[str]
    differences: tuple[Difference, ...]
    overlap: float

    @property
    def total(self) -> int:
        """How many queries were asked."""
        return sum(self.queries.values())

    @property
    def other_resolutions(self) -> list[Difference]:
        """The queries that are resolved in another way."""
        return [difference for difference in self.differences if len(set(difference.resolutions)) > 1]

    @property
    def other_firsts(self) -> list[Difference]:
        """The queries with another title first."""
        return [difference for difference in self.differences if len(set(difference.firsts)) > 1]

    @property
    def same_first(self) -> float:
        """The share of the queries with the same title first."""
        return 1 - len(self.other_firsts) / self.total

    def text(self) -> str:
        """Return figures by kind and every difference."""
        lines = [
            f"{self.total} queries: {len(self.other_resolutions)} resolved in another way, the same title first for "
            f"{self.same_first:.1%}, {self.overlap:.1%} of the first {DEPTH} titles in common.",
            "",
            "| kind | queries | same resolution | same first title |",
            "|---|---|---|---|",
        ]
        resolved = Counter(difference.asked.kind for difference in self.other_resolutions)
        firsts = Counter(difference.asked.kind for difference in self.other_firsts)
        lines += [
            f"| {kind} | {count} | {count - resolved[kind]} | {count - firsts[kind]} |"
            for kind, count in sorted(self.queries.items())
        ]
        if self.differences:
            lines += ["", "Different (embedded | Elasticsearch):", ""]
            lines += [f"- {difference.text()}" for difference in self.differences]
        return "\n".join(lines)


def made_queries(titles: Sequence[Title]) -> list[Asked]:
    """Return the queries to compare engines by: the project's sets, and names whole, in part and half-typed.

    The same for the same titles; names are drawn from `titles`.
    """
    rng = random.Random(SEED)
    asked = [
        Asked(query.text, query.kind)
        for name in ("titles", "typos", "plots")
        for query in load_queries(f"mal2020_{name}")
    ]
    asked += [Asked(query.text, "plot, Korean", "ko") for name in PLOTS_KO for query in load_queries(name)]
    asked += [Asked(query.text, "nonsense") for query in load_queries("nonsense")]
    asked += [Asked(text, "filters", "en" if text.isascii() else "ko") for text in FILTERED]
    offered = sorted((title for title in titles if title.offered and not title.adult), key=lambda title: title.id)
    english = [name for title in offered if (name := title.titles.get("en") or title.titles.get("romaji"))]
    korean = [name for title in offered if (name := title.titles.get("ko"))]
    native = [name for title in offered if (name := title.titles.get("native"))]
    for kind, names, language in (("", english, "en"), (", Korean", korean, "ko"), (", Japanese", native, "en")):
        drawn = rng.sample(names, min(MADE, len(names)))
        asked += [Asked(name, f"name{kind}", language) for name in drawn]
        asked += [Asked(name.split()[-1], f"word of a name{kind}", language) for name in drawn]
        asked += [Asked(name[: max(2, len(name) * 2 // 3)], f"half a name{kind}", language) for name in drawn]
    return list(dict.fromkeys(asked))


def compare(embedded: SearchService, elastic: SearchService, queries: Iterable[Asked]) -> Parity:
    """Ask both services every query."""
    counts: Counter[str] = Counter()
    differences = []
    common = shown = 0
    for asked in queries:
        counts[asked.kind] += 1
        options = Options(limit=DEPTH, language=asked.language)
        answers = embedded.search(asked.text, options), elastic.search(asked.text, options)
        ids = [_ids(answer) for answer in answers]
        shown += max(map(len, ids))
        common += len(set(ids[0]) & set(ids[1]))
        resolutions = answers[0].resolution, answers[1].resolution
        firsts = _first(answers[0]), _first(answers[1])
        if resolutions[0] != resolutions[1] or firsts[0] != firsts[1]:
            differences.append(Difference(asked, resolutions, firsts))
    return Parity(counts, tuple(differences), common / max(shown, 1))


def _ids(answer: Answer) -> list[int]:
    return list(dict.fromkeys(item.title.id for group in answer.groups for item in group.items))[:DEPTH]


def _first(answer: Answer) -> str:
    found = next((item.title for group in answer.groups for item in group.items), None)
    return f"{found.id} {found.name()}" if found else "nothing"


def most_watched(titles: Sequence[Title], count: int) -> list[Title]:
    """Return the `count` most watched titles, in the order given."""
    chosen = {title.id for title in sorted(titles, key=lambda title: (-(title.members or 0), title.id))[:count]}
    return [title for title in titles if title.id in chosen]


def service(
    settings: Settings, engine: Engine, titles: Sequence[Title], source: Source, model: Embedder | None
) -> SearchService:
    """Return a service over `titles` indexed on `engine`; vectors come from the common cache."""
    build_index(titles, engine, model, settings.var, source, Report())
    return SearchService(engine, open_encoder(settings))


def measure(
    settings: Settings, elastic: ElasticEngine, folder: Path, titles: Sequence[Title], source: Source
) -> Parity:
    """Index `titles` on both engines, the embedded one in `folder`, and compare them."""
    model = open_embedder(settings)
    one = service(settings, EmbeddedEngine(folder), titles, source, model)
    other = service(settings, elastic, titles, source, model)
    return compare(one, other, made_queries(titles))


def run(settings: Settings, data: Path, count: int | None, out: Path) -> str:
    """Compare the engines on the Kaggle catalogue (its `count` most watched titles); write and return `parity.md`."""
    if not settings.elasticsearch_url:
        raise ValueError("Set ELASTICSEARCH_URL to the server to compare the embedded engine with.")
    source = data / KAGGLE
    if not source.exists():
        raise ValueError(f"There is no Kaggle catalogue at {source}; give --data the folder that holds {KAGGLE}/.")
    titles, described = prepare(source, Report())
    name = KAGGLE if count is None else f"{KAGGLE}-{count}"
    titles = titles if count is None else most_watched(titles, count)
    engine = ElasticEngine(connect(settings), f"{settings.index_name}-evaluation-{name}")
    try:
        parity = measure(settings, engine, settings.var / "evaluation" / name, titles, described)
    finally:
        engine.close()
    text = f"# The two engines, compared\n\n{len(titles):,} titles, model {settings.embedder}. {parity.text()}\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "parity.md").write_text(text, encoding="utf-8")
    return text
