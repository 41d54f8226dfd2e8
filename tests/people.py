"""People on the test site: a client who chose somebody, forms filled as a browser without a script fills them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import web


class Forms(HTMLParser):
    """The forms of a page, each with its action, its method, its fields and its buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._inside = False
        self._select: tuple[str, str | None] | None = None
        self._closed: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self._inside = True
            self.forms.append({"action": given.get("action", ""), "method": given.get("method", "get"), "fields": [], "buttons": []})  # fmt: skip
        elif not self._inside:
            return
        elif tag == "input" and given.get("name") and given.get("type") not in ("file", "submit"):
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked:
                self.forms[-1]["fields"].append((given["name"], given.get("value") or ("on" if given.get("type") == "checkbox" else "")))  # fmt: skip
        elif tag == "select":
            self._select = (given["name"], None)
        elif tag == "option" and self._select:
            name, chosen = self._select
            self._select = (name, given.get("value", "") if chosen is None or "selected" in given else chosen)
        elif tag == "button":
            self.forms[-1]["buttons"].append(given)

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "select" and self._select:
            self.forms[-1]["fields"].append((self._select[0], self._select[1] or ""))
            self._select = None


def forms(html: str) -> list[dict[str, Any]]:
    return Forms(html).forms


def form(html: str, action: str, number: int = 0) -> dict[str, Any]:
    found = [one for one in forms(html) if re.fullmatch(action, one["action"])]
    assert len(found) > number, f"no form {action}: {[one['action'] for one in forms(html)]}"
    return found[number]


def submit(client, one: dict[str, Any], follow: bool = True, **changes: Any):
    """Send a form as it stands, with `changes` to its fields (a list repeats one, None leaves it out)."""
    fields = [(name, value) for name, value in one["fields"] if name not in changes]
    for name, value in changes.items():
        fields += [(name, item) for item in value] if isinstance(value, list) else [(name, value)] if value is not None else []  # fmt: skip
    data: dict[str, Any] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    return client.post(one["action"], data=data, follow_redirects=follow)


def choose(client, person: str) -> str:
    """Choose a person on the page; return the CSRF token of the session."""
    page = client.get("/people").get_data(as_text=True)
    one = next(one for one in forms(page) if ("person", person) in one["fields"])
    assert submit(client, one, follow=False).status_code == 303
    return token(client)


def token(client) -> str:
    """Return the CSRF token of the session, from a page that holds one."""
    return next(value for one in forms(client.get("/people").get_data(as_text=True)) for name, value in one["fields"] if name == "csrf_token")  # fmt: skip


def make_profile(client, name: str = "Juno", picks: tuple[int, ...] = (1, 2, 3)) -> str:
    """Make an own profile through the three steps; return its id."""
    page = client.get("/people/new").get_data(as_text=True)
    submit(client, form(page, "/people/new"), name=name, action="name")
    page = client.get("/people/new").get_data(as_text=True)
    done = submit(client, form(page, "/people/new"), pick=[str(id) for id in picks], action="done")
    assert done.status_code == 200, done.get_data(as_text=True)[:500]
    with client.session_transaction() as session:
        return str(session["person"])


def site(folder, count: int = 60, **changes):
    """Return an app over a catalogue large enough for rows, its database empty but for the bundled people."""
    return web.make_site(folder, titles=web.many(count), **changes)


def store(app):
    return app.extensions["nextep"].store()
