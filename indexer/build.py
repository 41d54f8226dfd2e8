"""Build an index from a catalogue: embed what changed, write a generation, verify it, swap it in."""

from __future__ import annotations

import datetime
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson

from catalogue import LANGUAGES, Title
from indexer.documents import embedding_text, make_document, series_names
from indexer.progress import Progress
from indexer.report import Report
from search.embedders import Embedder
from search.engine import SCHEMA_VERSION, Document, Engine, IndexInfo, IndexMismatch, IndexMissing, Space, Vector
from search.lsa import LsaEmbedder
from search.open import lsa_folder
from search.passages import title_passages
from search.vector_cache import VectorCache, embed_cached

SAMPLE = 25
MIN_FREE_BYTES = 200_000_000
# Fewer Korean texts than this teach a Korean vector space nothing.
MIN_LSA_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Source:
    """Where a catalogue comes from, as the index and the about page tell it."""

    name: str
    provenance: str = ""
    simulated: bool = False


@dataclass
class Outcome:
    """What a run did: `built` is False where the serving index already matched."""

    built: bool
    generation: str
    report: Report
    notices: list[str] = field(default_factory=list)


def build_index(
    titles: Sequence[Title],
    engine: Engine,
    embedder: Embedder | None,
    var: Path,
    source: Source,
    report: Report,
    *,
    rebuild: bool = False,
    progress: Callable[[str], Progress] = Progress,
) -> Outcome:
    """Index `titles` on `engine` unless the serving index already holds just that.

    `embedder` None means that no model loads: then LSA serves both languages. Raises BuildRefused when another
    build runs or verification fails; whatever was serving still is.
    """
    with report.step("hash"):
        digest = catalogue_hash(titles)
    serving = _serving(engine)
    wanted = (digest, embedder.name if embedder else "lsa", embedder.revision if embedder else "")
    if serving is not None and not rebuild and _matches(serving, wanted):
        return Outcome(False, serving.generation, report)
    if shutil.disk_usage(var if var.exists() else var.parent).free < MIN_FREE_BYTES:
        raise OSError(f"Less than {MIN_FREE_BYTES // 1_000_000} MB are free for {var}; make room and run again.")
    with report.step("fit"):
        spaces = open_spaces(titles, embedder, var)
    with report.step("embed"):
        embedded = {
            name: embed_titles(titles, made.embedder, made.languages, var / "vectors", progress)
            for name, made in spaces.items()
        }
    info = IndexInfo(
        generation="",
        catalogue=source.name,
        catalogue_hash=digest,
        schema_version=SCHEMA_VERSION,
        documents=len(titles),
        offered=0,
        passages=0,
        spaces=tuple(
            Space(name, made.embedder.name, made.embedder.revision, made.embedder.dims, made.languages)
            for name, made in spaces.items()
        ),
        built_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        simulated=source.simulated,
        provenance=source.provenance,
        extra={"embedder": list(wanted[1:])},
    )
    build = engine.begin(info)
    try:
        sample: list[Document] = []
        with report.step("write"):
            build.add(sampled(documents(titles, embedded), len(titles), sample))
        with report.step("verify"):
            build.verify(sample)
        with report.step("publish"):
            generation = build.publish()
    except BaseException:
        build.abort()
        raise
    _forget_lsa(var, engine)
    return Outcome(True, generation, report)


@dataclass(frozen=True, slots=True)
class OpenSpace:
    """A vector space about to be filled: who embeds, for which languages."""

    embedder: Embedder
    languages: tuple[str, ...]


def open_spaces(titles: Sequence[Title], embedder: Embedder | None, var: Path) -> dict[str, OpenSpace]:
    """Return the spaces of an index: one for a multilingual model; else the model's and LSA for the others."""
    spaces: dict[str, OpenSpace] = {}
    covered: tuple[str, ...] = ()
    if embedder is not None:
        covered = tuple(embedder.languages)
        name = "text" if set(LANGUAGES) <= set(covered) else covered[0]
        if any(embedding_text(title, language) for title in titles for language in covered):
            spaces[name] = OpenSpace(embedder, covered)
    for language in LANGUAGES:
        if language in covered:
            continue
        texts = [text for title in titles if (text := embedding_text(title, language))]
        if len(texts) < MIN_LSA_TEXTS:
            continue
        lsa = LsaEmbedder.fit(texts, languages=(language,))
        lsa.save(lsa_folder(var, lsa.revision))
        spaces[language] = OpenSpace(lsa, (language,))
    return spaces


