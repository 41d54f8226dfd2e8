"""Each rule of `nextep catalogue check` on a tiny bad example, and the bundled catalogue against all of them."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.check import ELSEWHERE, check_catalogue, eojeols, grade, sentences
from indexer.commands import DATA, SAMPLE, catalogue

REAL = Path(os.environ.get("DATA") or DATA)
ENGLISH = (
    "Rin repairs clocks in a harbour town where nobody hurries. One morning a boy brings her a watch that runs "
    "backwards and asks what became of its owner. They follow the name inside the lid to a lighthouse, a ferry captain "
    "and a photograph of five friends. Each of them tells the story of the same summer, and none of the stories agree. "
    "Rin begins to doubt her own."
)
KOREAN = (
    "아무도 서두르지 않는 항구 마을에서 린은 낡은 시계를 고치며 산다. 어느 아침 한 소년이 거꾸로 가는 회중시계를 들고 와 "
    "주인의 행방을 묻는다. 뚜껑 안쪽의 이름을 따라간 두 사람은 등대지기와 여객선 선장을 만나고, 같은 여름을 서로 다르게 "
    "기억하는 다섯 친구의 사진을 손에 넣는다."
)


def work(id: int = 1, **changes) -> dict:
    made = {
        "id": id,
        "titles": {"romaji": f"Tokei {id}", "native": "時計", "en": f"Clock {id}", "ko": f"시계 {id}"},
        "aliases": [],
        "format": "tv",
        "year": 2001,
        "season": "spring",
        "aired_from": "2001-04-01",
        "episodes": 12,
        "duration_min": 24,
        "studios": ["Bones"],
        "source": "Manga",
        "genres": ["Mystery"],
        "themes": ["Friendship"],
        "synopsis": {"en": ENGLISH, "ko": KOREAN},
        "score": 7.5,
        "members": 1000,
        "adult": False,
        "offered": True,
        "relations": [],
        "series": id,
        "characters": [{"name": "Rin", "name_ko": "린", "role": "main"}],
        "image_url": None,
    }
    return {**made, **changes}


def problems(tmp_path: Path, *works: dict, data: Path | None = None) -> list[str]:
    path = tmp_path / "titles.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in works), encoding="utf-8")
    return [str(problem) for problem in check_catalogue(path, data)]


OTHER = {
    "en": (
        "Every spring the baseball team of a mountain school loses its first game by more than ten runs. Coach Arai, a "
        "former pitcher with a ruined shoulder, is sent there to close the club. Instead he finds nine stubborn players, "
        "a field full of stones and a girl who throws harder than anybody. He asks the headmaster for one season and "
        "for a bus."
    ),
    "ko": (
        "산골 학교 야구부는 봄마다 첫 경기에서 열 점 넘게 진다. 어깨를 망친 전직 투수 아라이는 이 부를 없애라는 말을 듣고 부임한다. "
        "그러나 돌투성이 운동장에는 고집 센 아홉 선수와 누구보다 빠른 공을 던지는 소녀가 있다. 그는 교장에게 한 시즌과 버스 한 대를 부탁한다."
    ),
}


def test_a_sound_catalogue_has_no_problems(tmp_path):
    assert problems(tmp_path, work(1), work(2, synopsis=OTHER)) == []


@pytest.mark.parametrize(
    ("changes", "rule", "what"),
    [
        ({"episodes": "twelve"}, "schema", 'episodes is "twelve"'),
        ({"mood": "calm"}, "schema", "mood is no field"),
        ({"members": None}, "facts", "no members"),
        ({"year": 2002}, "facts", "year 2002"),
        ({"format": "movie"}, "facts", "a film has no season"),
        ({"titles": {"en": "Clock", "native": "時計"}}, "languages", "no name in ko"),
        ({"synopsis": {"en": ENGLISH}}, "languages", "no synopsis in ko"),
        ({"characters": []}, "characters", "0 characters"),
        ({"characters": [{"name": "Rin"}]}, "languages", "no Korean name"),
        ({"genres": ["Mysteries"]}, "vocabulary", "Mysteries is no genre"),
        ({"themes": ["Clocks"]}, "vocabulary", "Clocks is no genre or theme"),
        ({"adult": True}, "vocabulary", "nothing adult"),
        ({"relations": [{"id": 9, "kind": "sequel"}]}, "relations", "9, which is not in the catalogue"),
        ({"relations": [{"id": 1, "kind": "sequel"}]}, "relations", "leads to itself"),
        ({"series": 9}, "series", "begins with 9, which is not in the catalogue"),
        ({"synopsis": {"en": "Too short.", "ko": KOREAN}}, "length", "en synopsis has 2 words; 50 to 90"),
        ({"synopsis": {"en": ENGLISH, "ko": "너무 짧다."}}, "length", "ko synopsis has 6 characters; 90 to 220"),
        ({"offered": False}, "length", "1 to 30"),
        ({"offered": False, "synopsis": {"en": "One. Two.", "ko": "하나."}}, "length", "one line"),
        ({"synopsis": {"en": ENGLISH.replace(". ", " and "), "ko": KOREAN}}, "sentence", "40 is the most"),
        ({"synopsis": {"en": ENGLISH, "ko": KOREAN.replace("다. ", "고 ")}}, "reading", "20 is the most"),
        ({"synopsis": {"en": ENGLISH, "ko": KOREAN.replace("린은", "Rin은")}}, "latin", "Rin stands in the Korean"),
        ({"synopsis": {"en": ENGLISH.replace("Rin", "린"), "ko": KOREAN}}, "latin", "Hangul stands in the English"),
    ],
)
def test_a_work_that_breaks_a_rule_is_named(tmp_path, changes, rule, what):
    found = problems(tmp_path, work(1, **changes))
    assert any(line.startswith(f"{rule}: ") and what in line for line in found), found


def test_hard_english_is_named(tmp_path):
    hard = " ".join(["Institutional reconciliation necessitates extraordinary administrative determination."] * 10)
    found = problems(tmp_path, work(1, synopsis={"en": hard, "ko": KOREAN}))
    assert any(line.startswith("reading: 1 Clock 1: the English is of grade") for line in found), found


def test_a_line_that_is_no_json_is_named(tmp_path):
    path = tmp_path / "titles.jsonl"
    path.write_text("{oops\n", encoding="utf-8")
    assert [problem.rule for problem in check_catalogue(path)] == ["schema"]


def test_ids_and_names_are_unique(tmp_path):
    twice = problems(tmp_path, work(1), work(1, synopsis=OTHER))
    assert any("the id '1' is 1's too" in line for line in twice)
    named = work(2, synopsis=OTHER, titles={"en": "CLOCK 1!", "ko": "시계 2"})
    assert any("the en 'CLOCK 1!' is 1's too" in line for line in problems(tmp_path, work(1), named))


def test_lines_are_sorted_by_the_day_they_aired(tmp_path):
    late = work(1, aired_from="2001-05-01")
    assert [line for line in problems(tmp_path, late, work(2, synopsis=OTHER)) if line.startswith("order: 2 ")]


def test_a_sequel_says_whose_it_is_and_shares_the_series(tmp_path):
    first = work(1, relations=[{"id": 2, "kind": "sequel"}])
    found = problems(tmp_path, first, work(2, synopsis=OTHER, series=1))
    assert any("it is not that one's prequel" in line for line in found)
    apart = work(2, synopsis=OTHER, relations=[{"id": 1, "kind": "prequel"}])
    assert any("is of the series 2" in line for line in problems(tmp_path, first, apart))


def test_a_series_begins_with_its_oldest_work(tmp_path):
    found = problems(tmp_path, work(1, series=2), work(2, synopsis=OTHER, aired_from="2001-05-01"))
    assert any("it is older than 2, the first of its series" in line for line in found)
    chained = problems(tmp_path, work(1, series=2), work(2, synopsis=OTHER, series=1))
    assert any("which is of the series 1" in line for line in chained)


def test_two_synopses_that_say_the_same_are_named(tmp_path):
    alike = {"en": ENGLISH.replace("Rin", "Mei").replace("harbour", "mountain"), "ko": OTHER["ko"]}
    found = problems(tmp_path, work(1), work(2, synopsis=alike))
    assert [line for line in found if line.startswith("alike: 1 Clock 1: the en synopsis is like that of 2")]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    files = {
        "anime_catalog/anime_2020.csv.gz": (
            "mal_id,title,type,episodes,year,aired,synopsis\n"
            '1,Tokei,Movie,13,,"May 1, 2002 to ?","A girl who repairs clocks in a harbour town is sad."\n'
            "2,Hai,TV,Unknown,,Unknown,\n"
        ),
        "anime_korean_laftel/laftel_2024_top.csv.gz": '제목,줄거리\n항구,"그날, 낡은 시계를 고치며 산다! 어느 아침 바다로 간다."\n',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(gzip.compress(text.encode()))
    return folder


def test_facts_must_agree_with_the_data(tmp_path, data):
    found = [
        line for line in problems(tmp_path, work(1), work(2, synopsis=OTHER), data=data) if line.startswith("data")
    ]
    assert [line.split(": ")[2] for line in found] == [
        "year is 2001, in anime_catalog/anime_2020.csv.gz 2002.",
        "episodes is 12, in anime_catalog/anime_2020.csv.gz 13.",
        "format is tv, in anime_catalog/anime_2020.csv.gz movie.",
    ]


def test_a_run_of_words_from_a_source_is_found_in_both_languages(tmp_path, data):
    found = [line for line in problems(tmp_path, work(1), data=data) if line.startswith("borrowed")]
    assert any(
        line.endswith("'repairs clocks in a harbour town' stands in anime_catalog/anime_2020.csv.gz, Tokei.")
        for line in found
    )
    assert any(
        line.endswith("'낡은 시계를 고치며 산다 어느' stands in anime_korean_laftel/laftel_2024_top.csv.gz, 항구.")
        for line in found
    )
    assert len(found) == 3  # six eojeols of the Korean make two runs of five


def test_the_measures_are_what_their_formulas_say():
    assert sentences('He left. "Why?" she asked! 그는 떠났다… 왜?') == [
        "He left.",
        '"Why?',
        "she asked!",
        "그는 떠났다…",
        "왜?",
    ]
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert eojeols("낡은 시계를 고친다. 비가 온다.") == 2.5


def test_the_command_lists_problems_and_exits_with_one(tmp_path):
    (tmp_path / "titles.jsonl").write_text(json.dumps(work(1, members=None)) + "\n", encoding="utf-8")
    outcome = CliRunner().invoke(catalogue, ["check", "--source", str(tmp_path), "--data", str(tmp_path / "none")])
    assert outcome.exit_code == 1
    assert "facts: 1 Clock 1: no members." in outcome.output


def test_the_bundled_catalogue_passes():
    found = check_catalogue(SAMPLE, REAL if REAL.is_dir() else None)
    assert not found, "\n".join(map(str, found))


def test_the_bundled_catalogue_is_broad():
    works = [json.loads(line) for line in (SAMPLE / "titles.jsonl").read_text(encoding="utf-8").splitlines()]
    offered = [one for one in works if one["offered"]]
    genres = Counter(genre for one in offered for genre in one["genres"])
    decades = Counter(one["year"] // 10 * 10 for one in offered if one["id"] < ELSEWHERE)
    assert sum(one["id"] < ELSEWHERE for one in offered) >= 320
    assert sum(one["id"] > ELSEWHERE for one in offered) >= 40
    assert len(works) - len(offered) >= 40
    assert min(genres.values()) >= 8, genres
    assert min(decades[decade] for decade in range(1960, 2030, 10)) >= 8, decades
