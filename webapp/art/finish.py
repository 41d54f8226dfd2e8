"""What lies over the motif: accents from the themes (petals, snow, embers ...) and the texture of the era."""

from __future__ import annotations

import math

from webapp.art.canvas import dots, glint, n
from webapp.art.colour import mix
from webapp.art.stage import Stage

ACCENTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("stars", frozenset({"Space", "Sci-Fi"})),
    ("glints", frozenset({"Magic", "Mahou Shoujo", "Idols", "Isekai", "Mythology", "Fantasy"})),
    ("embers", frozenset({"Military", "Gore", "Samurai", "Revenge", "Action", "Delinquents", "Vampire"})),
    ("rain", frozenset({"Detective", "Organized Crime", "Police", "Suspense"})),
    ("petals", frozenset({"Romance", "Shoujo", "Josei", "Love Polygon", "Boys Love", "Girls Love", "Reverse Harem"})),
    ("fireflies", frozenset({"Supernatural", "Yokai", "Iyashikei", "Mystery", "Psychological", "Horror"})),
    ("confetti", frozenset({"Comedy", "Kids", "Showbiz", "Gag Humor", "Parody", "Performing Arts"})),
    ("snow", frozenset({"Tragedy", "Drama", "Survival"})),
    ("birds", frozenset({"Adventure", "Slice of Life", "School", "Family", "Friendship", "Historical"})),
)
ERAS = ((1980, "70s"), (1990, "80s"), (2000, "90s"), (2010, "00s"), (9999, "10s"))


def era(year: int | None) -> str:
    """Return the era whose texture a work of `year` wears; a work without a year wears the newest."""
    return next(name for end, name in ERAS if (year or 2020) < end)


def accent(st: Stage) -> None:
    """Scatter one accent that the title's terms suggest."""
    fitting = [name for name, terms in ACCENTS if terms & st.tags]
    kind = st.r.pick(fitting) if fitting else st.r.pick(("birds", "stars", "petals"))
    _PAINT[kind](st)


def _petals(st: Stage) -> None:
    wind = st.side
    for colour, count, size in ((mix(st.p.light, st.p.accent, 0.35), 13, 4.2), (st.p.light, 7, 6.5)):
        d = ""
        for _ in range(st.some(count)):
            a, q = st.r.pick(((1, 0.2), (0.7, -0.6), (0.3, 0.9))), size
            x, y = st.r.u(0, st.w), st.r.u(0.04, 0.74) * st.h
            d += f"M{x:.0f} {y:.0f}q{a[0] * q * wind:.0f} {a[1] * q - q:.0f} {a[0] * 2 * q * wind:.0f} {a[1] * q:.0f}"
            d += f"q{-a[0] * q * wind:.0f} {a[1] * q * 0.5:.0f} {-a[0] * 2 * q * wind:.0f} {-a[1] * q:.0f}"
        st.c.path(d, colour, opacity=0.8)


def _snow(st: Stage) -> None:
    colour = "#ffffff" if not st.p.pale else mix(st.p.light, "#ffffff", 0.7)
    for count, width, opacity in ((34, 2, 0.5), (18, 3.6, 0.6), (7, 6.5, 0.4)):
        st.c.line(dots(st.r, st.some(count), 0, 0, st.w, st.h * 0.74), colour, width, opacity=opacity)


def _embers(st: Stage) -> None:
    colour = mix(st.p.accent, st.p.light, 0.3)
    for count, width in ((20, 1.8), (8, 3.2)):
        d = ""
        for _ in range(st.some(count)):
            x, y = st.r.u(0, st.w), st.h * (0.72 - 0.62 * st.r.u() ** 1.6)
            d += f"M{x:.0f} {y:.0f}q{2 * st.side} -3 {st.r.u(-2, 4):.0f} -{st.r.u(2, 7):.0f}"
        st.c.line(d, colour, width, opacity=0.85)


def _fireflies(st: Stage) -> None:
    colour = mix(st.p.light, st.p.accent, 0.3)
    d = dots(st.r, st.some(15), 0, st.h * 0.3, st.w, st.h * 0.72)
    st.c.line(d, colour, 13, opacity=0.13)
    st.c.line(d, colour, 6, opacity=0.25)
    st.c.line(d, st.p.light, 2.4, opacity=0.95)


def _stars(st: Stage) -> None:
    colour = st.p.light if not st.p.pale else mix(st.p.mid, "#ffffff", 0.8)
    st.c.line(dots(st.r, st.some(46), 0, 0, st.w, st.h * 0.6), colour, 1.1, opacity=0.6)
    st.c.line(dots(st.r, st.some(11), 0, 0, st.w, st.h * 0.5), colour, 2.4, opacity=0.85)


def _glints(st: Stage) -> None:
    d = "".join(
        glint(st.r.u(0.06, 0.94) * st.w, st.r.u(0.05, 0.6) * st.h, r) for r in (15, 11, 8, 7, 6, 5, 5)[: st.some(7)]
    )
    st.c.path(d, st.p.light if not st.p.pale else "#ffffff", opacity=0.9)


