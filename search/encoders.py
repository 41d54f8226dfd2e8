"""The networks that turn token ids into token vectors, (texts, tokens) into (texts, tokens, dims).

`BertEncoder` reads BERT and XLM-RoBERTa weights itself: a web worker then imports torch and nothing larger, and
on a CPU its fp32 layers are packed for oneDNN, which halves a query's time beside torch's own. `HubEncoder` runs
everything else through transformers. A test holds the two to the same answer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

_log = logging.getLogger(__name__)
_ROBERTAS = ("roberta", "xlm-roberta", "camembert")
# Kanana's own code is written for transformers 4 and can't be imported by 5; its network is Llama's with full
# attention, which `HubEncoder` builds from the same weights without running anything of the hub's.
_FULL_ATTENTION = ("llama", "kanana2vec")


class Encoder(Protocol):
    """One network on one device in one precision."""

    dims: int
    limit: int

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Return token vectors (texts, tokens, dims); `mask` (texts, tokens) is False on padding, None without any."""
        ...


def read_config(folder: Path) -> dict[str, Any]:
    """Return the network's configuration, `config.json` of the folder."""
    return json.loads((folder / "config.json").read_text(encoding="utf-8"))


def load_encoder(folder: Path, device: str, dtype: torch.dtype, *, trust_remote_code: bool = False) -> Encoder:
    """Read the network in `folder`; the fast way where it is BERT, transformers' way otherwise."""
    config = read_config(folder)
    if BertEncoder.reads(folder, config):
        return BertEncoder(folder, config, device, dtype)
    return HubEncoder(folder, config, device, dtype, trust_remote_code=trust_remote_code)


