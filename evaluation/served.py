"""A site of one's own to measure: `nextep serve` as a process on a free port, ready to answer."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config import ROOT

START_SECONDS = 300


@contextmanager
def served(environment: Mapping[str, str], folder: Path, *options: str) -> Iterator[tuple[str, int]]:
    """Serve until the block ends, with `environment` over this process's own and `options` of the command.

    What it prints goes to serve.log in `folder`. Gives host and port once /readyz answers; raises ValueError with the
    end of the log where it never does.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    given = {
        **os.environ,
        "NEXTEP_RATE_LIMIT": "0",
        "NEXTEP_HOSTS": "",
        "NEXTEP_SECRET_KEY": secrets.token_hex(32),
        **environment,
    }
    command = [sys.executable, str(ROOT / "cli.py"), "serve", "--port", str(port), *options]
    path = folder / "serve.log"
    with path.open("w") as log:
        server = subprocess.Popen(command, env=given, stdout=log, stderr=log, cwd=ROOT)
        try:
            _await(server, f"http://{host}:{port}/readyz", path)
            yield host, port
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _await(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise ValueError(f"The site did not start: {log.read_text()[-500:]}") from None
            time.sleep(0.5)
