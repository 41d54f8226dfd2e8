"""Embedders: texts in, unit vectors out, with whichever model is at hand.

`load_embedder` makes one by name. Torch and transformers are imported when a model is loaded, not before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from search import embedder_kinds, model_files
from search.engine import Vector
from search.memory import Progress, is_out_of_memory
from search.model_files import EmbedderUnavailable

__all__ = ["Embedder", "EmbedderUnavailable", "load_embedder"]


class Embedder(Protocol):
    """What makes vectors of texts.

    `revision` changes whenever the vectors would; `document_prefix` is what stands before every document, and
    belongs with name and revision in the key of a cached vector.
    """

    name: str
    revision: str
    dims: int
    languages: tuple[str, ...]
    document_prefix: str

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return one L2-normalised float32 vector a text, (texts, dims); `progress(done, total)` after each batch."""
        ...

    def embed_query(self, text: str) -> Vector:
        """Return the L2-normalised float32 vector of a query, (dims,)."""
        ...


def load_embedder(
    name: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    device: str | None = None,
    threads: int | None = None,
    warm: bool = True,
) -> Embedder:
    """Load the embedder called `name`: minilm, e5, kanana, a hub name of sentence-transformers, or a folder.

    `e5:FOLDER` and `kanana:FOLDER` read a copy of those models. `threads` sets torch's threads for the whole
    process (1 serves best); `warm=False` leaves the network for queries unloaded until it is needed, which an
    indexer never does. Raise EmbedderUnavailable where the model is missing, changed or not allowed.
    """
    if name == "lsa":
        raise EmbedderUnavailable(
            "lsa is no ready-made model: it is fitted when a catalogue is indexed (`nextep index`)."
        )
    kind, folder, found = embedder_kinds.find(name, revision, trust_remote_code)
    with ThreadPoolExecutor(1) as pool:
        # Hashing lets go of the interpreter, so that it costs nothing beside the import of torch.
        check = pool.submit(model_files.check_minilm, folder) if kind.name == "minilm" else None
        # Threads of OpenMP that wait in a loop for more work take the processor from the server that answers meanwhile:
        # of a search by meaning on two cores a third. It is read when torch is first imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            import torch
        except ImportError as error:
            raise EmbedderUnavailable(f"{name} needs torch, which is not installed: run `make install`.") from error
        if check is not None:
            check.result()
    if threads is not None:
        torch.set_num_threads(threads)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        from search.transformer import LibraryEmbedder, TransformerEmbedder

        make = LibraryEmbedder if embedder_kinds.needs_library(folder) else TransformerEmbedder
        embedder: Embedder = make(kind, folder, found, device, trust_remote_code)
        if warm:
            embedder.embed_query("warm")
    except EmbedderUnavailable:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise EmbedderUnavailable(
                f"{name} does not fit into the memory of {device}: choose a smaller model."
            ) from error
        reason = str(error).split("\n")[0] or type(error).__name__
        raise EmbedderUnavailable(
            f"{name}: its files do not load ({reason}). Fetch them again, or choose another model with NEXTEP_EMBEDDER."
        ) from error
    return embedder
