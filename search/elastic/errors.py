"""What goes wrong between Nextep and Elasticsearch, each in its own words and with what mends it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import elasticsearch
import urllib3
from elastic_transport import ApiError, ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch.helpers import BulkIndexError

from search.engine import EngineError

MAJOR = elasticsearch.__version__[0]
PROBE_SECONDS = 0.5


class ElasticError(EngineError):
    """Elasticsearch can't answer. `public` is what a visitor may read; the message names addresses and settings."""

    public = "The search engine is not available right now."


class Unavailable(ElasticError):
    """No node answers (or none that could); it may by itself in a while."""


class TimedOut(Unavailable):
    """No node answered in time."""


class Overloaded(Unavailable):
    """The nodes turn requests away (429)."""


class SignInRefused(ElasticError):
    """Wrong password, user or API key (401)."""


class NotAllowed(ElasticError):
    """Signed in, but without the right for this (403)."""


class TlsProblem(ElasticError):
    """The two ends don't agree on TLS."""


class WrongServer(ElasticError):
    """Not an Elasticsearch, or one of another major version."""


class WritesBlocked(ElasticError):
    """Indices are read-only: the disk is full, or somebody locked them. Search goes on."""


class DiskFull(WritesBlocked):
    """The nodes have hardly any disk left, so they locked the indices (the flood stage)."""


class IndexGone(ElasticError):
    """The index or alias asked for is not there (any more)."""


class RequestRefused(ElasticError):
    """Elasticsearch did not accept the request, or part of it failed."""


class SuperuserRefused(ElasticError):
    """In production Nextep does not work with a superuser's rights."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a connection talks to and how it signs in, for the messages: `api_key`, `user`, or nothing at all."""

    urls: tuple[str, ...]
    user: str | None = None
    api_key: bool = False
    ca_certs: str | None = None

    @property
    def name(self) -> str:
        """The addresses, as they stand in a sentence."""
        return f"Elasticsearch at {', '.join(self.urls)}"


