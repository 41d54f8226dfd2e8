"""Embedding with transformers: documents in batches and half precision, a query alone and in full precision."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from search.embedder_kinds import Kind
from search.encoders import Encoder, load_encoder, read_config
from search.engine import Vector
from search.memory import BatchedEmbedder, Progress, token_budget

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)
_HANGUL_SAMPLE = "소년은 이름을 쓰면 그 사람이 죽는 공책을 줍고 세상을 바꾸려 한다"


class TransformerEmbedder(BatchedEmbedder):
    """A transformer whose token vectors are pooled with the attention mask and normalised."""

    def __init__(self, kind: Kind, folder: Path, revision: str, device: str, trust_remote_code: bool = False) -> None:
        config = read_config(folder)
        self.name, self.revision, self.document_prefix = kind.name, revision, kind.document_prefix
        self.kind, self.device = kind, device
        self._open = lambda dtype: load_encoder(folder, device, dtype, trust_remote_code=trust_remote_code)
        self._full: Encoder | None = None
        self._half: Encoder | None = None
        self.half = _half_precision(device)
        self.tokenizer = _tokenizer(folder, trust_remote_code)
        self.dims = int(config.get("hidden_size") or config.get("dim") or config.get("d_model") or self.queries.dims)
        places = int(config.get("max_position_embeddings") or 1 << 20)
        # XLM-RoBERTa numbers its positions from the padding's number on.
        places -= int(config.get("pad_token_id") or 0) + 1 if "roberta" in str(config.get("model_type")) else 0
        self.tokenizer.enable_truncation(min(kind.max_tokens, places))
        self.languages = kind.languages or languages_of(self.tokenizer)
        self._pad = int(config.get("pad_token_id") or 0)
        self._skip = 0 if kind.pool_query_prefix else len(self.tokenizer.encode(kind.query_prefix.strip()).ids)
        self.budget = token_budget(config, device)

    @property
    def queries(self) -> Encoder:
        """The network for queries, in full precision but for a model that is held once."""
        if self.kind.one_copy and self.half is not None:
            return self.documents
        if self._full is None:
            self._full = self._open(torch.float32)
        return self._full

    @property
    def documents(self) -> Encoder:
        """The network for documents, in half precision where the device computes in it."""
        if self.half is None:
            return self.queries
        if self._half is None:
            self._half = self._open(self.half)
        return self._half

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None, half: bool = True) -> Vector:
        """Return the unit vectors of `texts`, (texts, dims); `half=False` computes in full precision."""
        return self._embed(texts, progress, encoder=self.documents if half else self.queries)

    def embed_query(self, text: str) -> Vector:
        """Return the unit vector of a query, (dims,); safe to call from several threads."""
        ids = self.tokenizer.encode(_clean(self.kind.query_prefix + text.strip(), self.kind.lower)).ids
        with torch.inference_mode():
            states = self.queries(torch.tensor([ids], device=self.device), None)
            return self._pooled(states, None, min(self._skip, len(ids) - 1)).cpu().numpy()[0]

    def _prepare(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        encodings = self.tokenizer.encode_batch(
            [_clean(self.document_prefix + text.strip(), self.kind.lower) for text in texts]
        )
        ids = [encoding.ids for encoding in encodings]
        return ids, [len(each) for each in ids]

    def _vectors(self, batch: list[list[int]], **options: Any) -> Vector:
        width = max(len(ids) for ids in batch)
        padded = torch.full((len(batch), max(width, 1)), self._pad)
        for row, ids in enumerate(batch):
            padded[row, : len(ids)] = torch.tensor(ids)
        lengths = torch.tensor([[len(ids)] for ids in batch])
        mask = None if all(len(ids) == width for ids in batch) else torch.arange(width)[None, :] < lengths
        with torch.inference_mode():
            seen = None if mask is None else mask.to(self.device)
            states = options["encoder"](padded.to(self.device), seen)
            return self._pooled(states, seen).cpu().numpy()

    def _pooled(self, states: torch.Tensor, mask: torch.Tensor | None, skip: int = 0) -> torch.Tensor:
        states = states.float()  # (texts, tokens, dims)
        if self.kind.pooling == "cls":
            pooled = states[:, 0]
        elif mask is None:
            pooled = states[:, skip:].mean(1)
        else:
            weights = mask[:, :, None].float()
            pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(pooled, dim=1)


class LibraryEmbedder(BatchedEmbedder):
    """A model of sentence-transformers with more in it than a transformer and pooling, run by that library."""

    def __init__(self, kind: Kind, folder: Path, revision: str, device: str, trust_remote_code: bool = False) -> None:
        from sentence_transformers import SentenceTransformer

        self.name, self.revision, self.document_prefix = kind.name, revision, kind.document_prefix
        self.kind = kind
        self.model = SentenceTransformer(
            str(folder), device=device, trust_remote_code=trust_remote_code, local_files_only=True
        )
        self.dims = len(self.embed_query("dims"))
        tokenizer = self.model.tokenizer
        self.languages = kind.languages or languages_of(getattr(tokenizer, "backend_tokenizer", tokenizer))
        self.budget = token_budget({}, device)

    def embed_query(self, text: str) -> Vector:
        """Return the unit vector of a query, (dims,)."""
        return self._vectors([_clean(self.kind.query_prefix + text.strip())])[0]

    def _prepare(self, texts: Sequence[str]) -> tuple[list[str], list[int]]:
        prepared = [_clean(self.document_prefix + text.strip()) for text in texts]
        return prepared, [min(len(text) // 3 + 2, self.kind.max_tokens) for text in prepared]

    def _vectors(self, batch: list[str], **options: Any) -> Vector:
        # The prefixes are in the texts already, so that no prompt is wanted of the library.
        return self.model.encode(
            batch, prompt="", batch_size=len(batch), normalize_embeddings=True, show_progress_bar=False
        ).astype(np.float32)


def _tokenizer(folder: Path, trust_remote_code: bool) -> Tokenizer:
    """Return the tokenizer of `tokenizer.json`; it is set up once, since changing it breaks threads that use it."""
    if (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    else:
        from transformers import AutoTokenizer

        loaded = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=trust_remote_code)
        tokenizer = loaded.backend_tokenizer
    tokenizer.no_padding()
    return tokenizer


def languages_of(tokenizer: Tokenizer) -> tuple[str, ...]:
    """Return ("en", "ko") where the tokenizer knows Korean: a syllable is about one piece, not several or unknown."""
    pieces = tokenizer.encode(_HANGUL_SAMPLE, add_special_tokens=False).tokens
    unknown = sum(piece in ("[UNK]", "<unk>", "<UNK>") for piece in pieces)
    syllables = len(_HANGUL_SAMPLE.replace(" ", ""))
    return ("en", "ko") if len(pieces) <= 1.3 * syllables and not unknown else ("en",)


def _half_precision(device: str) -> torch.dtype | None:
    """Return the half precision that `device` computes in, None where it gains nothing."""
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if device == "cpu" and cpu_has_bf16() else None


def cpu_has_bf16() -> bool:
    """Tell whether the processor multiplies in bfloat16 itself; where it does not, bf16 is slower than fp32."""
    try:
        known = torch.cpu.get_capabilities()
        if any(known.get(flag) for flag in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")):
            return True
    except (AttributeError, RuntimeError):
        _log.debug("this torch does not tell what the processor can do")
    try:
        flags = set(re.findall(r"\w+", Path("/proc/cpuinfo").read_text(encoding="utf-8")))
    except OSError:
        return False
    return bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})


def _clean(text: str, lower: bool = False) -> str:
    """Return `text` without unpaired surrogates, which tokenizers refuse."""
    text = text.lower() if lower else text
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
