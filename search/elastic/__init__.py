"""The Elasticsearch engine: versioned indices behind an alias, fused and resolved by the code that every engine shares."""

from search.elastic.engine import ElasticEngine

__all__ = ["ElasticEngine"]
