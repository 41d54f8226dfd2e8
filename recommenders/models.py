"""Every model by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommenders.base import FORMAT, MODEL_FILE, Model, ModelError, make_config
from recommenders.blend import Blend, Hybrid
from recommenders.clusters import Clusters
from recommenders.content import Content
from recommenders.ease import Ease, Edlae
from recommenders.gfcf import Gfcf
from recommenders.ials import Ials
from recommenders.interactions import LikedRule
from recommenders.mf import Mf
from recommenders.neighbours import ItemKnn, UserKnn
from recommenders.popularity import Popularity

if TYPE_CHECKING:
    from recommenders.features import ItemFeatures

_ALL: tuple[type[Model], ...] = (
    Popularity,
    UserKnn,
    ItemKnn,
    Ease,
    Edlae,
    Ials,
    Mf,
    Gfcf,
    Clusters,
    Content,
    Hybrid,
    Blend,
)
_TOLD: dict[str, type] = {
    "format": int, "model": str, "config": dict, "seed": int, "data": dict, "metrics": dict, "parts": list, "arrays": dict,
    "sha256": str,
}  # fmt: skip
MODELS: dict[str, type[Model]] = {model.name: model for model in _ALL}


def make_model(
    name: str, settings: Mapping[str, Any] | None = None, seed: int = 42, features: ItemFeatures | None = None
) -> Model:
    """Make an unfitted model. Raises ModelError for an unknown name, key or value."""
    if name not in MODELS:
        raise ModelError(f"there is no model {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name](make_config(MODELS[name], settings or {}), seed, features)


def load_model(folder: Path | str) -> Model:
    """Read a saved model of any kind. Raises ModelError with the reason for a broken or foreign folder."""
    folder = Path(folder)
    path = folder / MODEL_FILE
    if not path.is_file():
        inside = sorted(one.parent.name for one in folder.glob(f"*/{MODEL_FILE}"))
        hint = f"; it is a folder of models, so take {' or '.join(inside)} of it" if inside else ""
        raise ModelError(f"{folder} holds no model: {MODEL_FILE} is missing{hint}")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{path} is broken: {error}") from None
    missing = list(_TOLD) if not isinstance(told, dict) else [key for key in _TOLD if key not in told]
    if missing:
        raise ModelError(f"{path} is not one of ours: it lacks {', '.join(missing)}")
    if told["format"] != FORMAT:
        raise ModelError(f"{path} has format {told['format']}; this version reads {FORMAT}: train again")
    for key, kind in _TOLD.items():
        if not isinstance(told[key], kind):
            raise ModelError(f"{path} is broken: {key} is {told[key]!r}")
    for name in (told["model"], *told["parts"]):
        if not isinstance(name, str) or name not in MODELS:
            raise ModelError(f"{path} names the model {name!r}; there are {', '.join(MODELS)}")
    try:
        LikedRule.from_dict(told["data"].get("rule"))
    except ValueError as error:
        raise ModelError(f"{path} is broken: {error}") from None
    parts = {name: load_model(folder / name) for name in told["parts"]}
    return MODELS[told["model"]]._read(folder, told, parts)
