"""Versions of frameworks that a project's files allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_async_orm.cli import main
from flake8_async_orm.project.files import Tree
from flake8_async_orm.project.requirements import leaves_dependencies_early

LOCK = '[[package]]\nname = "fastapi"\nversion = "{}"\n'


@pytest.mark.parametrize(
    ("name", "text", "early"),
    [
        ("requirements.txt", "fastapi==0.110.1\n", True),
        ("requirements.txt", "fastapi[all]>=0.106,<0.118  # for now\n", True),
        ("requirements.txt", "fastapi>=0.106,<0.118.0\n", True),
        ("requirements.txt", "fastapi~=0.115.2\n", True),
        ("requirements.txt", "fastapi>=0.106,<0.118.1\n", False),
        ("requirements.txt", "fastapi>=0.110\n", False),
        ("requirements.txt", "fastapi<0.118\n", False),
        ("requirements.txt", "fastapi==0.105.0\n", False),
        ("requirements.txt", "fastapi\nfastapi-users==0.110\n", False),
        ("requirements-dev.txt", "fastapi==0.118.0\n", False),
        ("pyproject.toml", '[project]\ndependencies = ["fastapi==0.112.4", "sqlalchemy>=2"]\n', True),
        ("pyproject.toml", '[project]\ndependencies = ["fastapi>=0.112"]\n', False),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "^0.110.0"\n', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = {version = "^0.110", extras = ["all"]}\n', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "^0.121.0"\n', False),
        ("uv.lock", LOCK.format("0.115.12"), True),
        ("poetry.lock", LOCK.format("0.120.0"), False),
    ],
)
def test_which_versions_leave_dependencies_early(tmp_path: Path, name: str, text: str, early: bool) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "app.py").touch()
    assert leaves_dependencies_early(Tree(), str(tmp_path / "app.py")) is early


def test_the_lock_decides(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["fastapi>=0.100"]\n', encoding="utf-8")
    (tmp_path / "uv.lock").write_text(LOCK.format("0.111.0"), encoding="utf-8")
    assert leaves_dependencies_early(Tree(), str(tmp_path / "app.py"))


PROGRAM = """
from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

app = FastAPI()
factory = async_sessionmaker()


async def get_session():
    async with factory() as session:
        yield session


async def note(session: AsyncSession) -> None:
    await session.execute(text("select 1"))


@app.get("/")
async def index(background: BackgroundTasks, session: AsyncSession = Depends(get_session)) -> None:
    background.add_task(note, session)
"""


@pytest.mark.parametrize(("version", "code"), [("0.110.0", 1), ("0.120.0", 0)])
def test_a_session_is_closed_before_background_functions(
    tmp_path: Path, version: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text(f"fastapi=={version}\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    assert main(["--no-cache", "--select", "AOR309", str(tmp_path / "app.py")]) == code
    assert ("AOR309" in capsys.readouterr().out) == bool(code)
