"""Engines on the Elasticsearch that the environment names, each behind an alias of its own that is deleted afterwards."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import config
from search.elastic import ElasticEngine
from search.elastic.client import connect

NEEDS = 'no server at ELASTICSEARCH_URL: eval "$(../shared/elasticsearch/cluster.py start /tmp/es)"; make test-es'


def settings(**changes: object) -> config.Settings:
    """Return settings for the server of the environment; skip without one."""
    if not os.environ.get("ELASTICSEARCH_URL"):
        pytest.skip(NEEDS)
    # Patient: what is tested here is what comes back, on machines that do other things too.
    return config.load(**{"es_timeout": 20.0, "env": "development", **changes})


@contextmanager
def opened(alias: str | None = None) -> Iterator[ElasticEngine]:
    """Yield an engine without an index; what it made is deleted at the end."""
    alias = alias or f"nextep-test-{uuid.uuid4().hex[:8]}"
    engine = ElasticEngine(connect(settings(), guard=False), alias)
    try:
        yield engine
    finally:
        for name in indices(engine):
            engine.connection.do(lambda write, name=name: write.indices.delete(index=name, ignore_unavailable=True))
        engine.close()


def indices(engine: ElasticEngine) -> list[str]:
    """Return the names of all indices of the engine's alias, the locks' one too."""
    return sorted(engine.connection.do(lambda write: write.indices.get_alias(index=f"{engine.alias}-*").body))
