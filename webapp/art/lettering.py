"""Lettering for pictures that are painted on the server: the faces at hand, widths, lines.

The site's own face is Inter (Latin). Korean, Japanese and Chinese need a Noto Sans CJK of the system; without one such
names are not painted, since boxes say less than nothing.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from webapp.assets import STATIC

INTER = STATIC / "fonts" / "inter.woff2"
BOLD, TEXT = 800, 500  # the painter knows hundreds only
FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
CJK_NAMES = ("NotoSansCJK-Bold.ttc", "NotoSansCJKkr-Bold.otf", "NotoSansCJK-Regular.ttc", "NotoSansKR-Bold.ttf", "NotoSansKR-Bold.otf")  # fmt: skip
# What an SVG asks for: Inter by its own name, the CJK face by every name it goes by.
FAMILIES = "Inter, 'Noto Sans CJK KR', 'Noto Sans KR'"


def cjk_face(folders: Sequence[Path] = FOLDERS) -> Path | None:
    """Return the system's face for Korean and Japanese, None where it has none."""
    for name in CJK_NAMES:
        for folder in folders:
            found = next(iter(sorted(folder.rglob(name))), None) if folder.is_dir() else None
            if found is not None:
                return found
    return None


@dataclass
class Faces:
    """The faces that pictures are lettered in; the site's own are unpacked into `folder` once."""

    folder: Path
    cjk: Path | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @cached_property
    def files(self) -> list[str]:
        """Return the files to hand to the painter."""
        own = [str(self._unpacked(weight)) for weight in (BOLD, TEXT)]
        return own + ([str(self.cjk)] if self.cjk else [])

    def warm(self) -> None:
        """Have the files and the letters that they hold at hand."""
        self.can("".join(Path(file).name for file in self.files))

    def can(self, text: str) -> bool:
        """Tell whether every letter of `text` can be painted."""
        return all(char.isspace() or ord(char) in self._own or ord(char) in self._wide for char in text)

    def paintable(self, text: str) -> str:
        """Return `text` without the letters that no face has."""
        return " ".join("".join(char if self.can(char) else " " for char in text).split())

    def width(self, text: str, size: float) -> float:
        """Return how wide a line in the bold face is; a letter of the CJK face is as wide as it is high."""
        units = sum(self._own.get(ord(char), 1.0) for char in text)
        return units * size

    @cached_property
    def _own(self) -> dict[int, float]:
        """Return the widths of Inter's letters, in ems."""
        from fontTools.ttLib import TTFont

        with TTFont(self._unpacked(BOLD)) as font:
            widths, em = font["hmtx"], font["head"].unitsPerEm
            return {code: widths[glyph][0] / em for code, glyph in font.getBestCmap().items()}

    @cached_property
    def _wide(self) -> frozenset[int]:
        from fontTools.ttLib import TTFont

        if self.cjk is None:
            return frozenset()
        with TTFont(self.cjk, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap())

    def _unpacked(self, weight: int) -> Path:
        """Return Inter at one weight as TrueType, which is all that the painter reads."""
        digest = hashlib.blake2b(INTER.read_bytes(), digest_size=5).hexdigest()
        kept = self.folder / f"inter-{weight}-{digest}.ttf"
        with self._lock:
            if not kept.exists():
                from fontTools.ttLib import TTFont
                from fontTools.varLib import instancer

                self.folder.mkdir(parents=True, exist_ok=True)
                with TTFont(INTER) as font:
                    made = instancer.instantiateVariableFont(font, {"wght": weight})
                    made.flavor = None
                    partial = kept.with_suffix(f".{os.getpid()}.partial")
                    made.save(partial)
                partial.replace(kept)
        return kept


def lines(text: str, faces: Faces, size: float, room: float) -> list[str]:
    """Return `text` in lines no wider than `room`: broken between words, or between letters of a word too wide."""
    made: list[str] = []
    line = ""
    for word in text.split():
        tried = f"{line} {word}" if line else word
        if faces.width(tried, size) <= room:
            line = tried
            continue
        if line:
            made.append(line)
        line = word
        while faces.width(line, size) > room and len(line) > 1:
            fits = next(k for k in range(len(line) - 1, 0, -1) if k == 1 or faces.width(line[:k], size) <= room)
            made.append(line[:fits])
            line = line[fits:]
    return [*made, line] if line else made


def fitted(text: str, faces: Faces, sizes: Sequence[float], room: float, most: int) -> tuple[float, list[str]]:
    """Return the largest of `sizes` at which `text` takes at most `most` lines; at the smallest it is cut."""
    for size in sizes:
        made = lines(text, faces, size, room)
        whole = all(faces.width(word, size) <= room for word in text.split())
        if len(made) <= most and (whole or size == sizes[-1]):
            return size, made
    size = sizes[-1]
    made = lines(text, faces, size, room)[:most]
    last = made[-1]
    while last and faces.width(f"{last}…", size) > room:
        last = last[:-1]
    return size, [*made[:-1], f"{last.rstrip()}…"]
