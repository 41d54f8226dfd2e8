"""Commands about the bundled catalogue and its simulated crowd; `cli` adds them to `nextep`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from config import ROOT

SAMPLE = ROOT / "data" / "sample"
DATA = ROOT.parent / "shared" / "data"


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
