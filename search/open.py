"""Open the engine, the models and the service that the settings ask for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from config import Settings
from search.embedded import EmbeddedEngine
from search.embedders import Embedder, EmbedderUnavailable, load_embedder
from search.encode import QueryEmbedder, QueryEncoder, mismatch
from search.engine import Engine, IndexMismatch, Space
from search.lsa import LsaEmbedder
from search.service import SearchService

log = logging.getLogger("nextep.search")


def open_engine(settings: Settings) -> Engine:
    """Return the engine of the settings: Elasticsearch where it has an address, else the embedded one."""
    if settings.elasticsearch_url:
        # Its client takes a moment to import, which those without an Elasticsearch need not wait for.
        from search.elastic import ElasticEngine
        from search.elastic.client import connect

        return ElasticEngine(connect(settings), settings.index_name)
    return EmbeddedEngine(settings.index_dir)


def open_embedder(settings: Settings, name: str | None = None, *, serving: bool = False) -> Embedder | None:
    """Return the model that the settings name, None for `lsa`; raise EmbedderUnavailable with what mends it.

    To serve, one thread is enough for a query and leaves the other cores to other requests.
    """
    name = name or settings.embedder
    if name == "lsa":
        return None
    return load_embedder(
        name,
        revision=settings.embedder_revision,
        trust_remote_code=settings.trust_remote_code,
        threads=1 if serving else None,
        warm=serving,
    )


def lsa_folder(var: Path, revision: str) -> Path:
    """Return where the LSA model of a revision is kept."""
    return var / "lsa" / revision


def open_encoder(settings: Settings) -> QueryEncoder:
    """Return the encoder of queries: LSA spaces from `var`, the others by the model of the settings."""

    def open_space(space: Space) -> QueryEmbedder | None:
        if space.model == "lsa":
            folder = lsa_folder(settings.var, space.revision)
            try:
                return LsaEmbedder.load(folder)
            except FileNotFoundError:
                raise IndexMismatch(
                    f"The LSA model {space.revision} that made the index is missing in {folder}. "
                    "Run: nextep index --rebuild"
                ) from None
        if settings.embedder == "lsa":
            raise mismatch(space, "lsa")
        try:
            return open_embedder(settings, serving=True)
        except EmbedderUnavailable as error:
            if settings.embedder != space.model:
                raise mismatch(space, settings.embedder) from error
            # Words and names still answer; the reader is told (notice "no_model").
            log.error("searching without a model: %s", error)
            return None

    return QueryEncoder(open_space, expects_model=settings.embedder != "lsa")


def open_service(
    settings: Settings,
    *,
    suggested: Callable[[int], Sequence[str]] = lambda count: (),
    trending: Callable[[int], Sequence[str]] = lambda count: (),
) -> SearchService:
    """Return the search service of the settings."""
    return SearchService(
        open_engine(settings),
        open_encoder(settings),
        adult=settings.adult,
        suggested=suggested,
        trending=trending,
    )
