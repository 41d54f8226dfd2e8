"""The embedded engine: tantivy for words, numpy for vectors and columns, no server.

A generation is an immutable folder; `CURRENT` names the one that serves and is swapped by one rename.
"""

from search.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
