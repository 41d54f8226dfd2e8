"""Each model against a closed form, or against implicit and irspack where they are installed."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommenders.base import History, ModelError
from recommenders.ease import gram, invert_in_place
from recommenders.interactions import EVERYTHING, Interactions
from recommenders.models import load_model, make_model
from recommenders.svd import right_vectors


@pytest.fixture(scope="module")
def lists() -> Interactions:
    """Return 120 people and 40 titles of two overlapping tastes."""
    rng = np.random.default_rng(7)
    taste = rng.random((120, 3)) @ rng.random((3, 40))
    users, items = np.nonzero(taste * rng.random((120, 40)) > 0.6)
    return Interactions.from_arrays([f"u{user}" for user in users], items.tolist(), rule=EVERYTHING)


@pytest.fixture(scope="module")
def scored() -> Interactions:
    """Return scores of 80 people for 30 titles that follow two factors and biases."""
    rng = np.random.default_rng(3)
    true = (
        6.5
        + rng.normal(0, 0.5, (80, 1))
        + rng.normal(0, 0.8, (1, 30))
        + rng.normal(0, 1, (80, 2)) @ rng.normal(0, 0.7, (2, 30))
    )
    users, items = np.nonzero(rng.random((80, 30)) < 0.6)
    values = np.clip(true[users, items] + rng.normal(0, 0.1, len(users)), 1, 10)
    return Interactions.from_arrays(users.tolist(), items.tolist(), values.tolist(), rule=EVERYTHING)


def oracle(name: str):
    return pytest.importorskip(name, reason=f".venv/bin/pip install {name}", exc_type=ImportError)


def dense(lists: Interactions) -> np.ndarray:
    return lists.matrix.toarray().astype(np.float64)


def ease_of(X: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    P = np.linalg.inv(X.T @ X + np.diag(ridge))
    B = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    return B


def test_ease_is_its_closed_form(lists):
    model = make_model("ease", {"reg": 20}).fit(lists)
    np.testing.assert_allclose(model.weights, ease_of(dense(lists), np.full(len(lists.items), 20.0)), atol=2e-6)
    assert model.weights.dtype == np.float32
    assert model.weights.flags.c_contiguous


def test_ease_minimises_its_own_loss(lists):
    model = make_model("ease", {"reg": 20}).fit(lists)
    X, B = dense(lists), model.weights.astype(np.float64)
    gradient = -X.T @ (X - X @ B) + 20 * B
    np.fill_diagonal(gradient, 0)
    assert np.abs(gradient).max() < 1e-3


def test_edlae_is_its_closed_form(lists):
    X = dense(lists)
    ridge = 5 + 0.3 / 0.7 * X.sum(axis=0)
    model = make_model("edlae", {"reg": 5, "dropout": 0.3}).fit(lists)
    np.testing.assert_allclose(model.weights, ease_of(X, ridge), atol=2e-6)


def test_ease_and_edlae_agree_with_irspack(lists):
    irspack = oracle("irspack")
    X = csr_matrix(lists.matrix)
    for name, theirs in (
        ("ease", irspack.DenseSLIMRecommender(X, reg=20)),
        ("edlae", irspack.EDLAERecommender(X, reg=5, dropout_p=0.3)),
    ):
        theirs.learn()
        settings = {"reg": 20} if name == "ease" else {"reg": 5, "dropout": 0.3}
        W = theirs.W.toarray() if hasattr(theirs.W, "toarray") else theirs.W
        np.testing.assert_allclose(make_model(name, settings).fit(lists).weights, W, atol=1e-4)


def test_people_may_weigh_by_the_length_of_their_lists(lists):
    X = dense(lists)
    lengths = X.sum(axis=1)
    weights = (lengths / lengths[lengths > 0].mean()) ** -0.5
    np.testing.assert_allclose(gram(lists.matrix, 0.5), X.T @ (weights[:, None] * X), rtol=1e-4)


@pytest.mark.parametrize("n", [1, 5, 1500])
def test_a_matrix_is_inverted_in_its_own_memory(n):
    rng = np.random.default_rng(n)
    X = rng.random((n + 3, n)).astype(np.float32)
    matrix = X.T @ X + n * np.eye(n, dtype=np.float32)
    expected = np.linalg.inv(matrix.astype(np.float64))
    found = invert_in_place(matrix)
    assert np.shares_memory(found, matrix)
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


def test_both_ways_to_the_gram_matrix_agree(lists):
    X = dense(lists)
    np.testing.assert_allclose(gram(lists.matrix), X.T @ X)  # dense and small: ssyrk
    wide = Interactions.from_arrays([*range(3000)], [i % 300 for i in range(3000)], rule=EVERYTHING)
    np.testing.assert_allclose(gram(wide.matrix), np.diag(np.full(300, 10)))  # sparse product


def test_more_memory_than_there_is_is_refused_beforehand(lists):
    with pytest.raises(ModelError, match=r"needs 0\.00 GB of memory, and there are 0\.00 GB"):
        make_model("ease", {"reg": 20, "memory_gb": 1e-6}).fit(lists)


def test_a_container_has_what_it_is_allowed_and_the_files_it_has_read_take_nothing(tmp_path, monkeypatch):
    from recommenders import memory

    for name, text in (("max", "5000"), ("current", "3000"), ("stat", "anon 1000\ninactive_file 1500\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "max"), "/none"))
    monkeypatch.setattr(memory, "_USED", (str(tmp_path / "current"), "/none"))
    monkeypatch.setattr(memory, "_STAT", (str(tmp_path / "stat"), "/none"))
    assert memory.available() == 3500
    (tmp_path / "max").write_text("max")
    assert memory.available() > 3500


def test_ials_solves_a_person_exactly(lists):
    model = make_model("ials", {"embedding_size": 6, "epochs": 3, "reg": 0.02, "unobserved": 0.2}).fit(lists)
    V = model.factors.astype(np.float64)
    x = dense(lists)[0]
    A = V.T @ np.diag(x) @ V + 0.2 * V.T @ V + 0.02 * (x.sum() + 0.2 * len(V)) * np.eye(6)
    expected = V @ np.linalg.solve(A, V.T @ x)
    np.testing.assert_allclose(model.scores_many(lists.matrix[[0]])[0], expected, atol=1e-4)


def test_what_is_not_in_a_list_weighs_more_in_full_lists_and_is_kept(lists, tmp_path):
    model = make_model("ials", {"embedding_size": 4, "epochs": 2}).fit(lists)
    assert model.unobserved == pytest.approx(np.sqrt(dense(lists).mean()))
    model.save(tmp_path / "model")
    assert load_model(tmp_path / "model").unobserved == model.unobserved
    assert make_model("ials", {"unobserved": 0.2, "epochs": 1}).fit(lists).unobserved == 0.2


def test_ials_solves_people_as_irspack_does(lists):
    irspack = oracle("irspack")
    theirs = irspack.IALSRecommender(
        csr_matrix(lists.matrix),
        n_components=6,
        alpha0=0.2,
        reg=0.02,
        solver_type="CHOLESKY",
        train_epochs=12,
        n_threads=1,
    ).learn()
    model = make_model("ials", {"embedding_size": 6, "epochs": 30, "reg": 0.02, "unobserved": 0.2}).fit(lists)
    V = np.asarray(theirs.get_item_embedding())
    np.testing.assert_allclose(
        model.solve(lists.matrix, V), theirs.compute_user_embedding(csr_matrix(lists.matrix)), atol=2e-3
    )


def test_ials_reaches_implicits_fit(lists):
    implicit = oracle("implicit")
    als = implicit.als.AlternatingLeastSquares(
        factors=6, iterations=30, regularization=0.05, alpha=5, random_state=1, num_threads=1
    )
    als.fit(csr_matrix(lists.matrix), show_progress=False)
    model = make_model("ials", {"embedding_size": 6, "epochs": 30}).fit(lists)
    X = dense(lists) > 0
    ours = model.scores_many(lists.matrix)
    theirs = als.user_factors @ als.item_factors.T

    def auc(scores):
        return np.mean(
            [(row[x][:, None] > row[~x][None, :]).mean() for row, x in zip(scores, X, strict=True) if x.any()]
        )

    assert auc(ours) > auc(theirs) - 0.02


def test_item_knn_is_irspacks_cosine(lists):
    irspack = oracle("irspack")
    theirs = irspack.CosineKNNRecommender(
        csr_matrix(lists.matrix), shrinkage=3.0, normalize=True, top_k=40, n_threads=1
    ).learn()
    model = make_model("item_knn", {"neighbours": 40, "shrink": 3}).fit(lists)
    W = theirs.W.toarray()
    np.fill_diagonal(W, 0)
    np.testing.assert_allclose(model.weights.toarray(), W, atol=1e-5)


def test_user_knn_is_the_vote_of_the_nearest(lists):
    X = dense(lists)
    model = make_model("user_knn", {"neighbours": 5, "shrink": 2}).fit(lists)
    x = X[0]
    alike = X @ x / (np.sqrt(X.sum(axis=1) * x.sum()) + 2)
    near = np.argsort(-alike, kind="stable")[:5]
    np.testing.assert_allclose(model.scores_many(lists.matrix[[0]])[0], alike[near] @ X[near], rtol=1e-4)


def test_user_knn_has_irspacks_neighbours_and_votes(lists):
    irspack = oracle("irspack")
    X = csr_matrix(lists.matrix)
    theirs = irspack.CosineUserKNNRecommender(X, shrinkage=2.0, normalize=True, top_k=6, n_threads=1).learn()
    model = make_model("user_knn", {"neighbours": 6, "shrink": 2}).fit(lists)
    near = model._near(lists.matrix).toarray()
    np.fill_diagonal(near, 0)  # irspack's people are no neighbours of themselves
    np.testing.assert_allclose(near, theirs.U.toarray(), atol=1e-5)
    np.testing.assert_allclose(near @ X, theirs.get_score(np.arange(len(lists.users))), atol=1e-4)


def test_popularity_is_irspacks(lists):
    irspack = oracle("irspack")
    theirs = irspack.TopPopRecommender(csr_matrix(lists.matrix)).learn().get_score(np.arange(1))[0]
    np.testing.assert_allclose(make_model("popularity").fit(lists).scores([]), theirs)


def test_gfcf_is_its_formula(lists):
    X = dense(lists)
    R = np.nan_to_num(X / np.sqrt(X.sum(axis=1, keepdims=True)) / np.sqrt(X.sum(axis=0)))
    V = np.linalg.svd(R)[2][:30].T
    d = np.sqrt(X.sum(axis=0))
    expected = X @ (R.T @ R) + 0.3 * (X / d) @ V @ V.T * d
    model = make_model("gfcf", {"embedding_size": 30}).fit(lists)
    np.testing.assert_allclose(model.scores_many(lists.matrix), expected, atol=2e-3)


def test_the_singular_vectors_span_what_svd_finds(lists):
    V = right_vectors(lists.matrix, 6, seed=0, rounds=20)
    exact = np.linalg.svd(dense(lists))[2][:6].T
    np.testing.assert_allclose(V.T @ V, np.eye(6), atol=1e-4)
    np.testing.assert_allclose(np.abs((V * exact).sum(axis=0)), 1, atol=1e-2)


@pytest.mark.parametrize("name", ["item_knn", "user_knn", "ease", "edlae", "ials", "gfcf"])
def test_reasons_add_up_to_the_score(lists, name):
    model = make_model(name).fit(lists)
    history = ["0", "3", "8", "21"]
    for item in ("5", "30"):
        score = float(model.scores(history)[model.index[item]])
        assert sum(one.weight for one in model.explain(history, item)) == pytest.approx(score, rel=1e-3, abs=1e-5)


def test_mf_predicts_scores_better_than_the_biases(scored):
    rng = np.random.default_rng(0)
    hidden = rng.random(len(scored)) < 0.15
    model = make_model("mf", {"embedding_size": 4, "epochs": 80, "batch_size": 256}).fit(scored.keep(~hidden))
    train = scored.keep(~hidden)
    predicted = model.scores_many(train.matrix, train.ratings)[scored.rows()[hidden], scored.indices[hidden]]
    true = scored.values[hidden]
    biases = (model.mean + model.biases)[scored.indices[hidden]]
    assert np.sqrt(np.mean((predicted - true) ** 2)) < 0.7 * np.sqrt(np.mean((biases - true) ** 2))


def least_squares(ratings: np.ndarray, size: int, reg: float, rounds: int) -> np.ndarray:
    """Minimise mf's loss over the stored ratings (0 = none) by solving people and titles in turn; return all predictions."""
    rng = np.random.default_rng(0)
    stored = ratings > 0
    mean = ratings[stored].mean()
    people, titles = (rng.normal(0, 0.1, (count, size + 2)) for count in ratings.shape)
    people[:, :2], titles[:, :2] = (0, 1), (1, 0)  # column 0: the person's bias meets a 1; column 1: the title's
    for _ in range(rounds):
        for own, others, bias, mask, wanted in (
            (people, titles, 0, stored, ratings - mean),
            (titles, people, 1, stored.T, ratings.T - mean),
        ):
            free = [bias, *range(2, size + 2)]
            for row, at in enumerate(mask):
                A = others[at][:, free]
                ridge = reg * at.sum() * np.eye(size + 1)
                own[row, free] = np.linalg.solve(A.T @ A + ridge, A.T @ (wanted[row, at] - others[at, 1 - bias]))
    return mean + people @ titles.T


