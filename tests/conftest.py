"""What every test shares."""

import os

import pytest

# More BLAS threads than one only get into each other's way on two cores, and some libraries warn of it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_configure(config):
    config.stash[_SKIPPED] = []


_SKIPPED = pytest.StashKey[list[str]]()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.skipped and "GPU" not in str(report.longrepr):
        item.config.stash[_SKIPPED].append(f"{item.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session, exitstatus):
    """In continuous integration everything is provided (but a GPU), so a skipped test is a failure."""
    skipped = session.config.stash[_SKIPPED]
    if os.environ.get("NEXTEP_CI") and skipped and exitstatus == 0:
        print("\nskipped, which fails here:", *skipped, sep="\n  ")
        session.exitstatus = 1
