"""Which of the analysers for Korean and Japanese a server has: known by trying, since lists of plugins name them otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from elasticsearch import BadRequestError, Elasticsearch

# A tokenizer and a filter of each plugin: both must be there.
TRIED = {
    "nori": ("nori_tokenizer", "nori_readingform", "코드 기아스"),
    "kuromoji": ("kuromoji_tokenizer", "kuromoji_baseform", "進撃の巨人"),
}
LANGUAGE = {"nori": "Korean", "kuromoji": "Japanese"}


def try_analysers(client: Elasticsearch, index: str | None = None) -> tuple[str, ...]:
    """Return the names of TRIED that the server analyses with; `index` is one that the sign-in may use for trying."""
    return tuple(name for name in TRIED if _analyses(client, index, name))


def _analyses(client: Elasticsearch, index: str | None, name: str) -> bool:
    tokenizer, token_filter, text = TRIED[name]
    try:
        client.indices.analyze(index=index, tokenizer=tokenizer, filter=[token_filter], text=text)
    except BadRequestError:
        return False
    return True


def missing(available: Sequence[str]) -> list[str]:
    """Return one sentence for each analyser that is not available, for the log and `nextep doctor`."""
    return [
        f"the analyser {name} is missing on the server: {LANGUAGE[name]} text is searched by pairs of letters alone. "
        f"Install the plugin analysis-{name} on every node, then run: nextep index --rebuild"
        for name in TRIED
        if name not in available
    ]
