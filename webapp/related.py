"""What belongs beside a title: works like it by story, by the same people and by the same makers, and its series."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from catalogue import Title
from recommenders.base import Model, ModelError
from search.engine import EngineError, Filters
from search.results import Found
from search.service import SearchService
from webapp.hybrid import PREFERRED
from webapp.models import Serving

log = structlog.get_logger("nextep.web")

LENGTH = 18
# So many of a model's nearest are looked at: some are of the same series, on a list or already in another row.
LOOKED_AT = 120
# Kinds of works that come after the one that names them.
_AFTER = ("sequel", "side_story", "spin_off", "summary")


@dataclass(frozen=True, slots=True)
class Related:
    """The rows of a title's page; no work stands in two of them. `simulated` tells whose taste `people` is."""

    plot: Sequence[Found] = ()
    people: Sequence[Title] = ()
    makers: Sequence[Title] = ()
    simulated: bool = False
    failed: str = ""


def related(
    title: Title, service: SearchService, serving: Serving | None, series: Sequence[Title], exclude: Sequence[int] = ()
) -> Related:
    """Return works like `title`, none of its series and none of `exclude`; what can't be asked is left out and named."""
    family = {title.id, *(work.id for work in series)}
    try:
        plot = service.similar(title.id, LENGTH, Filters(exclude=tuple(exclude)))
        used = {*family, *exclude, *(found.title.id for found in plot)}
        people = by_people(title, service, serving, used)
        used |= {work.id for work in people}
        makers = by_makers(title, service, used)
    except EngineError as error:
        # The page is worth showing without them.
        return Related(failed=str(error))
    return Related(plot, people, makers, serving is not None and serving.simulated)


def by_people(title: Title, service: SearchService, serving: Serving | None, used: Collection[int]) -> list[Title]:
    """Return what the people of `title` have in common besides, by the model that serves; none without a model."""
    model = _of_people(serving)
    if model is None or str(title.id) not in model.index:
        return []
    try:
        near = model.similar(str(title.id), LOOKED_AT)
    except ModelError as error:
        log.warning("no likeness by people", title=title.id, reason=str(error))
        return []
    ids = [int(one.item) for one in near if one.score > 0 and one.item.isdigit() and int(one.item) not in used]
    found = service.titles(ids)
    return [found[id] for id in ids if id in found and found[id].offered][:LENGTH]


def _of_people(serving: Serving | None) -> Model | None:
    """Return the serving model that knows best which works the same people like."""
    known = serving.models if serving is not None else {}
    return next((known[name] for name in PREFERRED if name in known), None)


def by_makers(title: Title, service: SearchService, used: Collection[int]) -> list[Title]:
    """Return the most watched works of the same studios."""
    if not title.studios:
        return []
    return list(service.browse(Filters(studios=title.studios, exclude=tuple(used)), "watched", 1, LENGTH).items)


def watch_order(series: Sequence[Title]) -> list[Title]:
    """Return a series in the order to watch it: what a work follows comes before it, else by release."""
    by_id = {work.id: work for work in series}
    after: dict[int, set[int]] = {id: set() for id in by_id}
    for work in series:
        for relation in work.relations:
            if relation.id in by_id and relation.id != work.id:
                if relation.kind in _AFTER:
                    after[work.id].add(relation.id)
                elif relation.kind == "prequel":
                    after[relation.id].add(work.id)
    waits = {id: sum(id in others for others in after.values()) for id in by_id}
    ready = [(_released(by_id[id]), id) for id, count in waits.items() if not count]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, id = heapq.heappop(ready)
        order.append(id)
        for other in after[id]:
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(ready, (_released(by_id[other]), other))
    # Works that name each other as what came before have no first one: these go by release.
    left = sorted(set(by_id) - set(order), key=lambda id: (_released(by_id[id]), id))
    return [by_id[id] for id in [*order, *left]]


def _released(work: Title) -> str:
    return work.aired_from or (str(work.year) if work.year else "9999")
