"""Embedding in batches that fit into memory."""

from __future__ import annotations

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from search.engine import Vector

_log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception of Python, torch or CUDA says that memory has run out."""
    if isinstance(error, MemoryError):
        return True
    words = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")
    return isinstance(error, RuntimeError) and any(word in str(error).casefold() for word in words)


class BatchedEmbedder(ABC):
    """Embedding documents in batches that fit into memory; a subclass says how long texts are and embeds a batch."""

    name: str
    revision: str
    dims: int
    languages: tuple[str, ...]
    document_prefix: str
    budget: int  # tokens a batch, padding included

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return the unit vectors of `texts`, (texts, dims).

        The longest come first, so that memory gives out at once or never. A batch that memory is too small for is
        halved, and so are all after it; MemoryError says when a single text does not fit.
        """
        return self._embed(texts, progress)

    def _embed(self, texts: Sequence[str], progress: Progress | None, **options: Any) -> Vector:
        prepared, lengths = self._prepare(texts)
        order = sorted(range(len(texts)), key=lambda at: -lengths[at])
        vectors = np.zeros((len(texts), self.dims), np.float32)
        done = 0
        while done < len(order):
            width = max(lengths[order[done]], 1)
            batch = order[done : done + max(self.budget // width, 1)]
            try:
                vectors[batch] = self._vectors([prepared[at] for at in batch], **options)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise MemoryError(f"{self.name}: memory is too small for one text of {width} tokens") from error
                self.budget = len(batch) // 2 * width
                _log.warning(
                    "%s: out of memory with %d texts a batch; going on with %d", self.name, len(batch), len(batch) // 2
                )
            else:
                done += len(batch)
                if progress is not None:
                    progress(done, len(order))
                continue
            _release_memory()  # outside the handler, where the error no longer holds the batch's tensors
        return vectors

    @abstractmethod
    def _prepare(self, texts: Sequence[str]) -> tuple[list[Any], list[int]]:
        """Return the texts as `_vectors` takes them, and how many tokens each has."""

    @abstractmethod
    def _vectors(self, batch: list[Any], **options: Any) -> Vector:
        """Return the vectors of a batch, (texts, dims)."""


def token_budget(config: dict[str, Any], device: str) -> int:
    """Return how many tokens a batch may hold in a quarter of the free memory.

    A CPU stops at 4,096: its caches are small, and larger batches are no faster.
    """
    import torch

    hidden = int(config.get("hidden_size") or 1024)
    wide = int(config.get("intermediate_size") or 4 * hidden)
    a_token = 4 * (8 * hidden + 2 * wide + 512 * int(config.get("num_attention_heads") or 16))
    if device.startswith("cuda"):
        free, most = torch.cuda.mem_get_info(device)[0], 131_072
    else:
        free, most = free_memory(), 4_096
    return max(min(free // 4 // a_token, most), 512)


def free_memory() -> int:
    """Return the bytes of memory that are available, 4 GiB where the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (OSError, ValueError, AttributeError):
        return 4 << 30


def _release_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
