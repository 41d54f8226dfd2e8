"""The `nextep` command: every job is a subcommand. Data on stdout, messages on stderr.

Exit status: 0 done, 1 failed, 2 wrong usage. Heavy imports stand inside the commands, so that `--help` is instant.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

# Two BLAS threads on two shared cores are slower than one; it must be set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click

import config
from config import Settings
from indexer.commands import catalogue as catalogue_commands
from indexer.commands import crowd_command
from recommenders.commands import add_commands
from search.commands import es as es_commands
from store.commands import Catalogue
from store.commands import add_commands as add_store_commands

if TYPE_CHECKING:
    from collections.abc import Collection

    from catalogue import Title
    from search.embedders import Embedder
    from search.engine import Engine, Reader


# What a command waits for one node of Elasticsearch, at least.
COMMAND_SECONDS = 10.0


def fail(message: str) -> NoReturn:
    """Say what is wrong on stderr and exit with 1."""
    click.echo(message, err=True)
    sys.exit(1)


def say(message: str) -> None:
    """Say something on stderr."""
    click.echo(message, err=True)


@click.group()
@click.version_option("0.1.0", prog_name="nextep")
@click.pass_context
def main(context: click.Context) -> None:
    """Find your next episode: index a catalogue, serve the site, search, measure."""
    try:
        settings = config.load()
    except config.SettingsError as error:
        say(f"A setting is wrong:\n{error}")
        sys.exit(2)
    # Visitors are not kept waiting (`serve` reads the settings anew); a person at a terminal and a job at night may be.
    context.obj = settings.model_copy(update={"es_timeout": max(settings.es_timeout, COMMAND_SECONDS)})


def _ids(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    if not value:
        return ()
    try:
        return tuple(int(part) for part in value.replace(" ", "").split(",") if part)
    except ValueError:
        raise click.BadParameter(f"{value!r}: ids are numbers with commas between, like 1,5,21.") from None


@main.command()
@click.option("--source", type=click.Path(path_type=Path), help="Kaggle folder or zip, catalogue file, or Korean CSV.")
@click.option("--translations", type=click.Path(path_type=Path), help="File of Korean titles, synopses and genres.")
@click.option("--embedder", help="minilm, e5, kanana, lsa, or a sentence-transformers name or folder.")
@click.option("--rebuild", is_flag=True, help="Build even where the serving index already matches.")
@click.option("--only", callback=_ids, metavar="IDS", help="Change only these titles of the serving index.")
@click.option("--rollback", is_flag=True, help="Return to the index before the serving one.")
@click.option("--strict", is_flag=True, help="Stop at the first row that can't be read.")
@click.option("--if-missing", is_flag=True, help="Do nothing where an index serves (what `make run` uses).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def index(
    settings: Settings,
    source: Path | None,
    translations: Path | None,
    embedder: str | None,
    rebuild: bool,
    only: tuple[int, ...],
    rollback: bool,
    strict: bool,
    if_missing: bool,
    as_json: bool,
) -> None:
    """Index a catalogue; without --source the bundled one. The serving index stays until the new one is verified."""
    from search.engine import EngineError
    from search.open import open_engine

    engine = open_engine(settings)
    if rollback:
        try:
            say(f"Serving {engine.rollback()} again.")
        except EngineError as error:
            fail(str(error))
        return
    if if_missing and _serves(engine):
        _train_default(settings, engine)
        return
    from indexer.build import build_index
    from indexer.only import change_titles
    from indexer.prepare import SAMPLE, prepare
    from indexer.read import CatalogueError
    from indexer.report import Report

    report = Report()
    try:
        titles, described = prepare(source or SAMPLE, report, translations=translations, strict=strict)
        model, notices = _embedder(settings, embedder)
        if only:
            outcome = change_titles(titles, only, engine, model, settings.var, described, report)
        else:
            outcome = build_index(titles, engine, model, settings.var, described, report, rebuild=rebuild)
    except (EngineError, CatalogueError, ValueError, OSError) as error:
        fail(f"{error}" if str(error) else repr(error))
    for notice in notices:
        say(notice)
    _train_default(settings, engine)
    if as_json:
        click.echo(json.dumps({"built": outcome.built, "generation": outcome.generation, **report.to_dict()}))
        return
    say(report.text())
    say(f"Serving {outcome.generation}." if outcome.built else f"Nothing has changed: {outcome.generation} serves on.")


def _embedder(settings: Settings, name: str | None) -> tuple[Embedder | None, list[str]]:
    """Return the model to index with. One that was asked for by name must load; the default may fall back to LSA."""
    from search.embedders import EmbedderUnavailable
    from search.open import open_embedder

    try:
        return open_embedder(settings, name), []
    except EmbedderUnavailable as error:
        if name is not None:
            raise ValueError(str(error)) from None
        return None, [f"{error}\nFalling back to LSA (TF-IDF + SVD): search by meaning will be weaker."]


def _serves(engine: Engine) -> bool:
    from search.engine import EngineError

    try:
        engine.reader()
    except EngineError:
        return False
    return True


CROWD_PEOPLE, CROWD_SEED = 3000, 42


def _train_default(settings: Settings, engine: Engine) -> None:
    """Train the default models on a simulated crowd where the bundled catalogue serves and they are not there yet."""
    from recommenders.default import is_trained, train_default

    info = engine.reader().info()
    folder = settings.default_models_dir
    stamp = f"{info.catalogue_hash} {CROWD_PEOPLE} {CROWD_SEED}"
    if info.provenance != "bundled" or is_trained(folder, stamp):
        return
    from indexer.crowd import simulate, write_crowd
    from indexer.only import all_titles

    titles = all_titles(engine.reader())
    try:
        seconds = train_default(
            titles, lambda file: write_crowd(simulate(titles, CROWD_PEOPLE, CROWD_SEED), file), folder, stamp
        )
    except (ValueError, OSError, MemoryError) as error:
        say(f"The default recommender can't be trained, so recommendations go by content alone: {error}")
        return
    say(
        f"Trained the default recommender on {CROWD_PEOPLE:,} simulated people in {seconds:.1f} s. "
        "Nobody's data is in it; NEXTEP_MODEL_DIR names your own."
    )


@main.command()
@click.option("--host", help="Address to listen on (NEXTEP_HOST).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (NEXTEP_PORT).")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes (NEXTEP_WORKERS).")
@click.pass_obj
def serve(settings: Settings, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the site with gunicorn (threads)."""
    changes = {name: value for name, value in (("NEXTEP_HOST", host), ("NEXTEP_PORT", port)) if value}
    os.environ.update({name: str(value) for name, value in changes.items()})
    settings = config.load()
    from webapp.serve import run

    try:
        run(settings, workers or settings.workers)
    except config.SettingsError as error:
        say(f"A setting is wrong:\n{error}")
        sys.exit(2)


