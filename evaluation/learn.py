"""Learn the ranking's weights from the tuning queries, and where "nothing similar" begins.

The weights maximise the likelihood that a softmax over a query's candidates gives the works that were meant
(listwise, Cao et al. 2007), kept non-negative, with a small pull to zero. Only the tuning split is read.
"""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from config import Settings
from evaluation.queries import QUERIES, Query, load_queries
from evaluation.search import KAGGLE, catalogue_service
from indexer.prepare import SAMPLE
from search import ranking
from search.engine import NO_FILTERS, LegsRequest
from search.near import CANDIDATES
from search.ranking import Weights
from search.service import SearchService

FEATURES = ("words", "document", "passage", "members")
REG = 1e-3
# Queries that no story answers: letters at random, chores, products, programming.
NONSENSE = QUERIES / "nonsense.jsonl"

Table = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]


def tables(service: SearchService, queries: list[Query]) -> list[Table]:
    """Return per query its candidates' features, (candidates, 4), and which of them are meant."""
    made = []
    for query in queries:
        reader = service.reader()
        vectors, _ = service.encoder.encode(query.text, reader.info().spaces)
        legs = reader.legs(LegsRequest(text=query.text, vectors=vectors, filters=NO_FILTERS, size=CANDIDATES))
        members = {hit.id: hit.members for hits in legs.hits.values() for hit in hits}
        found = ranking.features(legs)
        rows = np.array(
            [
                [*(entry[kind] for kind in FEATURES[:3]), math.log10(1 + max(members[id], 0))]
                for id, entry in found.items()
            ]
        )
        meant = np.array([id in query.ids for id in found], dtype=bool)
        if meant.any():
            made.append((rows, meant))
    return made


def fit(made: list[Table]) -> npt.NDArray[np.float64]:
    """Return the weights of FEATURES, scaled so that those of the vectors sum to one."""

    def loss(weights: npt.NDArray[np.float64]) -> float:
        total = 0.0
        for rows, meant in made:
            scores = rows @ weights
            scores -= scores.max()
            exponents = np.exp(scores)
            total -= math.log(exponents[meant].sum() / exponents.sum())
        return total / len(made) + REG * float(weights @ weights)

    start = np.array([6.0, 14.0, 8.0, 0.5])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, None)] * len(FEATURES)).x
    return found / (found[1] + found[2])


def floor(
    service: SearchService, real: list[Query], nonsense: list[Query], weights: Weights
) -> tuple[float, float, float]:
    """Return the floor at 10,000 works, and the shares of real and nonsense queries whose evidence lies below.

    It is the highest value that loses at most half a percent of the real tuning queries.
    """

    def of(query: Query) -> float:
        reader = service.reader()
        vectors, _ = service.encoder.encode(query.text, reader.info().spaces)
        legs = reader.legs(LegsRequest(text=query.text, vectors=vectors, filters=NO_FILTERS, size=CANDIDATES))
        return ranking.evidence(legs, ranking.fuse(legs, weights, explain=False))

    true, false = (np.array([of(query) for query in queries]) for queries in (real, nonsense))
    chosen = float(np.quantile(true, 0.005))
    offset = weights.floor_among(service.info().offered) - weights.floor
    return chosen - offset, float((true < chosen).mean()), float((false < chosen).mean())


def _weights(values: list[float], floor: float) -> Weights:
    words, document, passage, members = values
    return Weights(words, document, passage, members, floor)


# Per language: the catalogues and query sets that are learned from.
LEARNED_FROM = {
    "en": ((KAGGLE, "mal2020_plots"), ("sample", "sample_en_plots")),
    "ko": (("sample", "sample_ko_plots"), ("sample", "sample_ko_plots_more")),
}


def run(settings: Settings, data: Path) -> str:
    """Learn the weights of both languages and write `search/weights.json`; return what was found."""
    sources = {KAGGLE: data / KAGGLE, "sample": SAMPLE}
    services = {name: catalogue_service(settings, source, name) for name, source in sources.items()}
    nonsense = load_queries("nonsense")
    learned, lines = {}, []
    for language, sets in LEARNED_FROM.items():
        tuning = [
            (services[name], [query for query in load_queries(file) if query.split == "tune"]) for name, file in sets
        ]
        weights = [
            round(float(w), 4) for w in fit([row for service, queries in tuning for row in tables(service, queries)])
        ]
        others = [query for query in nonsense if query.language == language]
        found = [floor(service, queries, others, _weights(weights, 0.0)) for service, queries in tuning]
        chosen = min(value for value, _, _ in found)
        learned[language] = _weights(weights, round(chosen, 4))
        lines += [
            f"{language}, {file} on {name}: {len(queries)} tuning queries; a floor of {value:.3f} hides {lost:.1%} of them "
            f"and {caught:.1%} of {len(others)} nonsense queries"
            for (name, file), (_, queries), (value, lost, caught) in zip(sets, tuning, found, strict=True)
        ]
        lines.append(f"{language}: {learned[language]}")
    provenance = {
        "by": "nextep learn",
        "on": datetime.date.today().isoformat(),
        "model": settings.embedder,
        "notes": lines,
    }
    ranking.dump(learned, provenance)
    ranking.learned.cache_clear()
    return "\n".join(lines)
