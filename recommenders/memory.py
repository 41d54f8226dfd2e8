"""How much memory there is, and saying beforehand what a model needs."""

from __future__ import annotations

import logging
from pathlib import Path

from recommenders.base import ModelError

log = logging.getLogger(__name__)
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
_STAT = ("/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat")
_CACHE = ("inactive_file", "total_inactive_file")  # of files that were read; the kernel gives it back when asked


def available() -> int:
    """Return the bytes that can still be taken: the machine's, or what a container is allowed."""
    free = 1 << 62
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    for limit, used, stat, cache in zip(_LIMITS, _USED, _STAT, _CACHE, strict=True):
        try:
            left = int(Path(limit).read_text()) - int(Path(used).read_text())
            cached = dict(line.split() for line in Path(stat).read_text().splitlines())
            free = min(free, left + int(cached.get(cache, 0)))
        except (OSError, ValueError):
            continue
    return free


def reserve(what: str, needed: int, limit_gb: float | None, ways: str) -> None:
    """Say how much memory is needed. Raises ModelError when there is not as much or the limit is lower.

    `ways` tells what can be done then.
    """
    there = available() if limit_gb is None else int(limit_gb * 1e9)
    said = f"{what} needs {needed / 1e9:.2f} GB of memory"
    if needed > there:
        raise ModelError(f"{said}, and there are {there / 1e9:.2f} GB: {ways}")
    log.info("%s; there are %.2f GB", said, there / 1e9)
