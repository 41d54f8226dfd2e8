"""What is known of models: how texts are put to them, and where a name leads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from search import model_files
from search.model_files import EmbedderUnavailable

Pooling = Literal["mean", "cls"]
# The form ("Instruct: ...\nQuery: ...", its tokens read but not pooled) is that of Kanana's own code; the sentence
# itself is a common one for retrieval and was not checked against the model card.
_KANANA_QUERY = "Instruct: Given a question, retrieve passages that answer the question\nQuery: "
_E5 = re.compile(r"intfloat/(multilingual-)?e5-(small|base|large)(-v2|-unsupervised)?")


@dataclass(frozen=True, slots=True)
class Kind:
    """How texts are put to a model.

    `pool_query_prefix` False leaves the tokens of the query's prefix out of the mean; `one_copy` keeps a single
    network in half precision, for a model too large to hold twice; `own_code` says that the hub's model brings code,
    so that it needs to be allowed and pinned; `languages` None asks the tokenizer.
    """

    name: str
    hub: str | None = None
    query_prefix: str = ""
    document_prefix: str = ""
    max_tokens: int = 512
    pooling: Pooling = "mean"
    pool_query_prefix: bool = True
    lower: bool = False
    one_copy: bool = False
    own_code: bool = False
    languages: tuple[str, ...] | None = None


KINDS: dict[str, Kind] = {
    "minilm": Kind("minilm", max_tokens=256, languages=("en",)),
    "e5": Kind("e5", "intfloat/multilingual-e5-base", "query: ", "passage: ", languages=("en", "ko")),
    "kanana": Kind(
        "kanana",
        "kakaocorp/kanana-nano-2.1b-embedding",
        _KANANA_QUERY,
        pool_query_prefix=False,
        one_copy=True,
        own_code=True,
        languages=("en", "ko"),
    ),
}


def find(name: str, revision: str | None, trust_remote_code: bool) -> tuple[Kind, Path, str]:
    """Return how a model is put to use, its folder and its revision; raise EmbedderUnavailable without it."""
    if name == "minilm":
        return KINDS["minilm"], model_files.minilm_folder(), model_files.MINILM_SHA256[:12]
    prefix, _, path = name.partition(":")
    if path and prefix in KINDS and KINDS[prefix].hub:
        folder = model_files.as_folder(path)
        if folder is None:
            raise EmbedderUnavailable(f"{name}: there is no folder {path}.")
        return KINDS[prefix], folder, model_files.folder_revision(folder)
    if name in KINDS:
        hub = str(KINDS[name].hub)
        if KINDS[name].own_code:
            model_files.allow_code(hub, trust_remote_code, revision)
        folder, commit = model_files.fetch(hub, revision)
        return KINDS[name], folder, commit[:12]
    folder = model_files.as_folder(name)
    if folder is not None:
        if _own_code(folder) and not trust_remote_code:
            raise EmbedderUnavailable(
                f"{name} brings code of its own and is refused: read it, then allow it with NEXTEP_TRUST_REMOTE_CODE=1."
            )
        return _described(Kind(folder.resolve().name), folder), folder, model_files.folder_revision(folder)
    hub = name if "/" in name else f"sentence-transformers/{name}"
    folder, commit = model_files.fetch(hub, revision)
    if _own_code(folder) or _json(folder / "config.json").get("auto_map"):
        model_files.allow_code(name, trust_remote_code, revision)
    kind = Kind(name)
    if _E5.fullmatch(hub):
        kind = replace(kind, query_prefix="query: ", document_prefix="passage: ")
    return _described(kind, folder), folder, commit[:12]


def _own_code(folder: Path) -> bool:
    """Tell whether loading this model would run code from its folder."""
    config = _json(folder / "config.json")
    types = [str(module.get("type", "")) for module in _json(folder / "modules.json") or ()]
    code = bool(config.get("auto_map")) and config.get("model_type") != "kanana2vec"
    return code or any(not kind.startswith("sentence_transformers.") for kind in types)


def _described(kind: Kind, folder: Path) -> Kind:
    """Return `kind` with what a folder of sentence-transformers says of itself."""
    limits = _json(folder / "sentence_bert_config.json")
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    config = _json(folder / "config.json")
    kind = replace(
        kind,
        query_prefix=prompts.get("query") or kind.query_prefix,
        document_prefix=prompts.get("document") or prompts.get("passage") or kind.document_prefix,
        max_tokens=int(limits.get("max_seq_length") or kind.max_tokens),
        pooling=_pooling(folder) or "mean",
        pool_query_prefix=bool(_json(folder / "1_Pooling" / "config.json").get("include_prompt", True)),
        lower=bool(limits.get("do_lower_case")),
    )
    if config.get("model_type") == "kanana2vec":
        return replace(KINDS["kanana"], name=kind.name)
    return kind


def needs_library(folder: Path) -> bool:
    """Tell whether a model is more than a transformer with mean or first-token pooling."""
    types = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in _json(folder / "modules.json") or ()]
    plain = all(kind in ("Transformer", "Pooling", "Normalize") for kind in types)
    return not plain or _pooling(folder) is None or not (folder / "config.json").is_file()


def _pooling(folder: Path) -> Pooling | None:
    """Return how sentence-transformers pools the tokens of this model, None in a way that only it knows."""
    config = _json(folder / "1_Pooling" / "config.json")
    modes = [
        key.removeprefix("pooling_mode_") for key, value in config.items() if key.startswith("pooling_mode_") and value
    ]
    modes += [config["pooling_mode"]] if config.get("pooling_mode") else []
    if modes in ([], ["mean_tokens"], ["mean"]):
        return "mean"
    return "cls" if modes in (["cls_token"], ["cls"]) else None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise EmbedderUnavailable(
            f"{path.name} of the model can't be read ({error}): fetch the model again."
        ) from error
