"""Pictures that are not drawn: what may be fetched, from where, and what is shown instead."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import zlib
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import web
from samples import CATALOGUE

from webapp import images
from webapp.fetch import Fetcher, FetchError, checked, public
from webapp.images import Images, Posters, picture

PUBLIC = "93.184.216.34"


def png(width: int = 40, height: int = 60) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\x80" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")  # fmt: skip


JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF"
    + b"\x00" * 10
    + b"\xff\xc0\x00\x11\x08"
    + struct.pack(">HH", 300, 200)
    + b"\x00" * 20
)
WEBPS = [
    b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + (199).to_bytes(3, "little") + (299).to_bytes(3, "little"),
    b"RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f" + (199 | 299 << 14).to_bytes(4, "little") + b"\x00" * 8,
    b"RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00\x00\x00\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 200, 300) + b"\x00" * 4,
]  # fmt: skip


def test_a_picture_is_known_by_its_bytes():
    assert (picture(png()).mimetype, picture(png()).width, picture(png()).height) == ("image/png", 40, 60)
    assert (picture(JPEG).mimetype, picture(JPEG).width, picture(JPEG).height) == ("image/jpeg", 200, 300)
    for content in WEBPS:
        assert (picture(content).mimetype, picture(content).width, picture(content).height) == ("image/webp", 200, 300)


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a" + b"\x00" * 60, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html><script>alert(1)</script>", png()[:30], png(8, 8), png(6001, 20), b"\xff\xd8\xff" + b"\xff" * 200, b"RIFF\x00\x00\x00\x00WEBPVP8X"],
    ids=["nothing", "gif", "svg", "page", "cut", "tiny", "huge", "jpeg without size", "webp without size"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(content):
    assert picture(content) is None


# -- which addresses -----------------------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
    "192.0.2.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd12:3456::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", f"::ffff:{PUBLIC}", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_the_local_network_is_public(address):
    assert not public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111"])
def test_addresses_of_the_internet_are_public(address):
    assert public(address)


def refuse(*_):
    raise AssertionError("a connection was opened")


@pytest.mark.parametrize("address", PRIVATE[:-2])
def test_a_name_that_leads_into_the_local_network_is_never_connected_to(address):
    for found in ([address], [PUBLIC, address]):
        fetcher = Fetcher(resolve=lambda *_, found=found: found, dial=refuse)
        with pytest.raises(FetchError, match="not a public address"):
            fetcher.get("http://pictures.example/a.png")


@pytest.mark.parametrize("url", ["http://127.0.0.1/a.png", "http://[::1]/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://127.1/"])  # fmt: skip
def test_no_way_of_writing_the_own_machine_is_connected_to(url):
    with pytest.raises(FetchError):
        Fetcher(dial=refuse).get(url)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://a.example/x.png", "gopher://a.example/", "data:image/png;base64,AAAA", "//a.example/x.png", "a.png", "http://", "http:///x",
     "http://a.example:22/", "http://a.example:6379/", "https://a.example:8443/", "http://a.example:99999/", "http://user:pw@a.example/", "http://a.example/ x",
     "http://a.example/\r\nHost: b", "http://a.example/\x00", "http://[::1", "http://a.example/" + "x" * 2100, "javascript:alert(1)"],
)  # fmt: skip
def test_only_http_and_https_on_their_ports_are_asked(url):
    with pytest.raises(FetchError):
        Fetcher(resolve=lambda *_: [PUBLIC], dial=refuse).get(url)


def test_the_usual_ports_may_be_written_out():
    assert checked("https://a.example:443/x").port == 443
    assert checked("http://a.example:80/x").port == 80


# -- a server that misbehaves --------------------------------------------------------------------------------------


class Server(BaseHTTPRequestHandler):
    """Answers by path; notes the Host it was asked for."""

    hosts: ClassVar[list[str]] = []

    def do_GET(self):
        self.hosts.append(self.headers["Host"])
        name = self.path.strip("/").split("?")[0]
        if name.startswith("hop"):
            left = int(name[3:])
            return self.answer(302, b"", Location=f"/hop{left - 1}" if left > 1 else "/ok")
        if name == "inside":
            return self.answer(301, b"", Location="http://internal.example/secret")
        if name == "file":
            return self.answer(301, b"", Location="file:///etc/passwd")
        if name == "port":
            return self.answer(301, b"", Location="http://pictures.example:6379/")
        if name == "nowhere":
            return self.answer(302, b"")
        if name == "large":
            return self.answer(200, b"x" * 60_000)
        if name == "endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b"x" * 1000)
            return None
        if name == "slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
            return None
        if name == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(40):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
            return None
        if name == "short":
            return self.answer(200, png(), **{"Content-Length": str(len(png()) + 100)})
        if name == "zipped":
            return self.answer(200, b"x", **{"Content-Encoding": "gzip"})
        if name == "page":
            return self.answer(200, b"<script>alert(1)</script>", **{"Content-Type": "image/png"})
        return self.answer(200 if name == "ok" else 404, png())

    def answer(self, status, body, **headers):
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def handle(self):
        # The client hangs up in the middle of what it refuses.
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetcher(port):
    """A resolver that knows a public host and an internal one, and a dialler that reaches the test's server."""
    dialled = []

    def dial(address, asked, timeout):
        dialled.append((address, asked))
        return socket.create_connection(("127.0.0.1", port), timeout=timeout)

    names = {"pictures.example": [PUBLIC], "internal.example": ["10.0.0.5"], "empty.example": []}
    made = Fetcher(max_bytes=50_000, timeout=20, deadline=30, resolve=lambda host, _: names[host], dial=dial)
    return made, dialled


