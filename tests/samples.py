"""A tiny visible catalogue and its documents, for tests that need an index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from catalogue import Character, Title
from indexer.build import documents
from indexer.documents import embedding_text
from search.encode import QueryEncoder
from search.engine import SCHEMA_VERSION, Engine, IndexInfo, Space
from search.passages import title_passages

DIMS = 64


class WordHashEmbedder:
    """A stand-in model: a text's vector is the sum of its words' fixed random directions."""

    name = "word-hash"
    revision = "1"
    dims = DIMS
    languages = ("en", "ko")
    document_prefix = ""

    def embed_documents(self, texts: Sequence[str], progress=None) -> np.ndarray:
        return np.stack([self.embed_query(text) for text in texts]) if texts else np.zeros((0, DIMS), np.float32)

    def embed_query(self, text: str) -> np.ndarray:
        total = np.zeros(DIMS, dtype=np.float32)
        for word in text.lower().replace(",", " ").replace(".", " ").split():
            seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
            total += np.random.default_rng(seed).standard_normal(DIMS).astype(np.float32)
        length = float(np.linalg.norm(total))
        return total / length if length else total


def title(id: int, name: str, **facts) -> Title:
    names = {"en": name, **facts.pop("titles", {})}
    synopsis = facts.pop(
        "synopsis", {"en": f"A story about {name.lower()} and its friends in a quiet town by the sea."}
    )
    facts.setdefault("format", "tv")
    facts.setdefault("genres", ("Drama",))
    return Title(id=id, titles=names, synopsis=synopsis, **facts)


CATALOGUE = (
    title(
        1, "Cowboy Bebop", titles={"romaji": "Cowboy Bebop", "native": "カウボーイビバップ", "ko": "카우보이 비밥"},
        year=1998, aired_from="1998-04-03", episodes=26, studios=("Sunrise",), genres=("Action", "Sci-Fi"), themes=("Space",),
        score=8.8, members=1250000, series=1, aliases=("bebop",),
        synopsis={"en": "Bounty hunters aboard a worn spaceship chase criminals between the planets. A past love returns.",
                  "ko": "낡은 우주선을 탄 현상금 사냥꾼들이 행성 사이를 오가며 범죄자를 쫓는다. 옛 연인이 돌아온다."},
        characters=(Character("Spike Spiegel", "스파이크 스피겔"),),
    ),
    title(2, "Cowboy Bebop: The Movie", year=2001, aired_from="2001-09-01", episodes=1, format="movie", studios=("Bones",),
          genres=("Action", "Sci-Fi"), themes=("Space",), score=8.4, members=270000, series=1,
          synopsis={"en": "The crew hunts a bomber who spreads a plague on Mars before a festival."}),
    title(3, "Toradora!", titles={"romaji": "Toradora!", "native": "とらドラ！", "ko": "토라도라!"}, year=2008,
          aired_from="2008-10-02", episodes=25, studios=("J.C.Staff",), genres=("Comedy", "Romance"), themes=("School",),
          score=8.2, members=1500000,
          synopsis={"en": "A gentle boy with a scary face and a tiny fierce girl help each other win their crushes at school.",
                    "ko": "눈매가 사나운 소년과 작고 거친 소녀가 서로의 짝사랑을 돕기로 한다."}),
    title(4, "Attack on Titan", titles={"romaji": "Shingeki no Kyojin", "native": "進撃の巨人", "ko": "진격의 거인"}, year=2013,
          aired_from="2013-04-07", episodes=25, studios=("Wit Studio",), genres=("Action", "Drama"), themes=("Military",),
          score=8.5, members=2500000, series=4, aliases=("AoT", "진격거"),
          synopsis={"en": "Behind huge walls the last people hide from man-eating giants until one wall falls.",
                    "ko": "거대한 벽 안에 숨어 살던 인류는 식인 거인이 벽을 무너뜨리자 다시 싸움에 나선다."}),
    title(5, "Attack on Titan Season 2", titles={"romaji": "Shingeki no Kyojin Season 2", "ko": "진격의 거인 2기"}, year=2017,
          aired_from="2017-04-01", episodes=12, studios=("Wit Studio",), genres=("Action", "Drama"), themes=("Military",),
          score=8.4, members=1600000, series=4,
          synopsis={"en": "Giants appear inside the walls and soldiers learn who among them lied."}),
    title(6, "Monster", titles={"native": "モンスター", "ko": "몬스터"}, year=2004, aired_from="2004-04-07", episodes=74,
          studios=("Madhouse",), genres=("Drama", "Mystery"), themes=("Psychological",), score=8.8, members=700000,
          synopsis={"en": "A surgeon saves a boy who grows up to be a killer, and follows him across Germany."}),
    title(7, "Café Kichijōji", year=2004, aired_from="2004-01-10", episodes=12, genres=("Comedy",), members=900, score=6.1),
    title(8, "Forbidden Night", genres=("Hentai",), adult=True, members=5000, score=6.0, year=2010),
    title(9, "Lost Tape", offered=False, genres=("Horror",), members=300, year=1999,
          synopsis={"en": "A cursed tape kills its viewers."}),
    title(10, "Dennou Coil", titles={"romaji": "Dennou Coil", "native": "電脳コイル"}, year=2007, aired_from="2007-05-12", episodes=26,
          studios=("Madhouse",), genres=("Adventure", "Mystery"), score=8.1, members=130000,
          synopsis={"en": "Children with glasses that show a virtual world hunt lost pets and rumours in their city."}),
    title(11, "Twin Names", year=1990, aired_from="1990-01-01", members=10, episodes=3),
    title(12, "Twin Names", year=2015, aired_from="2015-01-01", members=99, episodes=6),
)  # fmt: skip


def info(embedder=None, documents: int = len(CATALOGUE)) -> IndexInfo:
    embedder = embedder or WordHashEmbedder()
    space = Space("text", embedder.name, embedder.revision, embedder.dims, embedder.languages)
    return IndexInfo(
        generation="", catalogue="tiny", catalogue_hash="0", schema_version=SCHEMA_VERSION, documents=documents,
        offered=0, passages=0, spaces=(space,), built_at="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


def made_documents(titles: Iterable[Title] = CATALOGUE, embedder=None) -> list:
    from indexer.build import Embedded

    titles, embedder = list(titles), embedder or WordHashEmbedder()
    whole = embedder.embed_documents([embedding_text(t, "en") + "\n" + embedding_text(t, "ko") for t in titles])
    cut = [title_passages(t, ("en", "ko")) for t in titles]
    flat = embedder.embed_documents([w for windows in cut for w in windows])
    offsets = np.cumsum([0, *map(len, cut)])
    return list(documents(titles, {"text": Embedded(whole, flat, offsets)}))


def fill(engine: Engine, titles: Iterable[Title] = CATALOGUE) -> str:
    made = made_documents(titles)
    build = engine.begin(info(documents=len(made)))
    build.add(made)
    build.verify(made[:3])
    return build.publish()


def encoder() -> QueryEncoder:
    return QueryEncoder(lambda space: WordHashEmbedder())
