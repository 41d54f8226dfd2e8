"""The commands train, recommend and evaluate recommenders, for cli.py to add.

    add_commands(main, evaluate, read_titles)

`read_titles` reads whatever `nextep index --source` takes; this package knows only catalogue files (JSON Lines).
Heavy imports stand inside the commands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from catalogue import Title

ReadTitles = Callable[[Path], list[Title]]
NAMES = ("popularity", "user_knn", "item_knn", "ease", "edlae", "ials", "mf", "gfcf", "clusters", "content", "hybrid",
         "blend")  # fmt: skip
PATH = click.Path(path_type=Path)


def read_catalogue_file(path: Path) -> list[Title]:
    """Read a catalogue file (JSON Lines). Raises ValueError with the line that is wrong."""
    titles = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                if line.strip():
                    titles.append(Title.from_dict(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}, line {number}: no title of a catalogue file: {error!r}") from None
    return titles


def add_commands(main: click.Group, evaluate: click.Group, read_titles: ReadTitles = read_catalogue_file) -> None:
    """Add `train` and `recommend` to `main`, and `recommenders` to its group `evaluate`."""
    main.add_command(train_command(read_titles))
    main.add_command(recommend)
    evaluate.add_command(evaluate_command(read_titles))


def _fail(message: str, status: int = 1) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


def _counted() -> Callable[[int], None]:
    """Return a progress that says every five million rows."""
    said = [0]

    def progress(rows: int) -> None:
        if rows // 5_000_000 > said[0]:
            said[0] = rows // 5_000_000
            click.echo(f"{rows:,} rows read", err=True)

    return progress


def _logged() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)


def train_command(read_titles: ReadTitles) -> click.Command:
    """Return the command `train`, which reads catalogues by `read_titles`."""

    @click.command()
    @click.option("--model", "name", required=True, type=click.Choice(NAMES), help="Which model.")
    @click.option("--interactions", required=True, type=PATH, help="CSV (also .gz) or Parquet with a header.")
    @click.option("--out", required=True, type=PATH, help="Folder of the trained model.")
    @click.option("--items", type=PATH, help="Catalogue, for what the titles are about.")
    @click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="Seed of all that is random.")
    @click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting of the model or of the data.")
    def train(name: str, interactions: Path, out: Path, items: Path | None, seed: int, pairs: tuple[str, ...]) -> None:
        """Train a model on lists or ratings and save it (settings of the data: liked, liked_min_score, ...)."""
        from recommenders.base import make_config
        from recommenders.models import MODELS
        from recommenders.train import DATA_KEYS, least_counts, liked_rule, parse_settings
        from recommenders.train import train as work

        _logged()
        try:
            settings = parse_settings(pairs)
            liked_rule(settings)
            least_counts(settings)
            own = {key: value for key, value in settings.items() if key not in DATA_KEYS}
            make_config(MODELS[name], own, others=DATA_KEYS)
        except ValueError as error:
            _fail(str(error), 2)
        try:
            titles = read_titles(items) if items is not None else None
            made = work(name, interactions, out, titles, seed, settings, _counted())
        except (ValueError, OSError, MemoryError) as error:
            _fail(str(error) or repr(error))
        click.echo(made.text(), err=True)
        click.echo(str(out))

    return train


@click.command()
@click.option(
    "--model-dir",
    envvar="NEXTEP_MODEL_DIR",
    required=True,
    type=PATH,
    help="Folder that train wrote (NEXTEP_MODEL_DIR).",
)
@click.option("--histories", required=True, type=PATH, help="Lists, with the columns of interactions.")
@click.option("--k", required=True, type=click.IntRange(1), help="Titles a person.")
@click.option("--out", required=True, type=PATH, help="CSV (also .gz): user_id,rank,item_id,score.")
def recommend(model_dir: Path, histories: Path, k: int, out: Path) -> None:
    """Recommend K titles to each person of a file, without those of their history."""
    from recommenders.recommend import recommend as work

    try:
        report = work(model_dir, histories, k, out)
    except (ValueError, OSError, MemoryError) as error:
        _fail(str(error) or repr(error))
    click.echo(report.text(), err=True)


def evaluate_command(read_titles: ReadTitles) -> click.Command:
    """Return the command `evaluate recommenders`, which reads catalogues by `read_titles`."""

    @click.command("recommenders")
    @click.option("--data", type=PATH, default=Path("../shared/data"), show_default=True, help="The data folder.")
    @click.option("--dataset", "datasets", multiple=True, default=("mal_lists",), show_default=True, help="Which data.")
    @click.option("--interactions", type=PATH, help="A file of interactions instead of a data set.")
    @click.option("--items", type=PATH, help="Catalogue; for anime sets the one of the data folder.")
    @click.option(
        "--model",
        "models",
        multiple=True,
        type=click.Choice(NAMES),
        help="Which models (those of the data set, or all).",
    )
    @click.option(
        "--protocol", type=click.Choice(["strong", "last", "published"]), help="Which protocol (all there are)."
    )
    @click.option("--seed", "seeds", multiple=True, type=click.IntRange(0), default=(42, 43, 44), show_default=True)
    @click.option("--out", type=PATH, default=Path("reports"), show_default=True, help="Folder of the reports.")
    @click.option(
        "--minutes", type=click.FloatRange(0, min_open=True), default=30, show_default=True,
        help="For each data set and protocol; then nothing further is begun.",
    )  # fmt: skip
    @click.option("--set", "pairs", multiple=True, metavar="MODEL.KEY=VALUE", help="A setting of a model.")
    def evaluate(
        data: Path,
        datasets: tuple[str, ...],
        interactions: Path | None,
        items: Path | None,
        models: tuple[str, ...],
        protocol: str | None,
        seeds: tuple[int, ...],
        out: Path,
        minutes: float,
        pairs: tuple[str, ...],
    ) -> None:
        """Measure models by full ranking; write JSON, Markdown and plots."""
        from recommenders.base import make_config
        from recommenders.evaluate import run
        from recommenders.models import MODELS
        from recommenders.report import markdown
        from recommenders.train import parse_settings

        settings: dict[str, dict[str, Any]] = {}
        try:
            for key, value in parse_settings(pairs).items():
                model, dot, name = key.partition(".")
                if not dot or model not in NAMES:
                    _fail(f"--set {key}={value}: it must be MODEL.KEY=VALUE with one of {', '.join(NAMES)}", 2)
                settings.setdefault(model, {})[name] = value
            for model, own in settings.items():
                make_config(MODELS[model], own)
        except ValueError as error:
            _fail(str(error), 2)
        kaggle = data / "mal2020"
        if items is None and read_titles is not read_catalogue_file and kaggle.is_dir() and interactions is None:
            items = kaggle
        try:
            titles = read_titles(items) if items is not None else None
            report = run(
                data, out, datasets, models or None, seeds, protocol, interactions, titles, settings, _say, minutes
            )
        except (ValueError, OSError, MemoryError) as error:
            _fail(str(error) or repr(error))
        click.echo(markdown(report))

    return evaluate


def _say(text: str) -> None:
    click.echo(text, err=True)
