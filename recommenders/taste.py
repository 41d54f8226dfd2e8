"""What a person's lists say of their taste, and the works that rows begin from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from recommenders.base import History

DISLIKED = 4  # a score up to this one is no liking, whatever the status
LOVED = 7  # the least score of a work that "because you loved" may speak of


@dataclass(frozen=True, slots=True)
class Watched:
    """One entry of a list: `begun` unless it is only planned; `changed` grows with the time of the last change."""

    item: str
    liked: bool = True
    score: float | None = None
    begun: bool = True
    changed: float = 0.0


@dataclass(frozen=True)
class Taste:
    """A person's entries, what may not be recommended, and how they want it.

    `adventurous` runs from 0 (what many know, much alike) to 1 (what few know, much apart); `sequels` lets a sequel
    be recommended whose earlier work the person has not begun.
    """

    entries: Sequence[Watched] = ()
    excluded: frozenset[str] = frozenset()
    adventurous: float = 0.3
    sequels: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.adventurous <= 1:
            raise ValueError(f"adventurous is {self.adventurous}; it must be in [0, 1]")

    @cached_property
    def liked(self) -> tuple[Watched, ...]:
        """Return the entries that count as liked, in the order given."""
        return tuple(entry for entry in self.entries if entry.liked and (entry.score or LOVED) > DISLIKED)

    @cached_property
    def disliked(self) -> frozenset[str]:
        """Return the works begun and not liked: they are recommended last."""
        liked = {entry.item for entry in self.liked}
        return frozenset(entry.item for entry in self.entries if entry.begun and entry.item not in liked)

    @cached_property
    def begun(self) -> frozenset[str]:
        """Return the works that were begun at least."""
        return frozenset(entry.item for entry in self.entries if entry.begun)

    @cached_property
    def history(self) -> History:
        """Return what a model learns the taste from."""
        ratings = {entry.item: float(entry.score) for entry in self.entries if entry.score}
        return History([entry.item for entry in self.liked], ratings)

    def loved(self, members: dict[str, float]) -> list[Watched]:
        """Return the liked works, those that rows begin from first.

        The higher score first; of equal scores the one changed last, then the one that fewer watch (it says more of
        a person), then the smaller id. Works with a score come before those without, and a score below 7 does not
        count as love unless nothing has 7.
        """
        known = [entry for entry in self.liked if entry.item in members]
        loved = [entry for entry in known if (entry.score or 0) >= LOVED] or known
        return sorted(
            loved,
            key=lambda one: (-(one.score or 0), -one.changed, members[one.item], len(one.item), one.item),
        )
