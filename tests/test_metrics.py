import numpy as np
import pytest

from recommenders import metrics

# One person finds ranks 1 and 3 of three wanted, the other nothing of one.
HITS = np.array([[True, False, True, False], [False, False, False, False]])
WANTED = np.array([3, 1])


@pytest.mark.parametrize(
    ("metric", "k", "first"),
    [
        (metrics.precision, 4, 2 / 4),
        (metrics.recall, 2, 1 / 3),
        (metrics.recall_capped, 2, 1 / 2),
        (metrics.f1, 4, 2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3)),
        (metrics.hit_rate, 1, 1),
        (metrics.mrr, 4, 1),
        (metrics.ndcg, 4, (1 + 1 / 2) / (1 + 1 / np.log2(3) + 1 / 2)),
        (metrics.ndcg, 2, 1 / (1 + 1 / np.log2(3))),
    ],
)
def test_accuracy_is_exact(metric, k, first):
    np.testing.assert_allclose(metric(HITS, WANTED, k), [first, 0])


def test_mrr_is_the_first_hits_rank():
    assert metrics.mrr(np.array([[False, False, True]]), np.array([1]), 3) == pytest.approx(1 / 3)
    assert metrics.mrr(np.array([[False, False, True]]), np.array([1]), 2) == 0


def test_beyond_accuracy_is_exact():
    top = np.array([[0, 1], [0, -1]])
    assert metrics.coverage(top, 4) == 0.5
    np.testing.assert_allclose(metrics.novelty(top, np.array([4, 1, 0, 0]), 4), [1, 0])
    vectors = np.array([[1, 0], [0, 1.0]])
    np.testing.assert_allclose(metrics.intra_list_diversity(top, vectors), [1, 0])
    np.testing.assert_allclose(metrics.intra_list_diversity(np.array([[0, 0, 1]]), vectors), [2 / 3])
    np.testing.assert_allclose(metrics.freshness(top, np.array([2020, 1998]), 2022), [0.5, 1])
    hits = np.array([[True, True], [False, False]])
    np.testing.assert_allclose(metrics.serendipity(hits, top, np.array([[0, 3], [0, 1]])), [0.5, 0])


def test_the_bootstrap_is_paired_and_seeded():
    rng = np.random.default_rng(0)
    theirs = rng.random(200)
    found = metrics.paired_bootstrap(theirs + 0.01 + rng.normal(0, 0.01, 200), theirs)
    assert found["low"] < 0.01 < found["high"] < 0.02
    assert found["p"] < 0.01
    assert metrics.paired_bootstrap(theirs, theirs)["p"] == 1
