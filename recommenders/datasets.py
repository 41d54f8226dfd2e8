"""The data sets that models are measured on, each with its protocol."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from recommenders.interactions import EVERYTHING, Interactions, InteractionsError, LikedRule

STRONG, LAST, PUBLISHED = "strong", "last", "published"


@dataclass(frozen=True)
class Dataset:
    """A data set by name: how to read it, and by which protocols it can be measured.

    `models` are those that are measured unless others are asked for, where all would take hours.
    """

    name: str
    title: str
    protocols: tuple[str, ...]
    # data folder, numbers of episodes -> (all or train, test)
    read: Callable[[Path, Mapping[str, int]], tuple[Interactions, Interactions | None]]
    anime: bool = False
    models: tuple[str, ...] = ()


def _file(
    path: str, rule: LikedRule = EVERYTHING, timestamp: str | None = None
) -> Callable[[Path, Mapping[str, int]], tuple[Interactions, None]]:
    columns = {"timestamp": timestamp} if timestamp else None
    return lambda data, episodes: (Interactions.read(data / path, rule, columns=columns, episodes=episodes), None)


def _lastfm(data: Path, episodes: Mapping[str, int]) -> tuple[Interactions, Interactions]:
    folder, header = data / "lightgcn_benchmarks", ("user_id", "item_id", "weight")
    train, test = (
        Interactions.read(folder / f"lastfm_{part}.tsv.gz", EVERYTHING, header=header, delimiter="\t")
        for part in ("train", "test")
    )
    return train, test


def _gowalla(data: Path, episodes: Mapping[str, int]) -> tuple[Interactions, Interactions]:
    train, test = (read_lines(data / "lightgcn_benchmarks" / f"gowalla_{part}.txt.gz") for part in ("train", "test"))
    return train, test


def read_lines(path: Path) -> Interactions:
    """Read lines of `user item item ...` (.txt or .gz), as the benchmarks of LightGCN have them."""
    if not path.is_file():
        raise InteractionsError(f"{path}: there is no such file")
    users: list[str] = []
    items: list[str] = []
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        for line in file:
            user, *own = line.split() or [""]
            users += [user] * len(own)
            items += own
    return Interactions.from_arrays(users, items, rule=EVERYTHING)


_LARGE = ("popularity", "item_knn", "ease", "edlae", "ials", "gfcf", "blend")
_WIDE = ("popularity", "item_knn", "gfcf", "ials")  # the square of 41,000 titles takes an hour to invert

DATASETS: dict[str, Dataset] = {
    one.name: one
    for one in (
        Dataset("mal_lists", "MyAnimeList, 4,198 lists", (STRONG,), _file("anime_interactions/mal_lists_4198users.csv.gz"), True),
        Dataset("mal_status", "MyAnimeList, 310 lists with status", (STRONG,), _file("mal2020/animelist.csv.gz", LikedRule()), True),
        Dataset("ml1m", "MovieLens 1M", (STRONG, LAST), _file("movielens/ml1m_interactions.csv.gz", timestamp="seq"), models=_LARGE),
        Dataset("ml100k", "MovieLens 100K", (STRONG, LAST), _file("movielens/ml100k_ratings.csv.gz")),
        Dataset("gowalla", "Gowalla, LightGCN's split", (PUBLISHED,), _gowalla, models=_WIDE),
        Dataset("lastfm", "Last.fm, LightGCN's split", (PUBLISHED,), _lastfm),
    )
}  # fmt: skip
