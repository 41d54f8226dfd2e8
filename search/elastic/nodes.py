"""Which node a request goes to: live ones in turn, but a slow one seldom; one that failed is tried in the background until it answers."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elastic_transport import (
    BaseNode,
    ConnectionTimeout,
    HttpHeaders,
    NodeConfig,
    NodePool,
    TransportError,
    Urllib3HttpNode,
)
from elastic_transport.client_utils import DEFAULT, DefaultType

PROBE_SECONDS = 1.0
# What a last try gets although the time is up.
LEAST_SECONDS = 0.05
# A node is slow when it takes so many times as long as the fastest, and at least so long. It then gets one request at a
# time and so often: a JVM that has just started answers in seconds, and needs requests to get faster.
SLOWER = 3.0
SLOW_SECONDS = 0.1
TRIAL_SECONDS = 1.0
# What a node that is back is taken to need until it has shown better: a dozen requests that are answered at once.
STARTING_SECONDS = 1.0
# How much the last request counts in what a node is known to need.
LATEST = 0.2
log = logging.getLogger("nextep.elastic")


_thread = threading.local()


@contextmanager
def within(seconds: float, tries: int) -> Iterator[None]:
    """Bound all tries of a request that the block makes: each waits for what the ones before left.

    The last of `tries` is given all of that. Its node may be slow, not hung: an answer that comes late is better than
    none, and there is no other node to ask.
    """
    _thread.until, _thread.tries, _thread.left = time.monotonic() + seconds, tries, tries
    try:
        yield
    finally:
        _thread.until = None


class Node(Urllib3HttpNode):
    """A node that knows whether it is hung (silent for as long as a request waited) or only slow to answer that one."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self.answered_at = 0.0
        # What a request takes here, in seconds, the last ones most (an exponentially weighted mean), and who waits.
        self.mean = 0.0
        self.waiting = 0
        self.tried_at = 0.0
        self._counting = threading.Lock()
        self._last = threading.local()

    @property
    def silent(self) -> bool:
        """Whether this thread's last request timed out: the node took it and may yet answer another."""
        return getattr(self._last, "silent", False)

    @property
    def slow(self) -> bool:
        """Whether this thread's last request timed out although the node answered others meanwhile."""
        return getattr(self._last, "slow", False)

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> Any:
        """Send a request and note when the node answered."""
        began = time.monotonic()
        self._last.slow = self._last.silent = False
        until = getattr(_thread, "until", None)
        if until is not None and isinstance(request_timeout, (int, float)):
            rest = max(until - began, LEAST_SECONDS)
            _thread.left -= 1
            request_timeout = min(request_timeout, rest) if _thread.left > 0 else rest
        with self._counting:
            self.waiting += 1
        took = self.mean  # what fails at once says nothing of how long an answer takes
        try:
            answer = super().perform_request(method, target, body, headers, request_timeout)
            self.answered_at = time.monotonic()
            took = self.answered_at - began
        except ConnectionTimeout:
            self._last.silent = True
            # A try that was cut short says nothing of the node.
            self._last.slow = self.answered_at > began or (until is not None and until - began < LEAST_SECONDS * 2)
            took = max(time.monotonic() - began, took)
            raise
        finally:
            self._done(took)
        if until is not None:
            _thread.left = _thread.tries
        return answer

    def _done(self, seconds: float) -> None:
        with self._counting:
            self.waiting -= 1
            self.mean += LATEST * (seconds - self.mean)


@dataclass(slots=True)
class _Dead:
    failures: int
    since: float
    retry_at: float
    silent: bool = False
    probing: bool = False


