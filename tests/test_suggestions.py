"""Suggestions are for the editor: no run applies them, they may change another file, and what they change mends the finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import libcst as cst
import pytest

from fixing import code, fixed
from flake8_async_orm.config import Config
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.edits import replace
from flake8_async_orm.linting import lint
from flake8_async_orm.project import Workspace
from flake8_async_orm.source import Source
from harness.command import Ran

FILES = {
    "settings": 'URL = "mysql://u:p@h/db"\n',
    "models": code('''
        import datetime

        from sqlalchemy import ForeignKey, func
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class User(Base):
            """Who writes."""

            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
            changed: Mapped[datetime.datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
            posts = relationship("Post", lazy="dynamic", back_populates="user")


        class Post(Base):
            __tablename__ = "posts"
            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            user: Mapped[User] = relationship(back_populates="posts")
    '''),
    "database": code("""
        from models import Post
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

        engine = create_async_engine("sqlite+aiosqlite://")
        factory = async_sessionmaker(engine)


        async def first(session: AsyncSession) -> Post:
            return (await session.scalars(select(Post))).one()
    """),
}
HEAD = (
    "from database import engine, factory, first\nfrom models import Post, User\nfrom settings import URL\n"
    "from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine\n\n\n"
)
CASES = {
    "AOR204": ("settings", "other = create_async_engine(URL)\n"),
    "AOR501": ("database", "async def f(session: AsyncSession):\n    return (await first(session)).user.name\n"),
    "AOR502": (
        "database",
        "async def f():\n    async with factory() as session:\n        user = await session.get_one(User, 1)\n"
        "        await session.commit()\n        return user.name\n",
    ),
    "AOR503": (
        "models",
        "async def f(session: AsyncSession):\n    user = await session.get_one(User, 1)\n    user.name = 'x'\n"
        "    await session.flush()\n    return user.changed\n",
    ),
    "AOR508": (
        "models",
        "async def f(session: AsyncSession):\n    user = await session.get_one(User, 1)\n    return user.posts.all()\n",
    ),
}


def linted(folder: Path) -> list[Diagnostic]:
    config = Config(root=str(folder))
    path = folder / "program.py"
    source = Source.from_bytes(str(path), path.read_bytes())
    return lint(source, Workspace(config).project_for(str(path)), config)


@pytest.mark.parametrize("wanted", CASES)
def test_a_suggestion_for_another_file_mends_the_finding(wanted: str, tmp_path: Path) -> None:
    where, text = CASES[wanted]
    for name, content in {**FILES, "program": HEAD + text}.items():
        (tmp_path / f"{name}.py").write_text(content, encoding="utf-8")
    (finding,) = linted(tmp_path)
    assert finding.code == wanted
    (suggestion,) = (fix for fix in finding.fixes if fix.safety == "suggestion")
    other = tmp_path / f"{where}.py"
    assert {edit.path for edit in suggestion.edits} == {str(other)}
    assert suggestion is not finding.fix(unsafe=True)
    after = replace(other.read_text(encoding="utf-8"), suggestion.edits)
    compile(after, "after.py", "exec")
    other.write_text(after, encoding="utf-8")
    assert linted(tmp_path) == []


def test_the_command_shows_where_and_changes_nothing_there(run: Callable[..., Ran], here: Path) -> None:
    for name, content in {**FILES, "program": HEAD + CASES["AOR204"][1]}.items():
        (here / f"{name}.py").write_text(content, encoding="utf-8")
    assert "fix: Write `mysql+aiomysql://` (a suggestion, for the editor, in settings.py)" in run("program.py").out
    (edit,) = json.loads(run("--output-format", "json", "program.py").out)[0]["fix"]["edits"]
    assert edit["filename"] == "settings.py"
    run("--fix", "--unsafe-fixes", ".")
    assert (here / "settings.py").read_text(encoding="utf-8") == FILES["settings"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("posts: DynamicMapped['Post'] = relationship()", "posts: WriteOnlyMapped['Post'] = relationship()"),
        ("posts = relationship(a, lazy='dynamic', b=1)", "posts = relationship(a, lazy='write_only', b=1)"),
        ("posts = relationship(lazy=how)", None),
        ("posts = relationship()", None),
    ],
)
def test_map_write_only(before: str, after: str | None) -> None:
    imports = "from sqlalchemy.orm import WriteOnlyMapped, relationship\n"
    answer = fixed(imports + before + "\n", "map_write_only", (before,), kinds=(cst.BaseSmallStatement,))
    assert (answer and answer[0]) == (after and f"{imports}{after}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("make()", "make(k=1)"),
        ("make(a, k=0)", "make(a, k=1)"),
        ("make(a, k=(0), b=2)", "make(a, k=1, b=2)"),
        ("make(*a)", "make(*a, k=1)"),
        ("make(a, b=2,)", "make(a, b=2, k=1,)"),
        ("make(\n    a,  # one\n    b=2,  # two\n)", "make(\n    a,  # one\n    b=2,  # two\n    k=1,\n)"),
        ("make(**a)", None),
    ],
)
def test_set_argument(before: str, after: str | None) -> None:
    answer = fixed(f"x = {before}\n", "set_argument", (before,), ("k", "1"), safety="suggestion")
    assert (answer and answer[0]) == (after and f"x = {after}\n")
