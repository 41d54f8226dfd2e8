"""What every model can do: fit, recommend, score, find the similar, explain, save and load."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import typing
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from recommenders.interactions import Interactions, empty
from recommenders.ranking import best, tie_rank

if TYPE_CHECKING:
    from recommenders.features import ItemFeatures

FORMAT = 1
VERSION = "1"
MODEL_FILE, ARRAYS_FILE = "model.json", "arrays.npz"
# Sparse weights of so few titles are kept dense beside (16 MB at most): one person is scored in a tenth of the time.
UNPACKED = 2000


class ModelError(ValueError):
    """A model can't be made, fitted or loaded; the message gives the reason."""


class Scored(NamedTuple):
    """A title and its score."""

    item: str
    score: float


class Because(NamedTuple):
    """A title of the history and what it added to a score."""

    item: str
    weight: float


@dataclass(frozen=True)
class History:
    """What a person has: `liked` counts, `ratings` are scores where known, `seen` is left out of the answer only."""

    liked: Sequence[str] = ()
    ratings: Mapping[str, float] = field(default_factory=dict)
    seen: Sequence[str] = ()


AnyHistory = History | Sequence[str]


@dataclass(frozen=True)
class Nothing:
    """A model without settings."""


class Model(ABC):
    """A recommender. Ids are strings; those of a model are its training data's.

    Order of answers: the higher score, then the title liked by more people in training, then the smaller id
    (numbers by value, before texts). A person none of whose titles are known gets the most popular ones.
    """

    name: ClassVar[str]
    config_class: ClassVar[type] = Nothing
    needs_features: ClassVar[bool] = False
    uses_ratings: ClassVar[bool] = False  # can learn a taste from scores alone

    def __init__(self, config: Any = None, seed: int = 42, features: ItemFeatures | None = None) -> None:
        self.config = self.config_class() if config is None else config
        self.seed = seed
        self.features = features
        self.items: NDArray[np.str_] = np.empty(0, "<U1")
        self.popularity: NDArray[np.float32] = np.empty(0, np.float32)
        self.episodes: NDArray[np.int32] | None = None  # (items,), 0 = not known; for the rule of what is liked
        self.data: dict[str, Any] = {}
        self.metrics: dict[str, Any] = {}
        if self.needs_features and features is None:
            raise ModelError(f"{self.name} needs what the titles are about: give a catalogue (--items)")

    # --- for a model to fill in

    @abstractmethod
    def _fit(self, interactions: Interactions) -> None:
        """Learn from interactions that have at least one liked entry."""

    @abstractmethod
    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        """Score all titles for a batch of histories, both (people, items); return (people, items)."""

    @abstractmethod
    def _arrays(self) -> dict[str, Any]:
        """Return the learned arrays, dense or sparse."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, Any]) -> None:
        """Take what `_arrays` returned."""

    def _similarity(self, item: int) -> NDArray[np.float32] | None:
        """Return how alike all titles are to the one at `item`; None where the model has no such notion."""
        return None

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32] | None:
        """Return what each stored title of one history adds to the score of `item`, or None."""
        return None

    def _parts(self) -> dict[str, Model]:
        """Return the models that this one is made of, saved in folders of their names."""
        return {}

    def _take_parts(self, parts: Mapping[str, Model]) -> None:  # noqa: B027
        """Take what `_parts` returned."""

    # --- for everybody

    def fit(self, interactions: Interactions) -> Self:
        """Learn from interactions. Raises ModelError when nothing is liked or what was learned is not finite."""
        if not interactions.matrix.nnz:
            rule = "no entry is liked by the rule (status, score or share of episodes); see liked settings"
            raise ModelError(f"there is nothing to learn from: {len(interactions)} entries, and {rule}")
        self.items = interactions.items
        self.__dict__.pop("index", None)
        self.__dict__.pop("rank", None)
        self.__dict__.pop("unpacked", None)
        counts = np.bincount(interactions.matrix.indices, minlength=len(self.items))
        self.popularity = counts.astype(np.float32)
        self.data = {
            "hash": interactions.hash,
            "users": len(interactions.users),
            "items": len(self.items),
            "entries": len(interactions),
            "liked": int(interactions.matrix.nnz),
            "rule": interactions.rule.to_dict(),
        }
        self._fit(interactions)
        for name, array in self._arrays().items():
            data: NDArray[Any] = array.data if hasattr(array, "indptr") else np.asarray(array)
            if data.dtype.kind == "f" and not np.isfinite(data).all():
                raise ModelError(f"{self.name} did not converge: {name} has values that are not finite")
        return self

    @cached_property
    def index(self) -> dict[str, int]:
        """Return the place of each id."""
        return {id: place for place, id in enumerate(self.items.tolist())}

    @cached_property
    def rank(self) -> NDArray[np.int32]:
        """Return the place of each title among equal scores."""
        return tie_rank(self.popularity)

    def episodes_by_id(self) -> dict[str, int]:
        """Return the numbers of episodes that training knew, by id."""
        if self.episodes is None:
            return {}
        return {id: count for id, count in zip(self.items.tolist(), self.episodes.tolist(), strict=True) if count}

    def unknown(self, history: AnyHistory) -> list[str]:
        """Return the ids of a history that training never saw."""
        told = _history(history)
        return [id for id in dict.fromkeys((*told.liked, *told.ratings, *told.seen)) if id not in self.index]

    def knows(self, history: AnyHistory) -> bool:
        """Say whether any title that this model can learn a taste from is known."""
        return self._informed(*self._rows(_history(history)))

    def scores(self, history: AnyHistory) -> NDArray[np.float32]:
        """Score every title for one history: (items,). Nothing known: how popular each is."""
        self._check_fitted()
        return self._scores_of(*self._rows(_history(history)))

    def known_scores(self, history: AnyHistory) -> NDArray[np.float32] | None:
        """Score every title for one history: (items,); None where no title is known to learn a taste from."""
        self._check_fitted()
        rows = self._rows(_history(history))
        return self._scores_of(*rows) if self._informed(*rows) else None

    def scores_many(self, liked: csr_array, rated: csr_array | None = None) -> NDArray[np.float32]:
        """Score every title for many histories at once: (people, items) of the model's own titles."""
        self._check_fitted()
        if rated is None:
            rated = empty(liked.shape[0], liked.shape[1])
        made = self._score(liked, rated)
        nothing = np.diff(liked.indptr) + self.uses_ratings * np.diff(rated.indptr) == 0
        if nothing.any():
            made[nothing] = self.popularity
        return made

    def recommend(self, history: AnyHistory, k: int = 10, exclude: Iterable[str] = ()) -> list[Scored]:
        """Return the k best titles for a history, without the history's own and `exclude`."""
        if k < 1:
            raise ModelError(f"k is {k}; it must be at least 1")
        self._check_fitted()
        told = _history(history)
        scores = self._scores_of(*self._rows(told)).copy()
        hidden = [self.index[id] for id in (*told.liked, *told.ratings, *told.seen, *exclude) if id in self.index]
        scores[hidden] = -np.inf
        return [Scored(str(self.items[at]), float(scores[at])) for at in best(scores, k, self.rank)]

    def similar(self, item: str, k: int = 10) -> list[Scored]:
        """Return the k titles most like one, itself left out; none where the model has no notion of likeness."""
        self._check_fitted()
        if item not in self.index:
            raise ModelError(f"{item!r} is not among the titles of training")
        alike = self._similarity(self.index[item])
        if alike is None:
            return []
        alike = np.array(alike, np.float32)
        alike[self.index[item]] = -np.inf
        return [Scored(str(self.items[at]), float(alike[at])) for at in best(alike, k, self.rank)]

    def explain(self, history: AnyHistory, item: str) -> list[Because]:
        """Return what each title of the history adds to the score of `item`, the most first.

        The weights are additive: where a model explains at all, their sum is the score (less what is true for
        everybody, in mf). Empty where it can't.
        """
        self._check_fitted()
        if item not in self.index:
            raise ModelError(f"{item!r} is not among the titles of training")
        liked, rated = self._rows(_history(history))
        if not self._informed(liked, rated):
            return []
        weights = self._contributions(liked, rated, self.index[item])
        if weights is None:
            return []
        places = self._basis(liked, rated)
        order = np.lexsort((self.rank[places], -weights))
        return [Because(str(self.items[places[at]]), float(weights[at])) for at in order]

    def _basis(self, liked: csr_array, rated: csr_array) -> NDArray[Any]:
        """Return the titles that `_contributions` speaks of."""
        return liked.indices

    def _scores_of(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        return self._score(liked, rated)[0] if self._informed(liked, rated) else self.popularity

    def _informed(self, liked: csr_array, rated: csr_array) -> bool:
        return bool(liked.nnz or (self.uses_ratings and rated.nnz))

    def _rows(self, history: History) -> tuple[csr_array, csr_array]:
        liked = sorted({self.index[id] for id in history.liked if id in self.index})
        rated = sorted((self.index[id], value) for id, value in history.ratings.items() if id in self.index and value)
        return _row(liked, None, len(self.items)), _row(
            [at for at, _ in rated], [value for _, value in rated], len(self.items)
        )

    def _check_fitted(self) -> None:
        if not len(self.items):
            raise ModelError(f"{self.name} has not been fitted")

    # --- folders

    def save(self, folder: Path | str) -> None:
        """Write the model to a folder: model.json and arrays.npz (no pickle); an older model there is replaced.

        Raises ModelError where the folder holds something else.
        """
        self._check_fitted()
        folder = Path(folder)
        check_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            self._write(made)
            old = made.with_name(made.name + "-old")
            if folder.exists():
                os.replace(folder, old)
            os.replace(made, folder)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        folder.chmod(0o755)

    def _write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        parts = self._parts()
        for name, part in parts.items():
            part._write(folder / name)
        arrays = {"items": self.items, "popularity": self.popularity, **_flat(self._arrays())}
        if self.episodes is not None:
            arrays["episodes"] = self.episodes
        np.savez(folder / ARRAYS_FILE, allow_pickle=False, **arrays)
        told = {
            "format": FORMAT,
            "model": self.name,
            "version": VERSION,
            "config": dataclasses.asdict(self.config),
            "seed": self.seed,
            "data": self.data,
            "metrics": self.metrics,
            "parts": list(parts),
            "arrays": _shapes(arrays),
            "sha256": _digest(folder / ARRAYS_FILE),
        }
        (folder / MODEL_FILE).write_text(json.dumps(told, indent=1, default=_plain) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote. Raises ModelError with the reason for a broken or foreign folder."""
        from recommenders.models import load_model

        model = load_model(folder)
        if not isinstance(model, cls):
            raise ModelError(f"{folder} holds {model.name}, not {cls.name}")
        return model

    @classmethod
    def _read(cls, folder: Path, told: Mapping[str, Any], parts: Mapping[str, Model]) -> Self:
        arrays = read_arrays(folder, told)
        model = cls.__new__(cls)
        model.config = make_config(cls, told["config"], folder)
        model.seed = told["seed"]
        model.features = None
        model.data, model.metrics = told["data"], told["metrics"]
        try:
            model.items, model.popularity = arrays.pop("items"), arrays.pop("popularity")
            model.episodes = arrays.pop("episodes", None)
            sizes = {model.data.get("items"), *(each.shape for each in (model.items, model.popularity))}
            if model.episodes is not None:
                sizes.add(model.episodes.shape)
            if sizes != {len(model.items), (len(model.items),)} or model.items.dtype.kind != "U":
                raise ModelError(f"{folder}: {ARRAYS_FILE} and {MODEL_FILE} speak of different numbers of titles")
            model._take_parts(parts)
            model._restore(_nested(arrays))
            model._check_answers()
        except KeyError as error:
            raise ModelError(f"{folder}: {ARRAYS_FILE} lacks {error}") from None
        except (TypeError, ValueError, IndexError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"{folder}: {ARRAYS_FILE} is not what {cls.name} writes: {error}") from None
        return model

    def _check_answers(self) -> None:
        """Score one title's history, so that arrays of wrong shapes or kinds are found on loading."""
        if len(self.index) != len(self.items):
            raise ModelError(f"{self.name}: an id stands twice among the titles")
        one = _row([0], [1.0], len(self.items))
        scores = self._score(one, one)
        if scores.shape != (1, len(self.items)) or scores.dtype.kind != "f":
            raise ModelError(f"{self.name}: the scores have the shape {scores.shape}, not one a title")
        if not np.isfinite(scores).all() or not np.isfinite(self.popularity).all():
            raise ModelError(f"{self.name}: there are scores that are not finite")


class ItemItemModel(Model):
    """A model whose scores are history @ weights; dense and C-contiguous float32, or sparse."""

    weights: NDArray[np.float32] | csr_array

    @cached_property
    def unpacked(self) -> NDArray[np.float32] | None:
        """Return the weights as a dense array; None where they are sparse and so many that it would be large."""
        if not issparse(self.weights):
            return self.weights
        return self.weights.toarray() if len(self.items) <= UNPACKED else None  # type: ignore[union-attr]

    def _score(self, liked: csr_array, rated: csr_array) -> NDArray[np.float32]:
        if liked.shape[0] == 1 and len(liked.indices) < 4096 and self.unpacked is not None:
            return self.unpacked[liked.indices].sum(axis=0, keepdims=True)
        if issparse(self.weights):
            return (liked @ self.weights).toarray()
        return np.asarray(liked @ self.weights, np.float32)

    def _arrays(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        self.weights = arrays["weights"]
        if self.weights.shape != (len(self.items), len(self.items)):
            raise ModelError(f"weights have the shape {self.weights.shape}, not one row and column a title")

    def _similarity(self, item: int) -> NDArray[np.float32]:
        if issparse(self.weights):
            return self.weights[[item]].toarray()[0]  # type: ignore[union-attr]
        return self.weights[item]

    def _contributions(self, liked: csr_array, rated: csr_array, item: int) -> NDArray[np.float32]:
        if issparse(self.weights):
            return self.weights[liked.indices][:, [item]].toarray()[:, 0]
        return self.weights[liked.indices, item]


def make_config(
    model: type[Model], settings: Mapping[str, Any], source: Path | str = "--set", others: Sequence[str] = ()
) -> Any:
    """Make a model's settings from texts or plain values. Raises ModelError for an unknown key or a wrong value.

    `others` are keys that are read elsewhere; they are named beside the model's own.
    """
    types = typing.get_type_hints(model.config_class)
    made: dict[str, Any] = {}
    for key, value in settings.items():
        if key not in types:
            allowed = ", ".join((*types, *others)) or "none at all"
            raise ModelError(f"{source}: {model.name} has no setting {key!r}; it has {allowed}")
        try:
            made[key] = _typed(value, types[key])
        except (TypeError, ValueError, OverflowError):
            options = [str(one) for one in typing.get_args(types[key])]
            literal = typing.get_origin(types[key]) is typing.Literal
            name = getattr(types[key], "__name__", str(types[key]))
            wanted = f"one of {', '.join(options)}" if literal else name
            raise ModelError(f"{source}: {key} is {value!r}; {wanted} is wanted") from None
    try:
        return model.config_class(**made)
    except ValueError as error:
        raise ModelError(f"{source}: {error}") from None


def _typed(value: Any, wanted: Any) -> Any:
    options = typing.get_args(wanted)
    origin = typing.get_origin(wanted)
    if origin is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(_typed(part, options[0]) for part in parts)
    if type(None) in options:
        if value is None or value == "none":
            return None
        return _typed(value, next(one for one in options if one is not type(None)))
    if origin is typing.Literal:
        if value not in options:
            raise ValueError
        return value
    if wanted is bool and isinstance(value, str):
        if value.lower() not in ("1", "true", "yes", "0", "false", "no"):
            raise ValueError
        return value.lower() in ("1", "true", "yes")
    return wanted(value)


def require(condition: bool, message: str) -> None:
    """Raise ValueError with `message` unless `condition` holds; for the checks of configs."""
    if not condition:
        raise ValueError(message)


def check_folder(folder: Path) -> None:
    """Raise ModelError where a model may not be written: a file, or a folder of something else."""
    if folder.exists() and not (folder / MODEL_FILE).is_file() and (folder.is_file() or any(folder.iterdir())):
        raise ModelError(f"{folder} holds something that is no model; it is not overwritten")


def read_arrays(folder: Path, told: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Read the arrays of a model's folder. Raises ModelError when they are not what model.json says."""
    path = folder / ARRAYS_FILE
    if not path.is_file():
        raise ModelError(f"{folder} is not complete: {ARRAYS_FILE} is missing")
    if _digest(path) != told["sha256"]:
        raise ModelError(f"{folder}: {ARRAYS_FILE} is broken or of another model (its digest is not the one saved)")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ModelError(f"{folder}: {ARRAYS_FILE} can't be read: {error}") from None
    if _shapes(arrays) != told["arrays"]:
        raise ModelError(f"{folder}: {ARRAYS_FILE} holds other arrays than {MODEL_FILE} says")
    return arrays


def _shapes(arrays: Mapping[str, NDArray[Any]]) -> dict[str, list[Any]]:
    return {name: [str(array.dtype), list(array.shape)] for name, array in arrays.items()}


def _history(history: AnyHistory) -> History:
    if isinstance(history, str):
        raise ModelError(f"a history is a list of ids, not the text {history!r}")
    return history if isinstance(history, History) else History(liked=history)


def _row(places: list[int], values: list[float] | None, width: int) -> csr_array:
    data = np.ones(len(places), np.float32) if values is None else np.array(values, np.float32)
    return csr_array((data, np.array(places, np.int32), np.array([0, len(places)], np.int32)), shape=(1, width))


def _flat(arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    flat: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if hasattr(array, "indptr"):
            made: Any = array
            flat |= {f"{name}.data": made.data, f"{name}.indices": made.indices, f"{name}.indptr": made.indptr}
            flat[f"{name}.shape"] = np.array(made.shape)
        else:
            flat[name] = np.asarray(array)
    return flat


def _nested(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    nested: dict[str, Any] = {name: array for name, array in arrays.items() if "." not in name}
    for name in [name[: -len(".data")] for name in arrays if name.endswith(".data")]:
        parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
        made = csr_array(parts, shape=tuple(arrays[f"{name}.shape"].tolist()))
        made.check_format(full_check=True)  # an index out of bounds would crash the process
        nested[name] = made
    return nested


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} can't be saved")
