"""The commands `nextep es setup|status|explain`, for cli.py to add. Heavy imports stand inside them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from config import Settings, SettingsError


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)


def _needs_address(settings: Settings) -> None:
    if not settings.elasticsearch_url:
        _fail("No Elasticsearch is set. Set ELASTICSEARCH_URL, for instance to http://127.0.0.1:9200")


@click.group("es")
def es() -> None:
    """Look after Elasticsearch: make its keys, see its state, explain a query."""


@es.command("setup")
@click.option("--expires", metavar="TIME", help="When the keys end, such as 90d; never unless given.")
@click.option("--withdraw", is_flag=True, help="Withdraw the older keys of the same names.")
@click.option("--search-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the search key here.")
@click.option("--index-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the index key here.")
@click.option("--if-missing", is_flag=True, help="Do nothing where both files hold keys that work.")
@click.pass_obj
def setup(
    settings: Settings,
    expires: str | None,
    withdraw: bool,
    search_file: Path | None,
    index_file: Path | None,
    if_missing: bool,
) -> None:
    """Make an API key to search and one to index, with the least rights; print them once, ready for .env.

    Sign in as a user who may make keys, such as elastic (ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD).
    """
    from search.elastic.client import connect
    from search.elastic.rights import make_keys, write_keys
    from search.engine import EngineError

    _needs_address(settings)
    files = [file for file in (search_file, index_file) if file is not None]
    if if_missing and len(files) < 2:
        raise click.UsageError("--if-missing needs --search-file and --index-file.")
    try:
        if if_missing and all(_holds_key(settings, file) for file in files):
            click.echo("Both keys work: nothing to do.", err=True)
            return
        connection = connect(settings, guard=False)
        keys = make_keys(connection, settings.index_name, expires, withdraw)
        connection.close()
        write_keys(keys, search_file, index_file)
    except (EngineError, SettingsError, OSError) as error:
        _fail(str(error))
    if len(files) < 2:
        click.echo(keys.text())
    for file in files:
        click.echo(f"Written: {file}", err=True)
    if keys.older:
        click.echo(f"{keys.older} older keys still work; --withdraw ends them.", err=True)


def _holds_key(settings: Settings, file: Path) -> bool:
    from pydantic import SecretStr

    from search.elastic.client import connect
    from search.elastic.rights import works

    try:
        key = file.read_text(encoding="utf-8").strip()
    except OSError:
        return False
    signed_in = settings.model_copy(update={"elasticsearch_api_key": SecretStr(key)})
    return bool(key) and works(connect(signed_in, guard=False), settings.index_name)


@es.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show version, health, indices and their models, and what is wrong; exit code 1 while something is."""
    from search.elastic.client import connect
    from search.elastic.status import look
    from search.engine import EngineError

    _needs_address(settings)
    try:
        seen = look(connect(settings, guard=False), settings.index_name)
    except (EngineError, SettingsError) as error:
        _fail(str(error))
    click.echo(json.dumps(seen.to_dict(), ensure_ascii=False) if as_json else seen.text())
    if seen.problems:
        sys.exit(1)


@es.command("explain")
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Hits of each leg.")
@click.option("--lang", type=click.Choice(["en", "ko"]), default="en", help="Language of the titles.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def explain(settings: Settings, query: str, limit: int, lang: str, as_json: bool) -> None:
    """Show what each leg of a search found, with scores and ranks, and the fused order (on either engine)."""
    from search.engine import EngineError
    from search.explain import explain as take_apart
    from search.open import open_service
    from search.results import QueryError

    try:
        found = take_apart(open_service(settings), query, limit, lang)
    except (EngineError, QueryError, SettingsError) as error:
        _fail(str(error))
    click.echo(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else found.text())
