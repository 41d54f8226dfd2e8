"""Commands about the bundled catalogue and its simulated crowd; `cli` adds them to `nextep`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from config import ROOT

SAMPLE = ROOT / "data" / "sample"
DATA = ROOT.parent / "shared" / "data"
LISTS = Path("anime_interactions") / "mal_lists_4198users.csv.gz"


@click.group()
def catalogue() -> None:
    """Look after a catalogue file."""


@catalogue.command("check")
@click.option(
    "--source",
    type=click.Path(exists=True, path_type=Path),
    default=SAMPLE,
    help="Catalogue file, or a folder with titles.jsonl; the bundled one unless given.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DATA,
    envvar="DATA",
    show_envvar=True,
    help="Folder of real data to compare with; left out where there is none.",
)
def check_command(source: Path, data: Path) -> None:
    """Check facts, names, relations and texts of a catalogue file; exit 1 and list what is wrong."""
    from indexer.check import check_catalogue
    from indexer.report import CatalogueError

    present = data.is_dir()
    if not present:
        click.echo(f"No data at {data}: facts are not compared and texts not searched for borrowed runs.", err=True)
    try:
        problems = check_catalogue(source, data if present else None)
    except CatalogueError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(problems)} problems." if problems else "No problems.", err=True)
    if problems:
        sys.exit(1)


@click.command("crowd")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="CSV to write; on stdout unless given.")
@click.option("--people", type=click.IntRange(1, 100_000), default=3000, show_default=True, help="People to simulate.")
@click.option("--seed", type=int, default=42, show_default=True, help="The same seed gives the same crowd.")
@click.option(
    "--source",
    type=click.Path(exists=True, path_type=Path),
    default=SAMPLE,
    help="Catalogue whose works they watch; the bundled one unless given.",
)
@click.option("--realism", is_flag=True, help="Say on stderr how near the lists come to the real ones of --data.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DATA,
    envvar="DATA",
    show_envvar=True,
    help="Folder of real data for --realism.",
)
def crowd_command(out: Path | None, people: int, seed: int, source: Path, realism: bool, data: Path) -> None:
    """Simulate a crowd's lists over a catalogue, for models to learn from: nobody's data, and said to be simulated."""
    from indexer import crowd
    from indexer.read import read_catalogue
    from indexer.report import CatalogueError, Report

    try:
        titles = read_catalogue(source, Report())
        rows = crowd.simulate(titles, people, seed)
        measured = crowd.realism(titles, rows, data / LISTS) if realism else None
        if out is None:
            crowd.write_crowd(rows, sys.stdout)
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("w", encoding="utf-8", newline="") as file:
                crowd.write_crowd(rows, file)
    except (CatalogueError, ValueError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{len(rows):,} entries of {people:,} simulated people (seed {seed}).", err=True)
    if measured is not None:
        click.echo(measured.text(), err=True)