def test_mf_descends_to_where_exact_least_squares_end(scored):
    expected = least_squares(scored.ratings.toarray().astype(np.float64), 4, 0.05, 60)
    model = make_model("mf", {"embedding_size": 4, "epochs": 200, "batch_size": 256, "reg": 0.05}).fit(scored)
    found = model.scores_many(scored.matrix, scored.ratings)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.995
    assert np.abs(found - expected).mean() < 0.08


def test_mf_solves_a_new_person_by_ridge_regression(scored):
    model = make_model("mf", {"embedding_size": 3, "epochs": 10}).fit(scored)
    ratings = {"1": 9.0, "4": 3.0, "7": 8.0}
    at = [model.index[id] for id in ratings]
    A = np.hstack([np.ones((3, 1)), model.factors[at]]).astype(np.float64)
    target = np.array([*ratings.values()]) - model.mean - model.biases[at]
    solved = np.linalg.solve(A.T @ A + model.config.reg * 3 * np.eye(4), A.T @ target)
    expected = model.mean + model.biases + solved[0] + model.factors @ solved[1:]
    found = model.scores(History(ratings=ratings))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    reasons = model.explain(History(ratings=ratings), "2")
    base = model.mean + model.biases[model.index["2"]]
    assert sum(one.weight for one in reasons) == pytest.approx(float(found[model.index["2"]] - base), abs=1e-3)


