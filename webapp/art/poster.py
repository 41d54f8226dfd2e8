"""A poster from a title: its terms pick the motif and the accent, its year the texture, its id everything else.

The palettes are the dark ones: the title lies over the lower third in white, on a scrim of the palette's ink.
A picture has a second composition, for a place beside another of the same.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from functools import lru_cache

from catalogue import Title
from webapp.art import finish
from webapp.art.canvas import Canvas, Dice
from webapp.art.colour import mix
from webapp.art.motifs_city import arena, blade, comet, machine, notes, skyline, torii
from webapp.art.motifs_land import balloons, forest, hills, islands, lilies, mountains, sakura
from webapp.art.motifs_sea import fireworks, lighthouse, planet, rain, ship, waves
from webapp.art.palettes import PALETTES, Inks
from webapp.art.stage import COMPOSITIONS, SIZES, Shape, Stage, backdrop, cloud_bands, scrim, window

ART_VERSION = "v2"
MAX_SHIFT = 14.0  # degrees that a hash turns the hues
MAX_NODES, MAX_BYTES = 60, 3000  # elements, stops of gradients too; bytes gzipped
DETAILS = (1.0, 0.8, 0.6, 0.4, 0.25, 0.1)
DARK = tuple(palette for palette in PALETTES if not palette.pale)

Motif = Callable[[Stage], None]

# Every motif whose terms a title has is in its draw, the oftener the more of them; one with none draws from all.
MOTIFS: tuple[tuple[Motif, frozenset[str]], ...] = (
    (planet, frozenset({"Space", "Sci-Fi", "Time Travel", "Post-Apocalyptic"})),
    (machine, frozenset({"Mecha", "Robots", "Cyberpunk"})),
    (islands, frozenset({"Fantasy", "Isekai", "Magic", "Reincarnation", "Video Game", "Mahou Shoujo"})),
    (ship, frozenset({"Adventure", "Historical", "Mythology", "Military", "Pirates"})),
    (lighthouse, frozenset({"Mystery", "Suspense", "Thriller", "Survival", "Psychological"})),
    (skyline, frozenset({"Detective", "Police", "Organized Crime", "Cyberpunk", "Adult Cast", "Workplace", "Super Power", "Delinquents"})),
    (rain, frozenset({"Slice of Life", "Psychological", "Workplace", "Adult Cast", "Gourmet", "Visual Arts"})),
    (sakura, frozenset({"Romance", "School", "Shoujo", "Love Polygon", "Boys Love", "Shounen Ai"})),
    (notes, frozenset({"Music", "Idols", "Performing Arts", "Showbiz", "CGDCT"})),
    (fireworks, frozenset({"Comedy", "Showbiz", "Gag Humor", "Parody", "School", "Ecchi", "Harem"})),
    (forest, frozenset({"Horror", "Supernatural", "Yokai", "Vampire", "Demons", "Gore", "Animals"})),
    (torii, frozenset({"Supernatural", "Mythology", "Yokai", "Historical", "Samurai", "Demons"})),
    (blade, frozenset({"Samurai", "Martial Arts", "Action", "Gore", "Revenge", "Combat Sports"})),
    (mountains, frozenset({"Adventure", "Martial Arts", "Super Power", "Post-Apocalyptic", "Survival", "Military"})),
    (arena, frozenset({"Sports", "Team Sports", "Combat Sports", "Strategy Game", "Racing"})),
    (hills, frozenset({"Iyashikei", "Family", "Friendship", "Childcare", "Pets", "Kids", "Slice of Life"})),
    (balloons, frozenset({"Kids", "Cars", "Racing", "Parody", "Anthropomorphic", "Educational"})),
    (waves, frozenset({"Action", "Tragedy", "Revenge", "Organized Crime", "Drama"})),
    (comet, frozenset({"Drama", "Romance", "Tragedy", "Time Travel", "Award Winning", "Reincarnation"})),
    (lilies, frozenset({"Girls Love", "Josei", "Avant Garde", "Seinen", "Shoujo Ai", "Tragedy", "Psychological"})),
)  # fmt: skip

# Half of all works have one of these, so they say less of a work than its other terms.
BROAD = frozenset({"Action", "Adventure", "Comedy", "Drama", "Fantasy", "Romance", "Sci-Fi", "School"})


@lru_cache(maxsize=50_000)
def composition(id: int, other: bool = False) -> str:
    """Return how the picture of a title is laid out, or its other layout, which is never the same."""
    dice = Dice(f"{ART_VERSION}/{id}/composition")
    first, step = dice.i(0, len(COMPOSITIONS) - 1), dice.i(1, len(COMPOSITIONS) - 1)
    return COMPOSITIONS[(first + step * other) % len(COMPOSITIONS)]


def poster_svg(title: Title, shape: Shape = "poster", other: bool = False) -> str:
    """Return the picture of `title` as SVG: the same for the same id, terms, year, layout and version.

    One that would be larger than MAX_NODES or MAX_BYTES is drawn again with fewer small things.
    """
    layout = composition(title.id, other)
    drawn = ""
    for detail in DETAILS:
        drawn = _draw(title, shape, layout, detail)
        if nodes(drawn) <= MAX_NODES and len(gzip.compress(drawn.encode(), 9)) <= MAX_BYTES:
            break
    return drawn


def nodes(svg: str) -> int:
    """Return how many elements a picture has."""
    return svg.count("<") - svg.count("</")


def _motifs(tags: frozenset[str]) -> Iterator[Motif]:
    for draw, terms in MOTIFS:
        yield from [draw] * sum(1 if term in BROAD else 4 for term in terms & tags)


def _draw(title: Title, shape: Shape, layout: str, detail: float) -> str:
    dice = Dice(f"{ART_VERSION}/{title.id}")
    tags = frozenset((*title.genres, *title.themes))
    motif = dice.pick(list(_motifs(tags)) or [draw for draw, _ in MOTIFS])
    inks = Inks.of(dice.pick(DARK), dice.u(-MAX_SHIFT, MAX_SHIFT))
    width, height = SIZES[shape]
    canvas = Canvas(width, height, f"a{title.id}")
    side = dice.pick((-1, 1))
    stage = Stage(canvas, inks, dice, shape, layout, finish.era(title.year), tags, side, detail=detail)
    framed = window(stage) if layout == "window" else ""
    if framed:
        canvas.rect(0, 0, stage.w, stage.h, mix(inks.ink, inks.top, 0.2))
        canvas.open(clip_path=canvas.clip(framed))
    backdrop(stage)
    motif(stage)
    if layout == "bands":
        cloud_bands(stage)
    if detail > 0.1:
        finish.accent(stage)
    finish.texture(stage)
    if framed:
        canvas.close()
        canvas.path(framed, stroke=inks.light, stroke_width=1.5, opacity=0.7)
    scrim(stage)
    return canvas.svg()
