"""Measure what the largest lists take: 350,000 people x 50,000 titles x 20 million entries, and a file of 100 million rows.

    python scripts/measure_scale.py models     # ials and mf train, ease is refused where it does not fit
    python scripts/measure_scale.py read FILE  # FILE is made first, 1.9 GB, its rows in no order

Both end with the peak memory of the process. The lists are random, with popular titles as popular as real ones; they
measure time and memory and no quality. Results: reports/scale.md.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow
from pyarrow.csv import WriteOptions, write_csv

from recommenders.base import ModelError
from recommenders.interactions import Interactions
from recommenders.models import make_model

PEOPLE, TITLES, ENTRIES = 350_000, 50_000, 20_000_000
ROWS, READERS, WORKS = 100_000_000, 325_000, 17_500
SKEW = 2.5
EASE_GB = 8.0


def peak() -> str:
    """Return the most memory that this process has held."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most"


def lists(rng: np.random.Generator) -> Interactions:
    """Return lists of random length over titles of skewed popularity, every title at most once in a list."""
    lengths = rng.poisson(ENTRIES / PEOPLE * 1.05, PEOPLE)
    owners = np.repeat(np.arange(PEOPLE), lengths)
    pairs = np.unique(owners * np.int64(TITLES) + (TITLES * rng.random(len(owners)) ** SKEW).astype(np.int64))
    counts = np.bincount(pairs // TITLES, minlength=PEOPLE)
    values = rng.integers(1, 11, len(pairs)).astype(np.float32)
    return Interactions(
        np.arange(PEOPLE).astype(str),
        np.arange(TITLES).astype(str),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        (pairs % TITLES).astype(np.int32),
        np.ones(len(pairs), bool),
        values,
    )


def models() -> None:
    """Train what fits and ask for what does not."""
    made = lists(np.random.default_rng(0))
    print(f"{len(made):,} entries of {PEOPLE:,} people over {TITLES:,} titles; {peak()}", flush=True)
    for name, size in (("ials", 64), ("mf", 32)):
        started = time.perf_counter()
        make_model(name, {"embedding_size": size, "epochs": 1}).fit(made)
        print(f"{name}, {size} factors: {time.perf_counter() - started:.0f} s an epoch; {peak()}", flush=True)
    try:
        make_model("ease", {"memory_gb": EASE_GB}).fit(made)
    except ModelError as error:
        print(f"ease with {EASE_GB:g} GB: refused: {error}")
    else:
        sys.exit("ease was not refused")


def read(path: Path) -> None:
    """Write a file of rows in no order, and read it."""
    rng = np.random.default_rng(0)
    if not path.exists():
        with path.open("wb") as file:
            for part in range(100):
                count = ROWS // 100
                columns = {
                    "user_id": rng.integers(0, READERS, count),
                    "anime_id": (WORKS * rng.random(count) ** SKEW).astype(np.int32),
                    "rating": rng.integers(0, 11, count),
                    "watching_status": rng.choice([1, 2, 3, 4, 6], count),
                }
                write_csv(pyarrow.table(columns), file, WriteOptions(include_header=part == 0))
    print(f"{path.stat().st_size / 1e9:.2f} GB to read; {peak()}", flush=True)
    started = time.perf_counter()
    said: list[int] = []
    made = Interactions.read(path, progress=said.append)
    print(
        f"{ROWS:,} rows to {len(made):,} entries in {time.perf_counter() - started:.0f} s; {peak()}; "
        f"progress was said {len(said)} times"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["models"] and len(sys.argv) == 2:
        models()
    elif sys.argv[1:2] == ["read"] and len(sys.argv) == 3:
        read(Path(sys.argv[2]))
    else:
        sys.exit(__doc__)
