"""Verify an index before it serves: counts, documents, names, and vector search against exact search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from search.elastic.reader import ElasticReader
from search.engine import BuildRefused, Document, Filters, Vector

ANYTHING = Filters(adult=True, offered=None)
RECALL_QUERIES = 100
RECALL_AT = 10
MIN_RECALL = 0.98
SEED = 42


@dataclass
class Written:
    """What was written of one space: the vectors of all works, to search them exactly."""

    ids: list[int] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list)

    def matrix(self) -> Vector:
        """Return the vectors of length one, (works, dims)."""
        made = np.stack(self.vectors).astype(np.float32)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))


def verify(reader: ElasticReader, sample: Sequence[Document], count: int, written: Mapping[str, Written]) -> None:
    """Raise BuildRefused with what is off; `count` is how many documents were written."""
    if count == 0:
        raise BuildRefused("The new index is empty. Nothing was changed; check the source.")
    held = reader.browse(ANYTHING, "watched", 0, 0).total
    if held != count:
        raise BuildRefused(f"The new index holds {held} documents, not {count}. Nothing was changed.")
    read = reader.documents([document.title.id for document in sample])
    for document in sample:
        title = document.title
        if read.get(title.id) != title:
            raise BuildRefused(f"Title {title.id} does not read back as written. Nothing was changed.")
        if document.keys and title.id not in reader.exact([document.keys[0]], adult=True):
            raise BuildRefused(f"Title {title.id} is not found by its own name. Nothing was changed.")
        for space, vector in document.vectors.items():
            nearest = reader.nearest(space, vector, ANYTHING)
            # A twin with the same text may stand first, but never a lower cosine.
            if not nearest or nearest[0].score < 0.999:
                raise BuildRefused(
                    f"Title {title.id} is not its own nearest neighbour in {space}. Nothing was changed."
                )
    for space, made in written.items():
        found = recall(reader, space, made)
        if found < MIN_RECALL:
            raise BuildRefused(
                f"Vector search in {space} finds {found:.1%} of the {RECALL_AT} nearest works, less than "
                f"{MIN_RECALL:.0%}. Nothing was changed."
            )


def recall(reader: ElasticReader, space: str, written: Written, queries: int = RECALL_QUERIES) -> float:
    """Return the share of the exact nearest works that vector search finds, over texts between two works each."""
    if len(written.ids) <= RECALL_AT:
        return 1.0
    rng = np.random.default_rng(SEED)
    matrix, ids = written.matrix(), np.array(written.ids)
    found = wanted = 0
    for _ in range(queries):
        one, other = rng.choice(len(ids), 2, replace=False)
        query: npt.NDArray[np.float32] = matrix[one] * 0.7 + matrix[other] * 0.3
        query = (query / np.linalg.norm(query)).astype(np.float32)
        similarity = matrix @ query  # (works,)
        tenth = np.partition(similarity, -RECALL_AT)[-RECALL_AT]
        # Among twins any is right: what is as near as the tenth counts.
        right = set(ids[similarity >= tenth - 1e-5].tolist())
        hits = reader.nearest(space, query, ANYTHING)[:RECALL_AT]
        found += sum(hit.id in right for hit in hits)
        wanted += RECALL_AT
    return found / wanted


def counts(reader: ElasticReader, passages: int) -> dict[str, int]:
    """Return the counts that an index says of itself."""
    everything = reader.browse(ANYTHING, "watched", 0, 0).total
    offered = reader.browse(Filters(), "watched", 0, 0).total
    return {"documents": everything, "offered": offered, "passages": passages}
