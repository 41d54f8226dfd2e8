import csv
import gzip
import json

import click
import pytest
from click.testing import CliRunner

from recommenders.base import ModelError
from recommenders.commands import NAMES, add_commands
from recommenders.evaluate import _replace
from recommenders.models import MODELS, load_model
from recommenders.report import earlier, write

LISTS = "user_id,item_id\n" + "".join(
    f"u{user},{item}\n" for user in range(12) for item in (["007", "1", "2", "9"] if user % 2 else ["3", "4", "5"])
)
CATALOGUE = "".join(
    json.dumps({"id": id, "titles": {"en": f"Title {id}"}, "genres": ["Action" if id < 3 else "Drama"], "episodes": 12})
    + "\n"
    for id in (1, 2, 3, 4, 5, 9)
)


@pytest.fixture
def nextep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists.csv").write_text(LISTS)
    (tmp_path / "titles.jsonl").write_text(CATALOGUE)

    @click.group()
    def main() -> None: ...

    @main.group()
    def evaluate() -> None: ...

    add_commands(main, evaluate)
    return lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])


def rows(path) -> list[dict[str, str]]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt") as file:
        return list(csv.DictReader(file))


def test_the_names_are_those_of_the_registry():
    assert set(NAMES) == set(MODELS)


def test_train_then_recommend(nextep, tmp_path):
    done = nextep(
        "train", "--model", "edlae", "--interactions", "lists.csv", "--out", "model", "--set", "reg=1", "--seed", "7"
    )
    assert (done.exit_code, done.stdout) == (0, "model\n")
    assert "12 people, 7 titles, 42 entries, 42 of them liked" in done.stderr
    assert load_model(tmp_path / "model").seed == 7
    (tmp_path / "histories.csv").write_text("user_id,item_id\nx,007\nx,1\ny,unheard\nx,also unheard\nz,3\n")
    done = nextep(
        "recommend", "--model-dir", "model", "--histories", "histories.csv", "--k", "5", "--out", "out/answer.csv"
    )
    assert done.exit_code == 0, done.stderr
    assert "2 titles of the histories were not in training: also unheard, unheard" in done.stderr
    assert "1 people have nothing known" in done.stderr
    answer = rows(tmp_path / "out" / "answer.csv")
    assert list(answer[0]) == ["user_id", "rank", "item_id", "score"]
    by_user = {user: [row for row in answer if row["user_id"] == user] for user in ("x", "y", "z")}
    assert {row["item_id"] for row in by_user["x"][:2]} == {"2", "9"}
    assert [row["item_id"] for row in by_user["y"]] == ["1", "2", "3", "4", "5"]  # equal popularity: by id
    for of_one in by_user.values():
        assert [row["rank"] for row in of_one] == ["1", "2", "3", "4", "5"]
        scores = [float(row["score"]) for row in of_one]
        assert scores == sorted(scores, reverse=True)


def test_the_answer_is_the_same_every_time_and_as_long_as_it_can_be(nextep, tmp_path):
    nextep("train", "--model", "item_knn", "--interactions", "lists.csv", "--out", "model")
    for name in ("a.csv.gz", "b.csv.gz"):
        nextep("recommend", "--model-dir", "model", "--histories", "lists.csv", "--k", "100", "--out", name)
    first, second = rows(tmp_path / "a.csv.gz"), rows(tmp_path / "b.csv.gz")
    assert first == second
    assert sum(row["user_id"] == "u1" for row in first) == 7 - 4


@pytest.mark.parametrize("name", ["content", "hybrid", "blend"])
def test_models_that_read_the_catalogue_train_with_it(nextep, tmp_path, name):
    done = nextep("train", "--model", name, "--interactions", "lists.csv", "--items", "titles.jsonl", "--out", "model")
    assert done.exit_code == 0, done.stderr
    assert "titles without a description: 1" in done.stderr  # 007
    assert load_model(tmp_path / "model").recommend(["1"], 1)[0].item in ("2", "007", "9")


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["--model", "magic", "--interactions", "lists.csv", "--out", "m"], 2, "magic"),
        (["--model", "ease", "--out", "m"], 2, "--interactions"),
        (["--model", "ease", "--interactions", "lists.csv", "--out", "m", "--set", "reg"], 2, "KEY=VALUE"),
        (
            ["--model", "ease", "--interactions", "lists.csv", "--out", "m", "--set", "lambda=1"],
            2,
            "no setting 'lambda'",
        ),
        (["--model", "ease", "--interactions", "lists.csv", "--out", "m", "--set", "reg=much"], 2, "'much'"),
        (["--model", "ease", "--interactions", "lists.csv", "--out", "m", "--set", "reg=-1"], 2, "above 0"),
        (["--model", "ease", "--interactions", "none.csv", "--out", "m"], 1, "no such file"),
        (["--model", "content", "--interactions", "lists.csv", "--out", "m"], 1, "--items"),
        (["--model", "mf", "--interactions", "lists.csv", "--out", "m"], 1, "ials learns from lists"),
        (["--model", "ease", "--interactions", "lists.csv", "--out", "."], 1, "not overwritten"),
        # An hour of reading is not lost to a folder that is taken.
        (["--model", "ease", "--interactions", "none.csv", "--out", "."], 1, "not overwritten"),
        (["--model", "ease", "--interactions", "lists.csv", "--out", "m", "--seed", "-1"], 2, "-1"),
    ],
)
def test_train_says_what_is_wrong(nextep, args, status, said):
    done = nextep("train", *args)
    assert done.exit_code == status, done.output
    assert said in done.stderr


