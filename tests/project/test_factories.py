"""What the session factories of a project agree on."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_async_orm.config import Config
from flake8_async_orm.linting import lint
from flake8_async_orm.project import Workspace
from flake8_async_orm.project.factories import Factories
from flake8_async_orm.source import Source

MAKER = "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker\nfactory = async_sessionmaker({})\n"
SERVICE = """
from sqlalchemy import Column, Integer, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)


async def create(session: AsyncSession) -> int:
    user = User()
    session.add(user)
    await session.commit()
    return user.id
"""


def write(root: Path, files: dict[str, str]) -> None:
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"db.py": MAKER.format("engine")}, True),
        ({"db.py": MAKER.format("engine, expire_on_commit=True")}, True),
        ({"db.py": MAKER.format("engine, expire_on_commit=False")}, False),
        ({"db.py": MAKER.format("engine, **options")}, None),
        ({"db.py": MAKER.format("engine, expire_on_commit=flag")}, None),
        ({"db.py": MAKER.format("engine"), "jobs.py": MAKER.format("engine, expire_on_commit=False")}, None),
        ({"db.py": MAKER.format("engine"), "tests/conftest.py": MAKER.format("engine, expire_on_commit=False")}, True),
        ({"db.py": MAKER.format("engine") + "factory.configure(expire_on_commit=False)\n"}, None),
        ({"db.py": "from sqlalchemy.orm import sessionmaker\nfactory = sessionmaker(engine)\n"}, None),
        (
            {
                "db.py": "from sqlalchemy.ext.asyncio import AsyncSession\nfrom sqlalchemy.orm import sessionmaker\n"
                "factory = sessionmaker(engine, class_=AsyncSession)\n"
            },
            True,
        ),
        ({"db.py": "class Session:\n    pass\n\nsession = Session()\n"}, None),
    ],
)
def test_agreement(tmp_path: Path, files: dict[str, str], expected: bool | None) -> None:
    write(tmp_path, files)
    project = Workspace(Config(root=str(tmp_path))).project_for(str(tmp_path / "db.py"))
    assert Factories(project).expires() is expected


@pytest.mark.parametrize(
    ("maker", "setting", "name", "found"),
    [
        ("engine", None, "service.py", ["AOR502"]),
        ("engine, expire_on_commit=False", None, "service.py", []),
        ("engine", False, "service.py", []),
        ("engine, expire_on_commit=False", True, "service.py", ["AOR502"]),
        ("engine", None, "tests/service.py", []),
    ],
)
def test_a_session_that_is_handed_in(
    tmp_path: Path, maker: str, setting: bool | None, name: str, found: list[str]
) -> None:
    write(tmp_path, {"db.py": MAKER.format(maker), name: SERVICE})
    config = Config(root=str(tmp_path), expire_on_commit=setting)
    source = Source.from_bytes(str(tmp_path / name), (tmp_path / name).read_bytes())
    project = Workspace(config).project_for(source.path)
    assert [one.code for one in lint(source, project, config)] == found