@main.command()
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print what the API would answer.")
@click.option("--limit", default=10, show_default=True, help="Works a group.")
@click.option("--lang", type=click.Choice(["en", "ko"]), default="en", help="Language of the answer.")
@click.option("--explain", is_flag=True, help="Show rank and score of each leg.")
@click.pass_obj
def search(settings: Settings, query: str, as_json: bool, limit: int, lang: str, explain: bool) -> None:
    """Search as the site does."""
    from search.options import Options

    answer = _answered(settings, lambda service: service.search(query, Options(limit, language=lang, explain=explain)))
    if as_json:
        from webapp.api.shapes import answer_json

        click.echo(json.dumps(answer_json(answer, lang), ensure_ascii=False))
        return
    said = f"{answer.resolution}" + (f", corrected to {answer.corrected!r}" if answer.corrected else "")
    say(f"{said} ({answer.took_ms['total']:.1f} ms) {answer.filters or ''}")
    for group in answer.groups:
        click.echo(f"{group.name} ({group.total})")
        for word in group.words:
            click.echo(f"  {word}")
        for found in group.items:
            click.echo(f"  {found.title.id}\t{found.title.name(lang)}\t{found.title.year or ''}")
            if explain and found.explain:
                click.echo(f"    {json.dumps(found.explain)}")