def _forget_lsa(var: Path, engine: Engine) -> None:
    """Remove LSA models that no generation of the last runs uses; the newest few are kept for a rollback."""
    root = var / "lsa"
    if root.is_dir():
        used = {space.revision for space in engine.reader().info().spaces}
        kept = sorted(root.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for folder in kept[6:]:
            if folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of all titles in one space: documents (titles, dims); passages flat with offsets (titles + 1,).

    A row of zeros means that the title has no text in the space's languages.
    """

    documents: Vector
    passages: Vector
    offsets: np.ndarray


def embed_titles(
    titles: Sequence[Title],
    embedder: Embedder,
    languages: tuple[str, ...],
    cache_dir: Path,
    progress: Callable[[str], Progress] = Progress,
) -> Embedded:
    """Embed the whole text and the passages of each title, through the cache."""
    whole: list[str] = []
    owners: list[int] = []
    cut: list[str] = []
    counts: list[int] = []
    for row, title in enumerate(titles):
        texts = [text for language in languages if (text := embedding_text(title, language))]
        if texts:
            # A multilingual model reads all languages as one text: one vector serves both.
            whole.append("\n".join(texts))
            owners.append(row)
        windows = title_passages(title, languages)
        cut.extend(windows)
        counts.append(len(windows))
    if isinstance(embedder, LsaEmbedder):
        # Fitted anew for each catalogue and fast: nothing of it is worth keeping.
        vectors, flat = embedder.embed_documents(whole), embedder.embed_documents(cut)
    else:
        cache = VectorCache.of(cache_dir, embedder)
        vectors = embed_cached(embedder, whole, cache, progress(f"synopses ({embedder.name})"))
        flat = embed_cached(embedder, cut, cache, progress(f"passages ({embedder.name})"))
    documents = np.zeros((len(titles), embedder.dims), dtype=np.float32)
    if owners:
        documents[owners] = vectors
    return Embedded(documents, flat, np.cumsum([0, *counts]))


def documents(titles: Sequence[Title], embedded: dict[str, Embedded]) -> Iterator[Document]:
    """Yield each title's document with its vectors."""
    names = series_names(titles)
    for row, title in enumerate(titles):
        vectors = {space: made.documents[row] for space, made in embedded.items() if np.any(made.documents[row])}
        cut = {
            space: made.passages[made.offsets[row] : made.offsets[row + 1]]
            for space, made in embedded.items()
            if made.offsets[row + 1] > made.offsets[row]
        }
        yield make_document(title, vectors, cut, names.get(title.series, ()) if title.series is not None else ())


def sampled(made: Iterable[Document], count: int, sample: list[Document]) -> Iterator[Document]:
    """Yield `made`, of which there are `count`, and put SAMPLE of them at even distances into `sample`."""
    every = max(count // SAMPLE, 1)
    for row, document in enumerate(made):
        if row % every == 0:
            sample.append(document)
        yield document


def catalogue_hash(titles: Iterable[Title]) -> str:
    """Return a hash of everything that is indexed of the titles, the order aside."""
    parts = [
        hashlib.blake2b(orjson.dumps(title.to_dict(), option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
        for title in titles
    ]
    return hashlib.blake2b(b"".join(sorted(parts)), digest_size=16).hexdigest()


def replace_titles(serving: Sequence[Title], source: Sequence[Title], ids: Sequence[int]) -> list[Title]:
    """Return the serving titles with those of `ids` taken from the source; a ValueError names unknown ids."""
    fresh = {title.id: title for title in source if title.id in set(ids)}
    unknown = [id for id in ids if id not in fresh]
    if unknown:
        raise ValueError(f"--only names ids that the source does not have: {', '.join(map(str, unknown))}.")
    known = {title.id for title in serving}
    return [
        *(fresh.get(title.id, title) for title in serving),
        *(fresh[id] for id in dict.fromkeys(ids) if id not in known),
    ]


def _serving(engine: Engine) -> IndexInfo | None:
    try:
        return engine.reader().info()
    except (IndexMissing, IndexMismatch):
        return None


def _matches(serving: IndexInfo, wanted: tuple[str, str, str]) -> bool:
    digest, name, revision = wanted
    return (
        serving.schema_version == SCHEMA_VERSION
        and serving.catalogue_hash == digest
        and list(serving.extra.get("embedder", ())) == [name, revision]  # type: ignore[call-overload]
    )
