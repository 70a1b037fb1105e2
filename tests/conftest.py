"""What all tests share: the option `--accept`, one linter and one scenario worker per test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.linter import RealLinter
from harness.runtime import Worker


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite fixed twins and kept renderings instead of failing")


@pytest.fixture(scope="session")
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether kept output is to be rewritten."""
    return bool(request.config.getoption("--accept"))


@pytest.fixture(scope="session")
def linter() -> RealLinter:
    return RealLinter()


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """The process that runs scenarios; it starts when the first one is run."""
    worker = Worker()
    yield worker
    worker.close()
