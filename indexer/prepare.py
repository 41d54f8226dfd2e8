"""From a source to titles ready to index: read, translated, with hooks and series."""

from __future__ import annotations

from pathlib import Path

from catalogue import Title
from config import ROOT
from indexer.additions import join_aliases, join_hooks, read_aliases, read_hooks
from indexer.build import Source
from indexer.read import detect, read_catalogue
from indexer.report import Report
from indexer.series import with_series
from indexer.translations import join_translations

SAMPLE = ROOT / "data" / "sample"
# The project's own additions, keyed by MyAnimeList's ids: Korean titles, names people type, what they remember.
KOREAN_TITLES = ROOT / "data" / "titles_ko.csv"
ALIASES = ROOT / "data" / "aliases.csv"
HOOKS = ROOT / "data" / "hooks.csv"


def prepare(
    source: Path, report: Report, *, translations: Path | None = None, strict: bool = False
) -> tuple[list[Title], Source]:
    """Return the titles of `source` and where they come from.

    A Kaggle catalogue gets the project's Korean titles unless `translations` names others; it and the bundled
    catalogue get the project's hooks.
    """
    with report.step("read"):
        titles = read_catalogue(source, report, strict)
    kind = detect(source)
    bundled = source.resolve() == SAMPLE.resolve()
    if translations is None and kind == "kaggle" and KOREAN_TITLES.exists():
        translations = KOREAN_TITLES
    if translations is not None:
        with report.step("translations"):
            titles = join_translations(titles, translations, report)
    if kind == "kaggle" or bundled:
        with report.step("additions"):
            titles = join_aliases(titles, read_aliases(ALIASES), report)
            titles = join_hooks(titles, read_hooks(HOOKS), report)
    with report.step("series"):
        titles = with_series(titles)
    provenance = {"kaggle": "kaggle", "laftel": "laftel"}.get(kind, "bundled" if bundled else "file")
    return titles, Source(source.resolve().name, provenance)