def _rain(st: Stage) -> None:
    dx = -7 * st.side
    for count, width, length, opacity in ((36, 0.8, 17, 0.34), (14, 1.3, 34, 0.3)):
        d = "".join(
            f"M{st.r.u(0, st.w + 40):.0f} {st.r.u(-0.02, 0.74) * st.h:.0f}l{dx * length / 24:.0f} {length}"
            for _ in range(st.some(count))
        )
        st.c.line(d, st.p.light if not st.p.pale else st.p.near, width, opacity=opacity)


def _confetti(st: Stage) -> None:
    for colour, count in ((st.p.accent, 11), (st.p.light, 13)):
        d = ""
        for _ in range(st.some(count)):
            x, y, q = st.r.u(0, st.w), st.r.u(0.03, 0.55) * st.h, st.r.u(2.5, 4.5)
            d += f"M{x:.0f} {y:.0f}l{q:.0f} {st.r.u(-q, q):.0f}"
        st.c.path(d, stroke=colour, stroke_width=3, opacity=0.75)


def _birds(st: Stage) -> None:
    x, y = st.fx - st.side * st.s * st.r.u(0.3, 0.9), st.h * st.r.u(0.13, 0.25)
    d = ""
    for k in range(7):
        span = st.r.u(4, 8)
        bx, by = x + st.r.u(-1, 1) * 16 + st.side * k * 8, y + st.r.u(-1, 1) * 14 - k * 5
        d += f"M{n(bx)} {n(by)}q{n(span * 0.5)} {n(-span * 0.8)} {n(span)} 0q{n(span * 0.5)} {n(-span * 0.8)} {n(span)} 0"
    st.c.line(d, st.p.near, 1.6, opacity=0.85)


_PAINT = {
    "petals": _petals,
    "snow": _snow,
    "embers": _embers,
    "fireflies": _fireflies,
    "stars": _stars,
    "glints": _glints,
    "rain": _rain,
    "confetti": _confetti,
    "birds": _birds,
}


def texture(st: Stage) -> None:
    """Lay the grain of the era over the picture."""
    _TEXTURES[st.era](st)


def _seventies(st: Stage) -> None:
    """Halftone dots of print."""
    c, p = st.c, st.p
    ink = p.near if p.pale else p.light
    tile = c.pattern(6, f'<circle cx="3" cy="3" r="1.5" fill="{ink}"/>', 32)
    c.rect(0, 0, st.w, st.h, tile, opacity=0.16)


def _eighties(st: Stage) -> None:
    """Scan lines."""
    colour = st.p.near if st.p.pale else st.p.ink
    tile = st.c.pattern(4, f'<path d="M0 0h4v1.3h-4z" fill="{colour}"/>')
    st.c.rect(0, 0, st.w, st.h, tile, opacity=0.16 if st.p.pale else 0.3)


def _nineties(st: Stage) -> None:
    """Airbrush: broad bands with one hard edge, and one glint on the cel."""
    c, _p = st.c, st.p
    paint = c.linear((0, "#ffffff", 0.2), (1, "#ffffff", 0), x2=1, y2=0.4)
    x = st.w * st.r.u(0.02, 0.4)
    d = ""
    for k in range(3):
        left, width = x + k * st.w * 0.17, st.w * (0.14 - 0.035 * k)
        d += f"M{left + st.h * 0.3:.0f} 0h{width:.0f}L{left + width - st.h * 0.3:.0f} {st.h:.0f}h{-width:.0f}z"
    c.path(d, paint)
    angle = st.r.u(3.6, 5.4)
    gx, gy = st.lx + math.cos(angle) * st.lr * 0.9, st.ly + abs(math.sin(angle)) * -st.lr * 0.8
    c.path(glint(gx, max(gy, 34), 24), "#ffffff", opacity=0.9)


def _noughties(st: Stage) -> None:
    """A fine digital grid and a few cells of it lit."""
    colour = st.p.light if not st.p.pale else st.p.near
    tile = st.c.pattern(20, f'<path d="M20 0H0V20" fill="none" stroke="{colour}" stroke-width=".6"/>')
    st.c.rect(0, 0, st.w, st.h * 0.66, tile, opacity=0.16)
    d = "".join(
        f"M{20 * st.r.i(0, int(st.w / 20) - 1)} {20 * st.r.i(0, int(st.h * 0.5 / 20))}h20v20h-20z" for _ in range(9)
    )
    st.c.path(d, colour, opacity=0.09)


def _tens(st: Stage) -> None:
    """Soft discs of light out of focus."""
    colour = st.p.light if not st.p.pale else "#ffffff"
    soft = st.c.radial((0, colour, 0.26), (1, colour, 0))
    for _ in range(st.some(3)):
        st.c.circle(st.r.u(0, st.w), st.r.u(0.05, 0.6) * st.h, st.r.u(40, 110), soft)


_TEXTURES = {"70s": _seventies, "80s": _eighties, "90s": _nineties, "00s": _noughties, "10s": _tens}
