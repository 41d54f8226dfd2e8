"""What the serving catalogue calls its makers, genres and themes: for reading them out of a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import vocabulary
from search.constraints import Parsed, genre_of, parse
from search.engine import Filters, Reader
from search.keys import key
from search.ranking import rarity


@dataclass(frozen=True, slots=True)
class Facts:
    """Makers by key, how many works each genre and theme has, and how much each says, in one generation of the catalogue."""

    generation: str = ""
    studios: Mapping[str, str] = field(default_factory=dict)
    genres: Mapping[str, int] = field(default_factory=dict)
    rarity: Mapping[str, float] = field(default_factory=dict)


class Terms:
    """The facts of the generation that was asked last; adult works count where `adult` says so."""

    def __init__(self, adult: bool) -> None:
        """Nothing is read yet."""
        self.adult = adult
        self._known = Facts()

    def of(self, reader: Reader) -> Facts:
        """Return what the reader's generation knows."""
        generation = reader.info().generation
        if self._known.generation != generation:
            counts = reader.browse(Filters(adult=self.adult), "watched", 0, 0, ("studio", "genre")).facets
            studios = {key(studio): studio for studio in counts.get("studio", {})}
            genres = counts.get("genre", {})
            self._known = Facts(generation, studios, genres, rarity(genres))
        return self._known

    def studio(self, reader: Reader, text: str) -> str | None:
        """Return the maker that `text` names, with or without the word studio before it."""
        studios = self.of(reader).studios
        return studios.get(key(text)) or studios.get(key(f"studio {text}"))

    def genre(self, reader: Reader, text: str) -> str | None:
        """Return the genre or theme that `text` names, as this catalogue calls it."""
        return self._in_catalogue(reader, genre_of(text))

    def _in_catalogue(self, reader: Reader, name: str | None) -> str | None:
        """Return the term as this catalogue calls it, None where it has nothing of the kind."""
        known = self.of(reader).genres
        if name is None or name in known:
            return name
        return next((other for other in vocabulary.EQUIVALENTS.get(name, ()) if other in known), None)

    def parse(self, reader: Reader, text: str, filters: Filters) -> Parsed:
        """Return what the words of `text` ask for beyond a description; a genre that nothing here has stays a word of it."""
        parsed = parse(text, filters, tuple(self.of(reader).studios.values()))
        made, constraints = parsed.filters, list(parsed.constraints)
        for attribute in ("genres", "without_genres"):
            names = []
            for name in getattr(made, attribute):
                known = self._in_catalogue(reader, name)
                if known is not None:
                    names.append(known)
                    constraints = [replace(c, value=known) if c.value == name else c for c in constraints]
                elif attribute == "genres":
                    # Nothing here is called that: the word goes back to the description.
                    words_of = next((c.words for c in constraints if c.value == name), "")
                    constraints = [c for c in constraints if c.value != name]
                    parsed = replace(parsed, rest=f"{parsed.rest} {words_of}".strip())
            made = replace(made, **{attribute: tuple(names)})  # type: ignore[arg-type]
        return replace(parsed, filters=made, constraints=tuple(constraints))
