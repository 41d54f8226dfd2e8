"""Keys, prefixes and trigrams are the application's own, so that every engine finds the same names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.keys import (
    bigrams,
    distinct,
    fold,
    has_cjk,
    has_hangul,
    initials,
    is_initials,
    jamo,
    key,
    loose_key,
    prefix_forms,
    prefix_query,
    trigrams,
    words,
)

# Any code point a client can send, unpaired surrogates and NULs among them.
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Cowboy Bebop", "cowboybebop"),
        ("COWBOY-BEBOP!", "cowboybebop"),
        ("ＣＯＷＢＯＹ　ＢＥＢＯＰ", "cowboybebop"),
        ("Café Kichijōji", "cafekichijoji"),
        ("Pokémon", "pokemon"),
        ("Straße", "strasse"),
        ("Hell's Paradise", "hellsparadise"),
        ("Hell’s Paradise", "hellsparadise"),
        ("Fate/stay night", "fatestaynight"),
        ("snake_case", "snakecase"),
        ("Spice & Wolf", "spiceandwolf"),
        ("Spice ＆ Wolf", "spiceandwolf"),
        ("Hunter×Hunter", "hunterxhunter"),
        ("Lucky☆Star", "luckystar"),
        ("ｶｳﾎﾞｰｲ", "カウボーイ"),
        ("카우보이 비밥", "카우보이비밥"),
        ("進撃の巨人", "進撃の巨人"),
        ("Шaмaн Кинг", "шaмaнкинг"),
        ("86", "86"),
    ],
)
def test_a_key_knows_no_case_width_accents_spacing_or_punctuation(name, made):
    assert key(name) == made


def test_kana_keep_their_voicing_marks():
    assert key("がんばれ") != key("かんばれ")
    assert key("が") == key("が")


@pytest.mark.parametrize("name", ["∀", "%", "○"])
def test_a_name_of_symbols_only_still_has_a_key(name):
    assert key(name) != ""


@pytest.mark.parametrize("text", ["", "   ", "\u3000"])
def test_spaces_have_no_key(text):
    assert key(text) == ""


def test_folding_gives_one_answer_whether_or_not_a_text_is_ascii():
    # The two ways through fold() must not differ on what they share.
    assert fold("R&B é") == fold("R&B") + " e"


def test_words_are_runs_of_letters_and_digits_in_any_script():
    assert words("Re:ZERO -Starting Life-, 진격의 거인 2기") == [
        "re",
        "zero",
        "starting",
        "life",
        "진격의",
        "거인",
        "2기",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yuu Yuu Hakusho", "Yu Yu Hakusho"),
        ("Toukyou Guuru", "Tokyo Guru"),
        ("Tōkyō", "Tokyo"),
        ("Oomuro-ke", "Omuro-ke"),
        ("Onii-chan wo", "Oni-chan o"),
        ("Fushigi", "Hushigi"),
        ("Tsuki", "Tuki"),
        ("Sempai", "Senpai"),
        ("Chihayafuru", "Tihayahuru"),
    ],
)
def test_romanised_japanese_has_one_loose_key_for_its_spellings(one, other):
    assert loose_key(one) == loose_key(other)


def test_different_names_keep_different_loose_keys():
    assert len({loose_key(name) for name in ("Monster", "Minister", "Master", "Naruto", "Bleach")}) == 5


def test_a_loose_key_leaves_other_scripts_alone():
    assert loose_key("토라도라!") == "토라도라"


@pytest.mark.parametrize(
    ("text", "typed"),
    [("진격", "ㅈㅣㄴㄱㅕㄱ"), ("진겨", "ㅈㅣㄴㄱㅕ"), ("지", "ㅈㅣ"), ("과", "ㄱㅗㅏ"), ("값", "ㄱㅏㅂㅅ"), ("ㅄ", "ㅂㅅ"), ("ㅘ", "ㅗㅏ"), ("ab", "ab")],
)  # fmt: skip
def test_hangul_is_decomposed_to_the_keys_one_types(text, typed):
    assert jamo(text) == typed


def test_every_syllable_decomposes_to_what_begins_with_its_initial():
    for code in range(0xAC00, 0xD7A4):
        assert jamo(chr(code)).startswith(initials(chr(code)))


def test_a_half_typed_syllable_begins_the_finished_one():
    # 지 -> 진 -> 지녀 (the final consonant moves on) -> 진격
    for typed in ("ㅈ", "지", "진", "진ㄱ", "진겨", "진격"):
        assert prefix_query("진격의 거인").startswith(prefix_query(typed))


def test_initials_are_the_first_consonants_of_syllables():
    assert initials("진격의 거인 2기 x") == "ㅈㄱㅇㄱㅇㄱ"


@pytest.mark.parametrize(
    ("text", "so"),
    [("ㅈㄱ", True), ("ㅈ ㄱ", True), ("ㅈ", False), ("ㅈㅏ", False), ("자ㄱ", False), ("", False), ("ㄲㄸ", True)],
)
def test_initials_are_told_from_half_typed_syllables(text, so):
    assert is_initials(text) is so


@pytest.mark.parametrize(
    ("text", "hangul", "cjk"),
    [
        ("a", False, False),
        ("ㄱ", True, True),
        ("가", True, True),
        ("モ", False, True),
        ("進", False, True),
        ("é", False, False),
    ],
)
def test_scripts_are_told_apart(text, hangul, cjk):
    assert (has_hangul(text), has_cjk(text)) == (hangul, cjk)


def test_bigrams_are_made_within_runs_of_one_script():
    assert bigrams("진격의 거인 x 進") == ["진격", "격의", "거인", "進"]


def test_trigrams_mark_both_ends_and_repeat_nothing():
    assert trigrams("abc") == ["^ab", "abc", "bc$"]
    assert trigrams("aXaXa") == ["^ax", "axa", "xax", "xa$"]
    assert trigrams("가") == ["^ㄱㅏ", "ㄱㅏ$"]
    assert trigrams("") == ["^$"]


def test_a_name_can_be_begun_at_any_word_and_in_initials():
    assert list(prefix_forms("Attack on Titan")) == ["attackontitan", "ontitan", "titan"]
    assert list(prefix_forms("진격의 거인")) == [
        "ㅈㅣㄴㄱㅕㄱㅇㅡㅣㄱㅓㅇㅣㄴ",
        "ㄱㅓㅇㅣㄴ",
        "ㅈㄱㅇㄱㅇ",
        "ㄱㅇ",
    ]


def test_a_romanised_name_can_be_begun_in_its_loose_spelling_at_any_word():
    assert list(prefix_forms("Yuu Kou")) == ["yuukou", "yuko", "kou", "ko"]


def test_initials_go_on_past_a_number_but_do_not_begin_in_another_script():
    assert "ㅈㄱ2ㄱ" in list(prefix_forms("진격 2기"))
    assert list(prefix_forms("x 비밥"))[-1] == "ㅂㅂ"
    assert [form for form in prefix_forms("x비") if form.startswith("x")] == ["xㅂㅣ"]


def test_distinct_keeps_the_order_and_drops_blanks():
    assert distinct(["b", "", "a", "b"]) == ("b", "a")


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_a_key_of_a_key_is_the_key(text):
    assert key(key(text)) == key(text)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_no_text_whatever_is_refused(text):
    for made in (words, loose_key, jamo, initials, is_initials, has_hangul, has_cjk, bigrams, trigrams, prefix_query):
        made(text)
    list(prefix_forms(text))


def test_keys_and_folding_are_stable_for_every_letter_there_is():
    for char in map(chr, range(0x3400)):
        assert fold(fold(f"a{char}b")) == fold(f"a{char}b")
        assert key(key(char)) == key(char)
    for char in map(chr, range(0xF900, 0x10000)):
        assert fold(fold(f"a{char}b")) == fold(f"a{char}b")
        assert key(key(char)) == key(char)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_whatever_part_of_a_korean_name_is_typed_begins_one_of_its_forms(name):
    forms = list(prefix_forms(name))
    for end in range(1, len(name) + 1):
        assert any(form.startswith(prefix_query(name[:end])) for form in forms)
