"""Read a catalogue, whichever of the accepted kinds it is."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

from catalogue import Title
from indexer import catalogue_file, kaggle, laftel
from indexer.report import CatalogueError, Report
from indexer.rows import File, header

__all__ = ["CatalogueError", "Kind", "detect", "read_catalogue"]

Kind = Literal["kaggle", "catalogue", "laftel"]
ACCEPTED = (
    "accepted are the Kaggle folder or zip (anime.csv, anime_with_synopsis.csv, plain or .gz), a catalogue file "
    "(.jsonl or .jsonl.gz, or a folder with titles.jsonl), and a Korean CSV (제목, 장르, 태그, 줄거리; plain or .gz)"
)
NOT_OFFERED = "known but not offered: neither synopsis nor score"


def detect(path: Path) -> Kind:
    """Return the kind of catalogue at `path`; CatalogueError says what is accepted where it is none."""
    return _find(path)[0]


def read_catalogue(path: Path, report: Report, strict: bool = False) -> list[Title]:
    """Return the titles at `path`, cleaned, and account for them in the report.

    A row that can't be read is reported and left out; with `strict` it is a CatalogueError that names file and line.
    A title with neither a synopsis nor a score stays known and is not offered.
    """
    kind, files = _find(path)
    bad = partial(report.skip, strict=strict)
    if kind == "kaggle":
        titles = kaggle.read_kaggle(files[0], files[1] if len(files) > 1 else None, report, bad)
    elif kind == "laftel":
        titles = laftel.read_laftel(files[0], report, bad)
    else:
        titles = catalogue_file.read_catalogue_file(files[0], report, bad)
    if not titles:
        raise CatalogueError(f"{path}: no title could be read{_first_problem(report)}.")
    return account(titles, report)


def account(titles: list[Title], report: Report) -> list[Title]:
    """Return the titles with `offered` withdrawn where there is nothing to offer, and count them in the report."""
    made = [
        title.replace(offered=False) if title.offered and not title.synopsis and title.score is None else title
        for title in titles
    ]
    report.kept = len(made)
    report.offered = sum(title.offered for title in made)
    report.adult = sum(title.offered and title.adult for title in made)
    empty = sum(not title.offered and not title.synopsis and title.score is None for title in made)
    report.left_out[NOT_OFFERED] = empty
    report.left_out["known but not offered: the catalogue says so"] = len(made) - report.offered - empty
    return made


def _first_problem(report: Report) -> str:
    if not report.unreadable:
        return ""
    _, line, why = report.unreadable[0]
    return f" (line {line}: {why.rstrip('.')})"


def _find(path: Path) -> tuple[Kind, list[File]]:
    """Return the kind and its files; of Kaggle's the titles first."""
    if not path.exists():
        raise CatalogueError(f"{path} does not exist; {ACCEPTED}.")
    if path.is_dir():
        found = _in([File(file) for file in sorted(path.rglob("*")) if file.is_file()], path)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if not name.startswith("__MACOSX/"))
        found = _in([File(path, name) for name in names], path)
    else:
        found = _alone(path)
    if found is None:
        raise CatalogueError(f"{path} is no catalogue that can be read; {ACCEPTED}.")
    return found


def _in(files: list[File], path: Path) -> tuple[Kind, list[File]] | None:
    """Return what is accepted among the files of a folder or zip; of several the one least deep."""
    by_name: dict[str, File] = {}
    for file in sorted(files, key=lambda file: (_inner(file).count("/"), _inner(file))):
        by_name.setdefault(_bare(file), file)
    if kaggle.TITLES_FILE in by_name:
        wanted = (kaggle.TITLES_FILE, kaggle.SYNOPSES_FILE)
        return "kaggle", [by_name[name] for name in wanted if name in by_name]
    if catalogue_file.TITLES_FILE in by_name:
        return "catalogue", [by_name[catalogue_file.TITLES_FILE]]
    korean = [file for name, file in by_name.items() if name.endswith(".csv") and _is_laftel(file)]
    if len(korean) > 1:
        names = ", ".join(_inner(file).rsplit("/", 1)[-1] for file in korean)
        raise CatalogueError(f"{path} holds several Korean catalogues; name one of {names}.")
    return ("laftel", korean) if korean else None


def _alone(path: Path) -> tuple[Kind, list[File]] | None:
    file, name = File(path), _bare(File(path))
    if name.endswith(".jsonl"):
        return "catalogue", [file]
    if not name.endswith(".csv"):
        return None
    if _is_laftel(file):
        return "laftel", [file]
    if not set(kaggle.REQUIRED).issubset(header(file)):
        return None
    beside = [File(path.with_name(kaggle.SYNOPSES_FILE + ending)) for ending in ("", ".gz")]
    return "kaggle", [file, *(other for other in beside if other.path.exists() and other.path != path)][:2]


def _is_laftel(file: File) -> bool:
    columns = set(header(file))
    return laftel.NAME in columns and not laftel.MARKS.isdisjoint(columns)


def _inner(file: File) -> str:
    return file.member or file.path.as_posix()


def _bare(file: File) -> str:
    """Return a file's own name without ".gz", in small letters."""
    return PurePosixPath(_inner(file)).name.casefold().removesuffix(".gz")