@main.command()
@click.argument("text")
@click.option("--lang", type=click.Choice(["en", "ko"]), default="en", help="Language of the answer.")
@click.pass_obj
def suggest(settings: Settings, text: str, lang: str) -> None:
    """Suggest what a half-typed text may become."""
    for item in _answered(settings, lambda service: service.suggest(text, language=lang)):
        click.echo(f"{item.kind}\t{item.id or ''}\t{item.text}")


@main.command()
@click.argument("id", type=int)
@click.pass_obj
def show(settings: Settings, id: int) -> None:
    """Show one title as one object of the catalogue file."""
    title = _answered(settings, lambda service: service.title(id))
    if title is None:
        fail(f"There is no title {id}.")
    click.echo(json.dumps(title.to_dict(), ensure_ascii=False, indent=1))


def _answered(settings: Settings, ask: Callable[[Any], Any]) -> Any:
    from search.engine import EngineError
    from search.open import open_service
    from search.results import QueryError

    try:
        return ask(open_service(settings))
    except (EngineError, QueryError) as error:
        fail(str(error))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> None:
    """Say what is missing and how to mend it: model, index, engine, port, disk, memory."""
    import doctor as checks

    findings = checks.examine(settings)
    if as_json:
        click.echo(json.dumps([finding.to_dict() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(finding.text())
    if any(finding.status == "wrong" for finding in findings):
        sys.exit(1)


@main.group()
def evaluate() -> None:
    """Measure quality on real data."""


@evaluate.command("search")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), help="The data folder.")
@click.option("--split", type=click.Choice(["test", "tune", "all"]), default="test", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("reports"), help="Folder of the reports.")
@click.pass_obj
def evaluate_search(settings: Settings, data: Path, split: str, out: Path) -> None:
    """Measure search by the project's query sets: hit@1, hit@5, hit@10, MRR with confidence intervals."""
    from evaluation.search import run

    try:
        click.echo(run(settings, data, split, out))
    except (ValueError, OSError) as error:
        fail(str(error))


@main.group()
def bench() -> None:
    """Measure speed, as distributions and ratios in one run."""


@bench.command("search")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), help="The data folder.")
@click.option("--sizes", default="15000,100000", show_default=True, help="Numbers of titles.")
@click.option("--queries", default=200, show_default=True, help="Queries of each kind.")
@click.option("--elasticsearch", metavar="URL", help="Measure this server beside it (ELASTICSEARCH_URL).")
@click.pass_obj
def bench_search(settings: Settings, data: Path, sizes: str, queries: int, elasticsearch: str | None) -> None:
    """Latency of search by resolution beside bare BM25 in the same run, on both engines where there is a server."""
    from evaluation.bench import run
    from search.engine import EngineError

    if elasticsearch:
        settings = settings.model_copy(update={"elasticsearch_url": (elasticsearch,)})
    try:
        click.echo(run(settings, data, [int(size) for size in sizes.split(",")], queries))
    except (EngineError, ValueError, OSError) as error:
        fail(str(error))


@bench.command("embed")
@click.option("--embedder", help="The model to measure (NEXTEP_EMBEDDER).")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), help="The data folder.")
@click.option("--texts", default=256, show_default=True, help="Synopses to embed.")
@click.pass_obj
def bench_embed(settings: Settings, embedder: str | None, data: Path, texts: int) -> None:
    """Synopses a second in full and in half precision, and how near the vectors are."""
    from evaluation.bench import run_embed

    try:
        click.echo(run_embed(settings, embedder, data, texts))
    except (ValueError, OSError) as error:
        fail(str(error))


