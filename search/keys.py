"""Keys, words, prefixes and bigrams made by the application, the same for every engine.

Exact matching, half-typed Hangul and typos must not differ between engines, so none of it is left to an
engine's analysers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

_HANGUL_BASE, _HANGUL_LAST = 0xAC00, 0xD7A3
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MEDIALS = (
    "ㅏ",
    "ㅐ",
    "ㅑ",
    "ㅒ",
    "ㅓ",
    "ㅔ",
    "ㅕ",
    "ㅖ",
    "ㅗ",
    "ㅗㅏ",
    "ㅗㅐ",
    "ㅗㅣ",
    "ㅛ",
    "ㅜ",
    "ㅜㅓ",
    "ㅜㅔ",
    "ㅜㅣ",
    "ㅠ",
    "ㅡ",
    "ㅡㅣ",
    "ㅣ",
)
_FINALS = (
    "", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ",
    "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ",
)  # fmt: skip
_COMPOUND = {"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ",
             "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ", "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ",
             "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ"}  # fmt: skip
_CJK = re.compile(r"[぀-ヿ㐀-䶿一-鿿가-힣ㄱ-ㆎ豈-﫿]+")
_ARTICLE = re.compile(r"^(?:the|an?)\s+(?=\w\S*\s|\w{4,})", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_SYMBOLS = str.maketrans({"×": "x", "∞": " infinity ", "½": " 1/2 ", "†": " ", "♥": " ", "♡": " ", "☆": " ", "★": " "})

_SET_ASIDE = {code: 0xE000 + code - 0x3131 for code in range(0x3131, 0x318F)}
_BROUGHT_BACK = {aside: code for code, aside in _SET_ASIDE.items()}


def fold(text: str) -> str:
    """Return `text` in NFKC, casefolded, without accents (kana keep their voicing marks)."""
    if text.isascii():
        return text.replace("&", " and ").casefold()
    # NFKC would turn the jamo that people type (ㄱ) into ones that only stand inside syllables.
    text = unicodedata.normalize("NFKC", text.translate(_SYMBOLS).translate(_SET_ASIDE))
    text = text.replace("&", " and ").casefold()
    out = []
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.combining(char) and char not in "゙゚":
            continue
        out.append(char)
    return unicodedata.normalize("NFC", "".join(out)).translate(_BROUGHT_BACK)


def words(text: str) -> list[str]:
    """Return the folded words of `text`: runs of letters and digits in any script."""
    return _WORD.findall(fold(text).replace("'", "").replace("’", ""))


@lru_cache(maxsize=65536)
def key(text: str) -> str:
    """Return the exact key of a name: folded, without punctuation and spaces."""
    made = "".join(words(text))
    # A name of symbols only ("∀", "%") would have no key; its folded form serves.
    return made or fold(text).strip()


def without_article(text: str) -> str:
    """Return `text` without a leading English article, which people leave out ("The Tatami Galaxy")."""
    return _ARTICLE.sub("", text)


@lru_cache(maxsize=65536)
def loose_key(text: str) -> str:
    """Return the key with what wavers made one: long vowels (ou, oo, ō -> o), wo and o, a leading article."""
    made = key(without_article(text))
    if not made.isascii():
        return made
    for old, new in (("ou", "o"), ("oo", "o"), ("uu", "u"), ("aa", "a"), ("ii", "i"), ("ee", "e"), ("oh", "o"), ("wo", "o"), ("dzu", "zu"), ("du", "zu"), ("tsu", "tu"), ("shi", "si"), ("chi", "ti"), ("fu", "hu"), ("mb", "nb"), ("mp", "np")):  # fmt: skip
        made = made.replace(old, new)
    return made


@lru_cache(maxsize=65536)
def jamo(text: str) -> str:
    """Return `text` with Hangul syllables decomposed to the keys one types for them."""
    out = []
    for char in text:
        code = ord(char)
        if _HANGUL_BASE <= code <= _HANGUL_LAST:
            rest = code - _HANGUL_BASE
            out.append(_INITIALS[rest // 588] + _MEDIALS[rest % 588 // 28] + _FINALS[rest % 28])
        else:
            out.append(_COMPOUND.get(char, char))
    return "".join(out)


def initials(text: str) -> str:
    """Return the initial consonants (초성) of the Hangul syllables of `text`, empty where there is none."""
    return "".join(
        _INITIALS[(ord(char) - _HANGUL_BASE) // 588] for char in text if _HANGUL_BASE <= ord(char) <= _HANGUL_LAST
    )


def is_initials(text: str) -> bool:
    """Tell whether `text` is typed in initial consonants only, two or more."""
    letters = text.replace(" ", "")
    return len(letters) > 1 and all(char in _INITIALS for char in letters)


def has_hangul(text: str) -> bool:
    """Tell whether `text` holds Hangul syllables or jamo."""
    return any(_HANGUL_BASE <= ord(char) <= _HANGUL_LAST or "ㄱ" <= char <= "ㆎ" for char in text)


def has_cjk(text: str) -> bool:
    """Tell whether `text` holds Chinese, Japanese or Korean letters."""
    return _CJK.search(text) is not None


def bigrams(text: str) -> list[str]:
    """Return character bigrams of the CJK runs of `text`, a run of one letter as it is."""
    found: list[str] = []
    for run in _CJK.findall(fold(text)):
        found.extend([run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)])
    return found


def trigrams(text: str) -> list[str]:
    """Return the distinct character trigrams of the loose key (jamo for Hangul), with its ends marked."""
    padded = f"^{jamo(loose_key(text))}$"
    return list(dict.fromkeys(padded[at : at + 3] for at in range(max(len(padded) - 2, 1))))


def prefix_forms(name: str) -> Iterator[str]:
    """Yield what a person may begin to type to find `name`: from each word on, in jamo, loosely romanised, and 초성."""
    parts = words(name)
    rests = ["".join(parts[at:]) for at in range(len(parts))]
    for rest in rests:
        yield jamo(rest)
        loose = loose_key(rest)
        if loose != rest:
            yield loose
    for rest in rests:
        if len(rest) > 1 and len(initials(rest[:2])) == 2:
            yield "".join(initials(char) or char for char in rest)


def prefix_query(text: str) -> str:
    """Return the form of a half-typed text that `prefix_forms` are compared with."""
    return jamo(key(text))


def distinct(items: Iterable[str]) -> tuple[str, ...]:
    """Return the items without repeats and empty ones, in order."""
    return tuple(dict.fromkeys(item for item in items if item))


_KEYBOARD = dict(
    zip(
        "qwertyuiopasdfghjklzxcvbnmQWERTOP",
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
        strict=True,
    )
)
_MEDIAL_AT = {medial: at for at, medial in enumerate(_MEDIALS)}
_FINAL_AT = {final: at for at, final in enumerate(_FINALS)}


def typed_in_latin(text: str) -> str | None:
    """Return the Hangul that the keys of `text` make on a Korean (두벌식) keyboard, None unless all make syllables."""
    if not text.isascii() or not any(char.isalpha() for char in text):
        return None
    made = "".join(_KEYBOARD.get(char, _KEYBOARD.get(char.lower(), char)) for char in text)
    composed = compose(made)
    return None if any("ㄱ" <= char <= "ㆎ" for char in composed) else composed


def compose(text: str) -> str:
    """Return `text` with runs of jamo composed to syllables, as an input method does; what does not fit stays."""
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] not in _INITIALS or at + 1 == len(text) or text[at + 1] not in _MEDIAL_AT:
            out.append(text[at])
            at += 1
            continue
        initial = _INITIALS.index(text[at])
        size = 2 if text[at + 1 : at + 3] in _MEDIAL_AT and len(text[at + 1 : at + 3]) == 2 else 1
        medial = _MEDIAL_AT[text[at + 1 : at + 1 + size]]
        at += 1 + size
        final = 0
        for count in (2, 1):
            part = text[at : at + count]
            follows = text[at + count : at + count + 1]
            # A consonant before a vowel begins the next syllable.
            if len(part) == count and part in _FINAL_AT and part and follows not in _MEDIAL_AT:
                final = _FINAL_AT[part]
                at += count
                break
        out.append(chr(_HANGUL_BASE + initial * 588 + medial * 28 + final))
    return "".join(out)
