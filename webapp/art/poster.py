"""A poster from a title: its terms pick the motif and the accent, its year the texture, its id everything else.

The palettes are the dark ones: the title lies over the lower third in white, on a scrim of the palette's ink.
"""

from __future__ import annotations

from collections.abc import Callable

from catalogue import Title
from webapp.art import finish
from webapp.art.canvas import Canvas, Dice
from webapp.art.colour import mix
from webapp.art.motifs_land import balloons, forest, hills, islands, lilies, mountains, sakura
from webapp.art.motifs_sea import fireworks, lighthouse, planet, rain, ship, waves
from webapp.art.palettes import PALETTES, Inks
from webapp.art.stage import COMPOSITIONS, SIZES, Shape, Stage, backdrop, cloud_bands, scrim, window

ART_VERSION = "v1"
MAX_SHIFT = 14.0  # degrees that a hash turns the hues
DARK = tuple(palette for palette in PALETTES if not palette.pale)

Motif = Callable[[Stage], None]

# Every motif whose terms a title has is in its draw; one with none of them draws from all.
MOTIFS: tuple[tuple[Motif, frozenset[str]], ...] = (
    (planet, frozenset({"Space", "Sci-Fi", "Mecha", "Robots", "Cyberpunk", "Time Travel"})),
    (islands, frozenset({"Fantasy", "Isekai", "Magic", "Reincarnation", "Video Game", "Mahou Shoujo"})),
    (ship, frozenset({"Adventure", "Historical", "Mythology", "Military"})),
    (lighthouse, frozenset({"Mystery", "Suspense", "Thriller", "Detective", "Police", "Survival"})),
    (rain, frozenset({"Slice of Life", "Psychological", "Workplace", "Adult Cast", "Gourmet", "Visual Arts"})),
    (sakura, frozenset({"Romance", "School", "Shoujo", "Samurai", "Love Polygon", "Boys Love"})),
    (fireworks, frozenset({"Comedy", "Music", "Idols", "Performing Arts", "Showbiz", "Gag Humor", "Parody"})),
    (forest, frozenset({"Horror", "Supernatural", "Yokai", "Vampire", "Demons", "Gore", "Animals"})),
    (mountains, frozenset({"Action", "Sports", "Martial Arts", "Combat Sports", "Super Power", "Post-Apocalyptic"})),
    (hills, frozenset({"Iyashikei", "Family", "Friendship", "Childcare", "Pets", "Kids"})),
    (balloons, frozenset({"Kids", "Adventure", "Comedy", "Racing", "Cars", "Team Sports"})),
    (waves, frozenset({"Action", "Drama", "Tragedy", "Historical", "Revenge", "Organized Crime"})),
    (lilies, frozenset({"Girls Love", "Josei", "Avant Garde", "Drama", "Seinen", "Shoujo Ai"})),
)


def poster_svg(title: Title, shape: Shape = "poster") -> str:
    """Return the picture of `title` as SVG: the same for the same id, terms, year and version."""
    dice = Dice(f"{ART_VERSION}/{title.id}")
    tags = frozenset((*title.genres, *title.themes))
    motif = dice.pick([draw for draw, terms in MOTIFS if terms & tags] or [draw for draw, _ in MOTIFS])
    inks = Inks.of(dice.pick(DARK), dice.u(-MAX_SHIFT, MAX_SHIFT))
    composition = dice.pick(COMPOSITIONS)
    width, height = SIZES[shape]
    canvas = Canvas(width, height, f"a{title.id}")
    stage = Stage(canvas, inks, dice, shape, composition, finish.era(title.year), tags, dice.pick((-1, 1)))
    framed = window(stage) if composition == "window" else ""
    if framed:
        canvas.rect(0, 0, stage.w, stage.h, canvas.linear((0, mix(inks.ink, inks.top, 0.35)), (1, inks.ink)))
        canvas.open(clip_path=canvas.clip(framed))
    backdrop(stage)
    motif(stage)
    if composition == "bands":
        cloud_bands(stage)
    finish.accent(stage)
    finish.texture(stage)
    if framed:
        canvas.close()
        canvas.path(framed, stroke=inks.light, stroke_width=1.5, opacity=0.7)
    scrim(stage)
    return canvas.svg()