def test_mf_and_clusters_by_ratings_need_scores(lists):
    for name, settings in (("mf", {}), ("clusters", {"by": "ratings"})):
        with pytest.raises(ModelError, match="scores, and the interactions have none"):
            make_model(name, settings).fit(lists)


def test_a_cluster_is_shrunk_and_needs_its_raters():
    # Two of three in the cluster like 1, all of them 2; one alone likes 3.
    users, items = ["a", "a", "b", "b", "c", "c", "d", "e"], ["1", "2", "1", "2", "2", "3", "9", "9"]
    data = Interactions.from_arrays(users, items, rule=EVERYTHING)
    settings = {"clusters": 2, "embedding_size": 2, "shrink": 2, "least_raters": 2}
    model = make_model("clusters", settings).fit(data)
    scores = dict(zip(model.items.tolist(), model.scores(["2"]).tolist(), strict=True))
    assert scores["1"] == pytest.approx((2 + 2 * 2 / 5) / (3 + 2))
    assert scores["2"] == pytest.approx((3 + 2 * 3 / 5) / (3 + 2))
    assert scores["3"] < 0
    assert [one.item for one in model.recommend(["2"], 3)] == ["1", "9", "3"]


def test_clusters_by_ratings_shrink_to_the_titles_mean(scored):
    model = make_model("clusters", {"by": "ratings", "clusters": 3, "least_raters": 1, "shrink": 1e6}).fit(scored)
    overall = scored.ratings.data.mean()
    np.testing.assert_allclose(model.means[model.means > 0], overall, atol=0.01)


