"""Small charts as plain coordinates, which templates draw in the colours of the page; no numbers are made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 290
LEFT, RIGHT, TOP, BOTTOM = 42, 92, 14, 44
LINE = 14  # between the middles of two labels
CHARACTER = 6.6  # the width of a letter, on average


@dataclass(frozen=True, slots=True)
class Mark:
    """A point or the end of a line, with the place of its label; `number` chooses the colour.

    `far` says that the label had to move so far off that a thin line should lead to it.
    """

    name: str
    number: int
    x: float
    y: float
    label_x: float
    label_y: float
    value: float
    anchor: str = "start"
    far: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid and what stands beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in a box of WIDTH x HEIGHT: points, or lines over named places where `paths` are."""

    across: str
    up: str
    marks: tuple[Mark, ...]
    paths: tuple[tuple[int, str], ...] = ()
    columns: tuple[Tick, ...] = ()
    rows: tuple[Tick, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def scatter(points: Mapping[str, tuple[float, float]], across: str, up: str) -> Chart:
    """Return a chart of one point for each name."""
    xs, ys = [x for x, _ in points.values()], [y for _, y in points.values()]
    low, high = _widened(min(xs), max(xs))
    top = max(*ys, 1e-9) * 1.08
    places = {name: (_x(x, low, high), _y(y, top)) for name, (x, y) in points.items()}
    labels = _free(places)
    marks = tuple(
        Mark(name, number, *place, labels[name][0], labels[name][1] + 4, points[name][1], *labels[name][2:])
        for number, (name, place) in enumerate(places.items())
    )
    steps = [low + (high - low) * step / 3 for step in range(4)]
    columns = tuple(Tick(_x(value, low, high), f"{value:.2f}") for value in steps)
    return Chart(across, up, marks, (), columns, _rows(top))


def lines(series: Mapping[str, Mapping[str, float]], across: str, up: str) -> Chart:
    """Return a chart of one line for each name over the places that the series name."""
    names = list(dict.fromkeys(place for line in series.values() for place in line))
    top = max([value for line in series.values() for value in line.values()] + [1e-9]) * 1.08
    last = max(len(names) - 1, 1)
    paths, ends = [], {}
    for number, (name, line) in enumerate(series.items()):
        dots = [(_x(names.index(place), 0, last), _y(value, top)) for place, value in line.items()]
        paths.append((number, " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)))
        ends[name] = dots[-1]
    labels = _apart({name: y for name, (_, y) in ends.items()})
    marks = tuple(
        Mark(name, number, *ends[name], ends[name][0] + 8, labels[name] + 4, list(series[name].values())[-1])
        for number, name in enumerate(series)
    )
    columns = tuple(Tick(_x(at, 0, last), name) for at, name in enumerate(names))
    return Chart(across, up, marks, tuple(paths), columns, _rows(top))


def interval(low: float, high: float, mean: float, most: float) -> tuple[float, float, float]:
    """Return mean, and the interval's two ends, as parts of a hundred of `most`."""
    return tuple(round(100 * min(max(value / most, 0), 1), 2) for value in (mean, low, high))  # type: ignore[return-value]


def _widened(low: float, high: float) -> tuple[float, float]:
    span = (high - low) or abs(high) or 1.0
    return low - span * 0.06, high + span * 0.06


def _x(value: float, low: float, high: float) -> float:
    return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)


def _rows(top: float) -> tuple[Tick, ...]:
    return tuple(Tick(_y(top * step / 4, top), f"{top * step / 4:.2f}") for step in range(5))


def _free(places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float, str, bool]]:
    """Return (x, y of its middle, anchor, far) of each point's label, on no other label and on no point."""
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in places.values()]
    made: dict[str, tuple[float, float, str, bool]] = {}
    shifts = [0.0, *(sign * LINE * step for step in (1, 2, 3, 4, 5, 6) for sign in (-1, 1))]
    # Beside the point where there is room, else above or below.
    tries = [(away, shift) for shift in shifts for away in (8.0, -8.0)]
    for name, (x, y) in sorted(places.items(), key=lambda item: item[1][1]):
        width = CHARACTER * len(name)
        boxes = [
            (away, shift, (x + away if away > 0 else x + away - width, y + shift - 6))
            for away, shift in tries
            if TOP <= y + shift <= HEIGHT - BOTTOM and x + away - width * (away < 0) > LEFT - 8 and x + away + width * (away > 0) < WIDTH
        ]  # fmt: skip
        away, shift, corner = next(
            (
                box
                for box in boxes
                if not any(_covers((*box[2], box[2][0] + width, box[2][1] + 12), one) for one in taken)
            ),
            (8.0, 0.0, (x + 8, y - 6)),
        )
        taken.append((*corner, corner[0] + width, corner[1] + 12))
        made[name] = (round(x + away, 1), round(y + shift, 1), "start" if away > 0 else "end", abs(shift) > LINE)
    return made


def _covers(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _apart(wanted: Mapping[str, float]) -> dict[str, float]:
    """Return the labels' heights, moved so far apart that none covers another, and kept inside the chart."""
    order: Sequence[str] = sorted(wanted, key=lambda name: wanted[name])
    placed: dict[str, float] = {}
    least = float(TOP)
    for name in order:
        placed[name] = max(wanted[name], least)
        least = placed[name] + LINE
    over = least - LINE - (HEIGHT - BOTTOM)
    for name in reversed(order):
        if over <= 0:
            break
        placed[name] = min(placed[name], HEIGHT - BOTTOM - LINE * list(reversed(order)).index(name))
    return placed