@pytest.mark.parametrize(
    ("model", "pair", "said"),
    [
        ("ease", "colour=1", "it has reg, user_power, memory_gb, liked, liked_statuses"),
        ("ease", "liked=some", "it must be rule or all"),
        ("ease", "liked_statuses=2,seen", "there are 1 watching, 2 completed"),
        ("ease", "liked_statuses=5", "there are 1 watching, 2 completed"),
        ("ease", "liked_min_score=nan", "must be a number above 0"),
        ("ease", "liked_min_share=2", "must be in (0, 1]"),
        ("ease", "min_item_count=few", "min_item_count is 'few'; int is wanted"),
        ("hybrid", "collaborative=magic", "one of item_knn, edlae"),
        ("blend", "parts=edlae,magic", "'magic'; there are popularity"),
        ("blend", "parts=edlae,edlae", "twice"),
        ("blend", "parts=", "parts"),
        ("clusters", "embedding_size=0", "at least 1"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_read(nextep, model, pair, said):
    done = nextep("train", "--model", model, "--interactions", "none.csv", "--out", "m", "--set", pair)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    if model == "ease" and "=1" in pair:
        wrong = nextep("evaluate", "recommenders", "--interactions", "none.csv", "--set", f"ease.{pair}")
        assert (wrong.exit_code, "no setting 'colour'" in wrong.stderr) == (2, True)


def test_a_folder_of_models_is_not_taken_for_one(nextep, tmp_path):
    nextep("train", "--model", "popularity", "--interactions", "lists.csv", "--out", "models/first")
    done = nextep("recommend", "--model-dir", "models", "--histories", "lists.csv", "--k", "2", "--out", "o.csv")
    assert (done.exit_code, "so take first of it" in done.stderr) == (1, True)


def test_statuses_may_be_named_in_the_rule(nextep, tmp_path):
    (tmp_path / "status.csv").write_text("user_id,item_id,status\na,1,dropped\na,2,2\nb,3,plan to watch\n")
    done = nextep("train", "--model", "popularity", "--interactions", "status.csv", "--out", "m", "--set", "liked_statuses=dropped,6")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "2 of them liked" in done.stderr


def test_the_share_of_the_episodes_decides_in_histories_as_in_training(nextep, tmp_path):
    """All of these entries are dropped without a score; 8 of the 12 episodes make a liking of one, 3 do not."""
    head = "user_id,anime_id,rating,watching_status,watched_episodes\n"
    lists = "".join(f"u{u},{item},0,4,8\n" for u in range(12) for item in ((1, 2) if u % 2 else (3, 4, 5)))
    (tmp_path / "dropped.csv").write_text(head + lists)
    (tmp_path / "people.csv").write_text(head + "x,1,0,4,8\ny,1,0,4,3\n")
    done = nextep(
        "train", "--model", "item_knn", "--interactions", "dropped.csv", "--items", "titles.jsonl", "--out", "m"
    )
    assert done.exit_code == 0, done.stderr
    done = nextep("recommend", "--model-dir", "m", "--histories", "people.csv", "--k", "1", "--out", "o.csv")
    assert "1 people have nothing known that they like and get popularity: y" in done.stderr
    assert rows(tmp_path / "o.csv")[0]["item_id"] == "2"


def test_an_answer_that_fails_leaves_the_one_before(nextep, tmp_path, monkeypatch):
    nextep("train", "--model", "popularity", "--interactions", "lists.csv", "--out", "m")
    args = ("recommend", "--model-dir", "m", "--histories", "lists.csv", "--k", "2", "--out")
    assert nextep(*args, "o.csv").exit_code == 0
    before = (tmp_path / "o.csv").read_bytes()

    def fails(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("recommenders.popularity.Popularity.recommend", fails)
    done = nextep(*args, "o.csv")
    assert (done.exit_code, done.stderr) == (1, "the disk is full\n")
    assert (tmp_path / "o.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".o")] == []
    wrong = nextep(*args, "o.parquet")
    assert (wrong.exit_code, ".csv.gz" in wrong.stderr) == (1, True)


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [1], True, -1])
def test_whatever_stands_in_model_json_is_refused_with_the_reason(nextep, tmp_path, value):
    nextep("train", "--model", "popularity", "--interactions", "lists.csv", "--out", "m")
    path = tmp_path / "m" / "model.json"
    told = json.loads(path.read_text())
    for key in ("format", "model", "config", "data", "parts", "sha256", "arrays"):
        if value == told[key] or (key == "config" and value == {}):  # whose settings are the usual ones
            continue
        path.write_text(json.dumps(told | {key: value}))
        with pytest.raises(ModelError, match=r"m/model\.json|arrays\.npz"):
            load_model(tmp_path / "m")
    if not isinstance(value, list | dict):
        path.write_text(json.dumps(told | {"data": told["data"] | {"rule": {"statuses": value}}}))
        with pytest.raises(ModelError, match="is broken"):
            load_model(tmp_path / "m")


def test_a_foreign_folder_is_refused(nextep, tmp_path):
    for content, said in ((None, "holds no model"), ("{", "is broken"), ("{}", "not one of ours")):
        (tmp_path / "model").mkdir(exist_ok=True)
        if content:
            (tmp_path / "model" / "model.json").write_text(content)
        done = nextep("recommend", "--model-dir", "model", "--histories", "lists.csv", "--k", "3", "--out", "o.csv")
        assert done.exit_code == 1
        assert said in done.stderr
    assert not (tmp_path / "o.csv").exists()


def test_what_counts_as_liked_is_set_and_kept_for_histories(nextep, tmp_path):
    (tmp_path / "rated.csv").write_text(
        "user_id,item_id,value\n" + "".join(f"u{u},{i},{6 - i}\n" for u in range(9) for i in range(4))
    )
    refused = nextep("train", "--model", "popularity", "--interactions", "rated.csv", "--out", "model")
    assert refused.exit_code == 1
    assert "liked" in refused.stderr
    done = nextep(
        "train", "--model", "popularity", "--interactions", "rated.csv", "--out", "model", "--set", "liked_min_score=5"
    )
    assert "18 of them liked" in done.stderr
    assert load_model(tmp_path / "model").data["rule"]["min_score"] == 5


def test_evaluate_writes_json_tables_and_plots(nextep, tmp_path):
    lists = "".join(f"u{u},{(u * 3 + step * (1 + u % 3)) % 40}\n" for u in range(80) for step in range(12))
    (tmp_path / "many.csv").write_text("user_id,item_id\n" + lists)
    done = nextep(
        "evaluate", "recommenders", "--interactions", "many.csv", "--out", "reports", "--seed", "1", "--seed", "2",
        "--model", "popularity", "--model", "edlae", "--model", "mf", "--set", "edlae.reg=5",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    report = json.loads((tmp_path / "reports" / "recommenders.json").read_text())["results"][0]
    assert [row["model"] for row in report["models"]] == ["edlae", "popularity"]
    assert report["seeds"] == [1, 2]
    assert "scores" in report["skipped"]["mf"]
    assert report["models"][0]["against popularity"]["low"] > 0
    assert "| edlae | " in (tmp_path / "reports" / "recommenders.md").read_text()
    plots = sorted(path.name for path in (tmp_path / "reports" / "plots").glob("*.svg"))
    assert plots == [f"many-csv-strong-{kind}.svg" for kind in ("accuracy-diversity", "by-history", "by-popularity")]
    wrong = nextep("evaluate", "recommenders", "--dataset", "nothing")
    assert wrong.exit_code == 1
    assert "mal_lists" in wrong.stderr


def test_a_split_that_is_the_same_for_every_seed_counts_its_people_once():
    from recommenders.evaluate import evaluate_data
    from recommenders.interactions import Interactions

    pairs = [(u, (u * 3 + step * (1 + u % 3)) % 40) for u in range(60) for step in range(12)]
    lists = Interactions.from_arrays(
        [user for user, _ in pairs], [item for _, item in pairs], timestamps=list(range(len(pairs)))
    )
    names = ["popularity", "ials"]
    once = evaluate_data("lists", lists, None, "last", names, (1,), settings={"ials": {"epochs": 2}})
    thrice = evaluate_data("lists", lists, None, "last", names, (1, 2, 3), settings={"ials": {"epochs": 2}})
    assert (once["seeds"], thrice["seeds"], thrice["held-out people"]) == ([1], [1, 2, 3], 60)
    first, after = ({row["model"]: row for row in made["models"]} for made in (once, thrice))
    assert first["popularity"]["error"] == pytest.approx(after["popularity"]["error"])
    assert set(after["ials"]["by_seed"]) == {"1", "2", "3"}


def test_a_measurement_ends_in_the_minutes_that_it_is_given(monkeypatch):
    from recommenders import evaluate
    from recommenders.interactions import Interactions

    pairs = [(u, (u * 3 + step * (1 + u % 3)) % 40) for u in range(80) for step in range(12)]
    lists = Interactions.from_arrays([user for user, _ in pairs], [item for _, item in pairs])
    seconds = iter(range(0, 100_000, 30))
    monkeypatch.setattr(evaluate.time, "perf_counter", lambda: float(next(seconds)))
    said: list[str] = []

    def measured(minutes: float) -> dict:
        return evaluate.evaluate_data("lists", lists, None, "strong", ["popularity", "user_knn"], (1, 2), say=said.append, minutes=minutes)  # fmt: skip

    # A model takes six looks at the clock, so three minutes.
    whole = measured(1000)
    assert (whole["seeds"], whole["skipped"]) == ([1, 2], {})
    one_seed = measured(10)
    assert one_seed["seeds"] == [1]
    assert "10 minutes" in one_seed["skipped"]["seed 2"]
    one_model = measured(2)
    assert [row["model"] for row in one_model["models"]] == ["popularity"]
    assert set(one_model["skipped"]) == {"user_knn", "seed 2"}
    assert any("user_knn is left out" in line for line in said)


def test_a_set_of_the_data_folder_is_measured_with_the_catalogue_and_system_bs_table(nextep, tmp_path):
    folder = tmp_path / "data" / "mal2020"
    folder.mkdir(parents=True)
    lines = "".join(f"{u},{1 + (u % 3 + step * 3) % 30},{step % 10},2\n" for u in range(60) for step in range(8))
    with gzip.open(folder / "animelist.csv.gz", "wt") as file:
        file.write("user_id,anime_id,rating,watching_status\n" + lines)
    titles = [
        {"id": id, "titles": {"en": f"Title {id}"}, "genres": [f"Genre {id % 3}"], "year": 1990 + id, "series": id // 2}
        for id in range(1, 31)
    ]
    (tmp_path / "titles.jsonl").write_text("".join(json.dumps(title) + "\n" for title in titles))
    done = nextep(
        "evaluate", "recommenders", "--data", "data", "--dataset", "mal_status", "--items", "titles.jsonl",
        "--seed", "1", "--model", "popularity", "--model", "content", "--model", "hybrid", "--out", "reports",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    report = json.loads((tmp_path / "reports" / "recommenders.json").read_text())
    assert len(report["system B"]["mal_status"]) == 5
    numbers = report["results"][0]["models"][0]["numbers"]
    assert {"diversity@10", "freshness@10", "ndcg@20 without sequels"} <= set(numbers)
    cold = report["results"][0]["cold items, recall_capped@20 among the hidden titles"]
    assert cold["content"] > 0
    assert "System B's table (mal_status" in done.stdout
    assert {"P@10", "R@10", "F1", "NDCG@10", "diversity", "freshness", "ms"} < set(report["system B"]["mal_status"][0])
    assert report["results"][0]["seconds"] > 0


def test_what_an_earlier_run_measured_of_other_data_stays_with_its_date(tmp_path):
    def result(dataset: str, score: float) -> dict:
        row = {"model": "popularity", "ndcg@100": score, "error": 0.01, "numbers": {"coverage@10": 0.1}, "fit_seconds": 1.0,
               "user_ms": 0.1, "by_history": {}, "by_popularity": {}}  # fmt: skip
        return {"dataset": dataset, "protocol": "strong", "headline": "ndcg@100", "seeds": [1], "training people": 9,
                "held-out people": 2, "titles": 3, "skipped": {}, "models": [row], "seconds": 2.0}  # fmt: skip

    write({"date": "2026-01-02", "results": [result("one", 0.1), result("other", 0.2)]}, tmp_path)
    report = earlier(tmp_path)
    assert [one["date"] for one in report["results"]] == ["2026-01-02"] * 2
    _replace(report["results"], {**result("one", 0.3), "date": "2026-03-04"})
    _replace(report["results"], {**result("new", 0.4), "date": "2026-03-04"})
    found = [(one["dataset"], one["models"][0]["ndcg@100"], one["date"]) for one in report["results"]]
    assert found == [("one", 0.3, "2026-03-04"), ("other", 0.2, "2026-01-02"), ("new", 0.4, "2026-03-04")]
    write(report, tmp_path)
    assert "Measured on 2026-01-02" in (tmp_path / "recommenders.md").read_text()
    assert earlier(tmp_path / "nothing") == {}
