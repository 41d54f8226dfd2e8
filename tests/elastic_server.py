"""A real Elasticsearch for the tests marked `elasticsearch`: the one that the environment names, or a cluster of one's own.

`TEST_ELASTICSEARCH_CLUSTER` is the script that starts and stops nodes; `make test-es` and .ci/run set it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import config

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = Path(os.environ.get("TEST_ELASTICSEARCH_CLUSTER") or "cluster.py").absolute()
PASSWORD = "for-tests-only"
NAMES = {
    "ELASTICSEARCH_URL": "elasticsearch_url",
    "ELASTICSEARCH_USERNAME": "elasticsearch_username",
    "ELASTICSEARCH_PASSWORD": "elasticsearch_password",
    "ELASTICSEARCH_API_KEY": "elasticsearch_api_key",
    "ELASTICSEARCH_CA_CERTS": "elasticsearch_ca_certs",
}

# Read when the tests are collected: when they run, those of other things have it taken away.
SERVER = {name: os.environ[name] for name in NAMES if os.environ.get(name)}


def need_server() -> dict[str, str]:
    """Return the environment of the server that the environment names, with security on; skip without one."""
    if "ELASTICSEARCH_URL" not in SERVER or "ELASTICSEARCH_PASSWORD" not in SERVER:
        pytest.skip("needs a server with a password at ELASTICSEARCH_URL: make test-es starts one")
    return dict(SERVER)


def settings(environment: Mapping[str, str], **changes: object) -> config.Settings:
    """Return settings for a server, without what the shell or .env say."""
    values: dict[str, object] = {field: environment.get(name) for name, field in NAMES.items()}
    return config.Settings(_env_file=None, **{**values, **changes})  # type: ignore[arg-type]


def free_ports(count: int, beside: int = 100) -> int:
    """Return a port from which on `count` are free, as are those `beside` (the nodes' own)."""
    for first in range(9450, 12000, 10):
        try:
            for port in (*range(first, first + count), *range(first + beside, first + beside + count)):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports between 9450 and 12000")


@dataclass
class Cluster:
    """Nodes on this machine; `environment` is what a client needs."""

    folder: Path
    environment: dict[str, str]
    nodes: int

    @classmethod
    def start(cls, nodes: int, tls: bool = True, extra: Mapping[str, str] | None = None) -> Cluster:
        """Start nodes with security on and `extra` settings; skip where there is no script to do it."""
        if "TEST_ELASTICSEARCH_CLUSTER" not in os.environ:
            pytest.skip(
                "needs TEST_ELASTICSEARCH_CLUSTER=../shared/elasticsearch/cluster.py to start nodes: make test-es"
            )
        folder = Path(tempfile.mkdtemp(prefix="nextep-es-"))
        # The nodes run under an account of their own.
        folder.chmod(0o755)
        port = free_ports(nodes)
        try:
            said = _own("start", folder / "c", nodes, port, "tls" if tls else "plain", json.dumps(dict(extra or {})))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            # Nodes that did start must not go on without anybody who knows of them.
            cls(folder, {}, nodes).stop()
            raise RuntimeError(f"the cluster did not start ({error}):\n{error.stderr}") from None
        lines = (line.removeprefix("export ").split("=", 1) for line in said.splitlines() if "=" in line)
        return cls(folder, {name: value.strip("'\"") for name, value in lines}, nodes)

    def kill(self, node: int) -> None:
        """End a node as a crash would; returns when its process is gone, before which it can't be started again."""
        _run("kill", self.folder / "c", node)
        until = time.monotonic() + 30
        while self.alive(node) and time.monotonic() < until:
            time.sleep(0.1)

    def pause(self, node: int) -> None:
        """Let a node hang: it takes connections and never answers."""
        _run("pause", self.folder / "c", node)

    def resume(self, node: int) -> None:
        """Let a hung node go on."""
        _run("resume", self.folder / "c", node)

    def revive(self, node: int) -> None:
        """Start a killed node again; returns when the cluster is whole."""
        _run("revive", self.folder / "c", node)

    def launch(self, node: int) -> None:
        """Start a killed node without waiting for the others."""
        _own("launch", self.folder / "c", node)

    def alive(self, node: int) -> bool:
        """Tell whether a node's process runs."""
        return _own("alive", self.folder / "c", node).strip() == "True"

    def stop(self) -> None:
        """End every node and delete their data."""
        if (self.folder / "c" / "cluster.json").exists():
            _run("stop", self.folder / "c")
        shutil.rmtree(self.folder, ignore_errors=True)

    def urls(self) -> list[str]:
        """Return the nodes' addresses."""
        return self.environment["ELASTICSEARCH_URL"].split(",")


def _run(*words: object) -> str:
    return _call(SCRIPT, *words)


def _own(*words: object) -> str:
    """Run this file: what the script's commands don't offer, in a process of its own as they are."""
    return _call(Path(__file__), *words)


def _call(file: Path, *words: object) -> str:
    command = [sys.executable, str(file), *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TEST_ELASTICSEARCH_CLUSTER": str(SCRIPT)}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, env=environment
    )
    return done.stdout


def _script() -> Any:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("elasticsearch_cluster", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _start(script: Any, folder: Path, nodes: str, port: str, kind: str, extra: str) -> str:
    configure = script.configure

    def with_extra(directory: Path, cluster: dict, node: dict) -> None:
        configure(directory, cluster, node)
        file = directory / node["name"] / "config" / "elasticsearch.yml"
        lines = dict(line.split(": ", 1) for line in file.read_text().splitlines())
        lines.update({name: json.dumps(value) for name, value in json.loads(extra).items()})
        file.write_text("".join(f"{name}: {value}\n" for name, value in lines.items()))

    script.configure = with_extra
    tls = kind == "tls"
    options = argparse.Namespace(nodes=int(nodes), port=int(port), heap="512m", password=PASSWORD, tls=tls)
    return str(script.shell_variables(script.start(folder, options)))


def _main(command: str, folder: Path, *rest: str) -> None:
    script = _script()
    if command == "start":
        print(_start(script, folder, *rest))
        return
    cluster = script.load(folder)
    node = cluster["nodes"][int(rest[0])]
    if command == "launch":
        script.launch(folder, cluster, node)
        script.save(folder, cluster)
    else:
        print(script.alive(node["pid"]))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
