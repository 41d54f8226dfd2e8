"""Pictures of works that are not drawn: an operator's folder of posters, and a catalogue's own through a cache."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from webapp.fetch import Fetcher, FetchError

log = structlog.get_logger("nextep.web")

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
MAX_FILE = 8_000_000
MAX_KEPT = 500_000_000
LEAST, MOST = 16, 6000  # pixels of a side
# A picture that could not be had is asked for again after an hour.
AGAIN_SECONDS = 3600.0
LOOK_SECONDS = 5.0
QUEUED = 400


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes, type and size in pixels."""

    content: bytes
    mimetype: str
    width: int
    height: int


def picture(content: bytes) -> Picture | None:
    """Return what `content` shows, told from the bytes alone; None unless it is a PNG, JPEG or WebP of a sane size."""
    for kind, read in _KINDS.items():
        size = read(content)
        if size is not None and all(LEAST <= side <= MOST for side in size):
            return Picture(content, TYPES[kind], *size)
    return None


def _png(content: bytes) -> tuple[int, int] | None:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR" or len(content) < 45:
        return None
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _jpeg(content: bytes) -> tuple[int, int] | None:
    if content[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        at += 2 + length
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        return None
    form = content[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if form == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF
    return None


_KINDS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"png": _png, "jpeg": _jpeg, "webp": _webp}


class Posters:
    """An operator's folder of posters, `<id>.jpg`, `.png` or `.webp`; looked through again every few seconds."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._looked = -LOOK_SECONDS
        self._files: dict[int, Path] = {}

    def file(self, id: int) -> Path | None:
        """Return the poster of a title, None where the folder has none."""
        if self.folder is not None and time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            self._files = self._look(self.folder)
        return self._files.get(id)

    def _look(self, folder: Path) -> dict[int, Path]:
        try:
            files = sorted(folder.iterdir(), reverse=True)
        except OSError as error:
            log.error("posters unreadable", folder=str(folder), error=str(error))
            return {}
        return {
            int(file.stem): file
            for file in files
            if file.suffix.lower() in ENDINGS and file.stem.isascii() and file.stem.isdigit() and len(file.stem) <= 16
        }


class Images:
    """What a catalogue's `image_url`s hold, fetched in the background and kept on disk."""

    def __init__(self, folder: Path, fetcher: Fetcher | None = None) -> None:
        self.folder = folder
        self.fetcher = fetcher or Fetcher()
        self._lock = threading.Lock()
        self._failed: dict[str, float] = {}
        self._pending: set[str] = set()
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="images")

    def file(self, url: str) -> Path:
        """Return where the picture of an address is kept."""
        return self.folder / f"{hashlib.blake2b(url.encode(errors='replace'), digest_size=16).hexdigest()}.image"

    def wanted(self, url: str) -> bool:
        """Tell whether an address is worth asking: not one that failed within the hour."""
        failed = self._failed.get(url)
        return failed is None or time.monotonic() - failed > AGAIN_SECONDS

    def fetch_later(self, url: str) -> None:
        """Have an address fetched in the background, unless it waits already or too many do."""
        with self._lock:
            if url in self._pending or len(self._pending) >= QUEUED or not self.wanted(url):
                return
            self._pending.add(url)
        self._pool.submit(self._fetch, url)

    def _fetch(self, url: str) -> None:
        try:
            self.fetch(url)
        except (FetchError, OSError) as error:
            log.warning("image not fetched", reason=str(error)[:300])
        finally:
            with self._lock:
                self._pending.discard(url)

    def fetch(self, url: str) -> Picture:
        """Fetch an address and keep what it holds; raise FetchError where it holds no picture."""
        try:
            content = self.fetcher.get(url)
            found = picture(content)
            if found is None:
                raise FetchError(f"{url} holds no PNG, JPEG or WebP of {LEAST} to {MOST} pixels a side.")
            self._keep(url, content)
        except (FetchError, OSError):
            if len(self._failed) > 10_000:
                self._failed.clear()
            self._failed[url] = time.monotonic()
            raise
        return found

    def _keep(self, url: str, content: bytes) -> None:
        kept = self.file(url)
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
        partial.write_bytes(content)
        partial.replace(kept)
        files = [(file.stat(), file) for file in self.folder.glob("*.image")]
        total = sum(stat.st_size for stat, _ in files)
        for stat, file in sorted(files, key=lambda pair: pair[0].st_mtime):
            if total <= MAX_KEPT:
                break
            file.unlink(missing_ok=True)
            total -= stat.st_size


def read(file: Path) -> Picture | None:
    """Return the picture in a file, None where it is missing, too large or no picture."""
    try:
        if file.stat().st_size > MAX_FILE:
            log.warning("picture too large", file=str(file), allowed=MAX_FILE)
            return None
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("picture unreadable", file=str(file), error=str(error))
        return None
    found = picture(content)
    if found is None:
        log.warning("not a picture", file=str(file), allowed="PNG, JPEG, WebP")
    return found
