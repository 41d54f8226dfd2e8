"""Series: given by relations, or inferred from names, years and studios."""

import os
from pathlib import Path

import pytest

from catalogue import Relation, Title
from indexer.read import read_catalogue
from indexer.report import Report
from indexer.series import Quality, base_name, series_quality, with_series

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("DATA") or ROOT.parent / "shared" / "data")
SAMPLE = ROOT / "data" / "sample" / "titles.jsonl"


def work(id, romaji, native="", year=2010, studio="S", **more):
    return Title(
        id,
        {"romaji": romaji, "native": native},
        year=year,
        studios=(studio,) if studio else (),
        genres=("Drama",),
        **more,
    )


def series_of(titles):
    return {title.id: title.series for title in with_series(titles)}


def test_relations_make_series_named_after_the_earliest_work():
    titles = [
        work(3, "C", year=2005, relations=(Relation(9, "prequel"),)),
        work(9, "A", year=2001),
        work(4, "B", year=2003, relations=(Relation(3, "side_story"),)),
        work(5, "Alone"),
    ]
    assert series_of(titles) == {3: 9, 9: 9, 4: 9, 5: 5}


def test_given_series_hold_even_where_their_first_work_is_missing():
    titles = [work(3, "C", series=1, year=2005), work(2, "B", series=1, year=2004), work(5, "A", series=5)]
    assert series_of(titles) == {3: 2, 2: 2, 5: 5}


def test_a_relation_does_not_join_works_that_name_different_series():
    titles = [work(1, "A", series=1), work(2, "B", series=2, relations=(Relation(1, "spin_off"),))]
    assert series_of(titles) == {1: 1, 2: 2}


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("Yoru no Uta 2nd Season", "yorunouta"),
        ("Yoru no Uta Season 3 Part 2", "yorunouta"),
        ("Yoru no Uta: The Final Season", "yorunouta"),
        ("Yoru no Uta II", "yorunouta"),
        ("Yoru no Uta Movie", "yorunouta"),
        ("Yoru no Uta (TV)", "yorunouta"),
        ("Yoru no Uta OVA 2", "yorunouta"),
        ("劇場版 夜の歌", "夜の歌"),
        ("夜の歌 第2期", "夜の歌"),
        ("夜の歌 Season2", "夜の歌"),
        ("밤의 노래 2기", "밤의노래"),
        ("극장판 밤의 노래", "밤의노래"),
        ("밤의 노래 시즌 3", "밤의노래"),
        ("Season", "season"),
        ("86", "86"),
    ],
)  # fmt: skip
def test_season_numbers_and_formats_are_no_part_of_a_name(name, whole):
    assert base_name(name).whole == whole


def test_the_head_of_a_name_stands_before_its_subtitle():
    assert base_name("Yoru no Uta: Kaze no Shou").head == "yorunouta"
    assert base_name("Yoru no Uta - Kaze").head == "yorunouta"
    assert base_name("夜の歌〜風〜").head == "夜の歌"


def test_seasons_films_and_subtitles_are_one_series():
    titles = [
        work(10, "Yoru no Uta", "夜の歌", 2010),
        work(11, "Yoru no Uta 2nd Season", "夜の歌 第2期", 2012),
        work(12, "Yoru no Uta Movie: Kaze", "劇場版 夜の歌 風", 2013, "T"),
        work(13, "Yoru no Uta: Hoshi", "夜の歌 星", 2009),
        work(14, "Kaze no Uta", "風の歌", 2010),
    ]
    assert series_of(titles) == {10: 13, 11: 13, 12: 13, 13: 13, 14: 14}


def test_a_name_that_goes_on_in_both_scripts_belongs_to_the_first():
    titles = [work(1, "Dragon Pearl", "ドラゴンパール", 1986), work(2, "Dragon Pearl Z", "ドラゴンパールZ", 1989)]
    assert series_of(titles) == {1: 1, 2: 1}


def test_a_common_word_does_not_join_unrelated_works():
    titles = [
        work(1, "Monster", "モンスター", 2004, "M"),
        work(2, "Monster: Kiba", "怪物 牙", 2006, "K"),
        work(3, "Air", "エア", 2005, "M"),
        work(4, "Air Gear", "エア・ギア", 2006, "K"),
        work(5, "Momotarou", "桃太郎", 1931, ""),
        work(6, "Momotarou", "桃太郎", 1989, ""),
    ]
    assert series_of(titles) == {at: at for at in range(1, 7)}


def test_a_catalogue_of_one_script_only_is_grouped_by_long_enough_names():
    titles = [
        Title(1, {"ko": "밤의 노래 1기"}),
        Title(2, {"ko": "극장판 밤의 노래"}),
        Title(3, {"ko": "밤"}),
        Title(4, {"ko": "밤 2기"}),
    ]
    assert series_of(titles) == {1: 1, 2: 1, 3: 3, 4: 4}


def test_quality_counts_pairs():
    truth = [work(1, "A", series=1), work(2, "B", series=1), work(3, "C", series=1), work(4, "D", series=4)]
    ours = [work(1, "A", series=1), work(2, "B", series=1), work(3, "C", series=3), work(4, "D", series=3)]
    assert series_quality(ours, truth) == Quality(precision=0.5, recall=1 / 3, pairs=3)
    assert series_quality([], truth) == Quality(precision=1.0, recall=1.0, pairs=0)


@pytest.mark.skipif(
    not (SAMPLE.exists() and (DATA / "mal2020").is_dir()),
    reason=f"no Kaggle catalogue in {DATA} (set DATA) or no sample",
)
def test_series_inferred_for_the_real_catalogue_agree_with_the_samples_relations():
    truth = read_catalogue(SAMPLE, Report())
    quality = series_quality(with_series(read_catalogue(DATA / "mal2020", Report())), truth)
    assert quality.pairs >= 40
    assert quality.precision >= 0.9
    assert quality.recall >= 0.65
