"""The models that serve where an operator has trained none: learned from a simulated crowd, and said to be."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from catalogue import Title
from recommenders.base import MODEL_FILE
from recommenders.train import train

log = logging.getLogger(__name__)
STAMP_FILE = "stamp.json"
# iALS gains nothing here (nDCG@100 .5277 with it, .5278 with content) and takes most of the time.
MODELS: dict[str, dict[str, str]] = {"blend": {"parts": "edlae,content"}, "clusters": {}}
VERSION = 1


def is_trained(folder: Path, stamp: str) -> bool:
    """Tell whether the folder holds the models of this stamp."""
    try:
        told = json.loads((folder / STAMP_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    whole = all((folder / name / MODEL_FILE).is_file() for name in MODELS)
    return whole and told == {"stamp": stamp, "version": VERSION}


def train_default(
    titles: Sequence[Title], write: Callable[[TextIO], None], folder: Path, stamp: str, seed: int = 42
) -> float:
    """Train the default models on the simulated lists that `write` writes; return the seconds it took.

    `stamp` names catalogue and crowd: with the same one nothing has to be done again (`is_trained`). What serves is
    replaced model by model, each at once. Raises ModelError, InteractionsError and OSError.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP_FILE).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".crowd-", dir=folder.parent) as scratch:
        lists = Path(scratch) / "crowd.csv"
        with lists.open("w", encoding="utf-8", newline="") as file:
            write(file)
        for name, settings in MODELS.items():
            made = train(name, lists, None, titles, seed, settings)
            made.model.data["simulated"] = True
            made.model.metrics.pop("seconds", None)  # or the same data would not give the same folder
            if (folder / name).is_dir() and not (folder / name / MODEL_FILE).is_file():
                shutil.rmtree(folder / name)  # half a model of ours, which save would not overwrite
            made.model.save(folder / name)
            log.info("%s of %d simulated people trained", name, made.model.data["users"])
    (folder / STAMP_FILE).write_text(json.dumps({"stamp": stamp, "version": VERSION}) + "\n", encoding="utf-8")
    return time.monotonic() - started
