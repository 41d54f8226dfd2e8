"""The models that serve: opened from a folder, opened again when it changes, and content alone where there is none.

NEXTEP_MODEL_DIR names one model's folder or a folder of them; without it, and while the bundled catalogue serves, those
that `nextep index` learned from the simulated crowd. Whatever happens, rows are made, and what serves is said.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import structlog
from flask import Flask, current_app

from config import Settings
from recommenders.base import MODEL_FILE, Model, ModelError
from recommenders.clusters import Clusters
from recommenders.models import load_model
from recommenders.shelf import Shelf
from recommenders.works import Works, works_of
from search.engine import EngineError, Filters, Reader
from search.service import SearchService
from webapp.i18n import N_
from webapp.i18n import gettext as _

log = structlog.get_logger("nextep.web")
Source = Literal["setting", "default", "content"]
# Of a folder of models the first of these ranks; the others can be asked for by name.
PREFERRED = ("blend", "edlae", "ease", "hybrid", "ials", "item_knn", "gfcf", "user_knn", "mf", "content", "clusters")
CONTENT = "content"
LOOK_SECONDS = 2.0
ANSWERS_KEPT = 400
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Serving:
    """What recommends: the shelf, every model by name, where they come from, and what the reader should know.

    `notice` is empty, or `model_broken`, `model_foreign` (of another catalogue) or `content_alone`.
    """

    shelf: Shelf
    name: str = CONTENT
    models: Mapping[str, Model] = field(default_factory=dict)
    source: Source = "content"
    simulated: bool = False
    notice: str = ""

    def shelf_of(self, name: str) -> Shelf:
        """Return a shelf that the named model ranks. Raises KeyError for an unknown one."""
        if name == self.name:
            return self.shelf
        works = self.shelf.works
        return Shelf(works, None if name == CONTENT and CONTENT not in self.models else self.models[name])

    @property
    def people(self) -> int:
        """Return how many people the serving model learned from."""
        return int(self.models[self.name].data.get("users", 0)) if self.name in self.models else 0

    def names(self) -> list[str]:
        """Return the models that can be asked for, the serving one first."""
        return list(dict.fromkeys([self.name, *self.models, CONTENT]))


class Models:
    """The serving models of one process."""

    def __init__(self, settings: Settings, search: SearchService) -> None:
        """Take where they may lie and what they recommend from; nothing is opened yet."""
        self.settings = settings
        self.search = search
        self._serving: Serving | None = None
        self._stamp: object = None
        self._works: tuple[str, Works] | None = None
        self._looked = 0.0
        self._lock = threading.Lock()
        self._answers: OrderedDict[object, Any] = OrderedDict()
        self._answers_lock = threading.Lock()

    def serving(self) -> Serving:
        """Return what serves now. A change of catalogue or folder is opened behind the requests that go on.

        Raises EngineError where there is no index.
        """
        kept = self._serving
        if kept is None:
            return self.reload()
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            if self._state(self.search.reader()) != self._stamp and not self._lock.locked():
                threading.Thread(target=self._reload_quietly, name="models", daemon=True).start()
        return kept

    def reload(self) -> Serving:
        """Open what there is now, unless that is what serves already."""
        with self._lock:
            reader = self.search.reader()
            stamp = self._state(reader)
            if self._serving is None or stamp != self._stamp:
                self._serving, self._stamp = self._open(reader), stamp
                with self._answers_lock:
                    self._answers.clear()
            self._looked = time.monotonic()
            return self._serving

    def warm(self) -> None:
        """Open the models before anybody asks."""
        self._reload_quietly()

    def remembered(self, key: object, make: Callable[[], T]) -> T:
        """Return what `make` gave for this key while the same models serve."""
        with self._answers_lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast(T, self._answers[key])
        made = make()
        with self._answers_lock:
            self._answers[key] = made
            while len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return made

    def _reload_quietly(self) -> None:
        try:
            self.reload()
        except EngineError as error:
            log.warning("models not ready", reason=str(error))
        except Exception:
            log.exception("opening the models failed")

    def _state(self, reader: Reader) -> object:
        folder = self._folder(reader)[0]
        files = _model_files(folder) if folder is not None else []
        told = []
        for path in files:
            try:
                found = path.stat()
            except OSError:  # being replaced at this moment; the next look sees the new one
                continue
            told.append((str(path), found.st_mtime_ns, found.st_size))
        return reader.info().generation, str(folder), tuple(told)

    def _folder(self, reader: Reader) -> tuple[Path | None, Source]:
        if self.settings.model_dir is not None:
            return self.settings.model_dir, "setting"
        default = self.settings.default_models_dir
        if reader.info().provenance == "bundled" and _model_files(default):
            return default, "default"
        return None, "content"

    def _open(self, reader: Reader) -> Serving:
        started = time.perf_counter()
        works = self._works_of(reader)
        folder, source = self._folder(reader)
        models: dict[str, Model] = {}
        notice = "content_alone" if folder is None else ""
        if folder is not None:
            try:
                models = _load(folder)
            except ModelError as error:
                log.error("model unusable, content alone serves", folder=str(folder), reason=str(error))
                notice = "model_broken"
        known = {name: model for name, model in models.items() if not works.place.keys().isdisjoint(model.index)}
        if models and not known:
            log.error("model of another catalogue, content alone serves", folder=str(folder))
            notice = "model_foreign"
        name = min(known, key=lambda one: (_preference(known[one]), one), default=CONTENT)
        people = next((model for model in known.values() if isinstance(model, Clusters)), None)
        made = Serving(
            shelf=Shelf(works, known.get(name), people),
            name=name,
            models=known,
            source=source if known else "content",
            simulated=any(model.data.get("simulated") for model in known.values()),
            notice=notice,
        )
        log.info(
            "recommender opened", model=name, source=made.source, simulated=made.simulated, works=len(works),
            known=int(made.shelf.model.known.sum()) if made.shelf.model else 0,
            seconds=round(time.perf_counter() - started, 2),
        )  # fmt: skip
        return made

    def _works_of(self, reader: Reader) -> Works:
        info = reader.info()
        if self._works is None or self._works[0] != info.generation:
            everything = Filters(adult=self.settings.adult, offered=None)
            ids = reader.browse(everything, "watched", 0, info.documents).ids
            found = reader.documents(ids)
            titles = [found[id] for id in ids if id in found]
            adult = "-adult" if self.settings.adult else ""
            works = works_of(titles, self.settings.var / "models", f"{info.catalogue_hash}{adult}")
            self._works = (info.generation, works)
        return self._works[1]


def _model_files(folder: Path) -> list[Path]:
    if (folder / MODEL_FILE).is_file():
        return [folder / MODEL_FILE]
    return sorted(folder.glob(f"[!.]*/{MODEL_FILE}"))


def _load(folder: Path) -> dict[str, Model]:
    """Return the models of a folder, or of the folders in it, by name. Raises ModelError with the reason."""
    files = _model_files(folder)
    if not files:
        raise ModelError(f"{folder} holds no model; nextep train --out writes one")
    if files == [folder / MODEL_FILE]:
        model = load_model(folder)
        return {model.name: model}
    return {path.parent.name: load_model(path.parent) for path in files}


def _preference(model: Model) -> int:
    return PREFERRED.index(model.name) if model.name in PREFERRED else len(PREFERRED)


NOTICES = {
    "model_broken": N_("The recommendation model can’t be opened, so these rows go by what stories are about alone."),
    "model_foreign": N_("The recommendation model was trained on another catalogue, so these rows go by what stories are about alone."),
    "content_alone": N_("No model has learned from people’s lists yet, so these rows go by what stories are about alone."),
}  # fmt: skip


def notice_text(notice: str) -> str:
    """Return a notice of what serves as a sentence."""
    return _(NOTICES[notice])


def init(app: Flask, *, warm: bool) -> None:
    """Give the application its models; open them in the background where `warm`."""
    app.jinja_env.globals["recommender_notice"] = notice_text
    held = app.extensions["nextep"]
    app.extensions["nextep-models"] = made = Models(held.settings, held.search)
    if warm:
        threading.Thread(target=made.warm, name="warm-models", daemon=True).start()


def models() -> Models:
    """Return the models of the current application."""
    return cast(Models, current_app.extensions["nextep-models"])
