"""Names in memory: exact keys, words, half-typed prefixes and trigrams.

At 100,000 titles these are a few ten megabytes; a sorted list and numpy answer in well under a millisecond.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int32]


class NameIndex:
    """Finds rows by their names. Built from each document's keys, names, prefixes and grams."""

    def __init__(self, tables: dict[str, Any]) -> None:
        """Take the tables that `tables` made, as read back from disk."""
        self.names: list[str] = tables["names"]
        self.name_rows: Rows = np.asarray(tables["name_rows"], dtype=np.int32)
        self.key_rows: dict[str, list[int]] = tables["keys"]
        self.forms: list[str] = tables["forms"]
        self.form_rows: Rows = np.asarray(tables["form_rows"], dtype=np.int32)
        self.form_names: Rows = np.asarray(tables["form_names"], dtype=np.int32)
        words: dict[str, list[int]] = defaultdict(list)
        for position, name in enumerate(self.names):
            for word in set(name.split()):
                words[word].append(position)
        self._vocabulary = sorted(words)
        self._postings = [np.asarray(words[word], dtype=np.int32) for word in self._vocabulary]
        grams: dict[str, list[int]] = defaultdict(list)
        lengths = np.ones(tables["rows"], dtype=np.float32)
        for row, text in enumerate(tables["grams"]):
            for gram in text.split():
                grams[gram].append(row)
            lengths[row] = max(len(text.split()), 1)
        self._grams = {gram: np.asarray(rows, dtype=np.int32) for gram, rows in grams.items()}
        self._lengths = np.sqrt(lengths)

    def word_range(self, prefix: str) -> tuple[int, int]:
        """Return the slice of the vocabulary that begins with `prefix`."""
        low = bisect.bisect_left(self._vocabulary, prefix)
        return low, bisect.bisect_left(self._vocabulary, prefix + "\U0010ffff", low)

    def holding(self, words: Sequence[str]) -> Rows:
        """Return positions of names that hold every word; the last may be half-typed."""
        found: Rows | None = None
        for at, word in enumerate(words):
            low, high = self.word_range(word)
            if at < len(words) - 1:
                high = low + 1 if low < high and self._vocabulary[low] == word else low
            if low == high:
                return np.empty(0, dtype=np.int32)
            postings = self._postings[low] if high == low + 1 else np.unique(np.concatenate(self._postings[low:high]))
            found = postings if found is None else np.intersect1d(found, postings, assume_unique=True)
            if not len(found):
                break
        return np.empty(0, dtype=np.int32) if found is None else found

    def beginning(self, prefix: str) -> slice:
        """Return the slice of prefix forms that begin with `prefix`."""
        low = bisect.bisect_left(self.forms, prefix)
        return slice(low, bisect.bisect_left(self.forms, prefix + "\U0010ffff", low))

    def sharing(self, grams: Sequence[str], allowed: npt.NDArray[np.bool_], size: int) -> Rows:
        """Return rows sharing the most trigrams with the given ones, rarer trigrams counting more."""
        total = len(self._lengths)
        scores = np.zeros(total, dtype=np.float32)
        for gram in grams:
            rows = self._grams.get(gram)
            if rows is not None:
                scores[rows] += np.log1p(total / len(rows))
        # Long alias lists would win by chance; a mild length penalty evens that out.
        scores /= self._lengths**0.5
        scores[~allowed] = 0
        count = min(size, int(np.count_nonzero(scores)))
        if not count:
            return np.empty(0, dtype=np.int32)
        best = np.argpartition(-scores, count - 1)[:count]
        return best[np.lexsort((best, -scores[best]))].astype(np.int32)


def tables(documents: Sequence[tuple[Sequence[str], Sequence[str], Sequence[str], str]]) -> dict[str, Any]:
    """Return plain lists for `NameIndex` from (keys, names, prefixes, grams) of each row."""
    names: list[str] = []
    name_rows: list[int] = []
    keys: dict[str, list[int]] = defaultdict(list)
    forms: list[tuple[str, int, int]] = []
    for row, (row_keys, row_names, prefixes, _) in enumerate(documents):
        first = len(names)
        for name in row_names:
            names.append(name)
            name_rows.append(row)
        for key in row_keys:
            keys[key].append(row)
        forms.extend((form, row, first) for form in prefixes)
    forms.sort()
    return {
        "rows": len(documents),
        "names": names,
        "name_rows": name_rows,
        "keys": dict(keys),
        "forms": [form for form, _, _ in forms],
        "form_rows": [row for _, row, _ in forms],
        "form_names": [name for _, _, name in forms],
        "grams": [grams for _, _, _, grams in documents],
    }
