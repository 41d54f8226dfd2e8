"""Posters: deterministic, small, harmless, varied."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
from collections import Counter
from xml.etree import ElementTree

import pytest
import web
from samples import title

from catalogue import Title
from config import ROOT
from webapp.art import finish
from webapp.art.colour import contrast
from webapp.art.palettes import PALETTES, Inks
from webapp.art.poster import DARK, MAX_BYTES, MAX_NODES, MAX_SHIFT, MOTIFS, composition, nodes, poster_svg
from webapp.art.stage import COMPOSITIONS, SIZES

GENRES = [terms for _, terms in MOTIFS]
SAMPLE = [
    Title.from_dict(json.loads(line))
    for line in (ROOT / "data" / "sample" / "titles.jsonl").read_text(encoding="utf-8").splitlines()
]


def works(count: int) -> list[Title]:
    return [
        title(id, f"Work {id}", genres=(sorted(GENRES[id % len(GENRES)])[0],), year=1965 + id % 60)
        for id in range(count)
    ]


def strangers(count: int) -> list[Title]:
    """Return works of random ids, each with the terms and the year of one of the sample."""
    draw = random.Random(20261121)
    return [draw.choice(SAMPLE).replace(id=draw.randrange(1, 2**53)) for _ in range(count)]


@pytest.mark.parametrize("shape", sorted(SIZES))
def test_every_picture_keeps_to_its_limits(shape):
    assert (MAX_NODES, MAX_BYTES) == (60, 3000)
    for number, work in enumerate([*SAMPLE, *strangers(500)]):
        svg = poster_svg(work, shape, other=number % 4 == 0)
        assert len(list(ElementTree.fromstring(svg).iter())) == nodes(svg) <= MAX_NODES, work.id
        assert len(gzip.compress(svg.encode(), 9)) <= MAX_BYTES, work.id


@pytest.mark.parametrize("shape", sorted(SIZES))
def test_a_picture_is_the_same_every_time_and_of_its_shape(shape):
    for work in works(60):
        svg = poster_svg(work, shape)
        assert svg == poster_svg(work, shape)
        assert ElementTree.fromstring(svg).attrib["viewBox"] == f"0 0 {SIZES[shape][0]} {SIZES[shape][1]}"
    width, height = SIZES[shape]
    assert width / height == pytest.approx({"poster": 2 / 3, "wide": 16 / 9, "share": 1.91}[shape], abs=0.002)


def test_a_picture_holds_no_text_script_style_or_outside_reference():
    for work in works(60):
        svg = poster_svg(work)
        assert not re.search(r"<(text|script|style|image|foreignObject|a)\b|style=|href=|url\((?!#)", svg)


def test_sixty_posters_are_sixty_pictures_in_many_palettes():
    drawn = [poster_svg(work) for work in works(60)]
    assert len(set(drawn)) == 60
    skies = {re.search(r'stop-color="(#[0-9a-f]+)"', svg)[1] for svg in drawn}
    assert len(skies) >= 8


def test_motifs_compositions_and_eras_are_many_and_all_are_used():
    assert len(MOTIFS) >= 12
    assert len(COMPOSITIONS) >= 5
    assert {composition(work.id) for work in SAMPLE} == set(COMPOSITIONS)
    assert len({finish.era(year) for year in range(1960, 2026)}) == 5
    fits = Counter(sum(1 for _, terms in MOTIFS if terms & {*work.genres, *work.themes}) for work in SAMPLE)
    assert fits[0] < len(SAMPLE) * 0.02, "works that no motif suits"


def test_the_other_composition_is_another_and_of_the_same_colours():
    for work in works(80):
        assert composition(work.id) != composition(work.id, other=True)
        first, other = (re.findall("#[0-9a-f]{6}", poster_svg(work, other=way)) for way in (False, True))
        assert set(first) & set(other)
        assert poster_svg(work) != poster_svg(work, other=True)


@pytest.mark.parametrize("address", ["/", "/browse", "/search?q=work"])
def test_neighbours_never_have_the_same_composition(tmp_path, address):
    client = web.make_site(tmp_path, titles=web.many(90)).test_client()
    shown = re.findall(r'src="/art/\w+/(\d+)-poster(-b)?\.svg"', client.get(address).get_data(as_text=True))
    assert len(shown) > 10
    laid_out = [composition(int(id), bool(other)) for id, other in shown]
    assert all(one != next for one, next in itertools.pairwise(laid_out))
    assert {bool(other) for _, other in shown} == {False, True}


def test_both_compositions_are_served_for_ever_and_an_old_version_is_not(tmp_path):
    client = web.make_site(tmp_path, titles=web.many(6)).test_client()
    page = client.get("/browse").get_data(as_text=True)
    address = re.search(r"/art/\w+/\d+-poster", page)[0]
    for ending in (".svg", "-b.svg"):
        response = client.get(address + ending)
        assert "immutable" in response.headers["Cache-Control"]
        assert response.mimetype == "image/svg+xml"
    assert client.get(address + ".svg").data != client.get(address + "-b.svg").data
    assert client.get(re.sub(r"/art/\w+", "/art/v0", address) + ".svg").headers["Cache-Control"] == "no-store"
    assert client.get("/art/v0/999-poster.svg").status_code == 404


@pytest.mark.parametrize("palette", DARK, ids=lambda palette: palette.name)
@pytest.mark.parametrize("shift", [-MAX_SHIFT, 0.0, MAX_SHIFT])
def test_white_stands_out_from_the_titles_zone_of_every_palette(palette, shift):
    inks = Inks.of(palette, shift)
    assert inks.title == "#ffffff"
    assert contrast("#ffffff", inks.worst()) >= 4.5


def test_there_are_palettes_enough():
    assert len(DARK) >= 8
    assert len(PALETTES) > len(DARK)
