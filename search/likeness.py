"""What two works, or a query and a work, have in common."""

from __future__ import annotations

from catalogue import Title
from search.keys import bigrams, fold, has_cjk, words
from search.lsa import stems


def shared(one: Title, other: Title) -> tuple[str, ...]:
    """Return what two works have in common: makers, then themes, then genres."""
    return (
        *(studio for studio in one.studios if studio in other.studios),
        *(theme for theme in dict.fromkeys((*one.themes, *one.genres)) if theme in {*other.themes, *other.genres}),
    )


def overlap(text: str, title: Title) -> float:
    """Return which share of the bigrams (of Latin text: words) of `text` the title's own texts hold."""
    parts = bigrams if has_cjk(text) else words
    wanted = set(parts(text))
    return len(wanted & set(parts(_own_text(title)))) / len(wanted) if wanted else 0.0


def shares_word(text: str, title: Title) -> bool:
    """Tell whether a word of `text`, two letters long at least and without its particle, stands in the title's texts."""
    own = fold(_own_text(title))
    return any(len(stem) > 1 and stem in own for stem in stems(text))


def _own_text(title: Title) -> str:
    return " ".join([*title.names(), *title.synopsis.values(), *title.hooks.values(), *title.genres, *title.themes])
