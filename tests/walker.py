"""A visitor who follows links and sends forms at random, without JavaScript, and remembers the way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

# What people type: names, stories, other scripts, nothing, numbers out of every range, and what breaks careless pages.
TEXTS = ("toradora", "코미디", "사람들이 벽 안에 사는 이야기", "ㅌㄹ", "story about a drama club", "   ", "", "10", "-1", "999999999", "2017-08-10", "<b>'\"&\x00", "é" * 80, "進撃の巨人 90s -comedy", "%00%ff", "🎬")  # fmt: skip
_VOID = ("input", "img", "br", "link", "meta", "hr")


@dataclass
class Form:
    """A form as the page holds it: its fields with their values and its submit buttons."""

    action: str
    method: str
    fields: list[dict[str, Any]] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)
    upload: bool = False


class Site(HTMLParser):
    """What a reader can do on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: dict[str, Any] | None = None
        self.heading = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note links, forms and their fields."""
        has = {name: value or "" for name, value in attributes}
        self.heading = self.heading or tag == "h1"
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        elif tag == "form":
            self._form = Form(has.get("action", ""), has.get("method", "get").lower(), upload="enctype" in has)
            if self._form.method != "dialog":
                self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            kind = has.get("type", "text")
            if kind == "submit":
                self._form.buttons.append(has)
            elif kind == "file":
                self._form.upload = True
            elif "name" in has:
                self._form.fields.append({**has, "type": kind})
        elif tag == "select" and "name" in has:
            self._select = {"type": "select", "name": has["name"], "options": [], "value": None}
            self._form.fields.append(self._select)
        elif tag == "option" and self._select is not None:
            self._select["options"].append(has.get("value"))
        elif tag == "button" and has.get("type", "submit") == "submit":
            self._form.buttons.append(has)

    def handle_data(self, data: str) -> None:
        """An option without a value is worth its text."""
        if self._select and self._select["options"] and self._select["options"][-1] is None:
            self._select["options"][-1] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None


class Walker:
    """Walk from page to page; `path` tells how it came where it is."""

    def __init__(self, client: Any, seed: int, start: str = "/", language: str = "en") -> None:
        self._client, self._rng, self._headers = client, random.Random(seed), {"Accept-Language": language}
        self.path: list[str] = []
        self.at = start
        self.page = self._open(start)

    def step(self) -> None:
        """Follow a link or send a form."""
        links = [link for link in self.page.links if urlsplit(link).netloc == "" and not link.startswith("mailto:")]
        assert links or self.page.forms, f"a dead end: {self.told()}"
        if self.page.forms and (not links or self._rng.random() < 0.4):
            self.page = self._send(self._rng.choice(self.page.forms))
        else:
            self.page = self._open(urldefrag(urljoin(self.at, self._rng.choice(links))).url)

    def told(self) -> str:
        """Return the last steps of the way."""
        return " -> ".join(self.path[-12:])

    def _open(self, address: str) -> Site:
        self.path.append(f"GET {address}")
        return self._arrive(self._client.get(address, headers={**self._headers, "Referer": f"http://localhost{self.path and self.at}"}, follow_redirects=True))  # fmt: skip

    def _send(self, form: Form) -> Site:
        said = [(one["name"], value) for one in form.fields for value in self._values(one)]
        button = self._rng.choice(form.buttons) if form.buttons else {}
        if button.get("name"):
            said.append((button["name"], button.get("value", "")))
        address = urljoin(self.at, button.get("formaction") or form.action)
        # The tokens are long and the same every time.
        shown = [pair for pair in said if pair[0] not in ("csrf_token", "token", "next")]
        self.path.append(f"{form.method.upper()} {address} {shown}")
        if form.method == "get":
            from urllib.parse import urlencode

            return self._arrive(self._client.get(f"{address}?{urlencode(said)}", headers=self._headers, follow_redirects=True))  # fmt: skip
        data: dict[str, Any] = {}
        for name, value in said:
            data.setdefault(name, []).append(value)
        if form.upload:
            data["file"] = (_file(self._rng), "list.csv")
        return self._arrive(self._client.post(address, data=data, headers={**self._headers, "Origin": "http://localhost"}, follow_redirects=True))  # fmt: skip

    def _values(self, one: dict[str, Any]) -> list[str]:
        kind, given = one["type"], one.get("value", "")
        if kind == "hidden":
            return [given]
        if kind in ("checkbox", "radio"):
            return [given or "on"] if self._rng.random() < (0.5 if "checked" in one else 0.25) else []
        if kind == "select":
            return [self._rng.choice(one["options"])] if one["options"] else []
        return [given if self._rng.random() < 0.5 else self._rng.choice(TEXTS)]

    def _arrive(self, response: Any) -> Site:
        where = response.request.full_path.rstrip("?")
        self.path.append(f"= {response.status_code} {where}")
        assert response.status_code < 500, self.told()
        if response.mimetype != "text/html":
            # A file to keep, or a picture: the reader is still where they were.
            assert response.status_code < 400, self.told()
            return self.page
        page = Site(response.get_data(as_text=True))
        # The API's page is drawn by a script; without one it only leads back.
        assert page.heading or where == "/docs", f"a page without a heading: {self.told()}"
        self.at = where
        return page


def _file(rng: random.Random) -> Any:
    import io

    return io.BytesIO(rng.choice((b"title,status\nToradora!,watching\nNobody knows this,completed\n", b"", b"<xml", b"\xff\xfe\x00", b'{"lists": []}')))  # fmt: skip
