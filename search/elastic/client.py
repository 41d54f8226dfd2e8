"""The connection to Elasticsearch: short time-outs to search, long ones to index, every error translated."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from elastic_transport import ApiError, TransportError
from elasticsearch import Elasticsearch, OrjsonSerializer
from elasticsearch.helpers import BulkIndexError
from elasticsearch.serializer import NdjsonSerializer

from config import Settings, SettingsError
from search.elastic.breaker import Breaker
from search.elastic.errors import ElasticError, SuperuserRefused, Target, Unavailable, translate
from search.elastic.nodes import Node, Nodes, within

log = logging.getLogger("nextep.elastic")
# The transport tells each retry with a stack trace, 20 a second when a node dies; `Nodes` tells the outage once.
logging.getLogger("elastic_transport.transport").setLevel(logging.ERROR)

T = TypeVar("T")
WRITE_SECONDS = 60.0
WRITE_RETRIES = 3
# What all tries of a question may take, in time-outs. One node that hangs costs one, two cost two, and the last that is
# asked has the rest: where a node that starts takes the processors of the others, they answer late but they answer.
PATIENCE = 5.0
FIRST_WAIT = 1.0
LONGEST_WAIT = 5.0
RETRIED = (429, 502, 503, 504)


class Connection:
    """Two clients of one cluster: `read` answers visitors, `write` builds indices.

    `ask` and `do` are the way to use them: they turn whatever goes wrong into an EngineError.
    """

    def __init__(
        self,
        read: Elasticsearch,
        write: Elasticsearch,
        breaker: Breaker,
        target: Target,
        *,
        patience: float = 2.0,
        tries: int = 1,
        guard: bool = False,
    ) -> None:
        """Take the clients; `patience` is how many seconds `ask` may take with all its `tries`.

        `guard` refuses to work with a superuser's rights (production).
        """
        self.read, self.write, self.breaker, self.target, self.patience = read, write, breaker, target, patience
        self.tries = tries
        self._unchecked = guard
        self._lock = threading.Lock()

    def ask(self, call: Callable[[Elasticsearch], T]) -> T:
        """Return `call(read)`; raise at once, without trying, while the cluster is known to be down."""
        if not self.breaker.admits():
            raise Unavailable(f"{self.breaker.reason} (Not tried again for up to {self.breaker.seconds:g} s.)")
        try:
            self._check_rights(self.read)
            with within(self.patience, self.tries):
                answer = call(self.read)
        except (ApiError, TransportError, BulkIndexError) as error:
            said = translate(error, self.target)
            if isinstance(said, Unavailable):
                if self.breaker.failed(str(said)):
                    log.error("given up for %g s at a time: %s", self.breaker.seconds, said)
            else:
                self._answered()
            raise said from error
        self._answered()
        return answer

    def do(self, call: Callable[[Elasticsearch], T]) -> T:
        """Return `call(write)`: patient, retried, and without the breaker."""
        try:
            self._check_rights(self.write)
            return call(self.write)
        except (ApiError, TransportError, BulkIndexError) as error:
            raise translate(error, self.target) from error

    def close(self) -> None:
        """Close the connections."""
        self.read.close()
        self.write.close()

    def _answered(self) -> None:
        if self.breaker.worked():
            log.warning("%s answers again", self.target.name)

    def _check_rights(self, client: Elasticsearch) -> None:
        """Refuse a superuser, once a node can be asked."""
        if not self._unchecked:
            return
        with self._lock:
            if self._unchecked and is_superuser(client):
                raise SuperuserRefused(superuser_message(self.target))
            self._unchecked = False


def connect(settings: Settings, *, guard: bool = True) -> Connection:
    """Return a connection to the nodes of the settings; nothing is sent yet.

    Raises SettingsError for addresses or certificates that can't be used. In production a superuser is refused when
    the first request is made; `guard=False` is for the commands that need one.
    """
    target = target_of(settings)
    try:
        read = _client(
            settings,
            request_timeout=settings.es_timeout,
            max_retries=settings.es_retries,
            # Every thread of a worker, and those that warm and measure; the pool blocks for ever when it is empty.
            connections_per_node=2 * settings.threads + 8,
        )
        write = _client(settings, request_timeout=WRITE_SECONDS, max_retries=WRITE_RETRIES, connections_per_node=8)
    except (ValueError, TypeError, OSError) as error:
        raise SettingsError(f"ELASTICSEARCH_URL or ELASTICSEARCH_CA_CERTS can't be used: {error}") from error
    breaker = Breaker(settings.es_breaker_failures, settings.es_breaker_seconds)
    return Connection(
        read,
        write,
        breaker,
        target,
        patience=PATIENCE * settings.es_timeout,
        # A node without others is waited for at once: asking it again would only give it more to do.
        tries=settings.es_retries + 1 if len(settings.elasticsearch_url) > 1 else 1,
        guard=guard and settings.env == "production",
    )


def target_of(settings: Settings) -> Target:
    """Return whom the settings name."""
    ca_certs = settings.elasticsearch_ca_certs
    return Target(
        settings.elasticsearch_url,
        settings.elasticsearch_username,
        settings.elasticsearch_api_key is not None,
        str(ca_certs) if ca_certs else None,
    )


class _Lines(NdjsonSerializer):
    json_dumps = OrjsonSerializer.json_dumps
    json_loads = OrjsonSerializer.json_loads


def _client(settings: Settings, **options: Any) -> Elasticsearch:
    given: dict[str, Any] = {"hosts": list(settings.elasticsearch_url)}
    if settings.elasticsearch_api_key is not None:
        given["api_key"] = settings.elasticsearch_api_key.get_secret_value()
    elif settings.elasticsearch_username is not None:
        password = settings.elasticsearch_password
        given["basic_auth"] = (settings.elasticsearch_username, password.get_secret_value() if password else "")
    if settings.elasticsearch_ca_certs is not None:
        # Opened here, so that a wrong path is told by name and not as a failed request.
        settings.elasticsearch_ca_certs.open().close()
        given["ca_certs"] = str(settings.elasticsearch_ca_certs)
    return Elasticsearch(
        **given,
        # A search's answers hold hundreds of hits and its bodies vectors: a third of the standard library's time.
        serializers={OrjsonSerializer.mimetype: OrjsonSerializer(), _Lines.mimetype: _Lines()},
        node_class=Node,
        node_pool_class=Nodes,
        dead_node_backoff_factor=FIRST_WAIT,
        max_dead_node_backoff=LONGEST_WAIT,
        retry_on_timeout=True,
        retry_on_status=RETRIED,
        retry_backoff_base=0.05,
        retry_backoff_cap=0.2 if options["request_timeout"] < WRITE_SECONDS else 5.0,
        **options,
    )


def is_superuser(client: Elasticsearch) -> bool:
    """Tell whether the sign-in may do everything: the role superuser, or a key with a superuser's rights.

    Without security everybody may; that is another finding (`nextep doctor`), so it is no superuser here.
    """
    try:
        who = client.security.authenticate()
    except ApiError as error:
        if error.meta.status in (400, 404, 405, 500):
            return False
        raise
    if "superuser" in who.get("roles", ()):
        return True
    return bool(client.security.has_privileges(cluster=["all"])["has_all_requested"])


def superuser_message(target: Target) -> str:
    """Return why a superuser is refused and what to do."""
    who = "The API key in ELASTICSEARCH_API_KEY" if target.api_key else f"ELASTICSEARCH_USERNAME={target.user!r}"
    return (
        f"{who} has a superuser's rights in {target.name}. A site that can be broken into must not hold them: "
        "run `nextep es setup` and put the API keys that it prints into .env."
    )


def refuse_superuser(settings: Settings) -> None:
    """Raise SettingsError in production when the sign-in is a superuser's; a cluster that is down is checked later."""
    if not settings.elasticsearch_url:
        return
    connection = connect(settings, guard=False)
    try:
        superuser = connection.ask(is_superuser)
    except ElasticError as error:
        log.warning("the sign-in's rights are not known yet: %s", error)
        return
    finally:
        connection.close()
    if superuser and settings.env == "production":
        raise SettingsError(superuser_message(connection.target))
    if superuser:
        log.warning("%s Production refuses to start like this.", superuser_message(connection.target))
