"""Measure vector search of one Elasticsearch node by number of documents and type of index; docs/scaling.md tells more.

    python scripts/scale_elasticsearch.py --url http://127.0.0.1:9200 --sizes 15000,100000 --types flat,int8_hnsw

Real document vectors of an evaluation index (`nextep bench search` leaves one), beyond the catalogue perturbed copies
of them. A run that was killed goes on with the first cell that has no figures; `--again` measures the built ones anew.
Prints the figures as JSON, which are also kept in --out, and as a Markdown table.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from elasticsearch import Elasticsearch, NotFoundError

import config
from evaluation.grown import everything, perturbed
from evaluation.queries import load_queries
from evaluation.search import KAGGLE
from search.elastic.queries import bare, conditions, nearest
from search.embedded import EmbeddedEngine
from search.embedded.reader import EmbeddedReader
from search.engine import NO_FILTERS, Filters, Vector
from search.open import open_encoder

# Length of the noise: a copy has a cosine of about 0.96 to the work it was made of.
NOISE = 0.3
SEED = 42
TOP = 10
EXCLUDED = 5000
# What a search of the site asks of the leg, and what a list of ten needs.
DEEP, SHALLOW = 500, TOP
TYPES: dict[str, dict[str, Any]] = {
    "flat": {"type": "flat"},
    "int8_hnsw": {"type": "int8_hnsw", "m": 16, "ef_construction": 100},
    "hnsw": {"type": "hnsw", "m": 16, "ef_construction": 100},
    "bbq_hnsw": {"type": "bbq_hnsw", "m": 16, "ef_construction": 100, "rescore_vector": {"oversample": 3.0}},
}
COLUMNS = {
    "id": {"type": "long"}, "members": {"type": "integer"}, "series": {"type": "long"},
    "offered": {"type": "boolean"}, "adult": {"type": "boolean"},
}  # fmt: skip
SPACE = "en"
VECTOR = f"vector_{SPACE}"
CHUNK = 500
LONG = 3600.0
Figures = dict[str, Any]
# The first row and the vectors from there on.
Blocks = Iterator[tuple[int, Vector]]


class Growth:
    """Vectors of any number of works: the catalogue's own, then copies. The same row is always the same vector."""

    def __init__(self, real: Vector) -> None:
        """Take the vectors of the real works."""
        self.real = real

    def blocks(self, size: int) -> Blocks:
        """Yield (first row, vectors) up to `size` rows."""
        for copy, first in enumerate(range(0, size, len(self.real))):
            rng = np.random.default_rng([SEED, copy])
            block = perturbed(self.real, NOISE, rng) if copy else self.real
            yield first, block[: size - first]

    def nearest(self, queries: Vector, size: int) -> list[set[int]]:
        """Return the exact nearest rows of each query; twins of the tenth count too."""
        similarity = np.concatenate([queries @ block.T for _, block in self.blocks(size)], axis=1)  # (queries, size)
        tenth = np.partition(similarity, -TOP, axis=1)[:, -TOP]
        return [set(np.flatnonzero(row >= edge - 1e-5).tolist()) for row, edge in zip(similarity, tenth, strict=True)]


