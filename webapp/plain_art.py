"""Posters drawn from a title: two lights over hills at night, coloured by the id."""

from __future__ import annotations

import hashlib
from typing import Literal

from catalogue import Title

ART_VERSION = "v0"
SIZES = {"poster": (400, 600), "wide": (960, 540), "share": (1200, 630)}


def poster_svg(title: Title, shape: Literal["poster", "wide", "share"] = "poster") -> str:
    """Return a picture of `title` as SVG."""
    width, height = SIZES[shape]
    seed = hashlib.blake2b(str(title.id).encode(), digest_size=6).digest()
    hue, other = seed[0] * 360 // 256, (seed[0] * 360 // 256 + 40 + seed[1] % 140) % 360
    x, y, size = (
        width * (20 + seed[2] % 60) // 100,
        height * (15 + seed[3] % 40) // 100,
        width * (20 + seed[4] % 25) // 100,
    )
    ridge = height * (62 + seed[5] % 14) // 100
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="xMidYMid slice">'
        f'<defs><linearGradient id="a" x1="0" y1="0" x2=".4" y2="1"><stop stop-color="oklch(.52 .13 {hue})"/>'
        f'<stop offset="1" stop-color="oklch(.24 .07 {other})"/></linearGradient>'
        f'<radialGradient id="b"><stop stop-color="oklch(.88 .1 {other})"/><stop offset="1" stop-color="oklch(.7 .14 {hue})" stop-opacity=".2"/>'
        f'</radialGradient></defs><rect width="{width}" height="{height}" fill="url(#a)"/>'
        f'<circle cx="{x}" cy="{y}" r="{size}" fill="url(#b)"/>'
        f'<path d="M0 {ridge}Q{width // 4} {ridge - size // 2} {width // 2} {ridge}T{width} {ridge - size // 4}V{height}H0Z" fill="oklch(.3 .08 {hue})" opacity=".8"/>'
        f'<path d="M0 {ridge + size // 3}Q{width // 3} {ridge} {width * 2 // 3} {ridge + size // 3}T{width} {ridge + size // 2}V{height}H0Z" fill="oklch(.2 .05 {other})"/></svg>'
    )
