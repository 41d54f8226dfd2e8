"""The stage of a poster: where its light, horizon and focus lie, what is painted behind the motif and before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from webapp.art.canvas import Canvas, Dice, Point, dots, land, n, rolling, rough
from webapp.art.colour import mix
from webapp.art.palettes import SCRIM, Inks

Shape = Literal["poster", "wide", "share"]
SIZES: dict[Shape, tuple[int, int]] = {"poster": (400, 600), "wide": (800, 450), "share": (800, 419)}
COMPOSITIONS = ("disc", "low", "diagonal", "window", "tall", "halo", "crest", "bands")

# Per composition: focus y, focus size, horizon, the light's x (from the focus, to its side), y and radius.
# Heights are shares of the picture's height, sizes of its measure.
_LAYOUT: dict[str, tuple[float, float, float, float, float, float]] = {
    "disc": (0.385, 0.37, 0.600, 0.00, 0.365, 0.345),
    "low": (0.440, 0.33, 0.660, 0.24, 0.190, 0.095),
    "diagonal": (0.410, 0.38, 0.600, 0.40, 0.070, 0.170),
    "window": (0.370, 0.31, 0.540, 0.14, 0.250, 0.115),
    "tall": (0.400, 0.40, 0.640, 0.00, 0.130, 0.060),
    "halo": (0.375, 0.36, 0.640, 0.00, 0.375, 0.450),
    "crest": (0.400, 0.36, 0.560, 0.00, 0.530, 0.290),
    "bands": (0.380, 0.36, 0.610, 0.27, 0.220, 0.170),
}


@dataclass
class Stage:
    """What a motif may know: the sheet, the inks, the throws, the layout and the title's terms.

    `s` is the focus's radius, `side` is where the light stands (-1 left, 1 right), `slope` tips the ground, `detail`
    is the share of small things that is drawn: below 1 where a picture would grow too large.
    """

    c: Canvas
    p: Inks
    r: Dice
    shape: Shape
    composition: str
    era: str
    tags: frozenset[str]
    side: int = 1
    w: float = 0.0
    h: float = 0.0
    fx: float = 0.0
    fy: float = 0.0
    s: float = 0.0
    hy: float = 0.0
    lx: float = 0.0
    ly: float = 0.0
    lr: float = 0.0
    slope: float = 0.0
    detail: float = 1.0

    def __post_init__(self) -> None:
        self.w, self.h = SIZES[self.shape]
        measure = min(self.w, 0.82 * self.h)
        focus_y, size, horizon, light_x, light_y, light_r = _LAYOUT[self.composition]
        wide = self.shape != "poster"
        self.fx = self.w * (0.66 if wide else 0.5)
        self.fy, self.hy, self.ly = self.h * focus_y, self.h * horizon, self.h * light_y
        self.s, self.lr = measure * size, measure * light_r
        self.lx = self.fx + self.side * light_x * self.w * (0.6 if wide else 1)
        self.slope = -0.16 * self.side if self.composition == "diagonal" else 0.0

    def some(self, count: int) -> int:
        """Return how many of `count` small things to draw."""
        return max(1, round(count * self.detail))

    def layer(self, depth: float) -> str:
        """Return a layer's colour, 0 far to 1 near."""
        return self.p.layer(depth)

    def haze(self) -> str:
        """Return the colour of the air at the horizon."""
        return self.p.low

    def fade(self, depth: float, lift: float = 0.3) -> str:
        """Return a layer's paint: its colour at the crest, hazier at the foot."""
        colour = self.layer(depth)
        # The nearest layers are almost black: there a gradient is three elements that nobody sees.
        if depth >= (0.9 if self.detail == 1 else 0.5):
            return colour
        return self.c.linear((0, colour), (1, mix(colour, self.haze(), lift * (1 - 0.6 * depth))))

    def lit(self, colour: str, share: float = 0.5) -> str:
        """Return the colour as it is where the light falls on it."""
        return mix(colour, self.p.light, share)

    def shade(self, colour: str, share: float = 0.5) -> str:
        """Return the colour as it is in its own shadow."""
        return mix(colour, self.p.near, share)

    def tip(self, points: list[Point]) -> list[Point]:
        """Return a line of ground tipped by the composition's slope."""
        return [(x, y + self.slope * (x - self.fx)) for x, y in points]

    def mist(self, y: float, height: float, opacity: float = 0.6) -> None:
        """Lay a bank of mist over what has been painted."""
        colour = self.haze()
        paint = self.c.linear((0, colour, 0), (0.6, colour, 0.85), (1, colour, 0))
        self.c.rect(0, y - height / 2, self.w, height, paint, opacity=opacity)

    def hills(self, count: int = 3, top: float | None = None, first: float = 0.2) -> None:
        """Paint soft hills from the horizon down."""
        top = self.hy if top is None else top
        for k in range(count):
            depth = first + (1 - first) * (k + 1) / count
            y = top + (self.h * 0.82 - top) * k / count
            points = self.tip(rolling(self.r, self.w, y, self.h * 0.022 + 4, 5))
            self.c.path(land(points, self.h, curved=True), self.fade(depth, 0.45))

    def ground(self) -> None:
        """Paint the ground under an emblem: what the title's terms suggest."""
        kind = self.ground_kind()
        if kind == "sea":
            self.sea(self.hy)
        elif kind == "ridge":
            for k, depth in enumerate((0.3, 0.65, 0.97)):
                y = self.hy + self.h * 0.075 * k
                line = self.tip(rough(self.r, self.w, y, self.h * (0.12 - 0.025 * k), 4))
                self.c.path(land(line, self.h), self.fade(depth, 0.5))
        elif kind == "clouds":
            self.cloud_sea(self.hy)
        else:
            self.hills(3)

    def ground_kind(self) -> str:
        """Return which ground suits the title's terms."""
        if self.tags & {"Adventure", "Drama", "Tragedy", "Music"} and self.r.chance(0.4):
            return "sea"
        if self.tags & {"Action", "Military", "Samurai", "Survival", "Historical", "Martial Arts", "Horror"}:
            return "ridge"
        if self.tags & {"Fantasy", "Sci-Fi", "Magic", "Mythology", "Psychological", "Supernatural", "Avant Garde"}:
            return "clouds"
        return "hills"

    def sea(self, y: float, glints: bool = True) -> None:
        """Paint still water from `y` down, the light's path broken on it."""
        p = self.p
        top = mix(p.low, p.far, 0.45)
        self.c.rect(0, y, self.w, self.h - y, self.c.linear((0, top), (0.45, self.layer(0.65))))
        if glints:
            d = ""
            for k in range(14):
                row = y + 5 + (self.h * 0.84 - y) * (k / 14) ** 1.35
                half = (6 + 46 * self.r.u() ** 2) * (0.55 + k / 18)
                x = self.lx + self.r.u(-1, 1) * (10 + 3.2 * k)
                d += f"M{x - half:.0f} {row:.0f}h{2 * half:.0f}"
            self.c.line(d, self.lit(p.low, 0.7), 2, opacity=0.6)

    def cloud_sea(self, y: float) -> None:
        """Paint banks of cloud seen from above."""
        for k in range(3):
            row = y + self.h * 0.085 * k
            d = f"M{n(-20)} {row + 24:.0f}"
            x = -20.0
            while x < self.w + 20:
                step = self.r.u(34, 84) * (0.8 + 0.25 * k)
                d += f"a{step * 0.56:.0f} {step * self.r.u(0.42, 0.54):.0f} 0 0 1 {step:.0f} {self.r.u(-7, 7):.0f}"
                x += step
            depth = 0.1 + 0.38 * k
            top = self.lit(self.layer(depth), 0.5 - 0.2 * k)
            low = mix(self.layer(depth + 0.2), self.haze(), 0.1)
            foot = mix(low, self.layer(depth + 0.35), 0.3)
            if self.detail < 0.7 and k:
                self.c.path(f"{d}V{self.h:.0f}H-20z", mix(top, foot, 0.6))
                continue
            self.c.path(f"{d}V{self.h:.0f}H-20z", self.c.linear((0, top), (0.6, foot)))