def test_a_picture_is_fetched_from_the_address_that_was_checked(fetcher):
    made, dialled = fetcher
    Server.hosts.clear()
    assert made.get("http://pictures.example/ok?size=large") == png()
    assert dialled == [(PUBLIC, 80)]
    assert Server.hosts == ["pictures.example"]


def test_a_name_that_changes_its_answer_gains_nothing(port):
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    dialled = []

    def dial(address, asked, timeout):
        dialled.append(address)
        return socket.create_connection(("127.0.0.1", port), timeout=timeout)

    made = Fetcher(resolve=lambda *_: answers.pop(0), dial=dial)
    assert made.get("http://rebinding.example/ok") == png()
    assert dialled == [PUBLIC]
    with pytest.raises(FetchError, match="not a public address"):
        made.get("http://rebinding.example/ok")
    assert dialled == [PUBLIC]


def test_three_redirects_are_followed_and_a_fourth_is_not(fetcher):
    made, _ = fetcher
    assert made.get("http://pictures.example/hop3") == png()
    with pytest.raises(FetchError, match="more than 3 redirects"):
        made.get("http://pictures.example/hop4")


@pytest.mark.parametrize(
    ("path", "why"),
    [("inside", "not a public address"), ("file", "only http"), ("port", "6379"), ("nowhere", "nowhere"), ("large", "60,000 bytes; allowed are 50,000"),
     ("endless", "more than 50,000"), ("slow", "within 0.6 seconds"),
        ("drip", "within 0.6 seconds"),
        ("short", "breaks off"), ("zipped", "compressed"), ("missing", "answers 404")],
)  # fmt: skip
def test_what_a_server_may_not_do_is_refused(fetcher, path, why):
    # Only what takes its time is given little of it: a slow machine must not look like a slow server.
    made = replace(fetcher[0], deadline=0.6) if path in ("slow", "drip") else fetcher[0]
    with pytest.raises(FetchError, match=why):
        made.get(f"http://pictures.example/{path}")


def test_a_host_without_an_address_and_one_that_is_down_are_errors(fetcher):
    with pytest.raises(FetchError, match="no address"):
        fetcher[0].get("http://empty.example/ok")

    def down(*_):
        raise ConnectionRefusedError("refused")

    with pytest.raises(FetchError, match="refused"):
        Fetcher(resolve=lambda *_: [PUBLIC], dial=down).get("http://pictures.example/ok")


def test_https_checks_the_certificate(fetcher):
    with pytest.raises(FetchError):
        fetcher[0].get("https://pictures.example/ok")


def test_a_handshake_that_drips_is_broken_off_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            peer, _ = server.accept()
            with peer, contextlib.suppress(OSError):
                # The head of a TLS record of 16 kB, which then comes byte by byte, each within the time of a read.
                peer.sendall(b"\x16\x03\x03\x40\x00")
                for _ in range(200):
                    peer.sendall(b"\x02")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        made = Fetcher(timeout=10, deadline=0.6, resolve=lambda *_: [PUBLIC], dial=lambda *_: socket.create_connection(server.getsockname(), timeout=10))  # fmt: skip
        began = time.monotonic()
        with pytest.raises(FetchError):
            made.get("https://pictures.example/ok")
        assert time.monotonic() - began < 5
        thread.join()


