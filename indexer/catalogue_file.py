"""The catalogue file of the contract: JSON Lines, one title a line, every field checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from catalogue import FORMATS, LANGUAGES, NAME_FIELDS, RELATION_KINDS, SEASONS, Title
from indexer import clean
from indexer.report import Report
from indexer.rows import Bad, File, lines

TITLES_FILE = "titles.jsonl"
FIELDS = frozenset(Title.__dataclass_fields__)
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_SURROGATE = re.compile("[\ud800-\udfff\0]")

Check = Callable[[Any], "str | None"]


def read_catalogue_file(file: File, report: Report, bad: Bad) -> list[Title]:
    """Return the titles of a catalogue file; a line that is no valid title is bad."""
    found: dict[int, Title] = {}
    unknown: dict[str, int] = {}
    for line, raw in lines(file, bad):
        if not raw.strip():
            continue
        report.read += 1
        try:
            data = json.loads(raw.decode("utf-8-sig" if line == 1 else "utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            bad(file.name, line, f"not JSON ({error}).")
            continue
        why = problem(data)
        if why:
            bad(file.name, line, why)
        elif data["id"] in found:
            report.left_out["duplicate id"] += 1
            bad_id = f"{file.name}, line {line}: id {data['id']} is there already; the first is kept."
            report.warn(bad_id)
        else:
            found[data["id"]] = _cleaned(Title.from_dict(data), report)
            for name in data.keys() - FIELDS:
                unknown[name] = unknown.get(name, 0) + 1
    for name, count in sorted(unknown.items()):
        report.warn(f"{file.name}: the field {name} of {count:,} lines is not one of a title and was left out.")
    return list(found.values())


def problem(data: Any) -> str | None:
    """Return what is wrong with one object of a catalogue file (field, value, what is allowed), or None."""
    if not isinstance(data, dict):
        return f"{_shown(data)} is no object; each line is one title."
    for name in ("id", "titles"):
        if data.get(name) is None:
            return f"{name} is missing; every title has an id and titles."
    for name, check in CHECKS.items():
        if data.get(name) is not None and (why := check(data[name])):
            return f"{name} is {_shown(data[name])}; {why}"
    if not any(name.strip() for name in data["titles"].values() if name):
        return f"titles is {_shown(data['titles'])}; at least one of {', '.join(NAME_FIELDS)} must be there."
    return None


def _cleaned(title: Title, report: Report) -> Title:
    texts = {language: clean.synopsis(text) for language, text in title.synopsis.items()}
    made = {language: text for language, text in texts.items() if text}
    report.repaired["placeholder synopsis emptied"] += len(texts) - len(made)
    report.repaired["source note removed"] += sum(clean.has_notes(text) for text in title.synopsis.values())
    names = {field: name for field, text in title.titles.items() if (name := clean.known(text))}
    return title.replace(synopsis=made, titles=names or title.titles)


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"a whole number from {least:,} to {most:,} is allowed."

    return check


def _score(value: Any) -> str | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10
    return None if fits else "a number from 0 to 10 is allowed."


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and not _SURROGATE.search(value) else "a text is allowed."


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true and false are allowed."


def _one_of(allowed: Collection[str]) -> Check:
    return lambda value: None if isinstance(value, str) and value in allowed else f"allowed are {', '.join(allowed)}."


def _date(value: Any) -> str | None:
    fits = isinstance(value, str) and _DATE.fullmatch(value)
    return None if fits else "an ISO date is allowed: 1998, 1998-04 or 1998-04-03."


def _texts(value: Any) -> str | None:
    fits = isinstance(value, list) and all(_text(item) is None for item in value)
    return None if fits else "a list of texts is allowed."


def _texts_by(allowed: Collection[str]) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, Mapping) and all(
            field in allowed and (text is None or _text(text) is None) for field, text in value.items()
        ):
            return None
        return f"texts by {', '.join(allowed)} are allowed."

    return check


def _relations(value: Any) -> str | None:
    if not isinstance(value, list):
        return "a list of {id, kind} is allowed."
    for item in value:
        if not isinstance(item, Mapping) or _ID(item.get("id")):
            return f"{_shown(item)} has no id that is a number from 1 on."
        if item.get("kind") not in RELATION_KINDS:
            return f"the kind {_shown(item.get('kind'))} is not one of {', '.join(RELATION_KINDS)}."
    return None


def _characters(value: Any) -> str | None:
    if not isinstance(value, list):
        return "a list of {name, name_ko, role} is allowed."
    for item in value:
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str) or not item["name"].strip():
            return f"{_shown(item)} has no name."
        if any(item.get(field) is not None and _text(item[field]) for field in ("name_ko", "role")):
            return f"name_ko and role of {_shown(item)} must be texts."
    return None


_ID = _whole(1, 2**53 - 1)
CHECKS: dict[str, Check] = {
    "id": _ID,
    "titles": _texts_by(NAME_FIELDS),
    "aliases": _texts,
    "format": _one_of(FORMATS),
    "year": _whole(1900, 2100),
    "season": _one_of(SEASONS),
    "aired_from": _date,
    "episodes": _whole(0, 100_000),
    "duration_min": _whole(0, 10_000),
    "studios": _texts,
    "source": _text,
    "genres": _texts,
    "themes": _texts,
    "synopsis": _texts_by(LANGUAGES),
    "hooks": _texts_by(LANGUAGES),
    "score": _score,
    "members": _whole(0, 2**53 - 1),
    "adult": _flag,
    "offered": _flag,
    "relations": _relations,
    "series": _ID,
    "characters": _characters,
    "image_url": _text,
}


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
