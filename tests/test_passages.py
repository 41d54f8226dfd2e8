"""Sentences and passages of English and Korean synopses."""

import pytest

from search.passages import passages, sentences

FOUR = ["The first thing happens here.", "Then a second thing follows it.", "A third one comes after that.", "It all ends with a fourth."]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He runs away. She stays.", ["He runs away.", "She stays."]),
        ("Who is she? Nobody knows! The end.", ["Who is she?", "Nobody knows!", "The end."]),
        ("Dr. Tenma saves a boy. He regrets it.", ["Dr. Tenma saves a boy.", "He regrets it."]),
        ("Mr. and Mrs. Hill live on St. James St. now.", ["Mr. and Mrs. Hill live on St. James St. now."]),
        ("Written by Chiaki J. Konaka for S.H.I.E.L.D. fans.", ["Written by Chiaki J. Konaka for S.H.I.E.L.D. fans."]),
        ("It costs 3.5 coins. Cheap.", ["It costs 3.5 coins.", "Cheap."]),
        ('"Run!" he cries. They do.', ['"Run!" he cries.', "They do."]),
        ('She said "It is over." Then she left.', ['She said "It is over."', "Then she left."]),
        ("So they wait... and wait. Nothing comes.", ["So they wait... and wait.", "Nothing comes."]),
        ("He fights vs. the world. Alone.", ["He fights vs. the world.", "Alone."]),
        ("First   part\nof it.\n\nSecond part", ["First part of it.", "Second part"]),
        ("No end", ["No end"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_english_sentences_end_where_a_reader_would_end_them(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("소년은 떠난다. 그는 돌아오지 않는다.", ["소년은 떠난다.", "그는 돌아오지 않는다."]),
        ("소년은 떠난다.그는 돌아오지 않는다.", ["소년은 떠난다.", "그는 돌아오지 않는다."]),
        ("모두 같이 만나보아요! 정말 재미있어요.", ["모두 같이 만나보아요!", "정말 재미있어요."]),
        ("“너는 누구냐?” 그가 물었다. 답은 없었다.", ["“너는 누구냐?”", "그가 물었다.", "답은 없었다."]),
        ("과연 이어질지...?! 숨가쁘게 전개되는 애니!", ["과연 이어질지...?!", "숨가쁘게 전개되는 애니!"]),
        ("맞서는데… 그날이 온다.", ["맞서는데…", "그날이 온다."]),
        ("키는 1.8미터다.", ["키는 1.8미터다."]),
        ("『유유백서』로 유명한 작가의 작품!", ["『유유백서』로 유명한 작가의 작품!"]),
    ],
)
def test_korean_sentences_end_with_or_without_a_space_after_them(text, expected):
    assert sentences(text) == expected


def test_japanese_sentences_need_no_space():
    assert sentences("少年は旅に出る。誰も知らない。") == ["少年は旅に出る。", "誰も知らない。"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (1, [FOUR[0]]),
        (2, [f"{FOUR[0]} {FOUR[1]}"]),
        (3, [f"{FOUR[0]} {FOUR[1]}", f"{FOUR[1]} {FOUR[2]}"]),
        (4, [f"{FOUR[0]} {FOUR[1]}", f"{FOUR[1]} {FOUR[2]}", f"{FOUR[2]} {FOUR[3]}"]),
    ],
)
def test_passages_are_every_two_neighbouring_sentences(count, expected):
    assert passages(" ".join(FOUR[:count])) == expected


def test_a_very_short_sentence_stays_with_its_neighbour():
    assert passages(f"Wow! {FOUR[0]} {FOUR[1]}") == [f"Wow! {FOUR[0]} {FOUR[1]}"]
    assert passages(f"{FOUR[0]} Or does it? {FOUR[1]}") == [f"{FOUR[0]} Or does it? {FOUR[1]}"]


def test_a_text_of_short_sentences_only_is_one_passage():
    assert passages("Yes. No. Maybe.") == ["Yes. No. Maybe."]


def test_every_sentence_is_in_a_passage():
    text = " ".join(FOUR) + " Dr. Kim leaves at last and nobody sees him again."
    made = passages(text)
    assert all(any(sentence in passage for passage in made) for sentence in sentences(text))


def test_a_long_text_is_split_in_linear_time():
    assert len(passages("A hero walks alone into the dark night. " * 2_000)) == 1_999
    assert passages("." * 50_000) == ["." * 50_000]
    assert len(passages("a" * 100_000)) == 1
