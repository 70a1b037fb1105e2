"""What a fix writes works in every version of SQLAlchemy that is linted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_async_orm.config import Config
from flake8_async_orm.linting import lint
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source

PROGRAM = """\
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class Nest(Base):
    __tablename__ = "nest"
    id = Column(Integer, primary_key=True)
    eggs = relationship("Egg")


class Egg(Base):
    __tablename__ = "egg"
    id = Column(Integer, primary_key=True)
    nest_id = Column(ForeignKey("nest.id"))


async def count(session: AsyncSession) -> int:
    nest = Nest()
    session.add(nest)
    await session.flush()
    await session.refresh(nest)
    return len(nest.eggs)


async def lay(session: AsyncSession) -> None:
    nest = Nest()
    session.add(nest)
    await session.flush()
    await session.refresh(nest)
    nest.eggs.append(Egg())
"""


@pytest.mark.parametrize(("version", "refreshes"), [("2.0", True), ("2.1", True), ("1.4", False), (">=1.4", False)])
def test_a_refresh_that_loads_a_relationship_is_for_2_0(version: str, refreshes: bool, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    config = Config(root=str(tmp_path), sqlalchemy_version=version)
    found = lint(Source.from_bytes(str(path), path.read_bytes()), Workspace(config).project_for(str(path)), config)
    assert [one.code for one in found] == ["AOR501", "AOR505"]
    for one in found:
        titles = [fix.title for fix in one.fixes]
        assert any("before" in title for title in titles) is refreshes, titles
    assert ("session.refresh(" in f"{found[0].message} {found[0].help}") is refreshes
