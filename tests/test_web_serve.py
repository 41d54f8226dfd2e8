"""The site under gunicorn, as `nextep serve` runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest

from config import ROOT


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("serve")
    settings = {"NEXTEP_VAR": str(folder / "var"), "NEXTEP_PORT": str(port), "NEXTEP_ENV": "production", "NEXTEP_SECRET_KEY": "x"}  # fmt: skip
    code = "import config, webapp.serve; webapp.serve.run(config.load(), 1)"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **settings}, stderr=log)
    base = f"http://127.0.0.1:{port}"
    for _ in range(900):
        try:
            urllib.request.urlopen(f"{base}/healthz", timeout=5).close()
            break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
    yield base, folder / "log"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def asked(address: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("letter", ["x", "가"])
def test_a_query_of_ten_thousand_characters_is_told_what_is_allowed(address, letter):
    status, body = asked(f"{address[0]}/api/search?q={quote(letter * 10_000)}")
    assert status == 422
    assert body["parameter"] == "q"
    assert "10,000" in body["detail"]


def test_without_an_index_the_process_lives_and_is_not_ready(address):
    assert asked(f"{address[0]}/healthz")[0] == 200
    status, body = asked(f"{address[0]}/readyz")
    assert status == 503
    assert "nextep index" in body["detail"]


def test_production_logs_lines_of_json_with_the_requests_id(address):
    asked(f"{address[0]}/api/search?q=x")
    for _ in range(100):
        lines = [json.loads(line) for line in address[1].read_text().splitlines() if line.startswith("{")]
        requests = [line for line in lines if line.get("event") == "request"]
        if requests:
            break
        time.sleep(0.1)
    request = requests[0]
    assert {"method", "path", "status", "ms", "request_id", "level", "timestamp"} <= set(request)