def backdrop(st: Stage) -> None:
    """Paint the sky, its light and the composition's own device."""
    c, p = st.c, st.p
    horizon = min(st.hy / st.h + 0.04, 0.9)
    c.rect(0, 0, st.w, st.h, c.linear((0, p.top), (horizon * 0.55, p.mid), (horizon, p.low)))
    if not p.pale and st.detail > 0.5 and st.r.chance(0.7):
        stars = dots(st.r, st.some(30), 0, 0, st.w, st.h * 0.42)
        c.line(stars, p.light, 1.4, opacity=0.55)
    reach = 1.45 if st.composition in ("halo", "disc") else 3.4 if st.lr < 60 else 2.1
    strength = 0.5 if not p.pale else 0.75
    colour = p.light if not p.pale else mix(p.light, "#ffffff", 0.7)
    middle = [(0.35, colour, strength * 0.45)] if st.detail == 1 else []
    glow = c.radial((0, colour, strength), *middle, (1, colour, 0))
    c.circle(st.lx, st.ly, st.lr * reach, glow)
    _DEVICES[st.composition](st)


def _orb(st: Stage) -> None:
    c, p = st.c, st.p
    if st.era == "80s":
        c.path(_sliced(st.lx, st.ly, st.lr), c.linear((0, p.light), (1, mix(p.light, p.accent, 0.75))))
        return
    foot = mix(p.light, p.low, 0.75 if st.lr > 60 else 0.25)
    c.circle(st.lx, st.ly, st.lr, c.linear((0.4, p.light), (1, foot)))
    if st.era == "90s" and st.lr > 30:
        c.circle(st.lx, st.ly, st.lr * 1.09, stroke=p.light, stroke_width=1, opacity=0.5)


