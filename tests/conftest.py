"""What every test shares."""

import os

import pytest

# More BLAS threads than one only get into each other's way on two cores, and some libraries warn of it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


# The server of the tests marked elasticsearch. The others must not see it: they run on the embedded engine.
ELASTICSEARCH = {name: value for name, value in os.environ.items() if name.startswith("ELASTICSEARCH_")}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.get_closest_marker("elasticsearch"):
        os.environ.update(ELASTICSEARCH)
    else:
        for name in ELASTICSEARCH:
            os.environ.pop(name, None)


# What no installation provides.
HARDWARE = ("CUDA GPU", "this processor")


_skipped: list[str] = []


def pytest_runtest_logreport(report):
    """Note what was skipped; where several processes run the tests, the one that gathers them is told, too."""
    if report.skipped and not any(part in str(report.longrepr) for part in HARDWARE):
        _skipped.append(f"{report.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session, exitstatus):
    """In continuous integration everything is provided (but a GPU and what a processor lacks), so a skipped test is a failure."""
    if os.environ.get("NEXTEP_CI") and _skipped and exitstatus == 0:
        print("\nskipped, which fails here:", *_skipped, sep="\n  ")
        session.exitstatus = 1
