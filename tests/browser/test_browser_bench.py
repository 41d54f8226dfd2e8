"""What `nextep bench pages` sees of a page."""

from __future__ import annotations

from evaluation.pages import Figures, _slowly, _visit


def test_a_visit_is_measured_from_the_first_paint_to_the_last_click(chromium, address):
    found = Figures()
    _visit(chromium, f"{address}/search?q=work", 1280, 800, found)
    _slowly(chromium, f"{address}/", 1280, 800, found)
    assert found.lcp[0] > 0
    assert found.kilobytes[0] > 50
    assert 0 <= found.cls[0] < 0.05
    assert len(found.interactions) >= 6
    assert min(found.interactions) >= 16
