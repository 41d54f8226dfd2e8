"""Measure models by full ranking of all titles, by the protocols of the field."""

from __future__ import annotations

import datetime
import logging
import resource
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogue import Title
from recommenders import metrics
from recommenders.base import Model, ModelError
from recommenders.content import ContentConfig, likeness
from recommenders.datasets import DATASETS, LAST, PUBLISHED, STRONG
from recommenders.features import ItemFeatures, from_titles
from recommenders.interactions import Interactions
from recommenders.models import MODELS, make_model
from recommenders.report import earlier, write
from recommenders.split import Fold, leave_last_out, published_split, strong_generalisation
from recommenders.validation import batches, hits_of, top_places

log = logging.getLogger(__name__)
Say = Callable[[str], None]
DEEP = 100
MINUTES = 30.0
HEADLINE = {STRONG: "ndcg@100", LAST: "hit_rate@10", PUBLISHED: "recall@20"}
SYSTEM_B = {"P@10": "precision@10", "R@10": "recall@10", "F1": "f1@10", "NDCG@10": "ndcg@10", "diversity": "diversity@10",
            "freshness": "freshness@10"}  # fmt: skip
HISTORY_GROUPS = ((1, 9), (10, 29), (30, 99), (100, 299), (300, 1_000_000))


@dataclass
class Result:
    """What one model reached on one fold: numbers, and the values a person that the bootstrap needs."""

    model: str
    settings: dict[str, Any]
    seed: int | None
    fit_seconds: float
    user_ms: float
    numbers: dict[str, float]
    values: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    learned: dict[str, Any] = field(default_factory=dict)
    by_history: dict[str, float] = field(default_factory=dict)
    by_popularity: dict[str, float] = field(default_factory=dict)


def measure(
    model: Model, fold: Fold, features: ItemFeatures | None = None, today: int | None = None, headline: str = "ndcg@100"
) -> Result:
    """Fit a model on a fold and rank every title for each held-out person."""
    started = time.perf_counter()
    model.fit(fold.train)
    fitted = time.perf_counter() - started
    wanted = np.diff(fold.wanted.indptr)
    tops, hits = [], []
    scoring = 0.0
    for rows in batches(fold.people):
        liked, rated = fold.liked[rows], fold.rated[rows]
        started = time.perf_counter()
        top = top_places(model.scores_many(liked, rated), liked, DEEP, model.rank)
        scoring += time.perf_counter() - started
        tops.append(top)
        hits.append(hits_of(top, fold.wanted[rows]))
    top, hit = np.vstack(tops), np.vstack(hits)
    values = {
        f"{name}@{k}": one(hit, wanted, k)
        for name, one in metrics.ACCURACY.items()
        for k in (10, 20, 50, 100)
        if k != 50 or name.startswith("recall")
    }
    numbers = {name: float(each.mean()) for name, each in values.items()}
    numbers[f"{headline} error"] = metrics.interval(values[headline])[1]
    ten = top[:, :10]
    numbers["coverage@10"] = metrics.coverage(ten, len(model.items))
    numbers["novelty@10"] = float(metrics.novelty(ten, model.popularity, len(fold.train.users)).mean())
    expected = _popular(fold, model)
    numbers["serendipity@10"] = float(metrics.serendipity(hit[:, :10], ten, expected).mean())
    if features is not None:
        numbers |= _described(model, fold, features, top, hit, today)
    made = Result(
        model.name,
        {},
        fold.seed,
        fitted,
        scoring / fold.people * 1000,
        numbers,
        values,
        dict(model.metrics),
    )
    lengths = np.diff(fold.liked.indptr)
    for low, high in HISTORY_GROUPS:
        group = (lengths >= low) & (lengths <= high)
        if group.sum() >= 10:
            made.by_history[f"{low}-{high}" if high < 1_000_000 else f"{low}+"] = float(values[headline][group].mean())
    made.by_popularity = _by_popularity(model, fold, top)
    return made


def _popular(fold: Fold, model: Model) -> NDArray[np.int64]:
    """Return the ten titles that popularity would show each person."""
    parts = []
    for rows in batches(fold.people):
        liked = fold.liked[rows]
        parts.append(top_places(np.tile(model.popularity, (liked.shape[0], 1)), liked, 10, model.rank))
    return np.vstack(parts)


