"""OKLCH colours, their sRGB hex and the contrast between two of them (Ottosson 2020; WCAG 2.2)."""

from __future__ import annotations

import math
from functools import lru_cache

Lch = tuple[float, float, float]


def _linear(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _encode(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def _decode(channel: int) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=8192)
def oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return the sRGB hex of an OKLCH colour, its chroma lowered until it lies within the gamut."""
    angle = math.radians(hue)
    for step in range(21):
        c = chroma * (1 - step / 20)
        rgb = _linear(lightness, c * math.cos(angle), c * math.sin(angle))
        if all(-0.002 <= value <= 1.002 for value in rgb):
            break
    return "#" + "".join(f"{_encode(value):02x}" for value in rgb)


@lru_cache(maxsize=8192)
def _oklab(colour: str) -> tuple[float, float, float]:
    red, green, blue = (_decode(channel) for channel in _channels(colour))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


@lru_cache(maxsize=8192)
def mix(first: str, second: str, share: float) -> str:
    """Return the colour `share` of the way from `first` to `second` in OKLab."""
    lightness, a, b = (x + (y - x) * share for x, y in zip(_oklab(first), _oklab(second), strict=True))
    return "#" + "".join(f"{_encode(value):02x}" for value in _linear(lightness, a, b))


def over(top: str, alpha: float, below: str) -> str:
    """Return `top` laid over `below` at `alpha`, as a browser paints it."""
    pairs = zip(_channels(top), _channels(below), strict=True)
    return "#" + "".join(f"{round(a * alpha + b * (1 - alpha)):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Return the relative luminance of a hex colour, 0 to 1."""
    red, green, blue = (_decode(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast of two hex colours, 1 to 21."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
