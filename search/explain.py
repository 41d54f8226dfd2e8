"""Explain one query: what each leg found, with scores and ranks, and what fusion made of it. Works on every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalogue import Title
from search import ranking
from search.engine import Filters, Legs, LegsRequest
from search.keys import has_hangul
from search.near import CANDIDATES
from search.options import Options, clean_query, describe
from search.service import SearchService


@dataclass(frozen=True, slots=True)
class Explanation:
    """One query taken apart. `legs` and `fused` are best first; `floor` is what `evidence` must reach."""

    query: str
    resolution: str
    generation: str
    words: str
    filters: dict[str, Any]
    legs: dict[str, list[dict[str, Any]]]
    fused: list[dict[str, Any]]
    evidence: float
    floor: float
    partial: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as values for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def text(self) -> str:
        """Return it as lines for a person."""
        near = "reaches" if self.evidence >= self.floor else "is below"
        lines = [
            f"{self.query!r}: {self.resolution}, by {self.generation}",
            f"words {self.words!r}, filters {self.filters or 'none'}",
            f"evidence {self.evidence:.3f} {near} the floor of {self.floor:.3f}",
        ]
        if self.partial:
            lines.append(f"partial: {self.partial}")
        for name, hits in self.legs.items():
            lines.append(f"\n{name} ({len(hits)} shown)")
            lines += [f"  {hit['rank']:>3}  {hit['score']:>9.4f}  {hit['id']:>6}  {hit['title']}" for hit in hits]
        lines.append("\nfused")
        for hit in self.fused:
            ranks = ", ".join(f"{name} {place['rank']}" for name, place in hit["legs"].items())
            lines.append(f"  {hit['rank']:>3}  {hit['score']:>9.4f}  {hit['id']:>6}  {hit['title']}  [{ranks}]")
        return "\n".join(lines)


def explain(service: SearchService, query: str, limit: int = 10, language: str = "en") -> Explanation:
    """Run the query's legs as a search by meaning would and say what each found.

    A query that is a name resolves before any leg runs; `resolution` tells so, and the legs are shown all the same.
    """
    text = clean_query(query)
    answer = service.search(text, Options(limit, language=language))
    reader = service.reader()
    info = reader.info()
    parsed = service.terms.parse(reader, text, Filters(adult=service.adult))
    wanted = parsed.rest if parsed.has_words else text
    vectors, _ = service.encoder.encode(wanted, info.spaces)
    legs = reader.legs(LegsRequest(text=wanted, vectors=vectors, filters=parsed.filters, size=CANDIDATES))
    weights = ranking.learned()["ko" if has_hangul(wanted) else "en"]
    ranked = ranking.fuse(legs, weights)
    shown = {hit.id for hits in legs.hits.values() for hit in hits[:limit]} | {item.id for item in ranked[:limit]}
    titles = reader.documents(sorted(shown))
    return Explanation(
        query=text,
        resolution=answer.resolution,
        generation=info.generation,
        words=wanted,
        filters=describe(parsed.filters),
        legs=_legs(legs, titles, limit, language),
        fused=[
            {
                "rank": rank,
                "id": item.id,
                "title": _name(titles, item.id, language),
                "score": round(item.score, 4),
                "legs": {name: {"rank": place, "score": round(score, 4)} for name, (place, score) in item.legs.items()},
            }
            for rank, item in enumerate(ranked[:limit], 1)
        ],
        evidence=round(ranking.evidence(legs, ranked), 4),
        floor=round(weights.floor_among(info.offered), 4),
        partial=legs.partial,
    )


def _legs(legs: Legs, titles: dict[int, Title], limit: int, language: str) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {"rank": rank, "id": hit.id, "title": _name(titles, hit.id, language), "score": round(hit.score, 4)}
            for rank, hit in enumerate(hits[:limit], 1)
        ]
        for name, hits in legs.hits.items()
    }


def _name(titles: dict[int, Title], id: int, language: str) -> str:
    return titles[id].name(language) if id in titles else "?"
