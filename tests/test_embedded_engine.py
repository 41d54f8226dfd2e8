"""The embedded engine keeps the engine contract, and survives being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from contracts import EngineContract
from samples import CATALOGUE, fill, info, made_documents

from search.embedded import EmbeddedEngine, layout
from search.engine import NO_FILTERS, BuildRefused, IndexMismatch

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def engine(tmp_path):
    return EmbeddedEngine(tmp_path / "index")


class TestEmbeddedEngine(EngineContract):
    pass


BUILDER = textwrap.dedent(
    """
    import sys
    sys.path[:0] = [{root!r}, {tests!r}]
    from pathlib import Path
    from samples import fill
    from search.embedded import EmbeddedEngine
    engine = EmbeddedEngine(Path({index!r}))
    while True:
        print(fill(engine), flush=True)
    """
)


def start_builder(index: Path) -> subprocess.Popen:
    code = BUILDER.format(root=str(ROOT), tests=str(ROOT / "tests"), index=str(index))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_builds_killed_at_any_moment_leave_a_whole_index_and_no_litter(tmp_path):
    index = tmp_path / "index"
    engine = EmbeddedEngine(index)
    fill(engine)
    stop = threading.Event()
    failures: list[str] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        mine = EmbeddedEngine(index)
        while not stop.is_set():
            try:
                reader = mine.reader()
                page = reader.browse(NO_FILTERS, "watched", 0, 50)
                if len(reader.documents(page.ids)) != 10:
                    failures.append("half an index")
                reads += 1
            except Exception as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for after in (0.0, 0.02, 0.05, 0.09, 0.13, 0.2):
        builder = start_builder(index)
        assert builder.stdout is not None
        assert builder.stdout.readline().startswith("gen-")
        time.sleep(after)
        os.kill(builder.pid, signal.SIGKILL)
        builder.wait()
        builder.stdout.close()
        assert engine.reader().info().documents == len(CATALOGUE)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert reads > 20
    fill(engine)
    assert len(list(index.glob("gen-*"))) == 2
    assert not list(index.glob("tmp-*"))


def test_a_second_process_is_told_the_pid_of_the_first(tmp_path):
    engine = EmbeddedEngine(tmp_path / "index")
    build = engine.begin(info())
    code = (
        f"import sys; sys.path[:0]=[{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "from pathlib import Path; from samples import fill; from search.embedded import EmbeddedEngine\n"
        f"fill(EmbeddedEngine(Path({str(tmp_path / 'index')!r})))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    build.abort()
    assert told.returncode == 1
    assert f"pid {os.getpid()}" in told.stderr


def test_a_full_disk_leaves_the_serving_index(engine, monkeypatch):
    serving = fill(engine)
    build = engine.begin(info())
    build.add(made_documents())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", full)
    with pytest.raises(OSError, match="No space left"):
        build.verify([])
    build.abort()
    assert engine.reader().info().generation == serving
    assert not list(engine.root.glob("tmp-*"))


def test_an_index_of_another_tantivy_is_refused_with_the_command_that_mends_it(engine):
    generation = fill(engine)
    manifest = engine.root / generation / layout.MANIFEST
    manifest.write_text(manifest.read_text().replace('"tantivy": "', '"tantivy": "9.'))
    with pytest.raises(IndexMismatch, match="nextep index --rebuild"):
        EmbeddedEngine(engine.root).reader()


def test_an_index_on_a_read_only_folder_can_be_read(engine):
    fill(engine)
    for path in [engine.root, *engine.root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert EmbeddedEngine(engine.root).reader().exact(["toradora"]) == [3]
    finally:
        for path in [engine.root, *engine.root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_verification_refuses_a_vector_that_does_not_find_itself(engine):
    made = made_documents()
    build = engine.begin(info())
    build.add(made)
    swapped = [
        type(made[0])(
            **{**{f: getattr(made[0], f) for f in made[0].__slots__}, "vectors": {"text": -made[5].vectors["text"]}}
        )
    ]
    with pytest.raises(BuildRefused, match="nearest neighbour"):
        build.verify(swapped)
    build.abort()