def test_popularity_decays_by_half_lives():
    day = 86400
    data = Interactions.from_arrays(["a", "b", "c"], ["old", "old", "new"], timestamps=[0, 0, 20 * day])
    assert [one.item for one in make_model("popularity").fit(data).recommend([], 2)] == ["old", "new"]
    decayed = make_model("popularity", {"half_life_days": 10}).fit(data)
    assert decayed.recommend([], 2) == [("new", 1), ("old", 0.5)]
    with pytest.raises(ModelError, match="timestamps"):
        make_model("popularity", {"half_life_days": 10}).fit(Interactions.from_arrays(["a"], ["1"]))


def test_the_blend_learns_that_content_helps_and_keeps_edlae_first():
    from recommenders.features import from_tags

    rng = np.random.default_rng(5)
    genre = np.arange(60) % 4
    weights = np.where(genre[None, :] == rng.integers(0, 4, (400, 1)), 1.0, 0.06)
    users, items = np.nonzero(rng.random((400, 60)) < 0.55 * weights)
    lists = Interactions.from_arrays(users.tolist(), items.tolist(), rule=EVERYTHING)
    features = from_tags({str(item): (f"genre {genre[item]}",) for item in range(60)})
    model = make_model("blend", {"parts": "edlae,content"}, features=features).fit(lists)
    assert model.weights["edlae"] == 1
    assert model.weights["content"] > 0
    assert model.metrics["tuning"]["blend ndcg@100"] > model.metrics["tuning"]["edlae ndcg@100"]


def test_the_hybrids_two_scores_add_up_and_follow_the_weights_of_the_request(lists):
    from recommenders.features import from_tags

    features = from_tags({str(item): (f"tag {item % 5}",) for item in range(40)})
    model = make_model("hybrid", {}, features=features).fit(lists)
    parts = model.parts_of(["0", "3"])
    np.testing.assert_allclose(parts["content"] + parts["collaborative"], model.scores(["0", "3"]), atol=1e-6)
    assert parts["content"].max() == pytest.approx(0.6)
    assert parts["collaborative"].max() == pytest.approx(0.4)
    assert model.parts_of(["0"], 2, 2)["content"].max() == pytest.approx(0.5)
    with pytest.raises(ModelError, match="one must be above"):
        model.parts_of(["0"], 0, 0)
