#!/usr/bin/env bash
# Run the tests marked elasticsearch: test_es.sh FOLDER [pytest's arguments]. FOLDER holds cluster.py, which starts
# nodes; where ELASTICSEARCH_URL is set, that server is used and only the tests of three nodes start their own.
set -euo pipefail
folder=$1
shift

if [ -x "$folder/cluster.py" ]; then
    export TEST_ELASTICSEARCH_CLUSTER="${TEST_ELASTICSEARCH_CLUSTER:-$(cd "$folder" && pwd)/cluster.py}"
fi
if [ -z "${ELASTICSEARCH_URL:-}" ]; then
    if [ -z "${TEST_ELASTICSEARCH_CLUSTER:-}" ]; then
        echo "No Elasticsearch to test on: set ELASTICSEARCH_URL (and user and password), or ES to a folder with cluster.py" >&2
        exit 1
    fi
    scratch=$(mktemp -d)
    # The nodes run under an account of their own, which must reach the folder.
    chmod 755 "$scratch"
    trap '"$TEST_ELASTICSEARCH_CLUSTER" stop "$scratch/es" >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
    started=$("$TEST_ELASTICSEARCH_CLUSTER" start "$scratch/es" --port "${ES_PORT:-9290}" --heap 1g --password for-tests-only)
    eval "$started"
fi
python -m pytest -m elasticsearch "$@"
