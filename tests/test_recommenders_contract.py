from recommender_contract import RecommenderContract


class TestPopularity(RecommenderContract):
    name = "popularity"
    personal = explains = False


class TestUserKnn(RecommenderContract):
    name = "user_knn"
    settings = {"neighbours": 4, "shrink": 1}  # noqa: RUF012


class TestItemKnn(RecommenderContract):
    name = "item_knn"
    settings = {"shrink": 1}  # noqa: RUF012


class TestEase(RecommenderContract):
    name = "ease"
    settings = {"reg": 1}  # noqa: RUF012


class TestEdlae(RecommenderContract):
    name = "edlae"
    settings = {"reg": 1}  # noqa: RUF012


class TestIals(RecommenderContract):
    name = "ials"
    settings = {"embedding_size": 4, "epochs": 10}  # noqa: RUF012


class TestMf(RecommenderContract):
    name = "mf"
    settings = {"embedding_size": 4, "epochs": 60, "batch_size": 16, "reg": 0.02}  # noqa: RUF012
    explains = True

    # The toy's tastes are lists and not scores: see test_recommenders_oracles.py for what it learns.
    test_taste_decides = None
    test_similar_titles_are_of_the_same_taste = None
    test_reasons_are_titles_of_the_history_the_strongest_first = None


class TestGfcf(RecommenderContract):
    name = "gfcf"
    settings = {"embedding_size": 3}  # noqa: RUF012


class TestClusters(RecommenderContract):
    name = "clusters"
    settings = {"clusters": 2, "embedding_size": 2, "least_raters": 2, "shrink": 1}  # noqa: RUF012
    explains = False


class TestContent(RecommenderContract):
    name = "content"


class TestHybrid(RecommenderContract):
    name = "hybrid"


class TestBlend(RecommenderContract):
    name = "blend"
