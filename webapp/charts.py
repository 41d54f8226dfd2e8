"""The geometry of the charts: numbers in, SVG paths out; the drawing is in templates/_charts.html."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoke:
    """One direction of a radar: the end of its axis, the person's point on it, where its label stands and how."""

    x: float
    y: float
    at_x: float
    at_y: float
    label_x: float
    label_y: float
    anchor: str


def donut(shares: Sequence[float], radius: float = 40.0, gap: float = 0.012) -> list[str]:
    """Return a path for each share of a ring around (50, 50); a share of all is the whole ring."""
    total = sum(shares) or 1.0
    paths, turned = [], 0.0
    for share in shares:
        part = share / total
        if part >= 0.999:
            paths.append(f"M50 {50 - radius:g}A{radius:g} {radius:g} 0 1 1 49.99 {50 - radius:g}")
        else:
            begin, end = turned + min(gap, part / 4), turned + part - min(gap, part / 4)
            large = 1 if end - begin > 0.5 else 0
            paths.append(f"M{_on(begin, radius)}A{radius:g} {radius:g} 0 {large} 1 {_on(end, radius)}")
        turned += part
    return paths


def radar(lengths: Sequence[float], radius: float = 78.0, middle: float = 110.0) -> list[Spoke]:
    """Return the spokes of a radar whose values run from 0 to 1, the first upwards."""
    made = []
    for number, length in enumerate(lengths):
        turn = 2 * math.pi * number / len(lengths)
        x, y = math.sin(turn), -math.cos(turn)
        anchor = "middle" if abs(x) < 0.2 else "start" if x > 0 else "end"
        reach = radius * (0.12 + 0.88 * length)
        made.append(
            Spoke(
                round(middle + radius * x, 1),
                round(middle + radius * y, 1),
                round(middle + reach * x, 1),
                round(middle + reach * y, 1),
                round(middle + (radius + 10) * x, 1),
                round(middle + (radius + 12) * y + 4, 1),
                anchor,
            )
        )
    return made


def _on(turn: float, radius: float) -> str:
    angle = 2 * math.pi * turn
    return f"{50 + radius * math.sin(angle):.2f} {50 - radius * math.cos(angle):.2f}"
