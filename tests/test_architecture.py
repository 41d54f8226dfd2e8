"""Imports run one way, as ARCHITECTURE.md draws them, and no part grows beyond reading."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What each part may import of ours. A part that is not here may not be imported by any but cli.
ALLOWED: dict[str, set[str]] = {
    "catalogue": set(),
    "vocabulary": set(),
    "config": set(),
    "search": {"catalogue", "vocabulary"},
    "lists": {"catalogue"},
    "store": {"catalogue", "lists"},
    "recommenders": {"catalogue", "vocabulary"},
    "sessions": {"catalogue", "recommenders"},
    "indexer": {"catalogue", "vocabulary", "search"},
    "evaluation": {"catalogue", "vocabulary", "config", "search", "lists", "store", "recommenders", "sessions", "indexer", "webapp"},
    "webapp": {"catalogue", "vocabulary", "config", "search", "lists", "store", "recommenders", "sessions"},
    "doctor": {"config", "search", "store", "webapp"},
    "cli": {"catalogue", "vocabulary", "config", "search", "lists", "store", "recommenders", "sessions", "indexer", "evaluation", "webapp", "doctor"},
}  # fmt: skip
# The modules that open what the settings ask for.
EXCEPTIONS = {
    name: {"config"}
    for name in (
        "search/open.py",
        "search/elastic/client.py",
        "search/commands.py",
        "indexer/commands.py",
        "indexer/prepare.py",
        "store/commands.py",
    )
}
FORBIDDEN = {
    "search": {"flask", "sqlalchemy", "alembic", "werkzeug"},
    "lists": {"flask", "werkzeug", "numpy", "sqlalchemy"},
    "store": {"flask", "werkzeug", "numpy"},
    "recommenders": {"flask", "sqlalchemy", "werkzeug"},
    "sessions": {"flask", "sqlalchemy", "werkzeug"},
    "indexer": {"flask", "sqlalchemy", "werkzeug"},
    "catalogue": {"numpy", "flask", "sqlalchemy"},
}
MOST_LINES = 700
SKIPPED = {".venv", ".git", "var", "build", "node_modules", "__pycache__"}


def modules() -> list[Path]:
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return sorted(path for path in found if not SKIPPED & set(path.parts) and not path.parts[0].startswith("."))


def part(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the names of all that a module imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            found.add(str(node.module))
    return found


PRODUCT = [path for path in modules() if part(path) in ALLOWED]


@pytest.mark.parametrize("path", PRODUCT, ids=str)
def test_imports_run_one_way(path):
    allowed = {part(path), *ALLOWED[part(path)], *EXCEPTIONS.get(path.as_posix(), ())}
    ours = {name.split(".")[0] for name in imports(path)} & set(ALLOWED)
    assert ours <= allowed


@pytest.mark.parametrize("path", [path for path in PRODUCT if part(path) in FORBIDDEN], ids=str)
def test_a_part_knows_nothing_of_what_it_is_kept_from(path):
    assert not {name.split(".")[0] for name in imports(path)} & FORBIDDEN[part(path)]


def test_every_part_has_its_place_in_the_picture():
    others = {"tests", "scripts", "setup"}
    assert {part(path) for path in modules()} - others <= set(ALLOWED)


def test_only_cli_and_evaluation_reach_across_from_catalogue_to_site():
    for path in PRODUCT:
        reached = {name.split(".")[0] for name in imports(path)}
        if {"indexer", "webapp"} <= reached:
            assert part(path) in ("cli", "evaluation")


def test_elasticsearch_holds_mappings_and_no_python():
    assert not [path for path in modules() if path.parts[0] == "es"]


def test_tests_are_flat_so_that_no_package_shadows_the_programs():
    packages = {path.parts[1] for path in modules() if path.parts[0] == "tests" and len(path.parts) > 2}
    assert packages <= {"browser", "data"}
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_module_is_longer_than_a_person_reads(path):
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_there_is_no_drawer_called_utils():
    assert not [
        path
        for path in modules()
        if {"utils", "core", "helpers", "misc", "common"} & {p.removesuffix(".py") for p in path.parts}
    ]


def test_no_vector_or_model_is_read_with_pickle():
    for path in PRODUCT:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not {"pickle", "joblib", "dill", "shelve"} & {name.split(".")[0] for name in imports(path)}
        assert "allow_pickle=True" not in text


def test_this_python_is_the_one_the_project_names():
    assert sys.version_info >= (3, 11)
