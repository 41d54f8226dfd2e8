"""The report on pages in a browser: its section takes its own place, and what is missing is said."""

from __future__ import annotations

import sys

import pytest

from evaluation import pages
from evaluation.clock import Clock
from evaluation.pages import HEADING, Figures
from webapp.quality import _tables

BEFORE = "# Speed, measured\n\nSaid.\n\n## Search\n\n| | p50 |\n|---|---|\n| a | 1 |\n"


def section(lcp: float = 300.0) -> str:
    found = Figures([lcp] * 5, [0.0] * 4 + [0.01], [16.0, 24.0], [60.0, 40.0], [120.4])
    return pages._section({("home", 390): found}, 5, 440, "150.0.1", Clock())


def test_a_section_is_added_once_and_then_replaced_in_its_place(tmp_path):
    report = tmp_path / "bench.md"
    report.write_text(BEFORE)
    pages._place(report, section())
    report.write_text(report.read_text() + "\n## Load\n\n| | p50 |\n|---|---|\n| b | 2 |\n")
    pages._place(report, section(444.0))
    text = report.read_text()
    assert text.startswith(BEFORE)
    assert text.count(HEADING) == 1
    assert "444" in text
    assert "300" not in text
    assert text.endswith("## Load\n\n| | p50 |\n|---|---|\n| b | 2 |\n")


def test_a_report_is_begun_where_there_is_none(tmp_path):
    pages._place(tmp_path / "reports" / "bench.md", section())
    assert (tmp_path / "reports" / "bench.md").read_text().startswith("# Speed, measured\n\n## Pages in Chromium 150")


def test_the_page_about_quality_reads_the_section():
    table = _tables(section())[1][0]
    assert table.heading == "Pages in Chromium 150, 440 titles"
    assert dict(zip(table.head, table.rows[0], strict=True)) == {
        "page": "home", "px": "390", "runs": "5", "LCP p50 ms": "300", "LCP p95 ms": "300", "CLS": "0.010", "interactions": "2",
        "p50 ms": "20", "p95 ms": "24", "long tasks": "1", "longest ms": "60", "kB": "120",
    }  # fmt: skip


def test_without_chromium_it_says_what_to_install(monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(pages.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="apt-get install chromium"):
        pages.chromium()


def test_without_playwright_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/usr/bin/chromium")
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(ValueError, match="requirements-dev"):
        pages.chromium()


def test_a_report_says_the_pace_of_the_processor_while_it_measured():
    clock = Clock()
    clock.tick()
    assert clock.said().startswith("Pace of the processor: 400,000 steps of arithmetic took ")
    assert clock.said().endswith("of 2 times.")
    assert all(0 < taken < 60_000 for taken in clock.taken)
    assert "Pace of the processor" in section()
