"""Every way in which Elasticsearch can fail has its own error, message and remedy; a dead node costs one request a time-out."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from elastic_server import need_server, settings
from elastic_transport import ConnectionTimeout, NodeConfig, Urllib3HttpNode
from elasticsearch.helpers import bulk

from config import SettingsError
from search.elastic import nodes as nodes_module
from search.elastic.breaker import Breaker
from search.elastic.client import connect, is_superuser, refuse_superuser
from search.elastic.errors import (
    DiskFull,
    IndexGone,
    NotAllowed,
    Overloaded,
    RequestRefused,
    SignInRefused,
    SuperuserRefused,
    TimedOut,
    TlsProblem,
    Unavailable,
    WritesBlocked,
    WrongServer,
    item_error,
)
from search.elastic.nodes import Node, Nodes
from search.elastic.rights import make_keys

INDEX = "nextep-client-test"


class Web:
    """An HTTP server that gives the same answer to everything and counts the requests."""

    def __init__(self, status=200, body=b"{}", kind="application/json", product=True):
        outer = self
        self.asked = 0
        self.status, self.body = status, body

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked += 1
                self.send_response(outer.status)
                self.send_header("Content-Type", kind)
                if product:
                    self.send_header("X-elastic-product", "Elasticsearch")
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else outer.body)

            def log_message(self, *_):
                pass

        Handler.do_HEAD = Handler.do_GET
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web():
    opened = []

    def open_one(*given, **named):
        opened.append(Web(*given, **named))
        return opened[-1]

    yield open_one
    for one in opened:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture
def hung():
    """Return the address of a port that takes connections and never answers, as a stopped process does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def connections():
    """Return what opens a connection and closes it afterwards."""
    opened = []

    def open_one(url, **changes):
        opened.append(connect(settings({"ELASTICSEARCH_URL": url}, **{"es_timeout": 0.3, **changes})))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def info(client):
    return client.info()["version"]["number"]


def refused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# -- without a server ---------------------------------------------------------------------------------------------------


def test_nothing_listening_says_so_and_names_the_setting(connections):
    with pytest.raises(Unavailable, match=r"Nothing answers .* Check host and port in ELASTICSEARCH_URL"):
        connections(f"http://127.0.0.1:{refused_port()}").ask(info)


def test_an_unknown_host_says_so(connections):
    with pytest.raises(Unavailable, match="host name is not known"):
        connections("http://no-such-host.invalid:9200").ask(info)


@pytest.mark.parametrize("status", [200, 404])
def test_another_web_server_is_no_elasticsearch(connections, web, status):
    url = web(status, b"<h1>hello</h1>", "text/html", product=False).url
    with pytest.raises(WrongServer, match="is not Elasticsearch"):
        connections(url).ask(info)


def test_a_port_that_does_not_speak_http_is_no_elasticsearch(connections):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(10)

        def greet():
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                client.send(b"SSH-2.0-OpenSSH_9.2\r\n")
                time.sleep(0.05)
                client.close()

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        with pytest.raises(WrongServer, match="is not HTTP"):
            connections(f"http://127.0.0.1:{listening.getsockname()[1]}").ask(info)
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_server_of_another_major_version_is_named(connections, web):
    # What 8.19 answers to a client of 9.
    reason = "Accept version must be either version 8 or 7, but found 9."
    error = {"type": "media_type_header_exception", "reason": "Invalid media-type value on headers [Accept]"}
    body = {"error": {**error, "root_cause": [error], "caused_by": {"reason": reason}}, "status": 400}
    with pytest.raises(WrongServer, match=r"another major version than 9.*Use Elasticsearch 9\.x"):
        connections(web(400, json.dumps(body).encode()).url).ask(info)


def test_too_many_requests_are_told_from_a_full_disk(connections, web):
    error = {"type": "es_rejected_execution_exception", "reason": "rejected execution of search", "root_cause": []}
    server = web(429, json.dumps({"error": error, "status": 429}).encode())
    with pytest.raises(Overloaded, match="overloaded"):
        connections(server.url).ask(info)
    assert server.asked == 3, "tried twice more"


