"""Each member of each async class, in each version: what the linter says of its call follows from what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_async_orm.knowledge import api
from harness.linter import RealLinter

#: how an object of the class comes into a function: its parameters, and the statement that gives `it`
OBJECTS = {
    "AsyncSession": ("it: AsyncSession", "pass"),
    "async_scoped_session": ("it: async_scoped_session", "pass"),
    "AsyncEngine": ("it: AsyncEngine", "pass"),
    "AsyncConnection": ("it: AsyncConnection", "pass"),
    "AsyncSessionTransaction": ("session: AsyncSession", "it = await session.begin()"),
    "AsyncTransaction": ("connection: AsyncConnection", "it = await connection.begin()"),
    "AsyncResult": ("session: AsyncSession", "it = await session.stream(text('select 1'))"),
    "AsyncScalarResult": ("session: AsyncSession", "it = await session.stream_scalars(text('select 1'))"),
    "AsyncMappingResult": ("session: AsyncSession", "it = (await session.stream(text('select 1'))).mappings()"),
    "async_sessionmaker": ("it: async_sessionmaker[AsyncSession]", "pass"),
}
HEAD = """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import (
    AsyncConnection, AsyncEngine, AsyncSession, AsyncTransaction, async_scoped_session, async_sessionmaker
)
"""
#: codes of what becomes of the object afterwards
UNUSED = frozenset({"AOR304", "AOR305"})
AWAITED, DROPPED, USED = "await it.{}()", "it.{}()", "it.{}().nothing"
PROPERTY = "await it.{}"
#: kind -> form -> the code of the finding, empty where there is none to be
EXPECTED: dict[str, dict[str, str]] = {
    "coroutine": {AWAITED: "", DROPPED: "AOR101", USED: "AOR102", PROPERTY: "AOR103"},
    "plain": {AWAITED: "AOR103", DROPPED: "", PROPERTY: "AOR103"},
    "startable": {AWAITED: "", DROPPED: "", PROPERTY: "AOR103"},
    "context": {AWAITED: "AOR103", DROPPED: "", PROPERTY: "AOR103"},
    "async_generator": {AWAITED: "AOR103", DROPPED: "", PROPERTY: "AOR103"},
    "property": {PROPERTY: "AOR103"},
    "missing": {AWAITED: "AOR202", DROPPED: "AOR202", PROPERTY: "AOR202"},
}
#: what an engine has not, but what it makes, is another rule's
ON_CONNECTIONS = frozenset({"execute", "scalar", "scalars", "exec_driver_sql", "stream", "run_sync"})


def public(cls: str, version: str) -> dict[str, str]:
    """The members of the class that a program may call, and their kinds."""
    tables = api._tables()[cls]
    found = {name: tables[name][version].rpartition(" ")[2] for name in tables if version in tables[name]}
    return {name: kind for name, kind in found.items() if not name.startswith("_") and kind != "attribute"}


def missing(cls: str, version: str) -> list[str]:
    """The methods and properties that the sync class has, and the async one has not."""
    twin = api.sync_twin(cls)
    if twin is None or cls == "async_sessionmaker":
        return []
    own = {name for name, kinds in api._tables()[cls].items() if version in kinds}
    return sorted(set(public(twin, version)) - own)


@pytest.mark.parametrize("version", api.VERSIONS)
@pytest.mark.parametrize("cls", OBJECTS)
def test_members(cls: str, version: str, linter: RealLinter, tmp_path: Path) -> None:
    members = public(cls, version)
    if not members:
        pytest.skip(f"{cls} is not in SQLAlchemy {version}")
    parameters, given = OBJECTS[cls]
    lines, wanted = HEAD.splitlines(), {}
    asked = [(name, kind) for name, kind in sorted(members.items())] + [(name, "missing") for name in missing(cls, version)]
    for name, kind in asked:
        for form, code in EXPECTED[kind].items():
            lines += [f"async def of_{len(lines)}({parameters}):", f"    {given}", f"    {form.format(name)}"]
            other = kind == "missing" and cls == "AsyncEngine" and name in ON_CONNECTIONS
            wanted[len(lines)] = (form.format(name), "AOR201" if other else code)
    path = tmp_path / "program.py"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    told: dict[int, set[str]] = {}
    text = path.read_text(encoding="utf-8")
    for one in linter.lint(path, {"sqlalchemy_version": version}):
        told.setdefault(text.count("\n", 0, one.start) + 1, set()).add(one.code)
    wrong = [
        f"{form}: {sorted(told.get(line, set()))}, not {code or 'nothing'}"
        for line, (form, code) in wanted.items()
        if told.get(line, set()) - UNUSED != ({code} if code else set())
    ]
    assert not wrong, "\n".join(wrong)
