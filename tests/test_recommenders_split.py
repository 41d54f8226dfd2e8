import numpy as np
import pytest

from recommenders.base import Scored
from recommenders.diversity import cap_series, mmr
from recommenders.interactions import EVERYTHING, Interactions
from recommenders.ranking import best, tie_rank
from recommenders.split import leave_last_out, published_split, strong_generalisation


@pytest.fixture(scope="module")
def lists() -> Interactions:
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((50, 30)) < 0.4)
    return Interactions.from_arrays(users.tolist(), items.tolist(), timestamps=rng.permutation(len(users)).tolist())


def test_strong_generalisation_holds_people_out_whole_and_a_fifth_of_each_list(lists):
    fold = strong_generalisation(lists, seed=42)
    assert (len(fold.train.users), fold.people) == (40, 10)
    told, wanted = fold.liked.toarray(), fold.wanted.toarray()
    assert not (told * wanted).any()
    lengths = (told + wanted).sum(axis=1)
    np.testing.assert_array_equal(wanted.sum(axis=1), np.maximum(1, np.round(lengths * 0.2)))
    held_out = {tuple(sorted(fold.train.items[row > 0])) for row in told + wanted}
    trained = {tuple(sorted(fold.train.items[row > 0])) for row in fold.train.matrix.toarray()}
    assert not held_out & trained


def test_a_split_follows_its_seed(lists):
    first, again, other = (strong_generalisation(lists, seed) for seed in (42, 42, 43))
    assert first.train.users.tolist() == again.train.users.tolist() != other.train.users.tolist()
    np.testing.assert_array_equal(first.wanted.toarray(), again.wanted.toarray())


def test_short_lists_are_no_part_of_it():
    users = ["a"] * 5 + ["b"] * 4 + ["c"] * 6
    fold = strong_generalisation(Interactions.from_arrays(users, [*range(5), *range(4), *range(6)]), held_out=0.5)
    assert {*fold.train.users.tolist()} < {"a", "c"}
    with pytest.raises(ValueError, match="only 1 people"):
        strong_generalisation(Interactions.from_arrays(["a"] * 5, range(5)))


def test_leave_last_out_asks_for_the_latest():
    data = Interactions.from_arrays(["a"] * 3 + ["b"] * 2, ["1", "2", "3", "1", "2"], timestamps=[5, 9, 7, 1, 2])
    fold = leave_last_out(data)
    assert fold.train.users.tolist() == ["a"]
    assert fold.wanted.toarray().tolist() == [[0, 1, 0]]
    assert fold.train.matrix.toarray().tolist() == fold.liked.toarray().tolist() == [[1, 0, 1]]
    with pytest.raises(ValueError, match="no timestamps"):
        leave_last_out(Interactions.from_arrays(["a"], ["1"]))


def test_a_published_split_is_taken_as_it_is():
    train = Interactions.from_arrays(["a", "b", "b"], ["1", "2", "3"], rule=EVERYTHING)
    test = Interactions.from_arrays(["b", "b", "c"], ["1", "unheard", "1"], rule=EVERYTHING)
    fold = published_split(train, test)
    assert fold.liked.toarray().tolist() == [[0, 1, 1]]
    assert fold.wanted.toarray().tolist() == [[1, 0, 0]]


def test_ties_go_to_the_more_popular_then_to_the_smaller_id():
    rank = tie_rank(np.array([1, 5, 5, 2]))
    assert best(np.array([1.0, 1, 1, 1]), 4, rank).tolist() == [1, 2, 3, 0]
    assert best(np.array([1.0, 1, 1, 3]), 2, rank).tolist() == [3, 1]
    assert best(np.array([1.0, -np.inf, 1, -np.inf]), 4, rank).tolist() == [2, 0]
    assert best(np.array([1.0, 2]), 0, rank[:2]).tolist() == []


CANDIDATES = [Scored("a", 1.0), Scored("a2", 0.9), Scored("b", 0.5), Scored("c", 0.0)]
VECTORS = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)


def test_mmr_trades_likeness_for_score():
    assert [one.item for one in mmr(CANDIDATES, VECTORS, 3, trade=0.0)] == ["a", "a2", "b"]
    assert [one.item for one in mmr(CANDIDATES, VECTORS, 3, trade=0.5)] == ["a", "b", "a2"]
    assert mmr([], VECTORS[:0], 3) == []
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        mmr(CANDIDATES, VECTORS, 3, trade=2)


def test_a_series_is_capped_and_the_row_still_full():
    series = {"a": "A", "a2": "A"}
    assert [one.item for one in cap_series(CANDIDATES, series, 3)] == ["a", "b", "c"]
    assert [one.item for one in cap_series(CANDIDATES, series, 4)] == ["a", "b", "c", "a2"]
    assert [one.item for one in cap_series(CANDIDATES, series, 3, most=2)] == ["a", "a2", "b"]