def translate(error: Exception, target: Target) -> EngineError:
    """Return the error of the client or its transport as an EngineError that says what mends it."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, ApiError):
        return _answered(error, target)
    if isinstance(error, BulkIndexError):
        return _bulk(error, target)
    if isinstance(error, ConnectionTimeout):
        return TimedOut(f"{target.name} did not answer in time. Is it overloaded or hung? (NEXTEP_ES_TIMEOUT)")
    if isinstance(error, TlsError):
        return _tls(error, target)
    if isinstance(error, SerializationError):
        return _not_elasticsearch(target, "its answer can't be read")
    if isinstance(error, TransportError):
        return _connection(error, target)
    return RequestRefused(f"{target.name}: {type(error).__name__}: {error}")


def item_error(item: Mapping[str, Any], target: Target | None = None) -> EngineError | None:
    """Return what is wrong with one item of an msearch or bulk answer, None where nothing is.

    `item` is `{"status": ..., "error": {...}}`: a 429 or a missing index can sit inside a 200.
    """
    error = item.get("error")
    if not error:
        return None
    return _by_status(int(item.get("status", 500)), error, target or Target(()), {"error": error})


def _answered(error: ApiError, target: Target) -> EngineError:
    body, status = error.body, error.meta.status
    if isinstance(error, elasticsearch.UnsupportedProductError):
        return _not_elasticsearch(target, "it does not say that it is one")
    details = body.get("error") if isinstance(body, Mapping) else None
    ours = error.meta.headers.get("x-elastic-product", "") == "Elasticsearch"
    # Elasticsearch signs its answers; errors of a sign-in alone may come unsigned from a proxy.
    if not ours and details is None and status not in (401, 403, 429, 502, 503, 504):
        return _not_elasticsearch(target, f"it answered {status} to a request of Elasticsearch's")
    return _by_status(status, details, target, body)


def _by_status(status: int, details: Any, target: Target, body: Any) -> EngineError:
    kind = str(details.get("type", "")) if isinstance(details, Mapping) else ""
    reason = _reason(details, body)
    if kind == "cluster_block_exception" and ("flood-stage" in reason or "read-only-allow-delete" in reason):
        return disk_full(target)
    if kind == "cluster_block_exception" and status == 403:
        return WritesBlocked(f"{target.name} does not take writes: {reason}")
    if status == 401:
        return SignInRefused(_sign_in(target))
    if status == 403 and "license is non-compliant" in reason:
        return NotAllowed(f"{target.name} refuses what its licence does not hold: {reason}")
    if status == 403:
        return NotAllowed(
            f"{target.name} does not allow this to {_who(target)}: {reason}. "
            "`nextep es setup` makes an API key with the rights to search and one to index."
        )
    if status == 404 and details:
        return IndexGone(f"{target.name}: {reason}. Run: nextep index")
    if status == 429:
        return Overloaded(f"{target.name} is overloaded and turned the request away (429): {reason}")
    if "media_type_header" in kind or "compatible-with" in reason or "compatible version" in reason:
        return WrongServer(
            f"{target.name} is of another major version than {MAJOR}, which this Nextep speaks ({reason}). "
            f"Use Elasticsearch {MAJOR}.x."
        )
    if status >= 500 and kind != "search_phase_execution_exception":
        return Unavailable(f"{target.name} answered {status}: {reason}")
    if status in (502, 503, 504):
        return Unavailable(f"{target.name} could not search every part of the index ({status}): {reason}")
    return RequestRefused(f"{target.name} refused a request ({status}): {reason}")


def disk_full(target: Target) -> DiskFull:
    """Return the error of the flood stage."""
    return DiskFull(
        f"{target.name} has hardly any disk left, so its indices are read-only: search goes on, indexing fails. "
        "Make room; it unlocks them by itself when the disk is below the high watermark."
    )


def _bulk(error: BulkIndexError, target: Target) -> EngineError:
    items = [next(iter(item.values())) for item in error.errors if isinstance(item, Mapping) and item]
    first = items[0] if items else {}
    said = item_error(first, target) or RequestRefused(f"{target.name}: {error}")
    said.args = (f"{len(error.errors)} documents were not indexed; the first ({first.get('_id', '?')}): {said}",)
    return said


def _sign_in(target: Target) -> str:
    if target.api_key:
        return (
            f"{target.name} refused the API key (401): wrong, expired or withdrawn. "
            "Check ELASTICSEARCH_API_KEY (the encoded form); `nextep es setup` makes new ones."
        )
    if target.user:
        return (
            f"{target.name} refused the password of {target.user!r} (401). "
            "Check ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD."
        )
    return f"{target.name} wants a sign-in (401). Set ELASTICSEARCH_API_KEY; `nextep es setup` makes one."


def _who(target: Target) -> str:
    return "the API key of ELASTICSEARCH_API_KEY" if target.api_key else f"the user {target.user!r}"


def _tls(error: TlsError, target: Target) -> EngineError:
    causes = list(_causes(error))
    refused = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if refused is not None and ("Hostname mismatch" in str(refused) or "IP address mismatch" in str(refused)):
        return TlsProblem(
            f"{target.name} shows a certificate for another name: {_said(refused)}. "
            "Use a name of the certificate in ELASTICSEARCH_URL."
        )
    if refused is not None:
        trusted = f"the authority in {target.ca_certs}" if target.ca_certs else "the system's authorities"
        return TlsProblem(
            f"{target.name} shows a certificate that {trusted} did not sign ({_said(refused)}). "
            "Set ELASTICSEARCH_CA_CERTS to the PEM file of the authority that did."
        )
    said = " ".join(str(cause) for cause in causes)
    if any(sign in said for sign in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "record layer")):
        return TlsProblem(f"{target.name} does not speak TLS. Write http:// instead of https:// in ELASTICSEARCH_URL.")
    return TlsProblem(f"{target.name}: TLS failed: {error}")


def _connection(error: TransportError, target: Target) -> EngineError:
    causes = list(_causes(error))
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
        return Unavailable(f"{target.name}: a host name is not known. Check ELASTICSEARCH_URL.")
    if any(isinstance(cause, (ConnectionRefusedError, urllib3.exceptions.NewConnectionError)) for cause in causes):
        return Unavailable(
            f"Nothing answers for {target.name}. Is it running? Check host and port in ELASTICSEARCH_URL."
        )
    plain = [url for url in target.urls if url.startswith("http://")]
    if any(_speaks_tls(url) for url in plain):
        return TlsProblem(f"{target.name} speaks TLS. Write https:// instead of http:// in ELASTICSEARCH_URL.")
    said = " ".join(f"{type(cause).__name__} {cause}" for cause in causes)
    if "BadStatusLine" in said or "HTTPException" in said:
        return _not_elasticsearch(target, "what it answers is not HTTP")
    return Unavailable(f"{target.name} closed the connection without an answer. Is it starting or stopping?")


def _not_elasticsearch(target: Target, why: str) -> EngineError:
    return WrongServer(
        f"What answers at {', '.join(target.urls)} is not Elasticsearch: {why}. Check host and port in ELASTICSEARCH_URL."
    )


def _reason(details: Any, body: Any) -> str:
    if isinstance(details, Mapping):
        cause = details.get("caused_by")
        parts = [details.get("reason"), cause.get("reason") if isinstance(cause, Mapping) else None]
        if not any(parts) or details.get("type") == "search_phase_execution_exception":
            roots = details.get("root_cause") or [{}]
            parts.append(roots[0].get("reason"))
        said = ": ".join(dict.fromkeys(str(part) for part in parts if part))
        return said or str(details.get("type", "no reason given"))
    return str(details or body or "no reason given")[:300]


def _said(error: BaseException) -> str:
    return getattr(error, "verify_message", "") or str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything that it came from, each once."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]


def _speaks_tls(url: str) -> bool:
    """Tell whether a TLS handshake succeeds there; nothing is sent over it, so the certificate need not be known."""
    place = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((place.hostname or "", place.port or 9200), timeout=PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=place.hostname),
        ):
            return True
    except (OSError, ValueError):
        return False
