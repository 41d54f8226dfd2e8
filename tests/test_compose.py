"""docker-compose.yml keeps the compose specification, names what is there, documents what it reads and stays on loopback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from elastic_server import Cluster, settings

from config import Settings
from search.elastic.client import connect
from search.elastic.status import look

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
ELASTIC = ("elasticsearch", "es01", "es02", "es03")
NEXTEP = ("site", "indexer", "keys", "cluster-site", "cluster-indexer", "cluster-keys")


def test_it_keeps_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, ROOT / "docker-compose.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_file_would_be_noticed(tmp_path):
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(TEXT.replace("mem_limit:", "memory_limit:"), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(broken)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_every_variable_is_documented_in_the_example():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    assert read
    assert read <= set(re.findall(r"^# (\w+)=", example, re.MULTILINE))


def test_defaults_are_those_of_the_example():
    example = dict(re.findall(r"^# (\w+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    for name, default in re.findall(r"(?<!\$)\$\{(\w+):-([^}]*)\}", TEXT):
        assert example[name] == default, name


def test_every_published_port_is_on_loopback():
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_every_folder_and_file_named_is_there():
    for service in SERVICES.values():
        build = service.get("build")
        if build is not None:
            context = ROOT / (build if isinstance(build, str) else build["context"])
            assert (context / "Dockerfile").is_file()
        command = service.get("command") or []
        for script in re.findall(r"python (\S+\.py)", " ".join(command)):
            assert (ROOT / script).is_file()


def test_every_volume_and_dependency_is_declared():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert used == set(COMPOSE["volumes"])
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for the health of {other}"
            profiles = set(SERVICES[other].get("profiles", ()))
            assert not profiles or profiles & set(service.get("profiles", ())), (
                f"{name} needs {other}, which may be off"
            )


def test_the_version_is_named_in_one_place():
    version = re.search(r"ELASTICSEARCH_VERSION:-([\d.]+)\}", TEXT)
    assert version
    files = [ROOT / "docker-compose.yml", ROOT / "es" / "Dockerfile"]
    assert sum(path.read_text(encoding="utf-8").count(version[1]) for path in files) == 1
    assert {service["image"] for service in SERVICES.values() if "nextep" not in service["image"]} == {"postgres:17.6"}
    dockerfile = (ROOT / "es" / "Dockerfile").read_text(encoding="utf-8")
    assert "FROM docker.elastic.co/elasticsearch/elasticsearch:${ELASTICSEARCH_VERSION}" in dockerfile
    assert re.search(r"install --batch analysis-nori analysis-kuromoji$", dockerfile, re.MULTILINE)


def test_the_client_is_of_the_same_major_version():
    version = re.search(r"ELASTICSEARCH_VERSION:-(\d+)", TEXT)
    pinned = re.search(r"^elasticsearch==(\d+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert version
    assert pinned
    assert version[1] == pinned[1]


@pytest.mark.parametrize("name", ELASTIC)
def test_a_node_is_locked_limited_and_kept(name):
    node = SERVICES[name]
    environment = node["environment"]
    assert environment["xpack.security.enabled"] == "true"
    assert environment["xpack.license.self_generated.type"] == "basic"
    assert environment["bootstrap.memory_lock"] == "true"
    assert node["ulimits"]["memlock"] == {"soft": -1, "hard": -1}
    assert node["mem_limit"]
    assert any(volume.endswith(":/usr/share/elasticsearch/data") for volume in node["volumes"])
    assert "-u elastic:" in node["healthcheck"]["test"][1]
    tls = "true" if name != "elasticsearch" else "false"
    assert environment["xpack.security.http.ssl.enabled"] == tls
    assert environment.get("xpack.security.transport.ssl.enabled", "false") == tls


def test_the_three_nodes_know_each_other():
    for name in ELASTIC[1:]:
        environment = SERVICES[name]["environment"]
        assert environment["node.name"] == name
        assert environment["discovery.seed_hosts"].split(",") == list(ELASTIC[1:])
        assert environment["cluster.initial_master_nodes"].split(",") == list(ELASTIC[1:])
        assert SERVICES[name]["profiles"] == ["cluster"]
        for kind in ("http", "transport"):
            assert environment[f"xpack.security.{kind}.ssl.key"] == f"certs/{name}/{name}.key"


@pytest.mark.parametrize("name", NEXTEP)
def test_only_what_makes_the_keys_holds_the_superusers_password(name):
    service = SERVICES[name]
    assert ("ELASTICSEARCH_PASSWORD" in service["environment"]) == name.endswith("keys")
    if not name.endswith("keys"):
        kind = "search" if name.endswith("site") else "index"
        keys = [volume for volume in service["volumes"] if "key:" in volume]
        assert keys == [f"{'cluster-' if name.startswith('cluster') else ''}{kind}-key:/app/keys/{kind}:ro"]
        assert f"/app/keys/{kind}/key" in service["command"][2]


@pytest.mark.parametrize("name", NEXTEP)
def test_every_setting_given_to_nextep_is_one(name):
    known = {info.alias for info in Settings.model_fields.values()}
    assert set(SERVICES[name]["environment"]) <= known


# What the compose file itself settles, and what names a folder that is not in the image.
SETTLED = {
    "NEXTEP_ENV",
    "NEXTEP_VAR",
    "NEXTEP_HOST",
    "NEXTEP_PORT",
    "NEXTEP_POSTERS",
    "NEXTEP_MODEL_DIR",
    "DATABASE_URL",
}
SIGN_IN = {"ELASTICSEARCH_URL", "ELASTICSEARCH_CA_CERTS", "ELASTICSEARCH_API_KEY", "ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD"}  # fmt: skip


@pytest.mark.parametrize("name", ["site", "cluster-site"])
def test_every_other_setting_of_env_reaches_the_site(name):
    environment = SERVICES[name]["environment"]
    for info in Settings.model_fields.values():
        if info.alias not in SETTLED | SIGN_IN:
            assert f"${{{info.alias}:" in environment.get(info.alias, ""), f"{info.alias} in .env would do nothing"


def real(value: str) -> str:
    return re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", str(value))


@pytest.mark.elasticsearch
def test_a_real_server_accepts_every_setting_of_a_node():
    """Start a node with the settings of the compose file beside the test server's own, and ask it for them."""
    environment = SERVICES["elasticsearch"]["environment"]
    wanted = {name: real(value) for name, value in environment.items() if "." in name}
    # No memory can be locked where a test runs; the server takes the setting and only warns.
    cluster = Cluster.start(1, tls=False, extra=wanted)
    connection = connect(settings(cluster.environment, es_timeout=10), guard=False)
    try:
        nodes = connection.do(lambda write: write.nodes.info(metric="settings", flat_settings=True))["nodes"]
        held = next(iter(nodes.values()))["settings"]
        for name, value in wanted.items():
            assert str(held[name]) == value, json.dumps(held, indent=1)
        # The licence is written a moment after the first answer.
        until = time.monotonic() + 20
        while time.monotonic() < until and look(connection, "nextep").licence is None:
            time.sleep(0.2)
        assert look(connection, "nextep").licence == wanted["xpack.license.self_generated.type"]
    finally:
        connection.close()
        cluster.stop()
