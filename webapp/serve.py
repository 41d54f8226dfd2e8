"""Run the site under gunicorn with threads, in production dress."""

from __future__ import annotations

import sys
from typing import Any

import gunicorn.http.message
from gunicorn.app.base import BaseApplication

from config import Settings
from webapp.security import refuse_superuser, secret_key

# gunicorn refuses a line of more than 8,190 bytes with a page of its own, which a long Korean query has; ours says
# which parameter is too long and what is allowed.
LONGEST_LINE = 128 * 1024


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self.settings, self.options = settings, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # Each worker makes its own: torch hangs when it is loaded before the fork.
        from webapp import create_app

        return create_app(self.settings)


def run(settings: Settings, workers: int) -> None:
    """Serve until stopped; prints the address once it listens.

    Raises SettingsError, before any worker starts, for what production refuses.
    """
    secret_key(settings)
    refuse_superuser(settings)
    gunicorn.http.message.MAX_REQUEST_LINE = LONGEST_LINE
    address = f"{settings.host}:{settings.port}"
    options = {
        "bind": address,
        "workers": workers,
        "worker_class": "gthread",
        "threads": settings.threads,
        "timeout": 60,
        "graceful_timeout": 15,
        "keepalive": 5,
        "max_requests": 0,
        "limit_request_line": LONGEST_LINE,
        "limit_request_fields": 60,
        # gunicorn's heartbeat file belongs on memory, not on a disk that may stall.
        "worker_tmp_dir": "/dev/shm" if sys.platform == "linux" else None,
        "preload_app": False,
        "control_socket_disable": True,
        "when_ready": lambda _: print(f"Nextep listens on http://{address}", file=sys.stderr, flush=True),
        "errorlog": "-",
        "loglevel": "warning",
    }
    known = {name: value for name, value in options.items() if value is not None}
    # Workers that are told how many they are count the rate limits together.
    _Server(settings.model_copy(update={"workers": workers}), known).run()
