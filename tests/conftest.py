"""What every test shares."""

import os

import pytest

# More BLAS threads than one only get into each other's way on two cores, and some libraries warn of it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


# The server of the tests marked elasticsearch. The others must not see it: they run on the embedded engine.
ELASTICSEARCH = {name: value for name, value in os.environ.items() if name.startswith("ELASTICSEARCH_")}


def pytest_configure(config):
    config.stash[_SKIPPED] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.get_closest_marker("elasticsearch"):
        os.environ.update(ELASTICSEARCH)
    else:
        for name in ELASTICSEARCH:
            os.environ.pop(name, None)


_SKIPPED = pytest.StashKey[list[str]]()
# What no installation provides.
HARDWARE = ("CUDA GPU", "this processor")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.skipped and not any(part in str(report.longrepr) for part in HARDWARE):
        item.config.stash[_SKIPPED].append(f"{item.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session, exitstatus):
    """In continuous integration everything is provided (but a GPU and what a processor lacks), so a skipped test is a failure."""
    skipped = session.config.stash[_SKIPPED]
    if os.environ.get("NEXTEP_CI") and skipped and exitstatus == 0:
        print("\nskipped, which fails here:", *skipped, sep="\n  ")
        session.exitstatus = 1