@pytest.mark.parametrize("retries", [0, 2, 5])
@pytest.mark.parametrize("nodes", [1, 2])
def test_hung_servers_cost_five_time_outs_however_many_tries(connections, hung, nodes, retries):
    began = time.monotonic()
    with pytest.raises(TimedOut, match="did not answer in time"):
        connections(",".join([hung, f"{hung}/other"][:nodes]), es_retries=retries, es_timeout=0.2).ask(info)
    assert 0.9 <= time.monotonic() - began < 3


@pytest.fixture
def slow(web):
    """Return the address of a server that takes twice a time-out for each answer."""
    server = web(body=b'{"version": {"number": "9.4.3"}}')
    plain = server.server.RequestHandlerClass.do_GET

    def slowly(handler):
        time.sleep(0.6)
        plain(handler)

    server.server.RequestHandlerClass.do_GET = slowly
    return server.url


def test_a_node_without_others_is_waited_for(connections, slow):
    assert connections(slow).ask(info) == "9.4.3"


@pytest.mark.parametrize("beside", ["hung", "refused"])
def test_the_last_try_has_the_time_that_the_others_left_and_goes_to_the_likeliest(connections, slow, hung, beside):
    """One node is slow and the other gone: late is better than not at all, whichever the pool begins with."""
    other = hung if beside == "hung" else f"http://127.0.0.1:{refused_port()}"
    for _ in range(4):
        connection = connections(f"{other},{slow}")
        # An answer from before, as a busy node gives now and then and a hung one does not.
        next(one for one in connection.read.transport.node_pool.all() if one.base_url == slow).perform_request(
            "GET", "/", request_timeout=5
        )
        assert connection.ask(info) == "9.4.3"


@pytest.mark.parametrize("url", ["http://localhost", "localhost:9200", "http://a:9200,b"])
def test_an_address_without_scheme_or_port_is_a_setting_error(url):
    with pytest.raises(SettingsError, match=r"ELASTICSEARCH_URL.*'scheme', 'host', and 'port'"):
        connect(settings({"ELASTICSEARCH_URL": url}))


def test_a_missing_certificate_file_is_a_setting_error_that_names_it():
    with pytest.raises(SettingsError, match=r"nowhere\.pem"):
        connect(settings({"ELASTICSEARCH_URL": "https://a:9200", "ELASTICSEARCH_CA_CERTS": "/nowhere.pem"}))


def test_an_outsider_is_not_told_addresses_and_users(connections):
    connection = connections(f"http://127.0.0.1:{refused_port()}", elasticsearch_username="kim")
    with pytest.raises(Unavailable) as told:
        connection.ask(info)
    assert "127.0.0.1" in str(told.value)
    assert "127.0.0.1" not in told.value.public


def test_an_item_that_failed_inside_a_good_answer_is_an_error():
    assert item_error({"status": 200, "hits": {}}) is None
    block = {"type": "cluster_block_exception", "reason": "index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];"}  # fmt: skip
    for status, error, kind in (
        (429, {"type": "es_rejected_execution_exception", "reason": "full"}, Overloaded),
        (404, {"type": "index_not_found_exception", "reason": "no such index [x]"}, IndexGone),
        (429, block, DiskFull),
        (400, {"type": "parsing_exception", "reason": "unknown query"}, RequestRefused),
    ):
        assert type(item_error({"status": status, "error": error})) is kind


# -- the breaker --------------------------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_breaker_opens_after_failures_in_a_row_and_lets_one_probe_close_it():
    clock = Clock()
    breaker = Breaker(3, 5, clock)
    for _ in range(2):
        assert not breaker.failed("down")
    breaker.worked()
    assert [breaker.failed("down") for _ in range(3)] == [False, False, True]
    assert not breaker.admits()
    clock.now = 5.0
    assert [breaker.admits(), breaker.admits()] == [True, False], "one probe"
    breaker.failed("still down")
    clock.now = 9.9
    assert not breaker.admits()
    clock.now = 10.0
    assert breaker.admits()
    assert breaker.worked()
    assert all(breaker.admits() for _ in range(10))


def test_a_probe_that_never_comes_back_does_not_keep_everybody_out():
    clock = Clock()
    breaker = Breaker(1, 5, clock)
    breaker.failed("down")
    clock.now = 5.0
    assert breaker.admits()
    clock.now = 10.0
    assert breaker.admits()


def test_one_of_many_threads_is_the_probe():
    clock = Clock()
    breaker = Breaker(1, 5, clock)
    breaker.failed("down")
    clock.now = 6.0
    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(lambda _: breaker.admits(), range(200))) == 1