# -- the cache -----------------------------------------------------------------------------------------------------


def test_a_fetched_picture_is_kept_and_a_failure_is_not_asked_again_at_once(tmp_path, fetcher):
    kept = Images(tmp_path, fetcher[0])
    url = "http://pictures.example/ok"
    assert kept.fetch(url).width == 40
    assert kept.file(url).read_bytes() == png()
    for path in ("page", "missing"):
        with pytest.raises(FetchError):
            kept.fetch(f"http://pictures.example/{path}")
        assert not kept.wanted(f"http://pictures.example/{path}")
        assert not kept.file(f"http://pictures.example/{path}").exists()
    assert kept.wanted(url)


def test_the_cache_drops_the_oldest_beyond_its_size(tmp_path, fetcher, monkeypatch):
    monkeypatch.setattr(images, "MAX_KEPT", 3 * len(png()))
    kept = Images(tmp_path, fetcher[0])
    for number in range(6):
        kept.fetch(f"http://pictures.example/ok?{number}")
        time.sleep(0.01)
    assert len(list(tmp_path.glob("*.image"))) == 3
    assert kept.file("http://pictures.example/ok?5").exists()


# -- the site ------------------------------------------------------------------------------------------------------


def site(tmp_path, **changes):
    titles = [work.replace(image_url=f"http://pictures.example/ok?{work.id}") for work in CATALOGUE]
    return web.make_site(tmp_path, titles=titles, **changes)


def test_a_catalogues_pictures_are_nowhere_unless_the_setting_allows_them(tmp_path):
    client = site(tmp_path).test_client()
    for address in ("/titles/1", "/browse", "/api/titles/1"):
        text = client.get(address).get_data(as_text=True)
        assert "pictures.example" not in text
        assert "/images/" not in text
    response = client.get("/images/1")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/art/")
    assert not (tmp_path / "var" / "images").exists()


def test_an_allowed_picture_comes_from_this_site_and_until_then_the_drawn_one(tmp_path, fetcher):
    app = site(tmp_path, images=True)
    app.extensions["nextep-images"].images.fetcher = fetcher[0]
    client = app.test_client()
    page = client.get("/titles/1").get_data(as_text=True)
    assert 'src="/images/1"' in page
    assert "pictures.example" not in page
    assert client.get("/api/titles/1").json["art"] == "/images/1"
    first = client.get("/images/1")
    assert first.status_code == 302
    assert first.headers["Cache-Control"] == "no-store"
    for _ in range(1000):
        response = client.get("/images/1")
        if response.status_code == 200:
            break
        time.sleep(0.02)
    assert response.data == png()
    assert response.mimetype == "image/png"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/images/1", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_a_picture_that_fails_gives_way_to_the_drawn_one(tmp_path):
    app = site(tmp_path, images=True)
    held = app.extensions["nextep-images"].images
    held.fetcher = Fetcher(resolve=lambda *_: ["10.0.0.1"], dial=refuse)
    client = app.test_client()
    client.get("/images/1")
    for _ in range(1000):
        if not held.wanted("http://pictures.example/ok?1"):
            break
        time.sleep(0.02)
    page = client.get("/titles/1").get_data(as_text=True)
    assert 'src="/images/1"' not in page
    assert "/art/" in page
    assert client.get("/images/1").status_code == 302


def test_an_operators_folder_stands_before_all_and_only_pictures_of_it_are_served(tmp_path):
    folder = tmp_path / "posters"
    folder.mkdir()
    (folder / "1.png").write_bytes(png(50, 75))
    (folder / "3.webp").write_bytes(WEBPS[0])
    (folder / "4.png").write_bytes(b"<script>alert(1)</script>")
    (folder / "5.svg").write_text("<svg/>")
    (folder / "secret.txt").write_text("secret")
    client = site(tmp_path, posters=folder).test_client()
    assert 'src="/images/1"' in client.get("/titles/1").get_data(as_text=True)
    assert client.get("/images/1").data == png(50, 75)
    assert client.get("/images/3").mimetype == "image/webp"
    assert client.get("/images/4").headers["Location"].startswith("/art/")
    assert client.get("/images/5").headers["Location"].startswith("/art/")
    for missing in ("/images/99999", "/images/secret", "/images/..%2fsecret.txt", "/images/1.png"):
        assert client.get(missing).status_code == 404


def test_a_folder_that_is_missing_is_an_empty_one(tmp_path):
    assert Posters(tmp_path / "none").file(1) is None
    assert Posters(None).file(1) is None