def _described(
    model: Model,
    fold: Fold,
    features: ItemFeatures,
    top: NDArray[np.int64],
    hit: NDArray[np.bool_],
    today: int | None,
) -> dict[str, float]:
    """Return what needs to know the titles: diversity, freshness, and accuracy without sequels."""
    ids = model.items.tolist()
    ten = top[:, :10]
    made = {"diversity@10": float(metrics.intra_list_diversity(ten, features.rows(ids)).mean())}
    places = features.places(ids)
    if features.years is not None:
        years = np.where(places >= 0, features.years[places], 0)
        latest = today or int(years.max())
        made["freshness@10"] = float(metrics.freshness(ten, years, latest).mean())
    if features.series is not None:
        series = np.where(places >= 0, features.series[places], "")
        _, codes = np.unique(series, return_inverse=True)
        codes = np.where(series == "", -np.arange(1, len(series) + 1), codes)
        values = []
        for row in range(fold.people):
            seen = np.unique(codes[fold.liked.indices[fold.liked.indptr[row] : fold.liked.indptr[row + 1]]])
            own = fold.wanted.indices[fold.wanted.indptr[row] : fold.wanted.indptr[row + 1]]
            fresh = int((~np.isin(codes[own], seen)).sum())
            if fresh:
                kept = (top[row] >= 0) & ~np.isin(codes[np.maximum(top[row], 0)], seen)
                values.append(metrics.ndcg(hit[row][kept][None, :20], np.array([fresh]), 20)[0])
        made["ndcg@20 without sequels"] = float(np.mean(values)) if values else 0.0
    return made


def _by_popularity(model: Model, fold: Fold, top: NDArray[np.int64]) -> dict[str, float]:
    """Return recall@20 of the titles to be found, by fifths of all titles from the most popular on."""
    fifth = model.rank.astype(np.int64) * 5 // len(model.items)
    shown = np.zeros(fold.wanted.nnz, np.bool_)
    for row in range(fold.people):
        span = slice(fold.wanted.indptr[row], fold.wanted.indptr[row + 1])
        shown[span] = np.isin(fold.wanted.indices[span], top[row, :20])
    of = fifth[fold.wanted.indices]
    return {f"fifth {part + 1}": float(shown[of == part].mean()) for part in range(5) if (of == part).any()}


def cold_items(interactions: Interactions, features: ItemFeatures, seed: int, share: float = 0.1) -> dict[str, float]:
    """Hide a tenth of the titles from training and find them, among all of the hidden, by content alone."""
    rng = np.random.default_rng(seed)
    matrix = interactions.matrix
    described = features.places(interactions.items.tolist()) >= 0
    hidden = np.zeros(len(interactions.items), np.bool_)
    candidates = np.flatnonzero(described)
    hidden[rng.permutation(candidates)[: max(1, round(len(candidates) * share))]] = True
    people = rng.permutation(matrix.shape[0])[:500]
    vectors = features.rows(interactions.items.tolist())
    sharpness = ContentConfig().sharpness
    kinds: dict[str, list[float]] = {"content": [], "chance": []}
    for row in people:
        own = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        told, found = own[~hidden[own]], own[hidden[own]]
        if not len(told) or not len(found):
            continue
        alike = likeness(vectors[hidden] @ vectors[told].T, sharpness).sum(axis=1)
        mask = np.isin(np.flatnonzero(hidden), found)
        for name, scores in (("content", alike), ("chance", rng.random(int(hidden.sum())))):
            hits = mask[np.argsort(-scores, kind="stable")[:20]][None, :]
            kinds[name].append(float(metrics.recall_capped(hits, np.array([len(found)]), 20)[0]))
    return {name: float(np.mean(values)) for name, values in kinds.items() if values}


