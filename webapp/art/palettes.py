"""The palettes: one family, a cinema at night with warm and cool lights, and four pale ones.

Each is a sky (top, mid, low), the light in it, the layers from far to near, the ink (the calm zone under the
title), an accent and the colour of the title. A title's hash turns the hues a little.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.art.colour import Lch, luminance, mix, oklch, over

SCRIM: tuple[tuple[float, float], ...] = ((0.38, 0.0), (0.66, 0.64), (1.0, 0.94))
"""(height, opacity) of the scrim from top to bottom: the title lies where it is at its strongest."""
ZONE_TOP = 0.66


@dataclass(frozen=True, slots=True)
class Palette:
    """One ramp, in OKLCH."""

    name: str
    top: Lch
    mid: Lch
    low: Lch
    light: Lch
    far: Lch
    near: Lch
    ink: Lch
    accent: Lch
    pale: bool = False


PALETTES: tuple[Palette, ...] = (
    Palette(
        "dusk",
        top=(0.25, 0.10, 285),
        mid=(0.44, 0.15, 345),
        low=(0.76, 0.15, 52),
        light=(0.92, 0.09, 78),
        far=(0.60, 0.14, 22),
        near=(0.20, 0.07, 300),
        ink=(0.15, 0.045, 290),
        accent=(0.74, 0.17, 42),
    ),
    Palette(
        "moonlit",
        top=(0.19, 0.06, 272),
        mid=(0.36, 0.09, 258),
        low=(0.68, 0.085, 222),
        light=(0.96, 0.035, 98),
        far=(0.50, 0.085, 240),
        near=(0.18, 0.05, 268),
        ink=(0.14, 0.035, 275),
        accent=(0.80, 0.13, 75),
    ),
    Palette(
        "aurora",
        top=(0.18, 0.05, 262),
        mid=(0.38, 0.085, 205),
        low=(0.78, 0.12, 168),
        light=(0.95, 0.06, 155),
        far=(0.50, 0.085, 190),
        near=(0.18, 0.045, 240),
        ink=(0.14, 0.03, 255),
        accent=(0.74, 0.15, 350),
    ),
    Palette(
        "wisteria",
        top=(0.28, 0.11, 290),
        mid=(0.50, 0.14, 305),
        low=(0.82, 0.09, 345),
        light=(0.96, 0.04, 40),
        far=(0.60, 0.12, 312),
        near=(0.22, 0.08, 292),
        ink=(0.16, 0.05, 290),
        accent=(0.85, 0.13, 82),
    ),
    Palette(
        "vermilion",
        top=(0.16, 0.045, 345),
        mid=(0.36, 0.13, 18),
        low=(0.64, 0.20, 33),
        light=(0.93, 0.07, 72),
        far=(0.46, 0.165, 26),
        near=(0.17, 0.05, 350),
        ink=(0.13, 0.03, 330),
        accent=(0.90, 0.09, 78),
    ),
    Palette(
        "amber",
        top=(0.24, 0.05, 310),
        mid=(0.47, 0.09, 42),
        low=(0.82, 0.13, 80),
        light=(0.96, 0.08, 92),
        far=(0.60, 0.105, 62),
        near=(0.20, 0.045, 330),
        ink=(0.15, 0.03, 315),
        accent=(0.70, 0.11, 200),
    ),
    Palette(
        "neon",
        top=(0.18, 0.09, 283),
        mid=(0.38, 0.19, 303),
        low=(0.70, 0.20, 352),
        light=(0.90, 0.10, 200),
        far=(0.45, 0.18, 300),
        near=(0.17, 0.075, 285),
        ink=(0.14, 0.05, 285),
        accent=(0.84, 0.13, 202),
    ),
    Palette(
        "moss",
        top=(0.20, 0.04, 205),
        mid=(0.40, 0.065, 165),
        low=(0.80, 0.09, 118),
        light=(0.96, 0.06, 105),
        far=(0.55, 0.07, 145),
        near=(0.19, 0.04, 205),
        ink=(0.14, 0.025, 240),
        accent=(0.76, 0.16, 48),
    ),
    Palette(
        "steel",
        top=(0.21, 0.022, 275),
        mid=(0.42, 0.026, 262),
        low=(0.76, 0.022, 235),
        light=(0.96, 0.015, 90),
        far=(0.54, 0.026, 250),
        near=(0.18, 0.022, 280),
        ink=(0.14, 0.02, 285),
        accent=(0.71, 0.18, 40),
    ),
    Palette(
        "abyss",
        top=(0.17, 0.07, 268),
        mid=(0.36, 0.14, 264),
        low=(0.68, 0.12, 218),
        light=(0.95, 0.05, 190),
        far=(0.47, 0.14, 252),
        near=(0.18, 0.07, 272),
        ink=(0.14, 0.045, 278),
        accent=(0.77, 0.14, 32),
    ),
    Palette(
        "plum",
        top=(0.20, 0.06, 318),
        mid=(0.38, 0.115, 345),
        low=(0.74, 0.115, 8),
        light=(0.95, 0.045, 60),
        far=(0.50, 0.125, 350),
        near=(0.18, 0.055, 315),
        ink=(0.14, 0.035, 305),
        accent=(0.82, 0.10, 190),
    ),
    Palette(
        "paper",
        top=(0.86, 0.035, 88),
        mid=(0.92, 0.032, 86),
        low=(0.96, 0.022, 84),
        light=(0.70, 0.17, 40),
        far=(0.83, 0.03, 235),
        near=(0.40, 0.085, 262),
        ink=(0.955, 0.022, 84),
        accent=(0.66, 0.18, 38),
        pale=True,
    ),
    Palette(
        "blossom",
        top=(0.79, 0.075, 350),
        mid=(0.88, 0.05, 5),
        low=(0.955, 0.025, 50),
        light=(0.985, 0.015, 80),
        far=(0.80, 0.06, 335),
        near=(0.42, 0.11, 322),
        ink=(0.955, 0.02, 40),
        accent=(0.64, 0.17, 8),
        pale=True,
    ),
    Palette(
        "celadon",
        top=(0.77, 0.055, 188),
        mid=(0.87, 0.04, 170),
        low=(0.955, 0.025, 115),
        light=(0.80, 0.12, 52),
        far=(0.79, 0.05, 182),
        near=(0.38, 0.065, 205),
        ink=(0.95, 0.02, 120),
        accent=(0.69, 0.16, 40),
        pale=True,
    ),
    Palette(
        "morning",
        top=(0.70, 0.10, 240),
        mid=(0.85, 0.06, 225),
        low=(0.96, 0.035, 85),
        light=(0.985, 0.03, 95),
        far=(0.77, 0.07, 238),
        near=(0.40, 0.10, 258),
        ink=(0.955, 0.02, 90),
        accent=(0.73, 0.16, 48),
        pale=True,
    ),
)
BY_NAME = {palette.name: palette for palette in PALETTES}


@dataclass(frozen=True, slots=True)
class Inks:
    """A palette turned to hex after the hash has shifted its hues."""

    name: str
    pale: bool
    top: str
    mid: str
    low: str
    light: str
    far: str
    near: str
    ink: str
    accent: str
    title: str

    @classmethod
    def of(cls, palette: Palette, shift: float = 0.0) -> Inks:
        """Return the inks of `palette` with hues turned by `shift` degrees (the ink and the accent by half)."""

        def turned(lch: Lch, share: float = 1.0) -> str:
            return oklch(lch[0], lch[1], lch[2] + shift * share)

        return cls(
            name=palette.name,
            pale=palette.pale,
            top=turned(palette.top),
            mid=turned(palette.mid),
            low=turned(palette.low),
            light=turned(palette.light, 0.5),
            far=turned(palette.far),
            near=turned(palette.near),
            ink=turned(palette.ink, 0.5),
            accent=turned(palette.accent, 0.5),
            title=oklch(0.23, 0.05, 280) if palette.pale else "#ffffff",
        )

    def layer(self, depth: float) -> str:
        """Return the colour of a layer: 0 is the farthest, 1 the nearest."""
        return mix(self.far, self.near, min(max(depth, 0.0), 1.0))

    def worst(self) -> str:
        """Return the colour at the top of the title's zone where the least helpful colour lies under the scrim."""
        colours = (self.top, self.mid, self.low, self.light, self.far, self.near, self.accent)
        below = min(colours, key=luminance) if self.pale else max(colours, key=luminance)
        return over(self.ink, next(alpha for height, alpha in SCRIM if height == ZONE_TOP), below)
