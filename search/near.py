"""Works near a text, a work or several: the legs of the engine, fused, and what decides that nothing is near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogue import Title
from search import ranking
from search.encode import QueryEncoder
from search.engine import Filters, LegsRequest, Reader, Vector
from search.keys import has_hangul
from search.likeness import overlap, shares_word
from search.terms import Terms

CANDIDATES = 100
# How many stand beside what a name found.
COMPANIONS = 60
NAMES_AVERAGED = 8
RERANKED = 80
# As many as a page of an answer shows at first.
SHOWN = 20
# Without a vector to tell what is near, one of the first three hits must hold this share of the query's words or bigrams:
# which of two that are nearly as good comes first, engines see differently.
MIN_OVERLAP = 0.45


class Near:
    """Neighbours by the vectors and words of whichever reader is given."""

    def __init__(self, encoder: QueryEncoder, terms: Terms) -> None:
        """Take what encodes texts and what knows how common a genre is."""
        self.encoder, self.terms = encoder, terms

    def text(
        self, reader: Reader, text: str, filters: Filters, *, explain: bool = False
    ) -> tuple[list[ranking.Ranked], list[str]]:
        """Return works by words and meaning fused, empty when nothing is near, and notices for the reader."""
        vectors, notices = self.encoder.encode(text, reader.info().spaces)
        legs = reader.legs(LegsRequest(text=text, vectors=vectors, filters=filters, size=CANDIDATES))
        if legs.partial:
            notices.append("partial")
        weights = ranking.learned()["ko" if has_hangul(text) else "en"]
        ranked = ranking.fuse(legs, weights, explain=explain)
        info = reader.info()
        if not ranked or ranking.evidence(legs, ranked) < weights.floor_among(info.offered):
            return [], notices
        models = {space.model for space in info.spaces if space.name in vectors}
        if models <= {"lsa"}:
            # LSA puts any text near something, and without vectors any shared letter pair is a hit.
            # Those that will be shown are read at once with the three that are looked at.
            titles = reader.documents([item.id for item in ranked[:SHOWN]])
            first = [titles[item.id] for item in ranked[:3]]
            if not any(shares_word(text, title) for title in first):
                return [], notices
            if not models and max(overlap(text, title) for title in first) < MIN_OVERLAP:
                return [], notices
        return ranked, notices

    def passages(self, reader: Reader, text: str, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Return which passage of each work is nearest to a text that was searched, as (space, position)."""
        vectors, _ = self.encoder.encode(text, reader.info().spaces)
        return reader.best_passages(vectors, ids)

    def title(
        self, reader: Reader, title: Title, filters: Filters, size: int, notices: list[str], text: str = ""
    ) -> list[ranking.Ranked]:
        """Return works near `title` by its vectors, one of a series, its own series left out; add to `notices`."""
        filters = replace(filters, exclude=(*filters.exclude, title.id))
        vectors = reader.vectors(title.id)
        if text:
            wanted, _ = self.encoder.encode(text, reader.info().spaces)
            vectors = {
                name: _unit(vector * 0.6 + wanted[name] * 0.4) if name in wanted else vector
                for name, vector in vectors.items()
            }
        if not vectors:
            described = " ".join((*title.genres, *title.themes, title.text()))
            vectors, _ = self.encoder.encode(described, reader.info().spaces)
        near = self._by_common_labels(reader, title, _like(reader, vectors, filters, size, notices))
        kept, seen = [], {title.series}
        for item in near:
            if item.series not in seen:
                seen.add(item.series)
                kept.append(item)
        return kept

    def _by_common_labels(self, reader: Reader, title: Title, near: list[ranking.Ranked]) -> list[ranking.Ranked]:
        """Return `near` with those that share genres and themes with `title` moved up."""
        weights = self.terms.of(reader).rarity
        titles = reader.documents([item.id for item in near[:RERANKED]])
        labels = (*title.genres, *title.themes)

        def score(item: ranking.Ranked) -> float:
            other = titles[item.id]
            return item.score + ranking.COMMON * ranking.in_common(labels, (*other.genres, *other.themes), weights)

        head = [item._replace(score=score(item)) for item in near[:RERANKED]]
        return sorted(head, key=lambda item: (-item.score, item.id)) + near[RERANKED:]

    def titles(self, reader: Reader, ids: Sequence[int], filters: Filters, notices: list[str]) -> list[ranking.Ranked]:
        """Return works near the middle of the first few of `ids`; add to `notices`."""
        vectors: dict[str, Any] = {}
        for id in ids[:NAMES_AVERAGED]:
            for name, vector in reader.vectors(id).items():
                vectors[name] = vectors.get(name, 0) + vector
        middle = {name: _unit(total) for name, total in vectors.items()}
        return _like(reader, middle, filters, COMPANIONS, notices)


def _like(
    reader: Reader, vectors: Mapping[str, Vector], filters: Filters, size: int, notices: list[str]
) -> list[ranking.Ranked]:
    """Return the works nearest to vectors alone, by whole texts; add to `notices`."""
    legs = reader.legs(LegsRequest(vectors=vectors, filters=filters, size=size, lexical=False, passages=False))
    if legs.partial:
        notices.append("partial")
    return ranking.fuse(legs, ranking.SIMILAR, explain=False)


def _unit(vector: Any) -> Any:
    length = float((vector @ vector) ** 0.5)
    return vector / length if length else vector
