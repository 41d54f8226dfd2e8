"""The commands people, backup and restore, for cli.py to add.

    add_commands(main, open_catalogue)

`open_catalogue` opens the serving index for names and ids; this package knows only its protocol. Heavy imports stand
inside the commands.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

import click

from catalogue import Title
from config import Settings

if TYPE_CHECKING:
    from lists.entry import Entry
    from store.open import Store

PATH = click.Path(path_type=Path)
SAMPLE = 20
FORMATS = ("xml", "json", "csv")


class Catalogue(Protocol):
    """What matching needs of the serving index."""

    def known(self, ids: Collection[int]) -> Set[int]:
        """Return those of the ids that are there."""

    def named(self, name: str) -> Sequence[int]:
        """Return the ids of the titles of exactly this name."""

    def titles(self, ids: Collection[int]) -> Mapping[int, Title]:
        """Return the titles of those ids that are there."""


# Returns None where there is no index.
OpenCatalogue = Callable[[Settings], Catalogue | None]


def _fail(message: str, status: int = 1) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


def _say(message: str) -> None:
    click.echo(message, err=True)


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    """Open the database; say what goes wrong with it, with what is asked of it, and with files, and exit with 1."""
    from sqlalchemy.exc import SQLAlchemyError

    from store.open import open_store
    from store.rows import UnknownPerson

    try:
        store = open_store(settings.sqlalchemy_url)
        try:
            yield store
        finally:
            store.engine.dispose()
    except (UnknownPerson, ValueError, OSError) as error:
        _fail(str(error) or repr(error))
    except SQLAlchemyError as error:
        _fail(f"The database does not answer as it should: {getattr(error, 'orig', None) or error}")


def add_commands(main: click.Group, open_catalogue: OpenCatalogue) -> None:
    """Add `people`, `backup` and `restore` to `main`."""
    people = click.Group("people", help="Look after the people of the site and their lists.")
    people.add_command(_import_command(open_catalogue))
    people.add_command(_export_command(open_catalogue))
    people.add_command(_list)
    people.add_command(_delete)
    main.add_command(people)
    main.add_command(_backup)
    main.add_command(_restore)


# -- people ------------------------------------------------------------------------------------------------------------


def _import_command(open_catalogue: OpenCatalogue) -> click.Command:
    @click.command("import")
    @click.argument("file", type=PATH, required=False)
    @click.option("--person", help="Whose list FILE is (MyAnimeList XML, AniList JSON or CSV, also .gz).")
    @click.option("--source", type=PATH, help="Kaggle folder, zip or file of lists, whose users become people.")
    @click.option("--users", help="Which user_ids of it, with commas between.")
    @click.option("--sample", type=click.IntRange(1, 10_000), help=f"How many of it, drawn at random ({SAMPLE}).")
    @click.option("--seed", type=int, default=42, show_default=True, help="The same seed draws the same people.")
    @click.option("--replace", is_flag=True, help="Let the file take the place of a list that is there.")
    @click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
    @click.pass_obj
    def import_people(
        settings: Settings,
        file: Path | None,
        person: str | None,
        source: Path | None,
        users: str | None,
        sample: int | None,
        seed: int,
        replace: bool,
        as_json: bool,
    ) -> None:
        """Import people of the Kaggle lists (--source), or a list from a file (FILE --person ID)."""
        if (file is None) == (source is None) or (file is None) != (person is None):
            raise click.UsageError("Give either --source FOLDER, or FILE and --person ID.")
        if users is not None and sample is not None:
            raise click.UsageError("Give --users or --sample, not both.")
        if source is None and (users is not None or sample is not None):
            raise click.UsageError("--users and --sample go with --source.")
        with _opened(settings) as store:
            if source is not None:
                chosen = None if users is None else [user.strip() for user in users.split(",") if user.strip()]
                _import_kaggle(store, source, chosen, sample or SAMPLE, seed, replace, as_json)
            elif file is not None and person is not None:
                _import_list(store, open_catalogue(settings), file, person, replace, as_json)

    return import_people


def _import_kaggle(
    store: Store, source: Path, users: list[str] | None, count: int, seed: int, replace: bool, as_json: bool
) -> None:
    from lists import kaggle
    from store.kaggle import import_person

    chosen = users if users is not None else kaggle.draw(source, count, seed)
    read = kaggle.read_people(source, chosen)
    told = [import_person(store, user, parsed, replace) for user, parsed in read.items()]
    missing = [user for user in chosen if user not in read]
    if as_json:
        click.echo(json.dumps({"people": [one.to_dict() for one in told], "missing": missing}, ensure_ascii=False))
    else:
        for one in told:
            click.echo(f"{one.id}\t{one.state}\t{one.entries}")
            for problem in one.problems:
                _say(f"{one.id}: {problem}")
    if users is None and len(read) < count:
        _say(f"{source} has {len(read)} people with {kaggle.LEAST} entries or more; {count} were asked for.")
    if any(one.state == "there" for one in told):
        _say("Who is there already stayed as they are; --replace takes their lists anew.")
    if missing:
        _fail(f"Not in {source}: {', '.join(missing)}.")


def _import_list(
    store: Store, catalogue: Catalogue | None, file: Path, person: str, replace: bool, as_json: bool
) -> None:
    import dataclasses

    from lists.formats import MAX_BYTES, read_list
    from lists.match import match
    from store.searches import now

    store.lists.version(person)  # before a long file is read for nobody
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if catalogue is None:
        _say("There is no index: ids are taken as they are, and names can't be found. Run: nextep index")
    known = catalogue.known if catalogue else frozenset
    matched = match(read_list(data), known, catalogue.named if catalogue else _nothing_named, now())
    keep = store.lists.replace_all if replace else store.lists.add_many
    merged = keep(person, matched.all())
    if as_json:
        click.echo(json.dumps({**matched.to_dict(), "list": dataclasses.asdict(merged)}, ensure_ascii=False))
        return
    _say(matched.text())
    _say(f"Added {merged.added:,}, changed {merged.changed:,}, removed {merged.removed:,}, left {merged.same:,} as they were.")  # fmt: skip


def _nothing_named(name: str) -> Sequence[int]:
    return ()


def _export_command(open_catalogue: OpenCatalogue) -> click.Command:
    @click.command("export")
    @click.argument("file", type=PATH)
    @click.option("--person", required=True, help="Whose list.")
    @click.option("--format", "format", type=click.Choice(FORMATS), help="Which format; by FILE's name unless given.")
    @click.option("--everything", is_flag=True, help="All that is kept of the person, events too, as JSON.")
    @click.pass_obj
    def export_people(settings: Settings, file: Path, person: str, format: str | None, everything: bool) -> None:
        """Write a person's list to FILE (.xml for MyAnimeList, .json for AniList, .csv; also .gz; - for stdout)."""
        name = file.name.casefold()
        chosen = format or Path(name.removesuffix(".gz")).suffix.removeprefix(".")
        if everything:
            chosen = "json"
        if chosen not in FORMATS:
            raise click.UsageError(
                f"{file}: the name does not tell the format; give --format, one of {', '.join(FORMATS)}."
            )
        with _opened(settings) as store:
            if everything:
                from store.account import everything_of

                data = (json.dumps(everything_of(store, person), ensure_ascii=False, indent=1) + "\n").encode()
            else:
                data = _written(store.lists.entries(person), open_catalogue(settings), chosen)
            if str(file) == "-":
                click.echo(data, nl=False)
                return
            _write(file, gzip.compress(data, mtime=0) if name.endswith(".gz") else data)

    return export_people