def _sliced(x: float, y: float, r: float) -> str:
    """Return a sun cut by bars that widen downwards."""
    d = f"M{n(x - r)} {n(y)}A{n(r)} {n(r)} 0 0 1 {n(x + r)} {n(y)}z"
    edge, k = 0.02, 0
    while edge < 0.97:
        low = min(edge + 0.16 - 0.012 * k, 0.995)
        a, b = math.sqrt(1 - edge**2) * r, math.sqrt(1 - low**2) * r
        d += f"M{n(x - a)} {n(y + edge * r)}H{n(x + a)}A{n(r)} {n(r)} 0 0 1 {n(x + b)} {n(y + low * r)}H{n(x - b)}"
        d += f"A{n(r)} {n(r)} 0 0 1 {n(x - a)} {n(y + edge * r)}z"
        k += 1
        edge = low + 0.02 + 0.014 * k
    return d


def _diagonal(st: Stage) -> None:
    c, p = st.c, st.p
    _orb(st)
    paint = c.linear((0, p.light, 0.34), (1, p.light, 0))
    d = ""
    for k in range(3):
        start = 0.30 + 0.26 * k + st.r.u(-0.04, 0.04)
        reach, width = st.h * 1.05, 0.05 + 0.05 * st.r.u()
        for sign, angle in ((0, start), (1, start + width)):
            x = st.lx - st.side * math.sin(angle) * reach
            y = st.ly + math.cos(angle) * reach
            d += f"{'L' if sign else f'M{st.lx:.0f} {st.ly:.0f}L'}{x:.0f} {y:.0f}"
        d += "z"
    c.path(d, paint)