def folds_of(
    interactions: Interactions, test: Interactions | None, protocol: str, seeds: Sequence[int]
) -> list[tuple[int, Fold]]:
    """Return a fold for each seed; by a published or last-out split it is the same one, and only models differ."""
    if protocol == STRONG:
        return [(seed, strong_generalisation(interactions, seed)) for seed in seeds]
    if protocol == LAST:
        fold = leave_last_out(interactions)
        return [(seed, fold) for seed in seeds]
    if protocol == PUBLISHED and test is not None:
        fold = published_split(interactions, test)
        return [(seed, fold) for seed in seeds]
    raise ModelError(
        f"there is no protocol {protocol!r} here; there are {STRONG}, {LAST}, and {PUBLISHED} where a split is"
    )


def evaluate_data(
    name: str,
    interactions: Interactions,
    test: Interactions | None,
    protocol: str,
    models: Iterable[str],
    seeds: Sequence[int],
    features: ItemFeatures | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    say: Say = log.info,
    minutes: float = MINUTES,
) -> dict[str, Any]:
    """Measure models on one data set by one protocol; return a report of plain values.

    After `minutes` no further model is begun, nor a seed that would not end in time; what is missing is in `skipped`.
    """
    headline = HEADLINE[protocol]
    results: dict[str, list[Result]] = {}
    skipped: dict[str, str] = {}
    sizes: dict[str, int] = {}
    started = time.perf_counter()
    took = 0.0  # by the seed before
    for seed, fold in folds_of(interactions, test, protocol, seeds):
        begun = time.perf_counter()
        if took and begun - started + took > minutes * 60:
            skipped[f"seed {seed}"] = f"it would end after the {minutes:g} minutes that there are"
            continue
        sizes = {
            "training people": len(fold.train.users),
            "held-out people": fold.people,
            "titles": len(fold.train.items),
        }
        for model_name in models:
            if model_name in skipped:
                continue
            try:
                if not took and time.perf_counter() - started > minutes * 60:
                    raise ModelError(f"the {minutes:g} minutes that there are were over")
                model = make_model(model_name, (settings or {}).get(model_name, {}), seed, features)
                result = measure(model, fold, features, headline=headline)
                result.seed = seed
            except ModelError as error:
                skipped[model_name] = str(error)
                results.pop(model_name, None)
                say(f"{name}: {model_name} is left out: {error}")
                continue
            results.setdefault(model_name, []).append(result)
            say(
                f"{name} {protocol} seed {seed}: {model_name} {headline} {result.numbers[headline]:.4f}, fit {result.fit_seconds:.1f} s"
            )
            del model
        took = time.perf_counter() - begun
    if not results:
        raise ModelError(f"{name}: no model could be measured: {skipped}")
    report: dict[str, Any] = {
        "dataset": name,
        "protocol": protocol,
        "headline": headline,
        "seeds": [one.seed for one in next(iter(results.values()))],
        **sizes,
        "skipped": skipped,
        "models": _table(results, headline, protocol),
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }
    if features is not None and protocol == STRONG:
        report["cold items, recall_capped@20 among the hidden titles"] = cold_items(interactions, features, seeds[0])
    report["seconds"] = time.perf_counter() - started
    report["date"] = _today()
    return report


def _table(results: Mapping[str, list[Result]], headline: str, protocol: str) -> list[dict[str, Any]]:
    """Average over seeds, and compare by people with popularity and with the best.

    Where every seed asks the same people, a person's values are averaged: asked thrice they are no three people.
    """

    def people(name: str) -> NDArray[np.float64]:
        values = [one.values[headline] for one in results[name]]
        return np.concatenate(values) if protocol == STRONG else np.mean(values, axis=0)

    means = {name: float(np.mean([one.numbers[headline] for one in each])) for name, each in results.items()}
    top = max(means, key=lambda name: means[name])
    table = []
    for name in sorted(means, key=lambda name: -means[name]):
        each = results[name]
        values = people(name)
        mean, error = metrics.interval(values)
        row: dict[str, Any] = {
            "model": name,
            headline: mean,
            "error": error,
            "interval": [mean - 1.96 * error, mean + 1.96 * error],
            "by_seed": {str(one.seed): one.numbers[headline] for one in each},
            "numbers": {key: float(np.mean([one.numbers[key] for one in each])) for key in each[0].numbers},
            "fit_seconds": float(np.mean([one.fit_seconds for one in each])),
            "user_ms": float(np.mean([one.user_ms for one in each])),
            "by_history": each[0].by_history,
            "by_popularity": each[0].by_popularity,
            "learned": [one.learned for one in each],
        }
        for other, key in (("popularity", "against popularity"), (top, "against the best")):
            if other in results and other != name:
                row[key] = {"model": other, **metrics.paired_bootstrap(values, people(other))}
        table.append(row)
    return table