class Node:
    """The server under measurement; indices of this script begin with `prefix`."""

    def __init__(self, url: str, prefix: str, pid: int | None) -> None:
        """Take the address; `pid` is the server's process where it runs on this machine."""
        self.client = Elasticsearch(url, request_timeout=LONG, max_retries=0)
        self.prefix, self.pid = prefix, pid

    def index(self, kind: str, size: int) -> str:
        """Name the index of a cell."""
        return f"{self.prefix}-{kind}-{size}"

    def holds(self, index: str) -> bool:
        """Tell whether an index was built to its end: `_meta` says so."""
        try:
            found = self.client.indices.get_mapping(index=index).body
        except NotFoundError:
            return False
        return bool(found[index]["mappings"].get("_meta", {}).get("built"))

    def build(self, index: str, options: dict[str, Any], dims: int, blocks: Blocks, merge: bool) -> Figures:
        """Fill a fresh index, `merge` it into one segment, and return what it took."""
        self.client.indices.delete(index=index, ignore_unavailable=True)
        vector = {"type": "dense_vector", "dims": dims, "index": True, "similarity": "cosine", "index_options": options}
        self.client.indices.create(
            index=index,
            mappings={"dynamic": "strict", "properties": {**COLUMNS, VECTOR: vector}},
            settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
        )
        started, cpu = time.perf_counter(), self.cpu_seconds()
        count = sum(self._write(index, first, block) for first, block in blocks)
        self.client.indices.refresh(index=index)
        filled = time.perf_counter()
        if merge:
            self.client.indices.forcemerge(index=index, max_num_segments=1)
        self.client.indices.refresh(index=index)
        merged, cpu = time.perf_counter(), self.cpu_seconds() - cpu
        made: Figures = {
            "documents": count,
            "vectors_a_second": count / (filled - started),
            "merge_seconds": merged - filled if merge else None,
            "vectors_a_second_merged": count / (merged - started),
            # None in JSON where it is not known.
            "vectors_a_cpu_second": None if math.isnan(cpu) else count / max(cpu, 0.01),
            "built_at_load": os.getloadavg()[1],
        }
        self.client.indices.put_mapping(index=index, meta={"built": made})
        return made

    def _write(self, index: str, first: int, block: Vector) -> int:
        for at in range(0, len(block), CHUNK):
            # Lines that are bytes already are sent as they are, which the annotation does not tell.
            lines: Any = _lines(first + at, block[at : at + CHUNK])
            answer = self.client.bulk(index=index, operations=lines, filter_path="errors,items.*.error")
            if answer["errors"]:
                raise RuntimeError(f"{index}: {next(item for item in answer['items'] if item)}")
        return len(block)

    def built(self, index: str) -> Figures:
        """Return what building an index took."""
        made: Figures = self.client.indices.get_mapping(index=index).body[index]["mappings"]["_meta"]["built"]
        return made

    def only(self, index: str) -> None:
        """Open one index and close the others of this script, so that memory is its alone."""
        others = [name for name in self.client.indices.get(index=f"{self.prefix}-*").body if name != index]
        if others:
            self.client.indices.close(index=",".join(others))
        self.client.indices.open(index=index)
        self.client.cluster.health(index=index, wait_for_status="yellow", timeout="60s")

    def sizes(self, index: str) -> Figures:
        """Return bytes on disk and of vectors outside the heap, segments, and the memory of the process."""
        stats = self.client.indices.stats(index=index).body["indices"][index]["total"]
        node = next(iter(self.client.nodes.stats(metric=["jvm"]).body["nodes"].values()))["jvm"]["mem"]
        off_heap = stats.get("dense_vector", {}).get("off_heap", {})
        return {
            "disk_bytes": stats["store"]["size_in_bytes"],
            "segments": stats["segments"]["count"],
            "off_heap": {name: value for name, value in off_heap.items() if isinstance(value, int)},
            "heap_used_bytes": node["heap_used_in_bytes"],
            "heap_max_bytes": node["heap_max_in_bytes"],
            **self._memory(),
        }

    def cpu_seconds(self) -> float:
        """Return the processor time that the process has used, NaN where its number is not known.

        On a machine with other work it says more than a clock.
        """
        if self.pid is None:
            return math.nan
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self) -> Figures:
        """Return what the process holds itself, and how much of its mapped files lies in memory."""
        if self.pid is None:
            return {}
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        held = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss")}
        return {"anonymous_bytes": held["RssAnon"], "mapped_bytes": held["RssFile"]}

    def ask(self, index: str, body: dict[str, Any]) -> list[int]:
        """Return the rows that a search finds."""
        answer = self.client.search(index=index, body=body, allow_partial_search_results=False)
        return [hit["sort"][1] for hit in answer["hits"]["hits"]]


