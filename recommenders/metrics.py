"""Measures of ranked lists, one value a person, and the bootstrap that compares them.

`hits` is (people, K): whether the title at each rank is one to be found; `wanted` is (people,): how many are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Hits = NDArray[np.bool_]


def precision(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return the share of the first k that are to be found."""
    return hits[:, :k].sum(axis=1) / k


def recall(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return hits over all that are to be found: `recall`, the plain one."""
    return hits[:, :k].sum(axis=1) / np.maximum(wanted, 1)


def recall_capped(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return hits over min(k, to be found): `recall_capped`, which a perfect list brings to 1 (Liang 2018)."""
    return hits[:, :k].sum(axis=1) / np.maximum(np.minimum(wanted, k), 1)


def f1(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return the harmonic mean of precision and plain recall."""
    p, r = precision(hits, wanted, k), recall(hits, wanted, k)
    return 2 * p * r / np.where(p + r > 0, p + r, 1)


def hit_rate(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return 1 where at least one of the first k is to be found."""
    return np.asarray(hits[:, :k].any(axis=1), np.float64)


def ndcg(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return the discounted gain over that of a perfect list of k (Järvelin 2002, gains 0 and 1)."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0], np.cumsum(discounts)])[np.minimum(wanted, k)]
    shown = hits[:, :k]
    return shown @ discounts[: shown.shape[1]] / np.where(ideal > 0, ideal, 1)


def mrr(hits: Hits, wanted: NDArray[Any], k: int) -> Floats:
    """Return 1 over the rank of the first hit among the first k, or 0."""
    shown = hits[:, :k]
    return np.where(shown.any(axis=1), 1 / (shown.argmax(axis=1) + 1), 0.0)


ACCURACY = {
    "precision": precision,
    "recall": recall,
    "recall_capped": recall_capped,
    "f1": f1,
    "hit_rate": hit_rate,
    "ndcg": ndcg,
    "mrr": mrr,
}


def coverage(top: NDArray[Any], n_items: int) -> float:
    """Return the share of all titles that anybody is shown; `top` is (people, k) of places, -1 for none."""
    return len(np.unique(top[top >= 0])) / n_items


def novelty(top: NDArray[Any], popularity: NDArray[Any], n_users: int) -> Floats:
    """Return the mean surprise, -log2 of the share of people who have the title (Zhou 2010)."""
    share = np.maximum(popularity, 0.5) / n_users
    return _mean(-np.log2(share)[top], top)


def intra_list_diversity(top: NDArray[Any], vectors: NDArray[Any]) -> Floats:
    """Return 1 - the mean cosine of all pairs of a list; `vectors` (items, dims) are of length 1 or 0."""
    shown = np.where((top >= 0)[:, :, None], vectors[top], 0)
    counts = (top >= 0).sum(axis=1)
    total = np.square(shown.sum(axis=1)).sum(axis=1) - np.square(shown).sum(axis=(1, 2))
    pairs = np.maximum(counts * (counts - 1), 1)
    return np.where(counts > 1, 1 - total / pairs, 0.0)


def freshness(top: NDArray[Any], years: NDArray[Any], today: int, span: int = 3) -> Floats:
    """Return the share of a list that is at most `span` years old; a title without a year (0) is not."""
    return _mean((years >= today - span)[top].astype(np.float64), top)


def serendipity(hits: Hits, top: NDArray[Any], expected: NDArray[Any]) -> Floats:
    """Return the share of a list that is a hit which popularity would not have shown (Ge 2010).

    `expected` (people, k) is what popularity shows each of them.
    """
    known = (top[:, :, None] == expected[:, None, :]).any(axis=2)
    return (hits & ~known).mean(axis=1)


def _mean(values: Floats, top: NDArray[Any]) -> Floats:
    shown = top >= 0
    return np.where(shown, values, 0).sum(axis=1) / np.maximum(shown.sum(axis=1), 1)


def interval(values: Floats) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def paired_bootstrap(ours: Floats, theirs: Floats, seed: int = 0, rounds: int = 5000) -> dict[str, float]:
    """Return the mean difference, its 95 % interval over resampled people, and how seldom it turns its sign."""
    difference = ours - theirs
    rng = np.random.default_rng(seed)
    counts = len(difference)
    means = np.concatenate(
        [difference[rng.integers(0, counts, (100, counts))].mean(axis=1) for _ in range(max(rounds // 100, 1))]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    mean = float(difference.mean())
    # One round is added on each side: so many rounds can't show that a p is 0.
    turned = (np.count_nonzero(means <= 0 if mean > 0 else means >= 0) + 1) / (len(means) + 1)
    return {"difference": mean, "low": float(low), "high": float(high), "p": float(min(1.0, 2 * turned))}
