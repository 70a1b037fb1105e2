"""An environment in which the package is installed, and a small application with one misuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import flake8_async_orm

MISUSE = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def remove(session: AsyncSession, user: object) -> None:
    await session.delete(user)
    session.commit()
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The directories to put on the path so that flake8 finds the plugin; none where the package is installed."""
    if any(one.value.startswith("flake8_async_orm.") for one in entry_points(group="flake8.extension")):
        return []
    folder = tmp_path_factory.mktemp("installed")
    metadata = folder / "flake8_async_orm-0.dist-info"
    metadata.mkdir()
    metadata.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: flake8-async-orm\nVersion: 0\n")
    metadata.joinpath("entry_points.txt").write_text(
        "[flake8.extension]\nAOR = flake8_async_orm.flake8_plugin:Plugin\n"
    )
    return [str(Path(flake8_async_orm.__file__).parents[1]), str(folder)]


@pytest.fixture
def environment(installed: list[str]) -> dict[str, str]:
    """The variables for a process that runs one of the doors."""
    path = os.pathsep.join([*installed, os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONWARNINGS")}
    return {**kept, **({"PYTHONPATH": path} if path else {})}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Runs `python -m ...` in the test's folder."""

    def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, input=stdin, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=120
        )

    return run


def baseline(path: str, count: int = 1) -> str:
    """The text of a baseline that knows the finding of MISUSE in the file at `path`."""
    function = MISUSE.partition("async def ")[2].partition("(")[0]
    row = {"path": path, "code": "AOR101", "function": function, "expression": "session.commit()", "count": count}
    return json.dumps({"version": 1, "findings": [row]})
