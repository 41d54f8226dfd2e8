"""The picture of a title for other sites: its art with its lettering in it, as PNG of 1200 by 630 pixels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from html import escape

from catalogue import Title
from webapp.art.lettering import BOLD, FAMILIES, TEXT, Faces, fitted
from webapp.art.palettes import ZONE_TOP
from webapp.art.poster import ART_VERSION, poster_svg

WIDTH, HEIGHT = 1200, 630
MAX_BYTES = 600_000
MAX_NAME = 200
SIZES = (96, 82, 70, 60, 50, 42)
LEFT, ROOM = 72, 700
INK = "#0d0a15"
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_MARK = (
    '<g transform="translate(72 54)"><path d="M4 32h15V20h13" fill="none" stroke="#fff" stroke-width="6" '
    'stroke-linecap="round" stroke-linejoin="round"/><path d="M35 3.5v21.6c0 1.9 2 3 3.6 2l15-10.8c1.3-.9 1.3-2.9 '
    '0-3.9l-15-10.9c-1.6-1-3.6.1-3.6 2Z" fill="#f28b4e"/></g>'
)


class ShareError(RuntimeError):
    """A share picture can't be painted; the message says why."""


def stamp(title: Title, language: str) -> str:
    """Return what the picture depends on, in short: another stamp, another picture."""
    told = (ART_VERSION, title.id, title.titles, title.genres, title.themes, title.year, title.format, title.score, language)  # fmt: skip
    return f"{ART_VERSION}-{hashlib.blake2b(repr(told).encode(errors='replace'), digest_size=6).hexdigest()}"


def names(title: Title, language: str, faces: Faces) -> tuple[str, str]:
    """Return the name to letter and another below it (possibly empty): only what the faces can write."""
    order = ("ko", "en", "romaji", "native") if language == "ko" else ("en", "romaji", "native", "ko")
    known = [clean(title.titles.get(field) or "") for field in order]
    native = [clean(title.titles.get(field) or "") for field in ("native", "romaji", "en")]
    first = next((name for name in known if name and faces.can(name)), "")
    # A name of which a letter or two is missing is still better than a number.
    first = first or max((faces.paintable(name) for name in known), key=len, default="") or str(title.id)
    second = next((name for name in native if name and name.casefold() != first.casefold() and faces.can(name)), "")
    return first, second


def clean(text: str) -> str:
    """Return text without what could break or turn a line, and not longer than a picture can hold."""
    return " ".join(_UNSAFE.sub("", text).split())[:MAX_NAME]


def share_svg(title: Title, language: str, faces: Faces, facts: Sequence[str] = ()) -> str:
    """Return the picture as SVG with text."""
    first, second = names(title, language, faces)
    size, rows = fitted(first, faces, SIZES, ROOM, 3)
    said = clean("  ·  ".join(faces.paintable(clean(fact)) for fact in facts if fact))
    foot = HEIGHT - 64
    texts = []
    if said:
        texts.append(_text(said, LEFT, foot, 30, TEXT, "#ffffff", 0.86))
        foot -= 54
    if second:
        _, (second, *_) = fitted(second, faces, (34, 30), ROOM, 1)
        texts.append(_text(second, LEFT, foot, 32, TEXT, "#ffffff", 0.86))
        foot -= 58
    leading = size * 1.1
    for k, row in enumerate(reversed(rows)):
        texts.append(_text(row, LEFT - size * 0.04, foot - k * leading, size, BOLD, "#ffffff"))
    art = poster_svg(title, "share").replace("<svg ", f'<svg width="{WIDTH}" height="{HEIGHT}" preserveAspectRatio="xMidYMid slice" ', 1)  # fmt: skip
    scrim = (
        f'<linearGradient id="across"><stop stop-color="{INK}" stop-opacity=".78"/>'
        f'<stop offset=".5" stop-color="{INK}" stop-opacity=".5"/><stop offset=".85" stop-color="{INK}" stop-opacity="0"/>'
        f'</linearGradient><linearGradient id="up" x2="0" y1="1" y2="0"><stop stop-color="{INK}" stop-opacity=".7"/>'
        f'<stop offset="{ZONE_TOP}" stop-color="{INK}" stop-opacity="0"/></linearGradient>'
    )
    layers = "".join(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#{name})"/>' for name in ("across", "up"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"><defs>{scrim}</defs>{art}{layers}'
        f"{_MARK}{_text('nextep', 144, 86, 34, BOLD, '#ffffff')}{''.join(texts)}</svg>"
    )


def _text(text: str, x: float, y: float, size: float, weight: int, fill: str, opacity: float = 1) -> str:
    spacing = -0.028 if weight == BOLD else -0.01
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-family="{FAMILIES}" font-weight="{weight}" font-size="{size}" '
        f'letter-spacing="{spacing * size:.1f}" fill="{fill}" opacity="{opacity}">{escape(text)}</text>'
    )


def share_png(title: Title, language: str, faces: Faces, facts: Sequence[str] = ()) -> bytes:
    """Return the picture as PNG; raise ShareError where it can't be painted or grows beyond MAX_BYTES."""
    import resvg_py

    try:
        made = bytes(
            resvg_py.svg_to_bytes(
                svg_string=share_svg(title, language, faces, facts), skip_system_fonts=True, font_files=faces.files
            )
        )
    except (ValueError, OSError) as error:
        raise ShareError(f"The picture of title {title.id} can't be painted: {error}") from error
    if len(made) > MAX_BYTES:
        raise ShareError(f"The picture of title {title.id} has {len(made):,} bytes; allowed are {MAX_BYTES:,}.")
    return made