def test_while_the_breaker_is_open_requests_fail_at_once_and_recovery_is_noticed(connections, web):
    server = web(
        503, json.dumps({"error": {"type": "master_not_discovered_exception", "reason": "no master"}}).encode()
    )
    connection = connections(server.url, es_retries=0, es_breaker_failures=3, es_breaker_seconds=0.2)
    for _ in range(3):
        with pytest.raises(Unavailable, match="no master"):
            connection.ask(info)
    asked = server.asked
    with pytest.raises(Unavailable, match="Not tried again"):
        connection.ask(info)
    assert server.asked == asked
    server.status, server.body = 200, b'{"version": {"number": "9.4.3"}}'
    time.sleep(0.25)
    assert connection.ask(info) == "9.4.3"
    assert connection.ask(info) == "9.4.3"


def test_a_wrong_request_does_not_open_the_breaker(connections, web):
    body = {"error": {"type": "parsing_exception", "reason": "unknown query", "root_cause": []}, "status": 400}
    connection = connections(web(400, json.dumps(body).encode()).url, es_breaker_failures=1)
    for _ in range(3):
        with pytest.raises(RequestRefused, match="unknown query"):
            connection.ask(info)


# -- the nodes ----------------------------------------------------------------------------------------------------------


def pool(*urls: str, wait=0.2, kind=Urllib3HttpNode) -> Nodes:
    ports = [int(url.rsplit(":", 1)[1]) for url in urls] or [9200, 9201, 9202]
    configs = [NodeConfig("http", "127.0.0.1", port) for port in ports]
    return Nodes(configs, kind, dead_node_backoff_factor=wait, max_dead_node_backoff=4 * wait)


def given_out(nodes: Nodes, count: int = 30) -> list[str]:
    return [nodes.get().base_url for _ in range(count)]


def test_live_nodes_take_turns():
    assert len(set(given_out(pool(), 3))) == 3


def test_a_dead_node_is_left_alone_until_it_answers_a_thread_of_our_own(web):
    back, good = web(503), web()
    nodes = pool(back.url, good.url)
    dead = next(node for node in nodes.all() if node.base_url == back.url)
    for _ in range(8):
        nodes.mark_dead(dead)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        assert set(given_out(nodes)) == {good.url}
        time.sleep(0.01)
    assert 2 <= back.asked <= 4, "after 0.2, 0.4 and 0.8 s: eight failures of one outage count once"
    back.status = 401
    until = time.monotonic() + 5
    while set(given_out(nodes)) == {good.url} and time.monotonic() < until:
        time.sleep(0.01)
    assert given_out(nodes).count(back.url) == 15


def test_a_slow_node_gets_one_request_at_a_time_and_seldom(monkeypatch):
    nodes = pool(kind=Node)
    slow, *others = nodes.all()
    slow.mean, others[0].mean, others[1].mean = 0.7, 0.02, 0.05
    assert given_out(nodes).count(slow.base_url) == 1
    assert slow.base_url not in given_out(nodes), "not again within a second"
    monkeypatch.setattr(nodes_module, "TRIAL_SECONDS", 0.0)
    slow.waiting = 1
    assert slow.base_url not in given_out(nodes), "it has not answered the last one yet"
    slow.waiting = 0
    assert slow.base_url in given_out(nodes, 1)


@pytest.mark.parametrize("means", [(0.7, 0.6, 0.5), (0.09, 0.001, 0.001)])
def test_nodes_that_are_all_slow_or_all_fast_take_turns(means):
    nodes = pool(kind=Node)
    for node, mean in zip(nodes.all(), means, strict=True):
        node.mean = mean
    assert {given_out(nodes).count(node.base_url) for node in nodes.all()} == {10}


def test_a_node_knows_how_long_its_requests_take(web, hung):
    # The pool shuffles its nodes.
    quick, silent = sorted(pool(web().url, hung, kind=Node).all(), key=lambda node: node.base_url == hung)
    quick.perform_request("GET", "/")
    assert quick.mean > 0
    with pytest.raises(ConnectionTimeout):
        silent.perform_request("GET", "/", request_timeout=0.2)
    assert silent.mean >= nodes_module.LATEST * 0.2
    assert (quick.waiting, silent.waiting) == (0, 0)