class Nodes(NodePool):
    """The transport's pool with a gentler way back.

    The stock pool gives a failed node back to everybody when its time-out is over, and counts a failure for each
    request that was under way when it died: a hung node then costs many requests their time-out, again and again.
    Here the requests of one outage count once, nobody's request but a thread of our own tries whether the node is
    back, and a node that is merely busy stays.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._mutex = threading.Lock()
        self._turn = itertools.count()
        self._dead: dict[NodeConfig, _Dead] = {}

    def get(self) -> BaseNode:
        """Return the next node in turn of those that live and aren't slow; have those tried that are due.

        Where all are dead it is the likeliest to answer.
        """
        due: list[BaseNode] = []
        with self._mutex:
            if self._dead:
                now = time.monotonic()
                for config, dead in self._dead.items():
                    if now >= dead.retry_at and len(self._all_nodes) > 1:
                        dead.probing = True
                        dead.retry_at = now + self._max_dead_node_backoff
                        due.append(self._all_nodes[config])
            nodes = _quick([node for config, node in self._all_nodes.items() if config not in self._dead])
            if not nodes:
                nodes = self._likeliest()
            chosen = nodes[next(self._turn) % len(nodes)]
        for node in due:
            threading.Thread(target=self._probe, args=(node,), name="elastic-probe", daemon=True).start()
        return chosen

    def _likeliest(self) -> list[BaseNode]:
        """Return whom to ask where all are dead: of those that were silent the one that answered last, else all but the one that failed last.

        A busy node is silent too, but not for long; one that refuses is gone.
        """
        silent = [self._all_nodes[config] for config, dead in self._dead.items() if dead.silent]
        if silent:
            return [max(silent, key=lambda node: getattr(node, "answered_at", 0.0))]
        last = max(self._dead, key=lambda config: self._dead[config].since)
        return [node for config, node in self._all_nodes.items() if config != last or len(self._dead) == 1]

    def _probe(self, node: BaseNode) -> None:
        """Ask the node for anything; even "sign in first" shows that it is back."""
        try:
            answer = node.perform_request("HEAD", "/", request_timeout=PROBE_SECONDS)
        except TransportError:
            self.mark_dead(node)
            return
        if answer.meta.status < 500:
            self.mark_live(node)
        else:
            self.mark_dead(node)

    def mark_dead(self, node: BaseNode, _now: float | None = None) -> None:
        """Leave the node alone for a while, longer each time that trying it failed."""
        if getattr(node, "slow", False):
            return
        now = time.monotonic() if _now is None else _now
        with self._mutex:
            dead = self._dead.get(node.config)
            if dead is not None and not dead.probing and now < dead.retry_at:
                return
            failures = dead.failures + 1 if dead else 1
            wait = min(self._dead_node_backoff_factor * 2 ** min(failures - 1, 16), self._max_dead_node_backoff)
            self._dead[node.config] = _Dead(failures, now, now + wait, getattr(node, "silent", False))
        log.warning("%s failed (%d in a row): left alone for %.0f s", node.base_url, failures, wait)

    def mark_live(self, node: BaseNode) -> None:
        """Take the node back among the live ones."""
        # Read without the lock: nearly every answer comes from a node that was never dead.
        if node.config not in self._dead:
            return
        with self._mutex:
            was_dead = self._dead.pop(node.config, None)
        if was_dead is not None:
            if isinstance(node, Node):
                node.mean = STARTING_SECONDS
            log.warning("%s answers again", node.base_url)


def _quick(nodes: list[BaseNode]) -> list[BaseNode]:
    """Return the nodes without those that are slow beside the fastest; a slow one alone when it is due for a try."""
    if len(nodes) < 2:
        return nodes
    means = [getattr(node, "mean", 0.0) for node in nodes]
    limit = max(SLOWER * min(means), SLOW_SECONDS)
    if max(means) <= limit:
        return nodes
    now = time.monotonic()
    for node, mean in zip(nodes, means, strict=True):
        if mean > limit and isinstance(node, Node) and not node.waiting and now - node.tried_at >= TRIAL_SECONDS:
            node.tried_at = now
            return [node]
    return [node for node, mean in zip(nodes, means, strict=True) if mean <= limit]
