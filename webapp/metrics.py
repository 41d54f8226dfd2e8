"""Counts and times for Prometheus. With several workers each answers for itself."""

from __future__ import annotations

import time
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The numbers of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nextep_requests_total",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "nextep_request_seconds",
            "Seconds to answer, by route.",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.searches = Counter(
            "nextep_searches_total", "Searches by resolution.", ("resolution",), registry=self.registry
        )
        self.corrected = Counter("nextep_searches_corrected_total", "Searches with a typo.", registry=self.registry)


def init(app: Flask) -> None:
    """Count every request; serve the numbers at /metrics."""
    app.extensions["nextep-metrics"] = made = Metrics()

    @app.before_request
    def begin() -> None:
        g.counted_from = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        # The rule, not the path: a label for each address ever asked would grow without end.
        route = request.url_rule.rule if request.url_rule else "(none)"
        made.requests.labels(request.method, route, str(response.status_code)).inc()
        if "counted_from" in g:
            made.seconds.labels(route).observe(time.perf_counter() - g.counted_from)
        return response

    @app.get("/metrics", endpoint="health.metrics")
    def numbers() -> Response:
        return Response(generate_latest(made.registry), content_type=CONTENT_TYPE_LATEST)


def metrics() -> Metrics:
    """Return the numbers of the current application."""
    return cast(Metrics, current_app.extensions["nextep-metrics"])
