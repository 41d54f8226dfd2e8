import gzip

import numpy as np
import pandas as pd
import pytest

from recommenders.interactions import EVERYTHING, Interactions, InteractionsError, LikedRule


def entries(read: Interactions) -> dict[tuple[str, str], bool]:
    rows = zip(read.users[read.rows()].tolist(), read.items[read.indices].tolist(), read.liked.tolist(), strict=True)
    return {(user, item): liked for user, item, liked in rows}


def write(tmp_path, text: str, name: str = "lists.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_without_value_and_status_every_row_is_liked_and_ids_stay_texts(tmp_path):
    read = Interactions.read(write(tmp_path, "user_id,item_id\nu,007\nu,7\nNA,a b\n"))
    assert entries(read) == {("u", "007"): True, ("u", "7"): True, ("NA", "a b"): True}
    assert read.items.tolist() == ["007", "7", "a b"]


def test_kaggles_own_names_and_codes_are_known(tmp_path):
    text = "user_id,anime_id,rating,watching_status,watched_episodes\n0,1,0,2,26\n0,2,9,4,3\n0,3,5,4,1\n0,4,0,6,0\n0,5,0,1,2\n"
    read = Interactions.read(write(tmp_path, text))
    assert entries(read) == {("0", "1"): True, ("0", "2"): True, ("0", "3"): False, ("0", "4"): False, ("0", "5"): True}
    assert read.ratings.toarray().tolist() == [[0, 9, 5, 0, 0]]
    assert read.ratings.nnz == 2  # "not rated" is not stored


def test_sixty_percent_of_the_episodes_count_where_their_number_is_known(tmp_path):
    text = "user_id,anime_id,rating,watching_status,watched_episodes\n0,1,0,4,6\n0,2,0,4,5\n0,3,0,4,500\n"
    read = Interactions.read(write(tmp_path, text), episodes={"1": 10, "2": 10})
    assert entries(read) == {("0", "1"): True, ("0", "2"): False, ("0", "3"): False}


def test_status_may_be_a_name_and_blank_values_are_not_rated(tmp_path):
    text = "user_id,item_id,value,status\na,1,,completed\na,2,8,Plan to Watch\na,3,,on-hold\na,4,0,\n"
    assert entries(Interactions.read(write(tmp_path, text))) == {
        ("a", "1"): True, ("a", "2"): True, ("a", "3"): False, ("a", "4"): False}  # fmt: skip


def test_the_rule_is_a_setting(tmp_path):
    path = write(tmp_path, "user_id,item_id,value\na,1,3\na,2,4\na,3,\n")
    assert [*entries(Interactions.read(path)).values()] == [False, False, False]
    assert [*entries(Interactions.read(path, LikedRule(min_score=4))).values()] == [False, True, False]
    assert Interactions.read(path, EVERYTHING).liked.all()


def test_of_repeated_entries_the_last_counts_and_it_is_said(tmp_path):
    read = Interactions.read(write(tmp_path, "user_id,item_id,value\nb,1,9\na,1,2\nb,2,8\nb,1,3\n"))
    assert read.users.tolist() == ["b", "a"]
    assert read.ratings.toarray().tolist() == [[3, 8], [2, 0]]
    assert read.notes == ("1 repeated entries: the last of each counts",)
    timed = Interactions.from_arrays(["b", "b"], ["1", "1"], values=[9, 3], timestamps=[20, 10])
    assert timed.ratings.toarray().tolist() == [[9]]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "tsv"])
def test_every_kind_of_file_reads_alike(tmp_path, kind):
    table = pd.DataFrame(
        {"user_id": [3, 3, 1], "item_id": ["b", "a", "a"], "rating": [8, 0, 2], "timestamp": [5, 6, 7]}
    )
    path = tmp_path / f"lists.{kind}"
    if kind == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    read = Interactions.read(path)
    same = Interactions.from_arrays(["3", "3", "1"], ["b", "a", "a"], [8, 0, 2], timestamps=[5, 6, 7])
    assert read.hash == same.hash
    assert read.timestamps.tolist() == [6, 5, 7]


def test_dates_become_seconds(tmp_path):
    read = Interactions.read(
        write(tmp_path, "user_id,item_id,timestamp\na,1,1970-01-02\na,2,\na,3,1970-01-01T00:01:00Z\n")
    )
    assert read.timestamps.tolist() == [86400, 0, 60]


def test_kaggles_stray_codes_count_as_no_status_and_it_is_said(tmp_path):
    read = Interactions.read(write(tmp_path, "user_id,anime_id,watching_status\na,1,33\na,2,2\n"))
    assert entries(read) == {("a", "1"): False, ("a", "2"): True}
    assert "1 entries have a status of no meaning" in read.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who,what\na,1\n", "no column user_id"),
        ("user_id,item_id\n", "not one row"),
        ("user_id,item_id,value\na,1,good\n", "good"),
        ("user_id,item_id,value\na,1,-3\n", "negative"),
        ("user_id,item_id,status\na,1,liked\n", "'liked' is not known"),
        ("user_id,item_id\na,\n", "no id"),
        ("user_id,item_id\na,1,2\n", "Expected 2 columns"),
        ("user_id,item_id,timestamp\na,1,soon\n", "neither a whole number nor a date"),
        ("user_id,item_id,value\na,1,inf\n", "not finite"),
        ("user_id,item_id,user_id\na,1,b\n", "two columns are called user_id"),
        ("user_id,item_id\n", r"lists\.csv: there is not one row"),
        ("", "no column user_id"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path, text, said):
    with pytest.raises(InteractionsError, match=said):
        Interactions.read(write(tmp_path, text))