def _tall(st: Stage) -> None:
    c, p = st.c, st.p
    half = min(st.w, st.h) * 0.27
    paint = c.linear((0, p.light, 0.04), (0.5, p.light, 0.42), (1, p.light, 0.1))
    c.rect(st.fx - half, 0, 2 * half, st.h, paint)
    c.path(
        f"M{n(st.fx - half)} 0v{st.h:.0f}M{n(st.fx + half)} 0v{st.h:.0f}", stroke=p.light, stroke_width=0.8, opacity=0.5
    )
    _orb(st)


def _halo(st: Stage) -> None:
    c, p = st.c, st.p
    line = p.near if p.pale else p.light
    for share, width, dash, opacity in ((0.80, 1.0, None, 0.55), (0.92, 9.0, "1 9.5", 0.4), (1.12, 0.7, None, 0.35)):
        c.circle(
            st.lx, st.ly, round(st.lr * share), stroke=line, stroke_width=width, stroke_dasharray=dash, opacity=opacity
        )


_DEVICES = {
    "disc": _orb,
    "low": _orb,
    "diagonal": _diagonal,
    "window": _orb,
    "tall": _tall,
    "halo": _halo,
    "crest": _orb,
    "bands": _orb,
}


def window(st: Stage) -> str:
    """Return the outline of a framed picture: an arch, a round window or a sheet."""
    kind = st.r.pick(("arch", "round", "sheet"))
    if st.shape == "poster":
        x0, x1, y0, y1 = st.w * 0.115, st.w * 0.885, st.h * 0.075, st.h * 0.665
    else:
        x0, x1, y0, y1 = st.w * 0.38, st.w * 0.94, st.h * 0.06, st.h * 0.86
    if kind == "arch":
        r = (x1 - x0) / 2
        rise = min(r, (y1 - y0) * 0.62)
        return f"M{n(x0)} {n(y1)}V{n(y0 + rise)}A{n(r)} {n(rise)} 0 0 1 {n(x1)} {n(y0 + rise)}V{n(y1)}z"
    if kind == "round":
        r = min((x1 - x0) / 2 * 1.04, (y1 - y0) / 2)
        top = st.fy + st.s * 0.08 - r
        return f"M{n(st.fx - r)} {n(top + r)}a{n(r)} {n(r)} 0 0 1 {n(2 * r)} 0a{n(r)} {n(r)} 0 0 1 {n(-2 * r)} 0z"
    return f"M{n(x0)} {n(y0)}H{n(x1)}V{n(y1)}H{n(x0)}z"


def cloud_bands(st: Stage) -> None:
    """Lay long clouds with round ends before the motif, as on a painted screen."""
    d = ""
    for y in (0.155, 0.50, 0.60):
        length = st.w * st.r.u(0.34, 0.56)
        thick = st.h * st.r.u(0.016, 0.026)
        side = st.r.pick((-1, 1))
        x = -40 if side < 0 else st.w + 40 - length
        row = st.h * (y + st.r.u(-0.03, 0.03))
        for k in range(2):
            left = x + (length * st.r.u(0.1, 0.3) * -side if k else 0)
            d += f"M{left:.0f} {row + k * thick:.0f}h{length:.0f}a{n(thick / 2)} {n(thick / 2)} 0 0 1 0 {n(thick)}h{-length:.0f}"
            d += f"a{n(thick / 2)} {n(thick / 2)} 0 0 1 0 {n(-thick)}z"
    colour = mix(st.p.low, st.p.light, 0.35)
    st.c.path(
        d,
        st.c.linear((0, colour, 0.85), (1, colour, 0.4), x1=1 if st.side > 0 else 0, x2=0 if st.side > 0 else 1, y2=0),
    )


def scrim(st: Stage) -> None:
    """Lay the calm zone for the title over the lower part."""
    stops = [(height, st.p.ink, alpha) for height, alpha in SCRIM]
    st.c.rect(0, 0, st.w, st.h, st.c.linear(*stops))
