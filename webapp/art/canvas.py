"""An SVG sheet: elements, gradients and the curves that the motifs are drawn with."""

from __future__ import annotations

import hashlib
import itertools
import math
import random
from collections.abc import Sequence
from typing import TypeVar

Point = tuple[float, float]
Stop = tuple[float, str] | tuple[float, str, float]
T = TypeVar("T")


class Dice:
    """Throws that depend on the seed alone, the same on every machine."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "big"))

    def u(self, low: float = 0.0, high: float = 1.0) -> float:
        """Return a number between `low` and `high`."""
        return low + (high - low) * self._random.random()

    def i(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`."""
        return items[int(self._random.random() * len(items))]

    def chance(self, share: float) -> bool:
        """Return True in `share` of the throws."""
        return self._random.random() < share


def n(value: float) -> str:
    """Return a number as short as SVG allows, to one decimal."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def at(x: float, y: float) -> str:
    """Return a point of a path in whole units."""
    return f"{x:.0f} {y:.0f}"


def polygon(points: Sequence[Point], close: bool = True) -> str:
    """Return a path of straight lines."""
    return "M" + "L".join(at(*point) for point in points) + ("Z" if close else "")


def smooth(points: Sequence[Point]) -> str:
    """Return an open path through `points` (Catmull-Rom, as cubic curves)."""
    parts = ["M" + at(*points[0])]
    for k in range(len(points) - 1):
        (x0, y0), (x1, y1) = points[max(k - 1, 0)], points[k]
        (x2, y2), (x3, y3) = points[k + 1], points[min(k + 2, len(points) - 1)]
        first = at(x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6)
        second = at(x2 - (x3 - x1) / 6, y2 - (y3 - y1) / 6)
        parts.append(f"C{first} {second} {at(x2, y2)}")
    return "".join(parts)


def land(points: Sequence[Point], bottom: float, curved: bool = False) -> str:
    """Return the closed area between `points` (from left to right) and `bottom`."""
    line = smooth(points) if curved else polygon(points, close=False)
    return f"{line}V{n(bottom)}H{n(points[0][0])}Z"


def rough(dice: Dice, width: float, y: float, height: float, levels: int = 5, roughness: float = 0.52) -> list[Point]:
    """Return a mountain line across `width` by midpoint displacement, about `height` high."""
    line = [dice.u(-0.5, 0.5), dice.u(-0.5, 0.5)]
    swing = 1.0
    for _ in range(levels):
        between = [(a + b) / 2 + dice.u(-swing, swing) / 2 for a, b in itertools.pairwise(line)]
        line = [value for pair in zip(line, between, strict=False) for value in pair] + [line[-1]]
        swing *= roughness
    last = len(line) - 1
    return [(width * k / last, y - value * height) for k, value in enumerate(line)]


def rolling(dice: Dice, width: float, y: float, height: float, count: int = 5) -> list[Point]:
    """Return a line of soft hills across `width`, beyond both edges."""
    return [(width * (k - 0.5) / (count - 1), y + dice.u(-height, height)) for k in range(count + 1)]


def taper(points: Sequence[Point], start: float, end: float) -> str:
    """Return a limb along `points`, `start` wide at its foot and `end` at its tip."""
    left: list[Point] = []
    right: list[Point] = []
    last = len(points) - 1
    for k, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(k - 1, 0)], points[min(k + 1, last)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        half = (start + (end - start) * k / last) / 2
        left.append((x - (by - ay) / length * half, y + (bx - ax) / length * half))
        right.append((x + (by - ay) / length * half, y - (bx - ax) / length * half))
    return smooth(left) + "L" + smooth(right[::-1])[1:] + "Z"


def dots(dice: Dice, count: int, x0: float, y0: float, x1: float, y1: float) -> str:
    """Return scattered points; drawn with round caps, each is a dot."""
    return "".join(f"M{at(dice.u(x0, x1), dice.u(y0, y1))}h0" for _ in range(count))


def ray(x: float, y: float, angle: float, start: float, end: float) -> str:
    """Return a line from `start` to `end` units from a centre, `angle` in degrees."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return f"M{at(x + c * start, y + s * start)}L{at(x + c * end, y + s * end)}"


def glint(x: float, y: float, r: float) -> str:
    """Return a four-pointed star."""
    k = r * 0.13
    return (
        f"M{n(x)} {n(y - r)}q{n(k)} {n(r - k)} {n(r)} {n(r)}q{n(k - r)} {n(k)} {n(-r)} {n(r)}"
        f"q{n(-k)} {n(k - r)} {n(-r)} {n(-r)}q{n(r - k)} {n(-k)} {n(r)} {n(-r)}z"
    )


def cumulus(dice: Dice, x: float, y: float, width: float, height: float) -> str:
    """Return a heaped cloud with a flat foot at `y`, centred on `x`."""
    count = max(5, round(width / 34))
    heights = [
        math.sin(math.pi * (k + 0.5) / (count + 1)) ** 0.8 * height * dice.u(0.62, 1.0) for k in range(count + 1)
    ]
    heights[0] = heights[-1] = 0.0
    left = x - width / 2
    path = f"M{at(left, y)}"
    for k in range(count):
        dx, dy = width / count, heights[k] - heights[k + 1]
        radius = math.hypot(dx, dy) * dice.u(0.52, 0.62)
        path += f"a{n(radius)} {n(radius)} 0 0 1 {n(dx)} {n(dy)}"
    return path + "z"