def system_b(
    interactions: Interactions, features: ItemFeatures, tfidf: ItemFeatures, seed: int = 42
) -> list[dict[str, Any]]:
    """Return system B's own table: hybrid, TF-IDF hybrid, content only, collaborative only."""
    fold = strong_generalisation(interactions, seed)
    rows = []
    for label, name, described in (
        ("hybrid (.6 content, .4 collaborative)", "hybrid", features),
        ("hybrid on TF-IDF of genres", "hybrid", tfidf),
        ("content only", "content", features),
        ("collaborative only", "item_knn", features),
        ("the default blend", "blend", features),
    ):
        result = measure(make_model(name, {}, seed, described), fold, features)
        told = {column: result.numbers[number] for column, number in SYSTEM_B.items() if number in result.numbers}
        rows.append({"model": label, **told, "ms": result.user_ms})
    return rows


def run(
    data: Path | None,
    out: Path,
    datasets: Sequence[str] = ("mal_lists",),
    models: Sequence[str] | None = None,
    seeds: Sequence[int] = (42, 43, 44),
    protocol: str | None = None,
    interactions: Path | None = None,
    titles: Sequence[Title] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    say: Say = log.info,
    minutes: float = MINUTES,
) -> dict[str, Any]:
    """Measure models on the named data sets below `data`, or on a file; write the reports to `out`.

    Without `models` those that the data set names, or all. `minutes` bounds each data set and protocol. The reports
    are written after each, so that a run that is stopped leaves what it has measured. What earlier runs measured of other
    data sets and protocols stays in the reports, each with its date.

    Raises ModelError or InteractionsError with the reason.
    """
    chosen = list(models or MODELS)
    for name in chosen:
        if name not in MODELS:
            raise ModelError(f"there is no model {name!r}; there are {', '.join(MODELS)}")
    described = from_titles(titles) if titles else None
    episodes = {str(title.id): title.episodes for title in titles or () if title.episodes}
    report: dict[str, Any] = {
        "date": _today(),
        "minutes": minutes,
        "results": [],
    }
    if interactions is not None:
        read = Interactions.read(interactions, episodes=episodes)
        made = evaluate_data(
            interactions.name, read, None, protocol or STRONG, chosen, seeds, described, settings, say, minutes
        )
        report["results"].append(made)
    else:
        before = earlier(out)
        report = {**before, **report, "results": list(before.get("results", ()))}
        for name in datasets:
            if name not in DATASETS:
                raise ModelError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
            if data is None:
                raise ModelError("a data set needs the data folder (--data)")
            dataset = DATASETS[name]
            train, test = dataset.read(data, episodes)
            features = described if dataset.anime else None
            measured = chosen if models else list(dataset.models or MODELS)
            for one in (protocol,) if protocol else dataset.protocols:
                made = evaluate_data(name, train, test, one, measured, seeds, features, settings, say, minutes)
                _replace(report["results"], made)
                write(report, out)
            if features is not None and titles is not None and "hybrid" in measured:
                from recommenders.features import from_tags

                tags = {str(title.id): (*title.genres, *title.themes, title.format or "") for title in titles}
                report.setdefault("system B", {})[name] = system_b(train, features, from_tags(tags))
    report["peak_memory_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    write(report, out)
    return report


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")


def _replace(results: list[dict[str, Any]], made: dict[str, Any]) -> None:
    """Put a result into the place of the earlier one of its data set and protocol, else at the end."""
    same = [
        at for at, one in enumerate(results) if (one["dataset"], one["protocol"]) == (made["dataset"], made["protocol"])
    ]
    if same:
        results[same[0]] = made
    else:
        results.append(made)