def _lines(first: int, block: Vector) -> list[bytes]:
    """Return the lines of a bulk request, made by hand so that the client is not what is measured."""
    packed = block.astype(">f4")
    lines = []
    for row, vector in enumerate(packed, first):
        written = base64.b64encode(vector.tobytes()).decode()
        lines.append(f'{{"index":{{"_id":"{row}"}}}}'.encode())
        lines.append(
            f'{{"id":{row},"members":0,"series":{row},"offered":true,"adult":false,"{VECTOR}":"{written}"}}'.encode()
        )
    return lines


def measure(node: Node, index: str, queries: Vector, right: Sequence[set[int]], size: int) -> Figures:
    """Return latency and recall@10 of one index, alone in memory, after a first round by kind for the processor time."""
    node.only(index)
    excluded = Filters(exclude=tuple(range(0, size, max(size // EXCLUDED, 1)))[:EXCLUDED])
    asked: dict[str, Callable[[Vector], dict[str, Any]]] = {
        "deep": lambda vector: nearest(SPACE, vector, conditions(NO_FILTERS), DEEP),
        "shallow": lambda vector: nearest(SPACE, vector, conditions(NO_FILTERS), SHALLOW),
        "deep_excluding": lambda vector: nearest(SPACE, vector, conditions(excluded), DEEP),
    }
    cpu: Figures = {}
    for name, body in asked.items():
        before = node.cpu_seconds()
        for vector in queries:
            node.ask(index, body(vector))
        spent = (node.cpu_seconds() - before) * 1000 / len(queries)
        cpu[name] = None if math.isnan(spent) else spent
    took: dict[str, list[float]] = {name: [] for name in (*asked, "nothing")}
    found: dict[str, int] = dict.fromkeys(asked, 0)
    for vector, rows in zip(queries, right, strict=True):
        # In turn, so that whatever else the machine does meets all of them alike.
        for name, body in asked.items():
            made = body(vector)
            started = time.perf_counter()
            hits = node.ask(index, made)
            took[name].append((time.perf_counter() - started) * 1000)
            found[name] += len(rows.intersection(hits[:TOP]))
        started = time.perf_counter()
        node.ask(index, {**bare(1), "query": {"term": {"id": 1}}, "sort": ["_score", {"id": "asc"}]})
        took["nothing"].append((time.perf_counter() - started) * 1000)
    cells: Figures = {
        name: dict(zip(("p50", "p95", "p99"), np.percentile(times, [50, 95, 99]).tolist(), strict=True))
        for name, times in took.items()
    }
    recall = {name: found[name] / (TOP * len(queries)) for name in ("deep", "shallow")}
    return {"ms": cells, "cpu_ms": cpu, "recall": recall, "queries": len(queries), **node.sizes(index)}


def table(kept: dict[str, Figures]) -> str:
    """Return the figures as Markdown, by number of documents."""
    rows = [
        "| documents | index | vectors/s | merge s / segments | disk MB | vectors off heap MB | mapped MB | heap / anon MB "
        f"| k={DEEP} p50 / p95 / p99 ms | CPU ms | less {EXCLUDED:,} ids p50 / p95 ms | k={SHALLOW} p50 / p95 ms "
        f"| recall@10 k={DEEP} | recall@10 k={SHALLOW} | bare request p50 ms | load |",
        "|---" * 16 + "|",
    ]
    for name, made in sorted(kept.items(), key=lambda item: int(item[0].split("/")[1])):
        kind, size = name.split("/")
        ms = {asked: [f"{took[part]:.0f}" for part in ("p50", "p95", "p99")] for asked, took in made["ms"].items()}
        cells = [
            f"{int(size):,}",
            kind,
            f"{made['vectors_a_second']:,.0f}",
            f"{_number(made['merge_seconds'], '.0f')} / {made['segments']}",
            _mb(made, "disk_bytes"),
            _mb(made["off_heap"], "total_size_bytes"),
            _mb(made, "mapped_bytes"),
            f"{_mb(made, 'heap_used_bytes')} / {_mb(made, 'anonymous_bytes')}",
            " / ".join(ms["deep"]),
            _number(made["cpu_ms"]["deep"], ".0f"),
            " / ".join(ms["deep_excluding"][:2]),
            " / ".join(ms["shallow"][:2]),
            f"{made['recall']['deep']:.3f}",
            f"{made['recall']['shallow']:.3f}",
            ms["nothing"][0],
            f"{made['measured_at_load']:.0f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _number(value: float | None, form: str) -> str:
    return "n/a" if value is None else format(value, form)


def _mb(figures: Figures, name: str) -> str:
    return f"{figures[name] / 1e6:,.0f}" if name in figures else "n/a"


def real_vectors(folder: Path) -> Vector:
    """Return the vectors of the offered works of an embedded index, the most watched first."""
    reader = EmbeddedEngine(folder).reader()
    assert isinstance(reader, EmbeddedReader)
    titles = [title for title in everything(reader) if title.offered and not title.adult]
    held = [reader.vectors(title.id).get(SPACE) for title in titles]
    return np.stack([vector for vector in held if vector is not None]).astype(np.float32)


def query_vectors(folder: Path, settings: config.Settings, count: int) -> Vector:
    """Return the vectors of the project's plot queries."""
    encoder = open_encoder(settings)
    spaces = EmbeddedEngine(folder).reader().info().spaces
    texts = [query.text for query in load_queries(f"{KAGGLE}_plots")][:count]
    return np.stack([encoder.encode(text, spaces)[0][SPACE] for text in texts])


def main() -> None:
    """Build and measure every cell that has no figures yet; print the table."""
    settings = config.load()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:9200", help="the node, without security")
    parser.add_argument("--sizes", default="15000,100000,500000", help="numbers of documents, with commas between")
    parser.add_argument("--types", default=",".join(TYPES), help=f"of {', '.join(TYPES)}")
    parser.add_argument(
        "--index", type=Path, default=settings.var / "evaluation" / KAGGLE, help="embedded index to read"
    )
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--pid", type=int, help="the server's process, to read its memory from /proc")
    parser.add_argument("--out", type=Path, default=settings.var / "scale.json", help="where the figures are kept")
    parser.add_argument("--prefix", default="nextep-scale", help="what the names of the indices begin with")
    parser.add_argument("--again", action="store_true", help="measure built indices anew")
    parser.add_argument("--no-merge", action="store_true", help="leave the segments that indexing made")
    parser.add_argument("--clean", action="store_true", help="delete the indices of this script at the end")
    options = parser.parse_args()
    kinds = options.types.split(",")
    unknown = [kind for kind in kinds if kind not in TYPES]
    if unknown:
        parser.error(f"--types names {', '.join(unknown)}; allowed are {', '.join(TYPES)}")
    kept: dict[str, Figures] = json.loads(options.out.read_text()) if options.out.exists() else {}
    growth, queries = Growth(real_vectors(options.index)), query_vectors(options.index, settings, options.queries)
    node = Node(options.url, options.prefix, options.pid)
    for size in map(int, options.sizes.split(",")):
        right = None
        for kind in kinds:
            cell, index = f"{kind}/{size}", node.index(kind, size)
            if cell in kept and not options.again:
                continue
            if not node.holds(index):
                print(f"{time.strftime('%H:%M:%S')} building {cell}", file=sys.stderr, flush=True)
                node.build(index, TYPES[kind], growth.real.shape[1], growth.blocks(size), not options.no_merge)
            print(f"{time.strftime('%H:%M:%S')} measuring {cell}", file=sys.stderr, flush=True)
            right = right or growth.nearest(queries, size)
            made = {**node.built(index), **measure(node, index, queries, right, size)}
            kept[cell] = {**made, "measured_at_load": os.getloadavg()[0]}
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    if options.clean:
        names = list(node.client.indices.get(index=f"{options.prefix}-*").body)
        if names:
            node.client.indices.delete(index=",".join(names))
    print(json.dumps(kept, indent=1))
    print(table(kept))


if __name__ == "__main__":
    main()
