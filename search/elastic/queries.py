"""Query bodies: pure functions from what is asked to the dict that Elasticsearch gets.

Every body asks for no stored field: what a hit must tell (id, members, series) are its sort values, which come
from columns and cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search.elastic.mapping import passages_field, vector_field
from search.engine import Filters, Sort, Vector
from search.keys import bigrams, distinct, key
from search.lexical import BOOSTS

Body = dict[str, Any]

# The longest beginning of a word that es/analysis.json indexes.
HALF_TYPED = 20
# What Korean and Japanese analysers find beside the bigrams counts half: theirs is the order learned.
ANALYSED = 0.5
# A graph is walked with so many candidates a hit; recall@10 is verified at each build.
CANDIDATES_PER_HIT = 2
MAX_CANDIDATES = 10_000

# In listings the id comes last in every order, so it is the last of a hit's sort values.
WATCHED: list[Body] = [{"members": "desc"}, {"id": "asc"}]
SORTED: dict[Sort, list[Body]] = {
    "watched": WATCHED,
    "score": [{"score": {"order": "desc", "missing": "_last"}}, *WATCHED],
    "newest": [{"aired": {"order": "desc", "missing": "_last"}}, *WATCHED],
    "title": [{"sort_title": "asc"}, {"id": "asc"}],
}
SCORED: list[Any] = ["_score", {"id": "asc"}, {"members": "desc"}, {"series": "asc"}]
FACET_FIELDS = {"genre": "labels", "theme": "labels", "format": "format", "studio": "makers", "year": "year"}
MOST_VALUES = 10_000


def bare(size: int) -> Body:
    """Return what every search shares: a size, and nothing of the documents but their sort values."""
    return {"size": size, "_source": False, "stored_fields": "_none_", "track_total_hits": False}


def conditions(filters: Filters) -> Body:
    """Return the filters as one clause that scores nothing."""
    must: list[Body] = []
    must_not: list[Body] = []
    if filters.offered is not None:
        must.append({"term": {"offered": filters.offered}})
    if not filters.adult:
        must.append({"term": {"adult": False}})
    must.extend({"term": {"labels": name}} for name in filters.genres)
    if filters.without_genres:
        must_not.append({"terms": {"labels": list(filters.without_genres)}})
    if filters.formats:
        must.append({"terms": {"format": list(filters.formats)}})
    if filters.studios:
        must.append({"terms": {"studios": [key(studio) for studio in filters.studios]}})
    for field, low, high in (
        ("year", filters.year_from, filters.year_to),
        ("episodes", filters.episodes_min, filters.episodes_max),
    ):
        if low is not None or high is not None:
            bounds = {"gte": max(low or 0, 0), **({} if high is None else {"lte": high})}
            must.append({"range": {field: bounds}})
    if filters.ids is not None:
        must.append({"terms": {"id": list(filters.ids)}})
    if filters.exclude:
        must_not.append({"terms": {"id": list(filters.exclude)}})
    if not must and not must_not:
        return {"match_all": {}}
    return {"bool": {"filter": must, **({"must_not": must_not} if must_not else {})}}


def lexical(text: str, filters: Filters, size: int, analysers: Sequence[str]) -> Body | None:
    """Return the lexical leg, None where nothing of `text` can be looked for.

    The clauses are the embedded engine's: each distinct word or bigram counts once in each field. What nori and
    kuromoji find counts where it is worth more than the bigrams, never on top of them.
    """
    spelled = distinct(key(word) for word in text.split())
    pairs = distinct(bigrams(text))
    should: list[Body] = [_match("en", text), _match("tags", text)]
    if spelled:
        should.append(_match("name", " ".join(spelled)))
    for field, analysed in (("bi", {"ko": "nori"}), ("name_bi", {"name_ko": "nori", "name_ja": "kuromoji"})):
        if pairs:
            found = [_match(field, " ".join(pairs))]
            boost = BOOSTS[field] * ANALYSED
            found += [_match(other, text, boost) for other, by in analysed.items() if by in analysers]
            should.append({"dis_max": {"queries": found}} if len(found) > 1 else found[0])
    if not spelled and not pairs:
        return None
    query = {"bool": {"must": [{"bool": {"should": should}}], "filter": [conditions(filters)]}}
    return {**bare(size), "query": query, "sort": SCORED}


def _match(field: str, text: str, boost: float | None = None) -> Body:
    boost = BOOSTS[field] if boost is None else boost
    return {"match": {field: {"query": text, "boost": boost}}}


def nearest(space: str, vector: Vector, filter: Body, size: int) -> Body:
    """Return the leg of whole texts: the `size` nearest works that pass the filter."""
    return _knn(vector_field(space), vector, filter, size)


def passages(space: str, vector: Vector, filter: Body, size: int) -> Body:
    """Return the leg of passages: the works whose best passage is nearest."""
    return _knn(f"{passages_field(space)}.vector", vector, filter, size)


def best_passages(space: str, vector: Vector, ids: Sequence[int]) -> Body:
    """Return the works of `ids` with the passage of each that is nearest: the dearest thing to ask of a hit."""
    body = passages(space, vector, among(ids), len(ids))
    body["knn"]["inner_hits"] = {"size": 1, "_source": False, "stored_fields": "_none_"}
    return body


def _knn(field: str, vector: Vector, filter: Body, size: int) -> Body:
    knn = {
        "field": field,
        "query_vector": vector.tolist(),
        "k": size,
        "num_candidates": min(max(size * CANDIDATES_PER_HIT, 100), MAX_CANDIDATES),
        "filter": filter,
    }
    return {**bare(size), "knn": knn, "sort": SCORED}


def among(ids: Sequence[int]) -> Body:
    """Return a filter that only the works of `ids` pass."""
    return {"terms": {"id": list(ids)}}


def exact(keys: Sequence[str], adult: bool) -> Body:
    """Return the works that bear one of the keys, the most watched first."""
    filters = [{"terms": {"keys": list(keys)}}, *([] if adult else [{"term": {"adult": False}}])]
    return {**bare(MOST_VALUES), "query": {"bool": {"filter": filters}}, "sort": WATCHED}


def named(words: Sequence[str], filters: Filters, size: int) -> Body:
    """Return works with one name that holds every word, the last as the beginning of one."""
    whole = distinct(words[:-1])
    begun = {"query": words[-1][:HALF_TYPED], "analyzer": "whitespace"}
    if whole:
        rules: list[Body] = [{"match": {"query": word, "analyzer": "whitespace"}} for word in whole]
        rules.append({"match": {**begun, "use_field": "names.half_typed"}})
        # Names are 100 places apart, so that words of two of them never count as one.
        held: Body = {"intervals": {"names": {"all_of": {"ordered": False, "max_gaps": 90, "intervals": rules}}}}
    else:
        held = {"term": {"names.half_typed": begun["query"]}}
    return _listed(held, filters, size)


def prefixed(prefix: str, filters: Filters, size: int) -> Body:
    """Return works with a prefix form that begins so."""
    return _listed({"prefix": {"prefixes": prefix}}, filters, size)


def _listed(query: Body, filters: Filters, size: int) -> Body:
    wanted = {"bool": {"filter": [query, conditions(filters)]}}
    return {**bare(size), "query": wanted, "sort": WATCHED, "docvalue_fields": ["spelled"]}


def fuzzy(grams: str, filters: Filters, size: int) -> Body:
    """Return the works that share the most trigrams: the sum of their rarities, by how many trigrams a work has."""
    shared = {"bool": {"must": [{"match": {"grams": grams}}], "filter": [conditions(filters)]}}
    weighed = {"query": shared, "field_value_factor": {"field": "gram_weight", "missing": 1}, "boost_mode": "multiply"}
    return {**bare(size), "query": {"function_score": weighed}, "sort": ["_score", {"id": "asc"}]}


def series(series: int) -> Body:
    """Return the works of a series in order of release, those without a date last."""
    query = {"bool": {"filter": [{"term": {"series": series}}, {"term": {"adult": False}}]}}
    order = [{"aired": {"order": "asc", "missing": "_last"}}, {"id": "asc"}]
    return {**bare(MOST_VALUES), "query": query, "sort": order}


def browse(filters: Filters, sort: Sort, offset: int, limit: int, facets: Sequence[str]) -> Body:
    """Return one page of the works that pass the filters, how many there are, and the facets' counts."""
    body: Body = {
        **bare(limit),
        "from": offset,
        "query": {"bool": {"filter": [conditions(filters)]}},
        "sort": SORTED[sort],
        "track_total_hits": True,
    }
    if facets:
        body["aggs"] = {name: {"terms": {"field": FACET_FIELDS[name], "size": MOST_VALUES}} for name in facets}
    return body


def with_titles(body: Body, vectors: Sequence[str] = ()) -> Body:
    """Return a search that brings the titles of its hits along, and their vectors in the spaces named."""
    made = {**{name: value for name, value in body.items() if name != "stored_fields"}, "_source": ["title"]}
    return {**made, "fields": [vector_field(space) for space in vectors]} if vectors else made


def titles(ids: Sequence[int], vectors: Sequence[str] = ()) -> Body:
    """Return the titles of `ids`, with the vectors of the spaces named."""
    body: Body = {
        "size": len(ids),
        "query": {"bool": {"filter": [among(ids)]}},
        "_source": ["title"],
        "track_total_hits": False,
    }
    if vectors:
        body["fields"] = [vector_field(space) for space in vectors]
    return body
