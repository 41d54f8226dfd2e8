"""The documents name every command, setting, route and target, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from samples import encoder

import config
from cli import command_names, main
from config import Settings
from search.embedded import EmbeddedEngine
from search.service import SearchService

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".venv", ".git", "var", "build", "node_modules", "__pycache__", "test-results"}
TEXTS = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".cfg", ".html", ".css", ".js", ".json", ".sh", ".example", ""}
ALIASES = sorted(str(info.alias) for info in Settings.model_fields.values())
# What a person opens or a program asks; the rest serves the pages themselves.
INTERNAL = ("/static/", "/art/", "/rows/", "/docs/{version}/", "/favicon.ico", "/robots.txt", "/.well-known/", "/titles/{id}/preview", "/titles/{id}/opened", "/manifest.webmanifest", "/sw.js")  # fmt: skip


def files(pattern: str = "*") -> list[Path]:
    """Return what the project holds, without what it generates."""
    found = []
    for path in ROOT.rglob(pattern):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in (".ci", ".env.example", ".github") for part in parts)
        if path.is_file() and not SKIPPED & set(parts) and not hidden:
            found.append(path)
    return sorted(found)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


PAGES = [path for path in files("*.md") if name(path) == "README.md" or name(path).startswith("docs/")]
DOCUMENTS = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)


# -- named -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", command_names())
def test_every_command_is_documented_with_an_example(command):
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"## nextep {command}\n" in page
    assert re.search(rf"^    nextep {re.escape(command)}\b", page, re.MULTILINE)


def test_no_command_is_documented_that_is_not_there():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## nextep (.+)$", page, re.MULTILINE)) == set(command_names())


def test_every_option_in_the_examples_exists():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for line in re.findall(r"^    nextep (.+)$", page, re.MULTILINE):
        command, words = main, line.split("#")[0].split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("alias", ALIASES)
def test_every_setting_is_documented(alias):
    assert re.search(rf"^\| `{alias}` \|", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("alias", ALIASES)
def test_the_documented_default_is_the_real_one(alias):
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    told = re.search(rf"^\| `{alias}` \| ([^|]+) \|", page, re.MULTILINE).group(1)
    default = next(info.default for info in Settings.model_fields.values() if info.alias == alias)
    if default in (None, ()):
        assert told.startswith("none")
    else:
        assert told == f"`{int(default) if isinstance(default, bool) else default}`"


def test_no_setting_is_documented_that_is_not_there():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)) == ALIASES


def test_the_example_file_names_every_setting_and_only_those_with_its_default(tmp_path, monkeypatch):
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    compose = re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    # Compose reads the same file, and has variables of its own.
    assert sorted(re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)) == sorted({*ALIASES, *compose})
    for alias in ALIASES:
        monkeypatch.delenv(alias, raising=False)
    monkeypatch.chdir(tmp_path)
    defaults = config.load()
    (tmp_path / ".env").write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", example, flags=re.MULTILINE), encoding="utf-8")
    assert config.load() == defaults


def test_every_make_target_is_documented_and_in_the_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):.*## .", makefile, re.MULTILINE)
    contract = {"install", "run", "test", "test-es", "bench", "evaluate", "screenshots", "lint", "help"}
    assert contract <= set(targets)
    for target in contract:
        assert f"`make {target}`" in DOCUMENTS


def test_every_public_route_is_documented(tmp_path):
    webapp = pytest.importorskip("webapp")
    service = SearchService(EmbeddedEngine(tmp_path / "index"), encoder())
    app = webapp.create_app(config.load(var=tmp_path / "var"), service)
    missing = []
    for rule in app.url_map.iter_rules():
        plain = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
        if plain.startswith(INTERNAL):
            continue
        if not re.search(rf"(?<![\w/]){re.escape(plain)}(?![\w/{{])", DOCUMENTS):
            missing.append(plain)
    assert sorted(missing) == []


# -- links and places ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", files("*.md"), ids=name)
def test_relative_links_lead_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|#|/", target):
            continue
        path, _, anchor = target.partition("#")
        assert (document.parent / path).exists(), target
        if anchor and path.endswith(".md"):
            heads = re.findall(r"^#+ (.+)$", (document.parent / path).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, target


def test_nothing_names_a_place_of_the_machine_it_was_written_on():
    places = re.compile(r"(?<![\w.])/(?:work|home/\w|Users|root)/")
    found = []
    for path in files():
        if path.suffix in TEXTS and path.stat().st_size < 2_000_000 and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [f"{name(path)}: {match.group(0)}" for match in places.finditer(text)]
    assert found == []


def test_what_is_written_in_haste_is_not_left_in_the_documents():
    for page in files("*.md"):
        left = re.findall(r"\b(?:TODO|FIXME|XXX|TBD|RESULTS_TABLE)\b", page.read_text(encoding="utf-8"))
        assert left == [], name(page)
