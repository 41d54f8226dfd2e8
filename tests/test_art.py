"""Posters: deterministic, small, harmless, varied."""

from __future__ import annotations

import gzip
import re
from xml.etree import ElementTree

import pytest
from samples import title

from webapp.art.colour import contrast
from webapp.art.palettes import PALETTES, Inks
from webapp.art.poster import DARK, MAX_SHIFT, MOTIFS, poster_svg
from webapp.art.stage import SIZES

GENRES = [terms for _, terms in MOTIFS]


def works(count: int):
    return [
        title(id, f"Work {id}", genres=(sorted(GENRES[id % len(GENRES)])[0],), year=1965 + id % 60)
        for id in range(count)
    ]


@pytest.mark.parametrize("shape", sorted(SIZES))
def test_a_picture_is_the_same_every_time_well_formed_and_small(shape):
    for work in works(120):
        svg = poster_svg(work, shape)
        assert svg == poster_svg(work, shape)
        root = ElementTree.fromstring(svg)
        assert root.attrib["viewBox"] == f"0 0 {SIZES[shape][0]} {SIZES[shape][1]}"
        shapes = [node for node in root.iter() if node.tag.split("}")[1] not in ("stop", "defs", "svg")]
        assert len(shapes) <= 60
        assert len(gzip.compress(svg.encode(), 9)) <= 3600


def test_a_picture_holds_no_text_script_style_or_outside_reference():
    for work in works(60):
        svg = poster_svg(work)
        assert not re.search(r"<(text|script|style|image|foreignObject|a)\b|style=|href=|url\((?!#)", svg)


def test_sixty_posters_are_sixty_pictures_in_many_palettes():
    drawn = [poster_svg(work) for work in works(60)]
    assert len(set(drawn)) == 60
    skies = {re.search(r'stop-color="(#[0-9a-f]+)"', svg)[1] for svg in drawn}
    assert len(skies) >= 8


@pytest.mark.parametrize("palette", DARK, ids=lambda palette: palette.name)
@pytest.mark.parametrize("shift", [-MAX_SHIFT, 0.0, MAX_SHIFT])
def test_white_stands_out_from_the_titles_zone_of_every_palette(palette, shift):
    inks = Inks.of(palette, shift)
    assert inks.title == "#ffffff"
    assert contrast("#ffffff", inks.worst()) >= 4.5


def test_there_are_palettes_enough():
    assert len(DARK) >= 8
    assert len(PALETTES) > len(DARK)