def test_a_node_that_is_back_is_given_more_as_it_shows_that_it_is_warm(monkeypatch):
    monkeypatch.setattr(nodes_module, "TRIAL_SECONDS", 0.0)
    # Every request takes 20 ms by a clock of our own.
    monkeypatch.setattr(Urllib3HttpNode, "perform_request", lambda *_, **__: clock.append(clock[-1] + 0.02))
    clock = [1000.0]
    monkeypatch.setattr(nodes_module, "time", SimpleNamespace(monotonic=lambda: clock[-1]))
    nodes = pool(kind=Node)
    back = nodes.all()[0]
    nodes.mark_dead(back)
    nodes.mark_live(back)
    asked = 0
    while back.mean > nodes_module.SLOW_SECONDS:
        node = nodes.get()
        node.perform_request("GET", "/")
        asked += node is back
    assert 8 <= asked <= 20
    assert given_out(nodes).count(back.base_url) == 10


def test_a_busy_node_that_answers_others_meanwhile_is_not_taken_for_dead(connections, web):
    server = web(body=b'{"version": {"number": "9.4.3"}}')
    connection = connections(f"{server.url},http://127.0.0.1:{refused_port()}")
    nodes = connection.read.transport.node_pool
    busy = next(node for node in nodes.all() if node.base_url == server.url)
    held = threading.Event()
    plain = server.server.RequestHandlerClass.do_GET

    def slowly(handler):
        if handler.path == "/slow":
            held.wait(10)
        plain(handler)

    server.server.RequestHandlerClass.do_GET = slowly

    def wait_in_vain(seconds):
        with pytest.raises(ConnectionTimeout):
            busy.perform_request("GET", "/slow", request_timeout=seconds)
        nodes.mark_dead(busy)

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(wait_in_vain, 1.0)
        time.sleep(0.3)
        busy.perform_request("GET", "/")
        slow.result()
    assert busy.base_url in given_out(nodes)
    wait_in_vain(0.2)
    assert busy.base_url not in given_out(nodes)
    held.set()


def test_with_every_node_dead_those_that_failed_first_are_tried_first():
    nodes = pool(wait=60)
    for node in nodes.all():
        nodes.mark_dead(node)
    assert set(given_out(nodes)) == {node.base_url for node in nodes.all()[:2]}, "but not the one that failed last"


def test_a_hung_node_beside_a_good_one_costs_one_request_its_time_out(connections, web, hung):
    good = web(body=b'{"version": {"number": "9.4.3"}}')
    connection = connections(f"{hung},{good.url}")
    took = []
    until = time.monotonic() + 4
    while time.monotonic() < until:
        began = time.monotonic()
        assert connection.ask(info) == "9.4.3"
        took.append(time.monotonic() - began)
    # One, but for a hiccup of the machine; the stock pool's three.
    assert 1 <= sum(seconds > 0.29 for seconds in took) <= 2
    assert max(took) < 1


# -- a real server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def server():
    return need_server()


@pytest.fixture
def admin(server):
    connection = connect(settings(server), guard=False)
    connection.do(lambda write: write.options(ignore_status=404).indices.delete(index=INDEX))
    yield connection
    connection.do(lambda write: write.options(ignore_status=404).indices.delete(index=INDEX))
    connection.close()


def asked(environment, call=info, **changes):
    connection = connect(settings(environment, **{"es_timeout": 5.0, **changes}))
    try:
        return connection.ask(call)
    finally:
        connection.close()


@pytest.mark.elasticsearch
def test_a_wrong_password_names_user_and_settings(server):
    with pytest.raises(SignInRefused, match=r"password of 'elastic'.*ELASTICSEARCH_PASSWORD"):
        asked({**server, "ELASTICSEARCH_PASSWORD": "wrong"})


@pytest.mark.elasticsearch
def test_a_wrong_key_is_told_from_a_wrong_password(server):
    only = {"ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"], "ELASTICSEARCH_API_KEY": "aWQ6a2V5"}
    with pytest.raises(SignInRefused, match=r"refused the API key.*nextep es setup"):
        asked(only)


@pytest.mark.elasticsearch
def test_no_sign_in_at_all_is_told(server):
    with pytest.raises(SignInRefused, match="wants a sign-in"):
        asked({"ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"]})


@pytest.mark.elasticsearch
def test_https_to_a_plain_port_is_told(server):
    with pytest.raises(TlsProblem, match="Write http:// instead of https://"):
        asked({**server, "ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"].replace("http://", "https://")})