class Canvas:
    """Collects elements and writes them as one SVG whose ids start with `prefix`."""

    def __init__(self, width: int, height: int, prefix: str) -> None:
        self.w, self.h, self.prefix = width, height, prefix
        self._defs: list[str] = []
        self._body: list[str] = []
        self._ids: dict[str, str] = {}

    def put(self, tag: str, **attributes: object) -> None:
        """Append an element; `stroke_width` is written `stroke-width`, numbers are shortened, None is left out."""
        self._body.append(f"<{tag}{self._attributes(attributes)}/>")

    def path(self, d: str, fill: str = "none", **attributes: object) -> None:
        """Append a path unless it is empty."""
        if d:
            self.put("path", d=d, fill=fill, **attributes)

    def line(self, d: str, stroke: str, width: float = 1, **attributes: object) -> None:
        """Append a stroked path with round ends."""
        self.path(d, stroke=stroke, stroke_width=width, stroke_linecap="round", **attributes)  # type: ignore[arg-type]

    def circle(self, x: float, y: float, r: float, fill: str = "none", **attributes: object) -> None:
        """Append a circle."""
        self.put("circle", cx=x, cy=y, r=r, fill=fill, **attributes)

    def rect(self, x: float, y: float, width: float, height: float, fill: str, **attributes: object) -> None:
        """Append a rectangle."""
        self.put("rect", x=x, y=y, width=width, height=height, fill=fill, **attributes)

    def open(self, **attributes: object) -> None:
        """Begin a group."""
        self._body.append(f"<g{self._attributes(attributes)}>")

    def close(self) -> None:
        """End the group begun last."""
        self._body.append("</g>")

    def linear(self, *stops: Stop, x1: float = 0, y1: float = 0, x2: float = 0, y2: float = 1) -> str:
        """Return the paint of a gradient over the box of what it fills, downwards unless told."""
        ends = {key: value for key, value in (("x1", x1), ("y1", y1), ("y2", y2)) if value}
        return self._define("linearGradient", {**ends, "x2": x2}, self._stops(stops))

    def radial(self, *stops: Stop, cx: float = 0.5, cy: float = 0.5, r: float = 0.5) -> str:
        """Return the paint of a gradient from a point of the box outwards."""
        return self._define("radialGradient", {"cx": cx, "cy": cy, "r": r}, self._stops(stops))

    def clip(self, d: str) -> str:
        """Return the reference of a clip of that shape."""
        return self._define("clipPath", {}, f'<path d="{d}"/>')

    def marker(self, d: str, fill: str) -> str:
        """Return the reference of a shape to be set at each vertex of a path, turned as the path turns there."""
        known: dict[str, object] = {"orient": "auto", "overflow": "visible", "markerUnits": "userSpaceOnUse"}
        return self._define("marker", known, f'<path d="{d}" fill="{fill}"/>')

    def pattern(self, size: float, content: str, turn: float = 0) -> str:
        """Return the paint of a square tile repeated, turned by `turn` degrees."""
        transform = f"rotate({n(turn)})" if turn else None
        known = {"width": size, "height": size, "patternUnits": "userSpaceOnUse", "patternTransform": transform}
        return self._define("pattern", known, content)

    def svg(self) -> str:
        """Return the whole picture."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.w} {self.h}" aria-hidden="true">'
        return f"{head}<defs>{''.join(self._defs)}</defs>{''.join(self._body)}</svg>"

    def _define(self, tag: str, attributes: dict[str, object], content: str) -> str:
        written = f"{self._attributes(attributes)}>{content}</{tag}>"
        key = tag + written
        if key not in self._ids:
            self._ids[key] = f"{self.prefix}{len(self._ids):x}"
            self._defs.append(f'<{tag} id="{self._ids[key]}"{written}')
        return f"url(#{self._ids[key]})"

    @staticmethod
    def _stops(stops: Sequence[Stop]) -> str:
        written = []
        for stop in stops:
            opacity = "" if len(stop) == 2 or stop[2] >= 1 else f' stop-opacity="{round(stop[2], 2):g}"'
            written.append(f'<stop offset="{round(stop[0], 3):g}" stop-color="{stop[1]}"{opacity}/>')
        return "".join(written)

    @staticmethod
    def _attributes(attributes: dict[str, object]) -> str:
        written = []
        for name, value in attributes.items():
            if value is None or (name == "fill" and value == ""):
                continue
            if isinstance(value, float):
                value = n(value) if abs(value) >= 2 or value == 0 else f"{value:.2f}".rstrip("0").rstrip(".")
            hyphened = name if name == "viewBox" or "Units" in name or "Transform" in name else name.replace("_", "-")
            written.append(f' {hyphened}="{value}"')
        return "".join(written)
