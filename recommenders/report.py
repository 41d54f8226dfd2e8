"""Write what was measured of the recommenders: JSON for programs, tables for people, drawings for both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

PLOTS = "plots"
ACCURACY = ("precision@10", "recall@20", "recall_capped@20", "f1@10", "hit_rate@10", "ndcg@10", "ndcg@100", "mrr@10",
            "ndcg@20 without sequels")  # fmt: skip
BEYOND = ("coverage@10", "novelty@10", "diversity@10", "freshness@10", "serendipity@10")
PROTOCOLS = {
    "strong": "Strong generalisation: a fifth of the people is held out whole; of each of their lists a fifth is to be "
    "found from the rest. One fold a seed.",
    "last": "Leave last out: everybody's last entry is to be found from those before it. Models learn with each seed.",
    "published": "The split that was published with the data. Models learn with each seed.",
}


def earlier(out: Path) -> dict[str, Any]:
    """Return the report that is in `out`, each result with its date; empty where there is none that can be read."""
    try:
        found = json.loads((out / "recommenders.json").read_text(encoding="utf-8"))
        for result in found["results"]:
            result.setdefault("date", found["date"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(found)


def write(report: Mapping[str, Any], out: Path) -> None:
    """Write recommenders.json and recommenders.md to `out`, and the drawings to its folder `plots`."""
    (out / PLOTS).mkdir(parents=True, exist_ok=True)
    (out / "recommenders.json").write_text(json.dumps(report, indent=1, default=float) + "\n", encoding="utf-8")
    (out / "recommenders.md").write_text(markdown(report), encoding="utf-8")
    for result in report["results"]:
        for kind, drawing in plots(result).items():
            (out / PLOTS / f"{_slug(result)}-{kind}.svg").write_text(drawing, encoding="utf-8")


def _slug(result: Mapping[str, Any]) -> str:
    return "".join(one if one.isalnum() else "-" for one in f"{result['dataset']}-{result['protocol']}")


def markdown(report: Mapping[str, Any]) -> str:
    """Return the report as tables."""
    lines = [
        "# Quality of the recommenders",
        "",
        f"{report['date']}, the latest of the runs below. Every title is ranked for every held-out person; nothing is sampled. `recall` divides by all "
        "titles to be found, `recall_capped` by min(k, to be found). ± is the standard error over held-out people of all "
        "seeds taken together (some are held out by more than one seed); by a split that is the same for every seed, over "
        "people, each with the mean of the seeds. Differences by paired bootstrap over them, 95 %. "
        f"A data set has {report.get('minutes', 30):g} minutes by each protocol.",
    ]
    for result in report["results"]:
        lines += _section(result)
    for name, rows in report.get("system B", {}).items():
        columns = [name for name in rows[0] if name != "model"]
        lines += ["", f"## System B's table ({name}, strong generalisation, seed 42)", ""]
        lines += ["| model | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
        lines += [f"| {row['model']} | " + " | ".join(f"{row[name]:.3f}" for name in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _section(result: Mapping[str, Any]) -> list[str]:
    headline = result["headline"]
    numbers = result["models"][0]["numbers"]
    accuracy = [name for name in ACCURACY if name in numbers and name != headline]
    beyond = [name for name in BEYOND if name in numbers]
    seeds = ", ".join(str(seed) for seed in result["seeds"])
    dated = f" on {result['date']}" if "date" in result else ""
    took = f" Measured{dated} in {result['seconds']:.0f} s." if "seconds" in result else ""
    lines = [
        "",
        f"## {result['dataset']}, {result['protocol']}",
        "",
        f"{PROTOCOLS[result['protocol']]} {result['training people']:,} people to learn from, "
        f"{result['held-out people']:,} held out, {result['titles']:,} titles; seed {seeds}.{took}",
        "",
        *_row(["model", headline, *accuracy, "against popularity", "against the best"]),
        "|" + "---|" * (len(accuracy) + 4),
    ]
    for row in result["models"]:
        scores = [f"{row['numbers'][name]:.3f}" for name in accuracy]
        main = f"{row[headline]:.4f} ± {row['error']:.4f}"
        lines += _row([row["model"], main, *scores, _against(row, "popularity"), _against(row, "the best")])
    lines += ["", *_row(["model", *beyond, "fit s", "ms/user"]), "|" + "---|" * (len(beyond) + 3)]
    for row in result["models"]:
        scores = [f"{row['numbers'][name]:.3f}" for name in beyond]
        lines += _row([row["model"], *scores, f"{row['fit_seconds']:.1f}", f"{row['user_ms']:.2f}"])
    lines += [f"\nLeft out: {name}, because {reason}." for name, reason in result["skipped"].items()]
    for key, value in result.items():
        if key.startswith("cold items"):
            lines.append(f"\n{key}: " + ", ".join(f"{name} {number:.3f}" for name, number in value.items()))
    return [*lines, "", *(f"![{kind}]({PLOTS}/{_slug(result)}-{kind}.svg)" for kind in plots(result))]


def _row(cells: Sequence[str]) -> list[str]:
    return ["| " + " | ".join(cells) + " |"]


def _against(row: Mapping[str, Any], other: str) -> str:
    found = row.get(f"against {other}")
    if found is None:
        return "itself" if row["model"] == other else "best" if other == "the best" else ""
    return f"{found['difference']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}]"


def plots(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the drawings of one result: accuracy against coverage, by history length, by popularity."""
    headline = result["headline"]
    rows = result["models"]
    across = "diversity@10" if "diversity@10" in rows[0]["numbers"] else "coverage@10"
    points = {row["model"]: [(row["numbers"][across], row[headline])] for row in rows}
    made = {"accuracy-diversity": draw(points, across, headline, None)}
    for kind, key, down in (("by-history", "by_history", headline), ("by-popularity", "by_popularity", "recall@20")):
        groups = list(dict.fromkeys(name for row in rows for name in row[key]))
        if groups:
            lines = {
                row["model"]: [(float(groups.index(name)), value) for name, value in row[key].items()] for row in rows
            }
            across = "titles in the history" if kind == "by-history" else "popularity of the title to be found"
            made[kind] = draw(lines, across, down, groups)
    return made


COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
           "#393b79", "#637939")  # fmt: skip


def draw(lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str, labels: Sequence[str] | None) -> str:
    """Return an SVG of points, or of lines over named places."""
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line]
    left, right = (0.0, max(len(labels) - 1, 1)) if labels else (min(xs), max(xs))
    high = max([*ys, 1e-9]) * 1.05
    span = (right - left) or 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        return 60 + (x - left) / span * 440, 340 - y / high * 300

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 400" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(up)} against {escape(across)}</title>",
        '<rect width="680" height="400" fill="#fff"/><path d="M60 40V340H500" fill="none" stroke="#444"/>',
        f'<text x="280" y="385" text-anchor="middle">{escape(across)}</text><text x="60" y="28">{escape(up)}</text>',
    ]
    for step in range(5):
        value = high * step / 4
        parts.append(f'<text x="54" y="{340 - 75 * step + 4}" text-anchor="end">{value:.2f}</text>')
    ticks = (
        list(enumerate(labels))
        if labels
        else [(left + span * step / 4, f"{left + span * step / 4:.2f}") for step in range(5)]
    )
    parts += [f'<text x="{at(x, 0)[0]:.1f}" y="358" text-anchor="middle">{escape(text)}</text>' for x, text in ticks]
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [at(x, y) for x, y in line]
        if len(places) > 1:
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places]
        parts.append(f'<circle cx="530" cy="{50 + 20 * number}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="540" y="{54 + 20 * number}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
