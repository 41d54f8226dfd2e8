"""The nouns of the catalogue. Imported by every part; imports nothing of ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
FORMATS = ("tv", "movie", "ova", "ona", "special", "music")
SEASONS = ("winter", "spring", "summer", "fall")
RELATION_KINDS = ("prequel", "sequel", "side_story", "spin_off", "summary", "adaptation")
NAME_FIELDS = ("romaji", "native", "en", "ko")


@dataclass(frozen=True, slots=True)
class Relation:
    """Another work and what it is to this one: `kind` is one of RELATION_KINDS."""

    id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Character:
    """One of the people of a story, named in both languages where known."""

    name: str
    name_ko: str | None = None
    role: str = "main"


@dataclass(frozen=True, slots=True)
class Title:
    """One work of the catalogue; the fields are those of the catalogue file.

    `score` is 0 to 10, `duration_min` the minutes of one episode, `aired_from` an ISO date
    (possibly only its year or month), `series` the id of the series' first work. `hooks` are notes by language of
    what people remember of a work: searched, never shown as its synopsis.
    """

    id: int
    titles: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    format: str | None = None
    year: int | None = None
    season: str | None = None
    aired_from: str | None = None
    episodes: int | None = None
    duration_min: int | None = None
    studios: tuple[str, ...] = ()
    source: str | None = None
    genres: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    synopsis: Mapping[str, str] = field(default_factory=dict)
    hooks: Mapping[str, str] = field(default_factory=dict)
    score: float | None = None
    members: int | None = None
    adult: bool = False
    offered: bool = True
    relations: tuple[Relation, ...] = ()
    series: int | None = None
    characters: tuple[Character, ...] = ()
    image_url: str | None = None

    def name(self, language: str = "en") -> str:
        """Return the name a reader of `language` expects, or the next best there is."""
        order = ("ko", "en", "romaji", "native") if language == "ko" else ("en", "romaji", "native", "ko")
        return next((self.titles[key] for key in order if self.titles.get(key)), str(self.id))

    def names(self) -> tuple[str, ...]:
        """Return every name and alias once, in a fixed order."""
        found = [self.titles[key] for key in NAME_FIELDS if self.titles.get(key)]
        return tuple(dict.fromkeys([*found, *self.aliases]))

    def text(self, language: str = "en") -> str:
        """Return the synopsis in `language`, else in the other language, else an empty string."""
        return self.synopsis.get(language) or next((text for text in self.synopsis.values() if text), "")

    def replace(self, **changes: Any) -> Title:
        """Return a copy with `changes` applied."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the title as one object of the catalogue file."""
        return {
            "id": self.id,
            "titles": dict(self.titles),
            "aliases": list(self.aliases),
            "format": self.format,
            "year": self.year,
            "season": self.season,
            "aired_from": self.aired_from,
            "episodes": self.episodes,
            "duration_min": self.duration_min,
            "studios": list(self.studios),
            "source": self.source,
            "genres": list(self.genres),
            "themes": list(self.themes),
            "synopsis": dict(self.synopsis),
            "hooks": dict(self.hooks),
            "score": self.score,
            "members": self.members,
            "adult": self.adult,
            "offered": self.offered,
            "relations": [{"id": relation.id, "kind": relation.kind} for relation in self.relations],
            "series": self.series,
            "characters": [
                {"name": person.name, "name_ko": person.name_ko, "role": person.role} for person in self.characters
            ],
            "image_url": self.image_url,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Title:
        """Read one object of the catalogue file that is already known to be valid."""
        return cls(
            id=data["id"],
            titles={key: value for key, value in data["titles"].items() if value},
            aliases=tuple(data.get("aliases") or ()),
            format=data.get("format"),
            year=data.get("year"),
            season=data.get("season"),
            aired_from=data.get("aired_from"),
            episodes=data.get("episodes"),
            duration_min=data.get("duration_min"),
            studios=tuple(data.get("studios") or ()),
            source=data.get("source"),
            genres=tuple(data.get("genres") or ()),
            themes=tuple(data.get("themes") or ()),
            synopsis={key: value for key, value in (data.get("synopsis") or {}).items() if value},
            hooks={key: value for key, value in (data.get("hooks") or {}).items() if value},
            score=data.get("score"),
            members=data.get("members"),
            adult=bool(data.get("adult", False)),
            offered=bool(data.get("offered", True)),
            relations=tuple(Relation(item["id"], item["kind"]) for item in data.get("relations") or ()),
            series=data.get("series"),
            characters=tuple(
                Character(item["name"], item.get("name_ko"), item.get("role") or "main")
                for item in data.get("characters") or ()
            ),
            image_url=data.get("image_url"),
        )