def test_what_is_no_file_or_no_gzip_is_refused(tmp_path):
    with pytest.raises(InteractionsError, match="no such file"):
        Interactions.read(tmp_path / "none.csv")
    (tmp_path / "x.csv.gz").write_text("user_id,item_id\n")
    with pytest.raises(InteractionsError, match=r"x\.csv\.gz"):
        Interactions.read(tmp_path / "x.csv.gz")


def test_a_file_of_another_encoding_or_packed_without_saying_so_is_refused_by_name(tmp_path):
    (tmp_path / "latin.csv").write_bytes("user_id,item_id\na,\u00e9\n".encode("latin-1"))
    with pytest.raises(InteractionsError, match=r"latin\.csv: .*UTF-?8"):
        Interactions.read(tmp_path / "latin.csv")
    (tmp_path / "packed.csv").write_bytes(gzip.compress(b"user_id,item_id\na,1\n"))
    with pytest.raises(InteractionsError, match=r"packed\.csv: it is compressed, so its name must end in \.gz"):
        Interactions.read(tmp_path / "packed.csv")


def test_what_pandas_makes_of_missing_numbers_is_read(tmp_path):
    text = "user_id,item_id,value,status\na,1,,2.0\na,2,3.0,4.0\na,3,nan,\n"
    read = Interactions.read(write(tmp_path, text))
    assert entries(read) == {("a", "1"): True, ("a", "2"): False, ("a", "3"): False}
    table = pd.DataFrame({"user_id": ["a"] * 3, "item_id": ["1", "2", "3"], "value": ["", "3", " "], "status": [2.0, 4.0, np.nan]})  # fmt: skip
    table["user_id"] = table["user_id"].astype("category")
    table.to_parquet(tmp_path / "lists.parquet")
    assert Interactions.read(tmp_path / "lists.parquet").hash == read.hash


@pytest.mark.parametrize(
    "wrong",
    [
        {"statuses": (5,)}, {"statuses": (200,)}, {"statuses": (-1,)}, {"min_score": 0}, {"min_score": float("nan")},
        {"min_score": float("inf")}, {"min_share": 0}, {"min_share": 1.5}, {"min_share": float("nan")},
    ],
)  # fmt: skip
def test_a_rule_that_can_not_be_is_refused(wrong):
    with pytest.raises(InteractionsError, match=r"not known|must be"):
        LikedRule(**wrong)


def test_a_rule_that_is_read_back_is_checked():
    assert LikedRule.from_dict(LikedRule(min_score=8).to_dict()) == LikedRule(min_score=8)
    for wrong in (None, {}, [], {"statuses": None}, {"statuses": ["x"]}, {"statuses": [2], "colour": 1},
                  {"statuses": [[2]]}, {"statuses": [2], "min_score": "x"}):  # fmt: skip
        with pytest.raises(InteractionsError):
            LikedRule.from_dict(wrong)


def test_a_file_without_scores_settles_nothing_of_scores(tmp_path):
    """Whoever learns from bare lists may still be asked by people with stars."""
    assert Interactions.read(write(tmp_path, "user_id,item_id\na,1\n")).rule.min_score is None
    assert Interactions.read(write(tmp_path, "user_id,item_id,value\na,1,9\n")).rule.min_score == 7


def test_many_blocks_of_rows_in_any_order_become_one_sorted_matrix(tmp_path, monkeypatch):
    monkeypatch.setattr("recommenders.interactions._BLOCK", 1000)
    rng = np.random.default_rng(1)
    pairs = rng.permutation(300 * 200)[:20000]
    path = tmp_path / "lists.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("user_id,item_id\n" + "".join(f"{pair // 200},{pair % 200}\n" for pair in pairs))
    read = Interactions.read(path)
    dense = np.zeros((300, 200))
    dense[pairs // 200, pairs % 200] = 1
    order = np.argsort([int(user) for user in read.users])
    assert read.items.tolist() == [str(id) for id in range(200)]
    np.testing.assert_array_equal(read.matrix.toarray()[order], dense)
    assert read.matrix.has_sorted_indices


def test_people_and_titles_can_be_selected():
    read = Interactions.from_arrays(["a", "a", "b", "c"], ["1", "2", "2", "3"], [7, 8, 9, 10])
    some = read.select_users(np.array([2, 0]))
    assert (some.users.tolist(), some.matrix.toarray().tolist()) == (["c", "a"], [[0, 0, 1], [1, 1, 0]])
    fewer = read.select_items(np.array([1, 2]))
    assert (fewer.items.tolist(), fewer.ratings.toarray().tolist()) == (["2", "3"], [[8, 0], [9, 0], [0, 10]])


def test_stars_up_to_five_count_from_three_and_a_half_and_it_is_said():
    stars = Interactions.from_arrays(["a"] * 5, range(5), [5, 4, 3.5, 3, 0.5])
    assert stars.liked.tolist() == [True, True, True, False, False]
    assert "scores go up to 5" in stars.notes[0]
    assert stars.rule.min_score == 3.5  # the rule that histories are read by
    assert not Interactions.from_arrays(["a"] * 4, range(4), [5, 4, 3, 2]).liked.any()
