"""The hybrid of the API: content of the served catalogue beside the collaborative model that serves.

Content is computed once for each generation of the index and kept in NEXTEP_VAR/models/hybrid-content. The collaborative
model is one of those that webapp.models opened: of a hybrid or a blend its collaborative part. Without one content
answers alone, and every answer says so.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import structlog
from flask import Flask, current_app
from numpy.typing import NDArray

from catalogue import Title
from config import Settings
from recommenders.base import MODEL_FILE, Model, ModelError
from recommenders.blend import Blend, Hybrid
from recommenders.content import Content
from recommenders.duet import Duet, describe_all
from recommenders.features import from_titles
from search.engine import EngineError, Filters, Reader
from search.service import SearchService
from webapp.models import Serving

log = structlog.get_logger("nextep.web")

# Of several the first: popularity knows nothing of a person, and content stands beside it anyway.
PREFERRED = ("item_knn", "edlae", "ease", "ials", "user_knn", "gfcf", "mf", "clusters")
FILTERS_KEPT = 64
# How long a request waits for the first one; small catalogues are ready by then.
PATIENCE = 2.0


@dataclass
class Opened:
    """A duet over one generation and what serves of models; `name` is the collaborative model's, None without one."""

    duet: Duet
    generation: str
    serving: Serving
    name: str | None
    notices: tuple[str, ...]
    _allowed: OrderedDict[Filters, tuple[int, ...]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allowed(self, reader: Reader, filters: Filters) -> Sequence[int] | None:
        """Return the ids that pass the filters, None where there are none to pass."""
        if filters == Filters(adult=filters.adult):
            return None
        with self._lock:
            if filters in self._allowed:
                self._allowed.move_to_end(filters)
                return self._allowed[filters]
        found = tuple(reader.browse(filters, "watched", 0, reader.info().documents).ids)
        with self._lock:
            self._allowed[filters] = found
            while len(self._allowed) > FILTERS_KEPT:
                self._allowed.popitem(last=False)
        return found


class HybridNotReady(EngineError):
    """The hybrid is being made; a request does not wait for it, or the site would stand still."""


class Hybrids:
    """The hybrid of the serving generation and models, made when it is first asked for and when either changes."""

    def __init__(self, settings: Settings, search: SearchService, serving: Callable[[], Serving]) -> None:
        """Take the search service, and what tells which models serve."""
        self.settings = settings
        self.search = search
        self.serving = serving
        self._opened: Opened | None = None
        self._failure: Exception | None = None
        self._making: threading.Event | None = None
        self._lock = threading.Lock()

    def open(self, wait: float = PATIENCE) -> Opened:
        """Return the hybrid. Another index or model is made ready in the background while the one before serves.

        Raises HybridNotReady where the first one takes longer than `wait` seconds, EngineError without an index.
        """
        kept = self._opened
        if kept is not None and self._is_current(kept):
            return kept
        made = self._begin()
        if kept is not None:
            return kept
        if not made.wait(wait):
            raise HybridNotReady("Recommendations are being prepared. Try again in half a minute.")
        if self._opened is None:
            raise self._failure or HybridNotReady("Recommendations could not be prepared; the log says why.")
        return self._opened

    def settle(self) -> Opened:
        """Return the hybrid of what serves now, however long it takes (tests, measurements)."""
        self._begin().wait()
        return self.open(wait=float(threading.TIMEOUT_MAX))

    def warm(self) -> None:
        """Begin to open the hybrid before anybody asks."""
        self._begin()

    def _is_current(self, opened: Opened) -> bool:
        serves = self.search.reader().info().generation
        return opened.generation == serves and opened.serving is self.serving()

    def _begin(self) -> threading.Event:
        """Make the hybrid in a thread of its own, unless that is under way; return what tells that it is done."""
        with self._lock:
            if self._making is None or self._making.is_set():
                self._making = threading.Event()
                threading.Thread(target=self._work, args=(self._making,), name="hybrid", daemon=True).start()
            return self._making

    def _work(self, done: threading.Event) -> None:
        try:
            reader, serving = self.search.reader(), self.serving()
            kept = self._opened
            if kept is None or kept.generation != reader.info().generation or kept.serving is not serving:
                self._opened = self._make(reader, reader.info().generation, serving, kept)
            self._failure = None
        except EngineError as error:
            self._failure = error
            log.warning("hybrid not ready", reason=str(error))
        except Exception:
            # An older reason would send the operator to what is mended already.
            self._failure = None
            log.exception("opening the hybrid failed")
        finally:
            done.set()

    def _make(self, reader: Reader, generation: str, serving: Serving, before: Opened | None) -> Opened:
        started = time.perf_counter()
        everything = Filters(adult=True, offered=None)
        ids = reader.browse(everything, "watched", 0, reader.info().documents).ids
        titles = list(reader.documents(ids).values())
        if before is not None and before.generation == generation:
            content = before.duet.content
        else:
            content = self._content(reader, titles, generation)
        model = collaborative(serving.models)
        shown = {title.id: title.offered and (self.search.adult or not title.adult) for title in titles}
        duet = Duet(content, model, {title.id: title.members or 0 for title in titles}, shown)
        notices = [] if model else [serving.notice or "content_alone"]
        if model is not None and serving.simulated:
            notices.append("simulated_lists")
        name = model.name if model else None
        log.info(
            "hybrid opened", generation=generation, titles=len(titles), collaborative=name, shared=duet.shared,
            seconds=round(time.perf_counter() - started, 2),
        )  # fmt: skip
        return Opened(duet, generation, serving, name, tuple(notices))

    def _content(self, reader: Reader, titles: Sequence[Title], generation: str) -> Content:
        folder = self.settings.var / "models" / "hybrid-content"
        with _alone(folder.with_name(f".{folder.name}.lock")):
            return self._kept_or_made(folder, reader, titles, generation)

    def _kept_or_made(self, folder: Path, reader: Reader, titles: Sequence[Title], generation: str) -> Content:
        if (folder / MODEL_FILE).is_file():
            try:
                kept = Content.load(folder)
                if kept.metrics.get("generation") == generation:
                    return kept
            except ModelError as error:
                log.warning("kept content unusable", reason=str(error))
        made = describe_all([title.id for title in titles], from_titles(titles, _vectors(reader, titles)))
        made.metrics["generation"] = generation
        try:
            made.save(folder)
        except (ModelError, OSError) as error:
            log.warning("content not kept", reason=str(error))
        return made


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time do what takes long; the others then find it done. Unlocked where nothing is writable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _vectors(reader: Reader, titles: Sequence[Title]) -> dict[str, NDArray[np.float32]]:
    """Return each title's document vectors of all spaces side by side; zeros for a space that it has none of."""
    spaces = reader.info().spaces
    made = {}
    for title in titles:
        own = reader.vectors(title.id)
        if own:
            made[str(title.id)] = np.concatenate(
                [np.asarray(own.get(space.name, np.zeros(space.dims)), np.float32) for space in spaces]
            )
    return made


def collaborative(models: Mapping[str, Model]) -> Model | None:
    """Return the preferred of the models that is collaborative, or the collaborative part of one that has such."""
    found = [leaf for model in models.values() if (leaf := _leaf(model)) is not None]
    return min(found, key=lambda model: PREFERRED.index(model.name), default=None)


def _leaf(model: Model) -> Model | None:
    """Return of a hybrid its collaborative part, of a blend the one that weighs most; None for content and the like."""
    if isinstance(model, Hybrid | Blend):
        others = {name: part for name, part in model.parts.items() if part.name in PREFERRED}
        return others[max(others, key=lambda name: model.weights[name])] if others else None
    return model if model.name in PREFERRED else None


def init(app: Flask, *, warm: bool) -> None:
    """Give the application its hybrid; open it in the background where `warm`."""
    held = app.extensions["nextep"]
    app.extensions["nextep-hybrid"] = made = Hybrids(
        held.settings, held.search, lambda: app.extensions["nextep-models"].serving()
    )
    if warm:
        made.warm()


def hybrids() -> Hybrids:
    """Return the hybrid of the current application."""
    return cast(Hybrids, current_app.extensions["nextep-hybrid"])
