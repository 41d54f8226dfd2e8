"""The picture of a title for other sites: its lettering, its address, its limits."""

from __future__ import annotations

import re
import threading
import time

import pytest
import web
from samples import title

from webapp.art import lettering, share
from webapp.art.lettering import Faces, cjk_face, fitted, lines
from webapp.art.share import HEIGHT, LEFT, MAX_BYTES, ROOM, SIZES, WIDTH, names, share_png, share_svg, stamp
from webapp.images import picture
from webapp.pages import share as page
from webapp.services import search_service


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Inter alone, as on a machine without a Korean face."""
    return Faces(tmp_path_factory.mktemp("fonts"))


WORK = title(7, "Toradora!", titles={"native": "とらドラ！", "ko": "토라도라!", "en": "Toradora!"}, genres=("Romance",), year=2008)  # fmt: skip


def test_the_picture_is_a_png_of_its_size_within_its_limit(faces):
    made = picture(share_png(WORK, "en", faces, ("2008", "TV")))
    assert (made.mimetype, made.width, made.height) == ("image/png", WIDTH, HEIGHT) == ("image/png", 1200, 630)
    assert len(made.content) < MAX_BYTES


def test_the_lettering_is_really_in_it(faces):
    plain = share_png(WORK.replace(titles={"en": "I"}), "en", faces)
    assert share_png(WORK, "en", faces) != plain
    # More letters, more edges: a picture of boxes or of nothing would not grow.
    assert len(share_png(WORK.replace(titles={"en": "The Melancholy of a Very Long Name Indeed"}), "en", faces)) > len(plain)  # fmt: skip


def test_without_a_korean_face_the_name_in_latin_letters_is_written(faces):
    assert names(WORK, "ko", faces) == ("Toradora!", "")
    assert names(title(8, "Yoru", titles={"native": "夜", "ko": "밤"}), "ko", faces) == ("Yoru", "")
    assert names(title(9, "夜 A", titles={"romaji": "夜 A"}), "en", faces) == ("A", "")
    assert names(title(10, "夜", titles={"romaji": "夜"}), "en", faces) == ("10", "")


@pytest.mark.skipif(cjk_face() is None, reason="no Korean face: apt-get install fonts-noto-cjk")
def test_with_a_korean_face_the_readers_name_is_written(tmp_path, faces):
    known = Faces(faces.folder, cjk_face())
    assert names(WORK, "ko", known) == ("토라도라!", "とらドラ！")
    assert names(WORK, "en", known) == ("Toradora!", "とらドラ！")
    assert share_png(WORK, "ko", known) != share_png(WORK, "en", known)


def test_a_face_is_looked_for_in_the_systems_folders_only_by_known_names(tmp_path):
    assert cjk_face([tmp_path / "none", tmp_path]) is None
    (tmp_path / "noto").mkdir()
    (tmp_path / "noto" / lettering.CJK_NAMES[1]).touch()
    assert cjk_face([tmp_path]) == tmp_path / "noto" / lettering.CJK_NAMES[1]


def test_long_names_shrink_then_are_cut_and_never_leave_their_room(faces):
    words = "The Extraordinarily Long Chronicle of Somebody Whose Name Nobody Can Remember Any More " * 3
    for name in ("I", "Toradora!", "Code Geass: Lelouch of the Rebellion", words, "W" * 180):
        size, rows = fitted(name, faces, SIZES, ROOM, 3)
        assert 1 <= len(rows) <= 3
        assert all(faces.width(row, size) <= ROOM for row in rows)
    assert fitted("I", faces, SIZES, ROOM, 3) == (SIZES[0], ["I"])
    assert fitted(words, faces, SIZES, ROOM, 3)[1][-1].endswith("…")
    assert lines("a b", faces, 96, 10_000) == ["a b"]
    assert LEFT + ROOM < WIDTH


def test_a_hostile_name_is_text(faces):
    work = WORK.replace(
        titles={"en": '</text><script>alert(1)</script><image href="http://evil.example/x.png"/>\u202egpj'}
    )
    svg = share_svg(work, "en", faces, ("<b>", "\u2066x"))
    assert "<script" not in svg
    assert "<image" not in svg
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", svg)
    assert picture(share_png(work, "en", faces)).width == WIDTH


def test_another_name_or_language_is_another_address():
    stamps = {stamp(WORK, "en"), stamp(WORK, "ko"), stamp(WORK.replace(titles={"en": "X"}), "en"), stamp(WORK.replace(year=1), "en")}  # fmt: skip
    assert len(stamps) == 4
    assert stamp(WORK, "en") == stamp(WORK, "en")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return web.make_site(tmp_path_factory.mktemp("site")).test_client()


def meta(html: str, name: str) -> str:
    return re.search(rf'<meta (?:property|name)="{name}" content="([^"]*)"', html)[1]


def test_a_title_page_names_its_picture_by_an_absolute_address(client):
    html = client.get("/titles/1", base_url="https://nextep.example").get_data(as_text=True)
    image = meta(html, "og:image")
    assert re.fullmatch(r"https://nextep\.example/art/v\d+-[0-9a-f]{12}/1-share\.en\.png", image)
    assert (meta(html, "og:image:width"), meta(html, "og:image:height")) == ("1200", "630")
    assert meta(html, "twitter:card") == "summary_large_image"
    assert meta(html, "og:title")
    assert meta(html, "og:description")
    assert meta(html, "og:url") == "https://nextep.example/titles/1"
    korean = client.get("/titles/1?lang=ko").get_data(as_text=True)
    assert meta(korean, "og:image").endswith("/1-share.ko.png")


def test_the_address_is_kept_for_ever_and_asked_again_by_its_tag(client):
    image = meta(client.get("/titles/1").get_data(as_text=True), "og:image")
    first = client.get(image)
    assert first.mimetype == "image/png"
    assert "immutable" in first.headers["Cache-Control"]
    assert client.get(image, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    outdated = client.get(re.sub(r"/art/[^/]+", "/art/v0-0", image))
    assert outdated.headers["Cache-Control"] == "no-store"
    assert outdated.data == first.data
    for missing in ("/art/v1/99999-share.en.png", "/art/v1/1-share.fr.png", "/art/v1/1-share..png"):
        assert client.get(missing).status_code == 404


def test_a_picture_is_painted_once_and_kept(tmp_path, faces, monkeypatch):
    painted = []
    monkeypatch.setattr(page, "share_png", lambda title, *rest: painted.append(title.id) or b"png")
    monkeypatch.setattr(page, "MOST_KEPT", 3)
    shares = page.Shares(tmp_path / "share", faces)
    app = web.make_site(tmp_path)
    with app.test_request_context("/"):
        assert [shares.get(WORK, "en") for _ in range(3)] == [b"png"] * 3
        assert painted == [7]
        for id in range(20, 29):
            shares.get(WORK.replace(id=id), "en")
    assert len(list((tmp_path / "share").glob("*.png"))) <= 4


def test_a_picture_speaks_the_language_of_its_address_whoever_asks_first(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(page, "share_png", lambda title, code, faces, facts: said.append((code, facts[1])) or b"png")
    client = web.make_site(tmp_path).test_client()
    for code in ("ko", "en"):
        assert client.get(f"/art/v0/2-share.{code}.png", headers={"Accept-Language": "en"}).status_code == 200
    assert said == [("ko", "영화"), ("en", "Film")]


def test_many_pictures_at_once_are_refused_and_leave_the_site_its_threads(tmp_path, monkeypatch):
    held, begun = threading.Event(), threading.Semaphore(0)

    def paint(*_) -> bytes:
        begun.release()
        held.wait(60)
        return b"png"

    monkeypatch.setattr(page, "share_png", paint)
    app = web.make_site(tmp_path)
    answers = []
    ids = [work.id for work in web.CATALOGUE][: page.AT_ONCE + page.WAITING + 1]
    asking = [threading.Thread(target=lambda id=id: answers.append(app.test_client().get(f"/art/v0/{id}-share.en.png"))) for id in ids]  # fmt: skip
    for thread in asking:
        thread.start()
    for _ in range(page.AT_ONCE):
        assert begun.acquire(timeout=60)
    while not answers:
        time.sleep(0.01)
    held.set()
    for thread in asking:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * (len(ids) - 1) + [503]
    assert next(answer.headers["Retry-After"] for answer in answers if answer.status_code == 503) == "5"


def test_a_picture_that_grows_too_large_is_an_error(faces, monkeypatch):
    monkeypatch.setattr(share, "MAX_BYTES", 1000)
    with pytest.raises(share.ShareError, match="allowed are 1,000"):
        share_png(WORK, "en", faces)


def test_painting_is_limited_by_address_and_what_is_painted_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "share_png", lambda *told: b"painted")
    client = web.make_site(tmp_path, web.make_engine(tmp_path / "index"), rate_limit=2).test_client()
    titles = [item["id"] for item in client.get("/api/titles?limit=3").json["items"]]
    with client.application.test_request_context("/"):
        addresses = [f"/art/{stamp(search_service().title(id), 'en')}/{id}-share.en.png" for id in titles]
    assert [client.get(one).status_code for one in addresses] == [200, 200, 429]
    assert 1 <= int(client.get(addresses[2]).headers["Retry-After"]) <= 60
    assert [client.get(addresses[0]).status_code for _ in range(5)] == [200] * 5
    # A version that was never painted is no way around the limit.
    assert client.get(f"/art/none/{titles[0]}-share.en.png").status_code == 429
    assert client.get(addresses[2], environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 200
