"""The cleaning rules: one pure function for each, text in, value out."""

from __future__ import annotations

import calendar
import html
import math
import re
from collections.abc import Iterable

from catalogue import FORMATS

_MISSING = frozenset(
    {"", "unknown", "none", "n/a", "na", "nan", "null", "-", "?", "not available", "add some", "정보 없음"}
)
# MyAnimeList's texts for "nobody wrote one", as they stood in different years; the last is the Korean sites'.
_NO_SYNOPSIS = re.compile(
    r"^\s*(?:no synopsis (?:information )?has been added"
    r"|no synopsis (?:yet|available|found)\b"
    r"|(?:synopsis|description) (?:is )?(?:not available|unavailable|coming soon)\W*$"
    r"|(?:줄거리|시놉시스)(?:가|는)? ?(?:없|준비)[^.]{0,20}\.?$)",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\s*(?:"
    r"[(\[]\s*(?:source|written by|adapted from|taken from|from)\b\s*:?[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)?[)\]]"
    # The scrape of 2020 also lost last letters, so a bracket may stay open; a bare source ends the text.
    r"|[(\[]\s*(?:source\s*:|written by\b)[^()\[\]]*$"
    r"|(?<=[.!?…\"”])\s+source\s*:\s*(?:\S+\s*){1,6}$"
    r")",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]+);", re.IGNORECASE)
_SPACE = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\ud800-\udfff]")
_MONTHS = {name.casefold(): at for at, name in enumerate(calendar.month_abbr) if name}
_DATE = re.compile(r"^(?:([A-Za-z]{3})[a-z]*\.?\s*(?:(\d{1,2})\s*,|,)?\s+)?(\d{4})$")
_ISO = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ].*)?$")
_SEASON = re.compile(r"^(winter|spring|summer|fall|autumn)\s+(\d{4})$", re.IGNORECASE)
_HOURS, _MINUTES, _SECONDS = (re.compile(rf"(\d+)\s*{unit}") for unit in (r"h(?:r|our)", r"min", r"sec"))
_FORMAT_WORDS = {
    "tv": "tv", "tv series": "tv", "movie": "movie", "film": "movie", "ova": "ova", "oad": "ova", "ona": "ona",
    "web": "ona", "special": "special", "tv special": "special", "tv_special": "special", "tv short": "tv",
    "tv_short": "tv", "music": "music", "music video": "music",
}  # fmt: skip
assert set(_FORMAT_WORDS.values()) == set(FORMATS)


def is_missing(text: str | None) -> bool:
    """Tell whether a source's text stands for "not known"."""
    return text is None or text.strip().casefold() in _MISSING


def known(text: str | None) -> str | None:
    """Return the text on one line, without entities, or None where it stands for "not known"."""
    if text is None or is_missing(text):
        return None
    return " ".join(unescape(text).split()) or None


def unescape(text: str) -> str:
    """Return the text with HTML entities decoded, also those that were escaped twice, and no control characters."""
    for _ in range(2):
        if not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return _INVISIBLE.sub("", text.replace("\xa0", " "))


def has_entities(text: str) -> bool:
    """Tell whether the text holds HTML entities."""
    return _ENTITY.search(text) is not None


def is_placeholder(text: str) -> bool:
    """Tell whether the text says that there is no synopsis."""
    return is_missing(text) or _NO_SYNOPSIS.match(text) is not None


def without_notes(text: str) -> str:
    """Return the synopsis without "(Source: ANN)", "[Written by MAL Rewrite]" and their kin."""
    return _SPACE.sub(" ", _NOTE.sub("", text)).strip()


def has_notes(text: str) -> bool:
    """Tell whether the text holds notes about its source."""
    return _NOTE.search(text) is not None


def synopsis(text: str | None) -> str | None:
    """Return a synopsis ready to read: entities, notes and placeholders gone; None where nothing is left."""
    if text is None:
        return None
    text = _SPACE.sub(" ", unescape(text)).strip()
    if is_placeholder(text):
        return None
    text = without_notes(text)
    return None if is_placeholder(text) else text


def number(text: str | None) -> float | None:
    """Return the finite number a text holds ("1,234.5" too), None where it holds none."""
    if text is None:
        return None
    try:
        value = float(text.strip().replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole(text: str | None) -> int | None:
    """Return the whole number from 0 on that a text holds ("12", "12.0"), None where it holds none."""
    value = number(text)
    return int(value) if value is not None and value >= 0 and value == int(value) else None


def score(text: str | None, scale: float = 10) -> float | None:
    """Return a score of 0 to 10 from one of 0 to `scale`; 0 and what is off the scale are no score."""
    value = number(text)
    if value is None or not 0 < value <= scale:
        return None
    return round(value * 10 / scale, 2)


def episodes(text: str | None) -> int | None:
    """Return the number of episodes, None where it is not known; 0 means not known."""
    return whole(text) or None


def duration(text: str | None) -> int | None:
    """Return the minutes of "1 hr. 55 min.", "24 min. per ep." or "30 sec. per ep.": at least 1."""
    if text is None:
        return None
    found = [pattern.search(text.casefold()) for pattern in (_HOURS, _MINUTES, _SECONDS)]
    hours, minutes, seconds = (int(match[1]) if match else 0 for match in found)
    total = hours * 60 + minutes + seconds / 60
    return max(round(total), 1) if total else None


def aired_from(text: str | None) -> str | None:
    """Return the ISO date ("1998-04-03", "2004-04", "2004") from which "Apr 3, 1998 to Apr 24, 1999" aired."""
    if text is None or is_missing(text):
        return None
    start = re.split(r"\s+to\s+|\s+~\s+", text.strip(), maxsplit=1)[0].strip()
    if match := _ISO.match(start):
        year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    elif match := _DATE.match(start):
        month = _MONTHS.get((match[1] or "").casefold(), 0)
        if match[1] and not month:
            return None
        year, day = int(match[3]), int(match[2] or 0)
    else:
        return None
    return _iso(year, month, day)


def _iso(year: int, month: int, day: int) -> str | None:
    if not 1900 <= year <= 2100:
        return None
    if not 1 <= month <= 12:
        return f"{year:04}"
    return f"{year:04}-{month:02}-{day:02}" if 1 <= day <= 31 else f"{year:04}-{month:02}"


def year(text: str | None) -> int | None:
    """Return the first year from 1900 to 2100 that a text names."""
    match = re.search(r"(?<!\d)(19\d\d|20\d\d|2100)(?!\d)", text or "")
    return int(match[1]) if match else None


def season(premiered: str | None, aired: str | None) -> str | None:
    """Return the season from "Spring 1998", else from the month of an ISO date: winter is January to March."""
    if match := _SEASON.match((premiered or "").strip()):
        name = match[1].casefold()
        return "fall" if name == "autumn" else name
    if aired and len(aired) >= 7:
        return ("winter", "spring", "summer", "fall")[(int(aired[5:7]) - 1) // 3]
    return None


def format_name(text: str | None) -> str | None:
    """Return one of the catalogue's formats for a source's word ("TV", "Movie", "Music"), None for others."""
    return _FORMAT_WORDS.get((text or "").strip().casefold())


def items(text: str | None) -> tuple[str, ...]:
    """Return the parts of a list column, separated by pipes or else by commas, without repeats and "Unknown"."""
    if text is None:
        return ()
    parts: Iterable[str] = text.split("|" if "|" in text else ",")
    named = (known(part) for part in parts)
    return tuple(dict.fromkeys(part for part in named if part))