def _written(entries: list[Entry], catalogue: Catalogue | None, format: str) -> bytes:
    from lists.formats import write_list

    if catalogue is None:
        _say("There is no index: titles are named by their ids only.")
    titles = catalogue.titles([entry.title_id for entry in entries]) if catalogue else {}
    return write_list(format, entries, titles)


def _write(file: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    scratch = file.with_name(f".{file.name}.part")
    try:
        scratch.write_bytes(data)
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


@click.command("list")
@click.option("--kind", type=click.Choice(["sample", "imported", "own"]), help="People of this kind only.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_obj
def _list(settings: Settings, kind: str | None, as_json: bool) -> None:
    """List the people, one a line: id, kind, titles on the list, name."""
    with _opened(settings) as store:
        sizes = store.lists.sizes()
        people = store.people.all(kind)  # type: ignore[arg-type]
    if as_json:
        rows = [
            {"id": one.id, "kind": one.kind, "entries": sizes.get(one.id, 0), "name": dict(one.name)} for one in people
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for one in people:
        click.echo(f"{one.id}\t{one.kind}\t{sizes.get(one.id, 0)}\t{one.called()}")


@click.command("delete")
@click.argument("person")
@click.pass_obj
def _delete(settings: Settings, person: str) -> None:
    """Delete a person with their list, what they hid, and their events."""
    with _opened(settings) as store:
        if not store.people.delete(person):
            _fail(f"There is no person {person!r}.")
    _say(f"{person} is deleted.")


# -- backup ------------------------------------------------------------------------------------------------------------


@click.command("backup")
@click.argument("file", type=PATH)
@click.pass_obj
def _backup(settings: Settings, file: Path) -> None:
    """Write all that the site remembers to FILE, as of one moment; the site may go on meanwhile."""
    with _opened(settings) as store:
        from store.backup import back_up

        _say(back_up(store.engine, file).text())


@click.command("restore")
@click.argument("file", type=PATH)
@click.option("--force", is_flag=True, help="Replace what the database holds.")
@click.pass_obj
def _restore(settings: Settings, file: Path, force: bool) -> None:
    """Put a backup back, all or nothing; into SQLite or PostgreSQL, whichever it came from."""
    with _opened(settings) as store:
        from store.backup import restore

        _say(restore(store.engine, file, force).text())
