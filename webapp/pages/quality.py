"""The page about quality: what was measured, how, and when."""

from __future__ import annotations

from flask import Blueprint, render_template

from webapp import quality as measured
from webapp.i18n import language, translate

blueprint = Blueprint("quality", __name__)


@blueprint.get("/about/quality")
def index() -> str:
    """Show the leaderboards, search quality and speed."""
    return render_template("about/quality.html", found=measured.quality(), named=named, place=place, system_b=system_b)


def named(kind: str, name: str) -> str:
    """Return how a reader calls a model, metric, data set, protocol, query set or searcher; its own name otherwise."""
    tables = {
        "model": measured.MODELS,
        "metric": measured.METRICS,
        "dataset": measured.DATASETS,
        "protocol": measured.PROTOCOLS,
        "set": measured.SETS,
        "searcher": measured.SEARCHERS,
    }
    return translate(tables[kind].get(name, name), language())


def place(text: str) -> str:
    """Return what stands under a chart: fifths are counted, everything else is as it is."""
    return text.removeprefix("fifth ")


def system_b(label: str) -> str:
    """Return how a reader calls a row of system B's table."""
    return translate(measured.SYSTEM_B.get(label, label), language())
