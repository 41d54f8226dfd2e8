"""A person's picture: one of the posters' palettes as a small night sky, and in it one thing that stands for a taste."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

from webapp.art.canvas import Canvas, polygon
from webapp.art.colour import mix
from webapp.art.palettes import PALETTES, Inks

SIZE = 200
_MIDDLE = SIZE / 2

Drawing = Callable[[Canvas, Inks], None]


def _petals(canvas: Canvas, inks: Inks) -> None:
    paint = canvas.radial((0, "#ffffff"), (1, inks.low), cx=0.5, cy=0.9, r=0.9)
    for turn in range(5):
        canvas.path(
            "M100 104C78 92 74 60 88 40L100 52L112 40C126 60 122 92 100 104Z",
            paint,
            transform=f"rotate({turn * 72} 100 104)",
            opacity=0.96,
        )
    for turn in range(5):
        canvas.line("M100 104V84", inks.accent, 3, transform=f"rotate({turn * 72} 100 104)")
    canvas.circle(100, 104, 7, inks.accent)


def _planet(canvas: Canvas, inks: Inks) -> None:
    ring = mix(inks.light, inks.accent, 0.3)
    canvas.put("ellipse", cx=100, cy=100, rx=76, ry=20, fill="none", stroke=ring, stroke_width=7, transform="rotate(-18 100 100)")  # fmt: skip
    canvas.circle(100, 100, 45, canvas.radial((0, inks.light), (0.55, inks.low), (1, inks.far), cx=0.35, cy=0.3, r=0.8))
    canvas.path("M24.6 111.5C40 120 80 118 118 106S172 84 172.300 76.500", "none", stroke=ring, stroke_width=7, stroke_linecap="round")  # fmt: skip
    canvas.circle(158, 46, 7, inks.accent)


def _moth(canvas: Canvas, inks: Inks) -> None:
    upper = canvas.linear((0, inks.light), (1, inks.far))
    for side in ("", "matrix(-1 0 0 1 200 0)"):
        canvas.path("M103 92C118 54 158 44 176 58C180 86 152 112 106 108Z", upper, transform=side or None)
        canvas.path("M104 108C130 106 152 124 146 146C124 158 106 140 102 116Z", inks.low, transform=side or None)
        canvas.circle(146, 78, 9, inks.ink, transform=side or None)
        canvas.circle(146, 78, 4, inks.accent, transform=side or None)
        canvas.line("M103 82C108 64 118 56 130 54", inks.light, 3, transform=side or None)
    canvas.put("ellipse", cx=100, cy=108, rx=8, ry=30, fill=inks.ink, stroke=inks.light, stroke_width=2)


def _ball(canvas: Canvas, inks: Inks) -> None:
    canvas.circle(100, 100, 54, canvas.radial((0, "#ffffff"), (1, inks.low), cx=0.35, cy=0.3, r=0.85))
    five = [(100 + 18 * math.sin(k * 1.2566), 100 - 18 * math.cos(k * 1.2566)) for k in range(5)]
    canvas.path(polygon(five), inks.near)
    for k in range(5):
        turn = k * 72
        canvas.line("M100 82V66", inks.near, 3.5, transform=f"rotate({turn} 100 100)")
        canvas.path("M86 62L100 54L114 62L111 50Q100 45 89 50Z", inks.near, transform=f"rotate({turn} 100 100)")


def _reel(canvas: Canvas, inks: Inks) -> None:
    canvas.path("M100 154H176V166H96Z", inks.near, opacity=0.85)
    canvas.circle(100, 100, 58, inks.near)
    canvas.circle(100, 100, 50, canvas.linear((0, inks.light), (1, inks.far)))
    for k in range(5):
        canvas.circle(100, 72, 13, inks.near, transform=f"rotate({k * 72} 100 100)")
    canvas.circle(100, 100, 7, inks.accent)


def _teacup(canvas: Canvas, inks: Inks) -> None:
    for x, phase in ((84, 0), (104, 8)):
        canvas.line(f"M{x} {76 - phase}C{x - 12} {64 - phase} {x + 12} {54 - phase} {x} {40 - phase}", "#ffffff", 5, opacity=0.75)  # fmt: skip
    canvas.line("M138 100C166 94 166 134 132 134", inks.light, 8)
    canvas.path("M52 90H142C142 128 126 152 97 152S52 128 52 90Z", canvas.linear((0, inks.light), (1, inks.low)))
    canvas.put("ellipse", cx=97, cy=90, rx=45, ry=9, fill=inks.accent)
    canvas.put("ellipse", cx=97, cy=158, rx=58, ry=7, fill=inks.near, opacity=0.7)


def _rune(canvas: Canvas, inks: Inks) -> None:
    canvas.circle(100, 100, 58, "none", stroke=inks.light, stroke_width=3, opacity=0.9)
    canvas.circle(100, 100, 50, "none", stroke=inks.light, stroke_width=1.5, stroke_dasharray="3 6")
    for turn in (0, 45):
        canvas.path(
            "M64 64H136V136H64Z",
            "none",
            stroke=inks.accent,
            stroke_width=4,
            stroke_linejoin="round",
            transform=f"rotate({turn} 100 100)",
        )
    canvas.circle(100, 100, 17, canvas.radial((0, "#ffffff"), (1, inks.low)))


def _note(canvas: Canvas, inks: Inks) -> None:
    paint = canvas.linear((0, "#ffffff"), (1, inks.light))
    canvas.path("M76 54L148 40V58L86 70V136H76Z", paint)
    canvas.path("M138 50H148V124H138Z", paint)
    for x, y in ((66, 138), (128, 126)):
        canvas.put("ellipse", cx=x, cy=y, rx=21, ry=15, fill=paint, transform=f"rotate(-20 {x} {y})")


def _lantern(canvas: Canvas, inks: Inks) -> None:
    canvas.line("M100 20V48", inks.light, 3)
    canvas.put("ellipse", cx=100, cy=100, rx=46, ry=50, fill=canvas.radial((0, "#ffffff"), (0.5, inks.light), (1, inks.accent)))  # fmt: skip
    for rx in (14, 32):
        canvas.put(
            "ellipse", cx=100, cy=100, rx=rx, ry=50, fill="none", stroke=inks.accent, stroke_width=2, opacity=0.6
        )
    canvas.rect(82, 44, 36, 9, inks.near, rx=3)
    canvas.rect(82, 147, 36, 9, inks.near, rx=3)
    canvas.line("M100 156V178", inks.accent, 5)


def _wave(canvas: Canvas, inks: Inks) -> None:
    canvas.circle(132, 62, 24, inks.light)
    crest = "M14 150C22 84 78 40 132 74C150 86 148 108 128 108C118 84 86 92 86 122C88 150 150 158 190 132V200H14Z"
    canvas.path(crest, canvas.linear((0, inks.light), (0.5, inks.low), (1, inks.far)))
    canvas.line("M30 158C40 108 76 76 112 84", "#ffffff", 5, opacity=0.8)
    canvas.line("M50 166C56 130 72 106 90 104", "#ffffff", 4, opacity=0.5)


def _kite(canvas: Canvas, inks: Inks) -> None:
    canvas.path("M112 34L154 84L96 130L70 72Z", canvas.linear((0, inks.light), (1, inks.accent)))
    canvas.line("M112 34L96 130M154 84L70 72", inks.near, 2.5)
    canvas.line("M96 130C84 150 104 158 88 172S62 176 58 190", inks.light, 3)


def _leaf(canvas: Canvas, inks: Inks) -> None:
    canvas.path("M58 148C44 84 84 44 152 44C156 112 118 156 58 148Z", canvas.linear((0, inks.light), (1, inks.low)))
    canvas.line("M44 166C68 132 98 98 132 70", inks.near, 4)
    canvas.line("M84 120L82 90M84 120L116 122M104 98L104 72M104 98L132 98", inks.near, 2.5)


MOTIFS: dict[str, Drawing] = {
    "petals": _petals, "planet": _planet, "moth": _moth, "ball": _ball, "reel": _reel, "teacup": _teacup, "rune": _rune,
    "note": _note, "lantern": _lantern, "wave": _wave, "kite": _kite, "leaf": _leaf,
}  # fmt: skip
_PALETTES = {palette.name: palette for palette in PALETTES}
NAMES = tuple(_PALETTES)


def avatar_svg(palette: str, motif: str) -> str:
    """Return the picture of that palette and motif; KeyError for one that does not exist."""
    draw = MOTIFS[motif]
    inks = Inks.of(_PALETTES[palette])
    canvas = Canvas(SIZE, SIZE, f"f{palette[:2]}{motif[:2]}")
    deep = inks.mid if not inks.pale else mix(inks.mid, inks.near, 0.45)
    canvas.rect(0, 0, SIZE, SIZE, canvas.linear((0, mix(inks.top, inks.near, 0.3)), (0.6, deep), (1, mix(deep, inks.near, 0.5))))  # fmt: skip
    canvas.circle(_MIDDLE, _MIDDLE, 92, canvas.radial((0, inks.light, 0.42), (1, inks.light, 0)))
    draw(canvas, inks)
    return canvas.svg()


def avatar_of(seed: str) -> dict[str, str]:
    """Return palette and motif for somebody who has none: the same for the same seed."""
    drawn = hashlib.blake2b(seed.encode(), digest_size=4).digest()
    motifs = sorted(MOTIFS)
    return {"palette": NAMES[drawn[0] % len(NAMES)], "motif": motifs[drawn[1] % len(motifs)]}