class BertEncoder:
    """BERT (Devlin et al. 2019) and XLM-RoBERTa for inference, with query, key and value in one product."""

    def __init__(self, folder: Path, config: Mapping[str, Any], device: str, dtype: torch.dtype) -> None:
        from safetensors.torch import load_file

        weights = {_plain(name): value for name, value in load_file(folder / "model.safetensors").items()}
        self.dims = int(config["hidden_size"])
        self.heads = int(config["num_attention_heads"])
        self.eps = float(config.get("layer_norm_eps", 1e-12))
        self.first = int(config.get("pad_token_id", 1)) + 1 if config["model_type"] in _ROBERTAS else 0
        self.limit = int(config["max_position_embeddings"]) - self.first

        def take(name: str) -> Tensor:
            return weights[name].to(device=device, dtype=dtype)

        self.words = take("embeddings.word_embeddings.weight")
        # Every text is one segment, so the first segment's vector is part of each position's.
        self.places = take("embeddings.position_embeddings.weight") + take("embeddings.token_type_embeddings.weight")[0]

        def linear(*names: str) -> _Linear:
            return _Linear(
                torch.cat([take(f"{name}.weight") for name in names]),
                torch.cat([take(f"{name}.bias") for name in names]),
            )

        def norm(name: str) -> tuple[Tensor, Tensor]:
            return take(f"{name}.weight"), take(f"{name}.bias")

        self.norm = norm("embeddings.LayerNorm")
        self.layers = [
            _Layer(
                project=linear(*(f"{layer}.attention.self.{part}" for part in ("query", "key", "value"))),
                output=linear(f"{layer}.attention.output.dense"),
                widen=linear(f"{layer}.intermediate.dense"),
                narrow=linear(f"{layer}.output.dense"),
                after_attention=norm(f"{layer}.attention.output.LayerNorm"),
                after=norm(f"{layer}.output.LayerNorm"),
            )
            for layer in (f"encoder.layer.{number}" for number in range(int(config["num_hidden_layers"])))
        ]

    @staticmethod
    def reads(folder: Path, config: Mapping[str, Any]) -> bool:
        """Tell whether the network is one that this class computes exactly."""
        return (
            config.get("model_type") in ("bert", *_ROBERTAS)
            and config.get("hidden_act", "gelu") == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and not config.get("auto_map")
            and (folder / "model.safetensors").is_file()
        )

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Return token vectors (texts, tokens, dims)."""
        texts, tokens = ids.shape
        states = functional.embedding(ids, self.words) + self.places[self.first : self.first + tokens]
        states = self._normed(states, self.norm)
        seen = None if mask is None else mask[:, None, None, :]
        for layer in self.layers:
            parts = layer.project(states).view(texts, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            query, key, value = parts.unbind(0)  # (texts, heads, tokens, dims / heads)
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
            mixed = mixed.transpose(1, 2).reshape(texts, tokens, self.dims)
            states = self._normed(layer.output(mixed) + states, layer.after_attention)
            states = self._normed(layer.narrow(layer.widen(states, gelu=True)) + states, layer.after)
        return states

    def _normed(self, states: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
        return functional.layer_norm(states, (self.dims,), *weights, eps=self.eps)


class HubEncoder:
    """Any network of transformers; Llama's (Kanana is one) with full instead of causal attention."""

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, Any],
        device: str,
        dtype: torch.dtype,
        *,
        trust_remote_code: bool = False,
    ) -> None:
        from transformers import AutoModel, LlamaConfig, LlamaModel
        from transformers.utils import logging as hub_logging

        hub_logging.disable_progress_bar()
        self.full = config.get("model_type") in _FULL_ATTENTION
        if self.full:
            settings = {name: value for name, value in config.items() if name not in ("model_type", "auto_map")}
            model = LlamaModel.from_pretrained(
                folder,
                config=LlamaConfig(**settings),
                local_files_only=True,
                dtype=dtype,
                attn_implementation="sdpa",
            )
        else:
            model = AutoModel.from_pretrained(
                folder, local_files_only=True, trust_remote_code=trust_remote_code, dtype=dtype
            )
        self.model = model.eval().to(device)  # type: ignore[arg-type]
        self.dims = int(model.config.hidden_size)
        first = int(config.get("pad_token_id") or 0) + 1 if config.get("model_type") in _ROBERTAS else 0
        self.limit = int(getattr(model.config, "max_position_embeddings", 1 << 20)) - first

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Return token vectors (texts, tokens, dims)."""
        seen = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
        if not self.full:
            return self.model(input_ids=ids, attention_mask=seen.long()).last_hidden_state
        # A mask of four dimensions is taken as it is; one of two would become causal.
        square = seen[:, None, None, :].expand(-1, 1, ids.shape[1], -1)
        return self.model(input_ids=ids, attention_mask=square, use_cache=False).last_hidden_state


class _Linear:
    """A linear layer; fp32 on a CPU is packed for oneDNN where this torch can do so (2.4 times as fast on AVX-512)."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight, self.bias, self.packed = weight, bias, False
        if weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16):
            try:
                packed = torch.ops.mkldnn._reorder_linear_weight(weight, None)
                _pointwise(weight.new_zeros(1, weight.shape[1]), packed, bias, "gelu")
            except (AttributeError, RuntimeError, TypeError):
                _log.debug("this torch packs no linear weights; using its own product")
            else:
                self.weight, self.packed = packed, True

    def __call__(self, states: Tensor, gelu: bool = False) -> Tensor:
        if self.packed:
            return _pointwise(states, self.weight, self.bias, "gelu" if gelu else "none")
        states = functional.linear(states, self.weight, self.bias)
        return functional.gelu(states) if gelu else states


@dataclass(frozen=True, slots=True)
class _Layer:
    """The weights of one layer of BERT."""

    project: _Linear
    output: _Linear
    widen: _Linear
    narrow: _Linear
    after_attention: tuple[Tensor, Tensor]
    after: tuple[Tensor, Tensor]


def _pointwise(states: Tensor, weight: Tensor, bias: Tensor, activation: str) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(states, weight, bias, activation, [], "none")


def _plain(name: str) -> str:
    """Return a weight's name without the head's prefix, in today's spelling."""
    for prefix in ("bert.", "roberta.", "model."):
        name = name.removeprefix(prefix)
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