@pytest.mark.elasticsearch
def test_the_keys_of_setup_can_do_their_job_and_nothing_else(server, admin):
    keys = make_keys(admin, "nextep-client", withdraw=True)
    assert keys.older == 0
    url = {"ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"]}
    searching, indexing = {**url, "ELASTICSEARCH_API_KEY": keys.search}, {**url, "ELASTICSEARCH_API_KEY": keys.index}
    asked(indexing, lambda read: read.indices.create(index=INDEX, settings={"number_of_replicas": 0}))
    asked(indexing, lambda read: read.bulk(operations=[{"index": {"_index": INDEX}}, {"a": 1}], refresh=True))
    alias = [{"add": {"index": INDEX, "alias": "nextep-client"}}]
    asked(indexing, lambda read: read.indices.update_aliases(actions=alias))
    assert asked(searching, lambda read: read.search(index="nextep-client")["hits"]["total"]["value"]) == 1
    assert asked(searching, lambda read: read.indices.get_mapping(index="nextep-client")).body
    for call in (
        lambda read: read.index(index=INDEX, document={"a": 2}),
        lambda read: read.indices.delete(index=INDEX),
        lambda read: read.search(index="somebody-elses"),
        lambda read: read.cluster.health(),
    ):
        with pytest.raises(NotAllowed, match=r"does not allow this to the API key.*nextep es setup"):
            asked(searching, call)
    with pytest.raises(NotAllowed):
        asked(indexing, lambda read: read.indices.create(index="somebody-elses"))
    with pytest.raises(NotAllowed, match="An API key can't make other keys"):
        make_keys(connect(settings(indexing), guard=False), "nextep-client")


@pytest.mark.elasticsearch
def test_production_refuses_a_superuser_at_start_and_at_the_first_request(server, admin):
    with pytest.raises(SettingsError, match="nextep es setup"):
        refuse_superuser(settings(server, env="production"))
    with pytest.raises(SuperuserRefused, match="superuser"):
        asked(server, env="production")
    refuse_superuser(settings(server, env="development"))
    keys = make_keys(admin, "nextep-client", withdraw=True)
    safe = {"ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"], "ELASTICSEARCH_API_KEY": keys.search}
    refuse_superuser(settings(safe, env="production"))
    assert asked(safe, env="production").startswith("9.")


@pytest.mark.elasticsearch
def test_a_key_that_inherits_a_superusers_rights_is_one_too(server, admin):
    made = admin.do(lambda write: write.security.create_api_key(name="nextep-all", expiration="1h"))
    key = {"ELASTICSEARCH_URL": server["ELASTICSEARCH_URL"], "ELASTICSEARCH_API_KEY": made["encoded"]}
    assert asked(key, is_superuser)


@pytest.mark.elasticsearch
def test_an_index_or_alias_that_is_not_there_is_named(server):
    with pytest.raises(IndexGone, match=r"no such index \[nextep-nowhere\].*nextep index"):
        asked(server, lambda read: read.search(index="nextep-nowhere"))
    with pytest.raises(IndexGone, match="alias"):
        asked(server, lambda read: read.indices.get_alias(name="nextep-nowhere"))


@pytest.mark.elasticsearch
def test_a_full_disk_stops_writes_and_not_searches(admin):
    block = {"index.blocks.read_only_allow_delete": True, "number_of_replicas": 0}
    admin.do(lambda write: write.indices.create(index=INDEX, settings=block))
    with pytest.raises(WritesBlocked, match="hardly any disk left"):
        admin.do(lambda write: write.options(max_retries=0).index(index=INDEX, document={"a": 1}))
    with pytest.raises(WritesBlocked, match=r"2 documents were not indexed.*hardly any disk left"):
        admin.do(lambda write: bulk(write, [{"_index": INDEX, "a": number} for number in range(2)]))
    assert admin.ask(lambda read: read.search(index=INDEX)["hits"]["total"]["value"]) == 0


@pytest.mark.elasticsearch
def test_a_real_server_refuses_a_client_of_another_major_version(admin):
    accept = {"accept": "application/vnd.elasticsearch+json; compatible-with=10"}
    with pytest.raises(WrongServer, match="another major version"):
        admin.ask(lambda read: read.perform_request("GET", "/", headers=accept))