@bench.command("people")
@click.option("--people", type=click.IntRange(1, 1000), default=12, show_default=True, help="People to make.")
@click.option("--lengths", default="3,30,100,400", show_default=True, help="Lengths of their lists, in turn.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=20, show_default=True, help="Home pages a person.")
@click.pass_obj
def bench_people(settings: Settings, people: int, lengths: str, rounds: int) -> None:
    """A home page of rows from a list that has just changed, over the serving catalogue and models."""
    from evaluation.people import run_people
    from search.engine import EngineError

    try:
        counted = tuple(int(length) for length in lengths.split(","))
    except ValueError:
        raise click.BadParameter(f"{lengths!r}: numbers with commas between, like 3,30,100.") from None
    if min(counted) < 1:
        raise click.BadParameter(f"{lengths!r}: a list has at least one entry.")
    try:
        click.echo(run_people(settings, people, counted, rounds))
    except (EngineError, ValueError, OSError) as error:
        fail(str(error))


@bench.command("load")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), help="The data folder.")
@click.option("--people", type=click.IntRange(1, 1000), default=50, show_default=True, help="People at once.")
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60, show_default=True, help="How long they click.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.pass_obj
def bench_load(settings: Settings, data: Path, people: int, seconds: float, workers: int) -> None:
    """People on the site with a second of thought between clicks, and the hybrid without a pause."""
    from evaluation.load import run

    try:
        click.echo(run(settings, data, people, seconds, workers, say))
    except (ValueError, OSError) as error:
        fail(str(error))


@bench.command("pages")
@click.option(
    "--runs", type=click.IntRange(1, 100), default=5, show_default=True, help="Visits of each page and width."
)
@click.option("--out", type=click.Path(path_type=Path), help="Report in which the section takes its place.")
@click.pass_obj
def bench_pages(settings: Settings, runs: int, out: Path | None) -> None:
    """Home, search and title in Chromium at 390 and 1280 pixels: LCP, CLS, interactions, long tasks."""
    from evaluation.pages import run

    try:
        click.echo(run(settings, runs, out, say))
    except (ValueError, OSError) as error:
        fail(str(error))


@main.command("learn")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), help="The data folder.")
@click.pass_obj
def learn_weights(settings: Settings, data: Path) -> None:
    """Learn the weights of the ranking from the tuning queries and write search/weights.json."""
    from evaluation.learn import run

    try:
        click.echo(run(settings, data))
    except (ValueError, OSError) as error:
        fail(str(error))


main.add_command(catalogue_commands)
main.add_command(crowd_command)
main.add_command(es_commands)


def _read_titles(path: Path) -> list[Title]:
    from indexer.prepare import prepare
    from indexer.report import Report

    return prepare(path, Report())[0]


@evaluate.command("parity")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), help="The data folder.")
@click.option("--titles", type=click.IntRange(min=1), help="Only so many of the most watched titles; all unless given.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("reports"), help="Folder of the report.")
@click.pass_obj
def evaluate_parity(settings: Settings, data: Path, titles: int | None, out: Path) -> None:
    """Compare the embedded engine and Elasticsearch on the same queries: resolution and first title."""
    from evaluation.parity import run
    from search.engine import EngineError

    try:
        click.echo(run(settings, data, titles, out))
    except (ValueError, OSError, EngineError) as error:
        fail(str(error))


add_commands(main, evaluate, _read_titles)


class _Names:
    """The serving index, as matching lists needs it; adult titles count, for they are on people's lists too."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def known(self, ids: Collection[int]) -> set[int]:
        """Return those of the ids that the index has."""
        return set(self.titles(ids))

    def named(self, name: str) -> list[int]:
        """Return the ids of the titles of exactly this name."""
        from search.keys import key

        return self._reader.exact([key(name)], adult=True)

    def titles(self, ids: Collection[int]) -> dict[int, Title]:
        """Return the titles of those ids that are there, asked for a thousand at a time."""
        wanted, found = list(ids), {}
        for at in range(0, len(wanted), 1000):
            found.update(self._reader.documents(wanted[at : at + 1000]))
        return found


def _open_names(settings: Settings) -> Catalogue | None:
    from search.engine import EngineError, IndexMissing
    from search.open import open_engine

    try:
        return _Names(open_engine(settings).reader())
    except IndexMissing:
        return None
    except EngineError as error:
        fail(str(error))


add_store_commands(main, _open_names)


def command_names(group: click.Group = main, prefix: Sequence[str] = ()) -> list[str]:
    """Return every command, groups' ones with a space, for the test of the documentation."""
    names: list[str] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            names.extend(command_names(command, (*prefix, name)))
        else:
            names.append(" ".join((*prefix, name)))
    return names


if __name__ == "__main__":
    main(prog_name="nextep")
