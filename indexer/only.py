"""Change some titles of the serving index and leave the rest: in place where the engine can, else by a new index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from catalogue import Title
from indexer.build import (
    Embedded,
    Outcome,
    Source,
    build_index,
    catalogue_hash,
    embed_titles,
    replace_titles,
)
from indexer.documents import make_document, series_names
from indexer.progress import Progress
from indexer.report import Report
from search.embedders import Embedder
from search.engine import BuildRefused, Document, Engine, Filters, IndexInfo, IndexMismatch, Reader, Space
from search.lsa import LsaEmbedder
from search.open import lsa_folder

EVERYTHING = Filters(adult=True, offered=None)
# Each try ends with another's change or a swap in between: more than this is no coincidence.
TRIES = 5


@runtime_checkable
class InPlace(Protocol):
    """An engine that changes titles of the serving generation, safely beside a build."""

    def change(self, documents: Sequence[Document], catalogue_hash: str, since: str) -> str | None:
        """Write the documents; return the generation's new name, None where `since` no longer serves."""
        ...


def change_titles(
    source: Sequence[Title],
    ids: Sequence[int],
    engine: Engine,
    embedder: Embedder | None,
    var: Path,
    described: Source,
    report: Report,
    *,
    progress: Callable[[str], Progress] = Progress,
) -> Outcome:
    """Take the titles of `ids` from `source` into the serving index.

    Raises ValueError for ids that the source does not have, IndexMismatch where another model made the index.
    """
    if not isinstance(engine, InPlace):
        titles = replace_titles(all_titles(engine.reader()), source, ids)
        return build_index(titles, engine, embedder, var, described, report, progress=progress)
    for _ in range(TRIES):
        reader = engine.reader()
        info = reader.info()
        with report.step("read index"):
            titles = replace_titles(all_titles(reader), source, ids)
        digest = catalogue_hash(titles)
        if digest == info.catalogue_hash:
            return Outcome(False, info.generation, report)
        changed = _affected(titles, ids)
        with report.step("embed"):
            embedded = {
                space.name: embed_titles(changed, opened, space.languages, var / "vectors", progress)
                for space, opened in _embedders(info, embedder, var)
            }
        with report.step("write"):
            generation = engine.change(list(_documents(changed, titles, embedded)), digest, info.generation)
        if generation is not None:
            return Outcome(True, generation, report)
    raise BuildRefused("The index kept changing while these titles were made. Nothing was changed; try again.")


def all_titles(reader: Reader) -> list[Title]:
    """Return every title of an index, the most watched first."""
    everything = reader.browse(EVERYTHING, "watched", 0, reader.info().documents)
    titles = reader.documents(everything.ids)
    return [titles[id] for id in everything.ids]


def _affected(titles: Sequence[Title], ids: Sequence[int]) -> list[Title]:
    """Return the titles of `ids` and those of their series, whose common names may have become others."""
    wanted = set(ids)
    series = {title.series for title in titles if title.id in wanted and title.series is not None}
    return [title for title in titles if title.id in wanted or title.series in series]


def _embedders(info: IndexInfo, embedder: Embedder | None, var: Path) -> Iterator[tuple[Space, Embedder]]:
    """Yield each space of the index with the model that made it."""
    for space in info.spaces:
        if space.model == "lsa":
            try:
                yield space, LsaEmbedder.load(lsa_folder(var, space.revision))
            except FileNotFoundError:
                raise IndexMismatch(
                    f"The LSA model {space.revision} that made the index is missing in {lsa_folder(var, space.revision)}. "
                    "Run: nextep index --rebuild"
                ) from None
            continue
        asked = (embedder.name, embedder.revision, embedder.dims) if embedder else ("lsa", "", 0)
        if embedder is None or asked != (space.model, space.revision, space.dims):
            raise IndexMismatch(
                f"The index was built with {space.model} ({space.revision}, {space.dims} dimensions), but {asked[0]} "
                f"({asked[1]}, {asked[2]} dimensions) is asked to change it. Set NEXTEP_EMBEDDER={space.model}, or "
                "build anew without --only: nextep index --rebuild"
            )
        yield space, embedder


def _documents(changed: Sequence[Title], titles: Sequence[Title], embedded: dict[str, Embedded]) -> Iterator[Document]:
    names = series_names(titles)
    for row, title in enumerate(changed):
        vectors = {space: made.documents[row] for space, made in embedded.items() if made.documents[row].any()}
        passages = {space: made.passages[made.offsets[row] : made.offsets[row + 1]] for space, made in embedded.items()}
        passages = {space: block for space, block in passages.items() if len(block)}
        keys = names.get(title.series, ()) if title.series is not None else ()
        yield make_document(title, vectors, passages, keys)
