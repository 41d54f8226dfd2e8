"""How near a misspelt text is to a name, letter by letter."""

from __future__ import annotations

import pytest
from samples import CATALOGUE, title

from search.typos import MIN_LETTERS, allowed, corrections


def best(text: str, titles=CATALOGUE) -> int | None:
    found = corrections(text, titles)
    return found[0].id if found else None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("toradroa", 3),  # neighbours swapped
        ("torador", 3),  # one letter missing
        ("tooradora", 3),  # one too many
        ("tiradora", 3),  # one wrong
        ("atack on titan", 4),
        ("attakc on titna", 4),
        ("shingeki no kyujin", 4),
        ("cowby bebop", 1),
        ("monstr", 6),
        ("denou coil", 10),
        ("카우보이 비법", 1),
        ("커우보이 비밥", 1),
        ("진격의 거이", 4),
        ("토라더라", 3),
    ],
)
def test_a_slip_or_two_still_finds_the_name(typed, meant):
    assert best(typed) == meant


@pytest.mark.parametrize("typed", ["", "m", "mo", "xy", "zzzzzz", "the girl from the sea", "%%%%", "🎉🎉🎉"])
def test_what_is_near_no_name_is_not_corrected(typed):
    assert best(typed) is None


def test_a_text_of_many_words_is_a_description():
    assert corrections(" ".join(["attack"] * 13), CATALOGUE) == []


@pytest.mark.parametrize(
    ("letters", "slips"), [(3, 1), (4, 1), (5, 1), (6, 2), (9, 2), (10, 2), (12, 3), (16, 4), (20, 5)]
)
def test_longer_texts_may_hold_more_slips(letters, slips):
    assert 1 - slips / letters >= allowed(letters)
    assert 1 - (slips + 1) / letters < allowed(letters)


def test_a_correction_tells_name_and_nearness():
    (found,) = corrections("toradroa", [CATALOGUE[2]])
    assert (found.id, found.name, found.whole) == (3, "Toradora!", True)
    assert found.similarity == pytest.approx(7 / 8)  # a swap is one slip of eight letters


def test_the_beginning_of_a_long_name_counts_a_little_less_than_a_whole_name():
    long, short = title(1, "Monstrous Love in the Rain"), title(2, "Monstrous Lovf")
    assert [item.id for item in corrections("monstrous lovx", [long, short])] == [2, 1]
    (part,) = corrections("monstrous lovx", [long])
    assert part.whole is False


def test_of_equally_near_names_the_more_watched_comes_first():
    unknown, known = title(1, "Bananas", members=10), title(2, "Bananes", members=1_000_000)
    assert [item.id for item in corrections("bananis", [unknown, known])] == [2, 1]
    assert [item.id for item in corrections("bananas", [unknown, known])] == [1, 2]


def test_a_latin_text_is_not_compared_with_names_in_other_scripts():
    assert corrections("abc", [title(1, "가나다")]) == []


def test_each_work_is_named_once_and_no_more_than_asked_for():
    found = corrections("attack on titn", CATALOGUE, limit=1)
    assert [item.id for item in found] == [4]
    many = corrections("attack on titn", CATALOGUE)
    assert len({item.id for item in many}) == len(many) == 2


def test_a_text_of_too_few_letters_could_be_anything():
    name = title(1, "Bananas")
    assert corrections("bananas"[: MIN_LETTERS - 1], [title(1, "bananas"[: MIN_LETTERS - 1])]) == []
    assert [item.id for item in corrections("banana", [name])] == [1]
