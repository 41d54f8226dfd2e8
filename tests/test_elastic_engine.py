"""The Elasticsearch engine keeps the engine contract."""

from __future__ import annotations

import pytest
from contracts import EngineContract
from elastic_engines import opened

pytestmark = pytest.mark.elasticsearch


@pytest.fixture
def engine():
    with opened() as engine:
        yield engine


class TestElasticEngine(EngineContract):
    pass
