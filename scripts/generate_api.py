"""Writes what the installed SQLAlchemy says of its own classes: `src/flake8_async_orm/knowledge/api_MAJOR_MINOR.json`.

A table maps class -> kind -> names. Kinds: coroutine, startable (can be awaited and entered), context (can be entered only),
async_generator, plain, property, attribute; with `class ` or `static ` ahead for such methods. Signatures do not tell all
of it (1.4 forwards to coroutines from plain functions), so a function that is no coroutine function is called on a
live object, and what it gives decides. `--check` compares and changes nothing: exit code 1 and a diff where the table
is not current. Exit code 2: there is no table for this version.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import inspect
import json
import logging
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import sqlalchemy
import sqlalchemy.engine
import sqlalchemy.orm
from sqlalchemy.ext import asyncio as sa_asyncio

TABLES = Path(__file__).resolve().parent.parent / "src" / "flake8_async_orm" / "knowledge"
VERSIONS = ("1.4", "2.0", "2.1")
#: the members with underscores that tell what an object can be used for
PROTOCOLS = frozenset(
    f"__{name}__"
    for name in (
        "aenter aexit await aiter anext enter exit iter next call contains getitem len bool getattr"
    ).split()
)

Table = dict[str, dict[str, str]]
Maker = Callable[["Stage"], Awaitable[Any]]


def classes(*paths: str) -> tuple[type, ...]:
    """The classes of these dotted names below `sqlalchemy`, those that this version has."""
    found = []
    for path in paths:
        owner: Any = sqlalchemy
        for part in path.split("."):
            owner = getattr(owner, part, None)
        if isinstance(owner, type):
            found.append(owner)
    return tuple(found)


class Stage:
    """Engines in memory, and what can be made of them; everything is closed when `stack` is left."""

    def __init__(self, stack: contextlib.AsyncExitStack) -> None:
        self.stack = stack
        self.engine = sa_asyncio.create_async_engine("sqlite+aiosqlite://")
        self.sync_engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
        stack.callback(self.sync_engine.dispose)
        stack.push_async_callback(self.engine.dispose)

    async def async_session(self) -> Any:
        # with `binds`, since some versions set that attribute only when it is given
        binds: Any = {sqlalchemy.Table("bound", sqlalchemy.MetaData()): self.engine}
        return await self.stack.enter_async_context(sa_asyncio.AsyncSession(self.engine, binds=binds))

    async def async_scoped_session(self) -> Any:
        factory: Any = sqlalchemy.orm.sessionmaker(self.sync_engine, class_=sa_asyncio.AsyncSession)  # noqa: AOR204 (bound anew before it makes anything)
        factory.configure(bind=self.engine)
        scoped: Any = sa_asyncio.async_scoped_session(factory, scopefunc=asyncio.current_task)
        self.stack.push_async_callback(scoped.remove)
        return scoped

    async def async_connection(self) -> Any:
        return await self.stack.enter_async_context(self.engine.connect())

    async def async_result(self) -> Any:
        return await (await self.async_session()).stream(sqlalchemy.text("select 1"))

    async def session(self) -> Any:
        return self.stack.enter_context(sqlalchemy.orm.Session(self.sync_engine))

    async def connection(self) -> Any:
        return self.stack.enter_context(self.sync_engine.connect())  # flake8-async-orm: ignore[AOR208]

    async def result(self) -> Any:
        return (await self.connection()).execute(sqlalchemy.text("select 1"))  # flake8-async-orm: ignore[AOR208]


async def made(value: Any) -> Any:
    return value


async def begun(owner: Awaitable[Any]) -> Any:
    return (await owner).begin()


async def derived(owner: Awaitable[Any], name: str) -> Any:
    return getattr(await owner, name)()


def rows() -> dict[str, tuple[tuple[type, ...], Maker]]:
    """Class name -> the classes whose members it has, and how to make an object of it."""
    aio, orm, engine = "ext.asyncio.", "orm.", "engine."
    return {
        "AsyncAttrs": (classes(aio + "AsyncAttrs"), lambda _: made(sa_asyncio.AsyncAttrs())),
        "AsyncConnection": (classes(aio + "AsyncConnection"), Stage.async_connection),
        "AsyncEngine": (classes(aio + "AsyncEngine"), lambda stage: made(stage.engine)),
        "AsyncMappingResult": (
            classes(aio + "AsyncMappingResult"),
            lambda stage: derived(stage.async_result(), "mappings"),
        ),
        "AsyncResult": (classes(aio + "AsyncResult"), Stage.async_result),
        "AsyncScalarResult": (
            classes(aio + "AsyncScalarResult"),
            lambda stage: derived(stage.async_result(), "scalars"),
        ),
        "AsyncSession": (classes(aio + "AsyncSession"), Stage.async_session),
        "AsyncSessionTransaction": (
            classes(aio + "AsyncSessionTransaction"),
            lambda stage: begun(stage.async_session()),
        ),
        "AsyncTransaction": (classes(aio + "AsyncTransaction"), lambda stage: begun(stage.async_connection())),
        # what `tuples()` gives is an AsyncResult that is typed otherwise
        "AsyncTupleResult": (
            classes(aio + "AsyncTupleResult", *[aio + "AsyncResult"] * hasattr(sa_asyncio, "AsyncTupleResult")),
            lambda stage: derived(stage.async_result(), "tuples"),
        ),
        "async_scoped_session": (classes(aio + "async_scoped_session"), Stage.async_scoped_session),
        "async_sessionmaker": (
            classes(aio + "async_sessionmaker"),
            lambda stage: made(sa_asyncio.async_sessionmaker(stage.engine)),
        ),
        "Connection": (classes(engine + "Connection", "future.Connection"), Stage.connection),
        "Engine": (classes(engine + "Engine", "future.Engine"), lambda stage: made(stage.sync_engine)),
        "MappingResult": (classes(engine + "MappingResult"), lambda stage: derived(stage.result(), "mappings")),
        "Result": (
            classes(engine + "Result", engine + "CursorResult", engine + "ChunkedIteratorResult"),
            Stage.result,
        ),
        "ScalarResult": (classes(engine + "ScalarResult"), lambda stage: derived(stage.result(), "scalars")),
        "Session": (classes(orm + "Session"), Stage.session),
        "SessionTransaction": (classes(orm + "SessionTransaction"), lambda stage: begun(stage.session())),
        "Transaction": (
            classes(engine + "Transaction", engine + "RootTransaction", engine + "NestedTransaction"),
            lambda stage: begun(stage.connection()),
        ),
        "scoped_session": (
            classes(orm + "scoped_session"),
            lambda stage: made(sqlalchemy.orm.scoped_session(sqlalchemy.orm.sessionmaker(stage.sync_engine))),
        ),
        "sessionmaker": (
            classes(orm + "sessionmaker"),
            lambda stage: made(sqlalchemy.orm.sessionmaker(stage.sync_engine)),
        ),
    }


def sqlmodel_rows() -> dict[str, tuple[str, type]]:
    """SQLModel's sessions: name -> SQLAlchemy's class that they derive from, and the class. Empty without SQLModel."""
    try:
        from sqlmodel import Session
        from sqlmodel.ext.asyncio.session import AsyncSession
    except ImportError:
        return {}
    return {"sqlmodel.AsyncSession": ("AsyncSession", AsyncSession), "sqlmodel.Session": ("Session", Session)}


@contextlib.asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    async with contextlib.AsyncExitStack() as stack:
        yield Stage(stack)


def is_wanted(name: str) -> bool:
    return not name.startswith("_") or name in PROTOCOLS


def annotated(owners: Iterable[type]) -> set[str]:
    """Names that the classes only annotate: their instances have them."""
    return {name for owner in owners for base in owner.__mro__ for name in vars(base).get("__annotations__", {})}


def static_kind(owners: Iterable[type], name: str) -> str | None:
    """The kind, as far as the class tells; "" for a function that has to be called, None where no class has the name."""
    for owner in owners:
        try:
            found = inspect.getattr_static(owner, name)
        except AttributeError:
            continue
        if isinstance(found, (classmethod, staticmethod)):
            prefix = "class " if isinstance(found, classmethod) else "static "
            return f"{prefix}coroutine" if inspect.iscoroutinefunction(found.__func__) else prefix
        if inspect.iscoroutinefunction(found):
            return "coroutine"
        if inspect.isclass(found) or inspect.ismemberdescriptor(found):
            return "attribute"
        if callable(found):
            return ""
        # what has `__get__` without `__set__` computes its value once
        return "property" if hasattr(found, "__get__") else "attribute"
    return None


def arguments(function: Any) -> tuple[list[Any], dict[str, Any]]:
    """Something for each required parameter. Raises ValueError and TypeError where the signature is not to be had."""
    statement: Any = sqlalchemy.text("select 1")
    positional, named = [], {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is not parameter.empty:
            continue
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positional.append(statement)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = statement
    return positional, named


def called_kind(target: Any, name: str, known: tuple[type, ...]) -> str:
    """The kind of a function by what it gives. One that refuses our arguments gives nothing to be awaited."""
    try:
        function = getattr(target, name)
        positional, named = arguments(function)
        given = function(*positional, **named)
    except Exception:  # noqa: BLE001  which errors there are depends on the member
        return "plain"
    if inspect.iscoroutine(given):
        given.close()
        return "coroutine"
    if inspect.isasyncgen(given):
        return "async_generator"
    if hasattr(given, "__await__") and given is not target:
        return "startable" if hasattr(given, "__aenter__") else "coroutine"
    enterable = hasattr(given, "__aenter__") or hasattr(given, "__enter__")
    # what can be closed is worth something without being entered
    return "context" if enterable and not isinstance(given, known) and not hasattr(given, "close") else "plain"


async def members(owners: tuple[type, ...], make: Maker, known: tuple[type, ...]) -> dict[str, str]:
    """Name -> kind of everything that an object of these classes has."""
    async with stage() as first:
        one = await make(first)
        names = {*dir(one), *annotated(owners)}.union(*map(dir, owners))
    kinds = {}
    for name in sorted(filter(is_wanted, names)):
        kind = static_kind([type(one), *owners], name)
        if kind is None:
            kind = "attribute"
        elif kind in ("", "class ", "static "):
            if name.startswith("__"):
                kind += "plain"
            else:
                async with stage() as fresh:
                    kind += called_kind(await make(fresh), name, known)
        kinds[name] = kind
    return kinds


def grouped(kinds: dict[str, str]) -> dict[str, str]:
    return {kind: " ".join(sorted(name for name in kinds if kinds[name] == kind)) for kind in sorted({*kinds.values()})}


async def introspect() -> Table:
    """The table of the installed SQLAlchemy; SQLModel's classes hold what they add to it."""
    wanted = {cls: row for cls, row in rows().items() if row[0]}
    known = tuple(owner for owners, _ in wanted.values() for owner in owners)
    table = {cls: await members(owners, make, known) for cls, (owners, make) in wanted.items()}
    result = {cls: grouped(kinds) for cls, kinds in sorted(table.items())}
    for cls, (base, owner) in sqlmodel_rows().items():
        kinds = {name: static_kind([owner], name) or "plain" for name in dir(owner) if is_wanted(name)}
        own = {name: kind for name, kind in kinds.items() if name not in table[base]}
        result[cls] = grouped(own)
    return result


def written(table: Table) -> str:
    return json.dumps(table, indent=1, sort_keys=True) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the table about the installed SQLAlchemy.")
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    check = parser.parse_args().check
    version = ".".join(sqlalchemy.__version__.split(".")[:2])
    if version not in VERSIONS:
        print(f"there is no table for SQLAlchemy {sqlalchemy.__version__}, only for {', '.join(VERSIONS)}")
        return 2
    warnings.simplefilter("ignore")
    logging.disable()
    path = TABLES / f"api_{version.replace('.', '_')}.json"
    old = path.read_text(encoding="utf-8") if path.exists() else "{}"
    table = asyncio.run(introspect())
    if not sqlmodel_rows():
        # nothing new is known of them
        table |= {cls: kinds for cls, kinds in json.loads(old).items() if cls.startswith("sqlmodel.")}
    new = written(table)
    if not check:
        path.write_text(new, encoding="utf-8")
    elif new != old:
        difference = difflib.unified_diff(old.splitlines(), new.splitlines(), path.name, "installed", lineterm="", n=1)
        print(*difference, sep="\n")
        print(f"{path.name} is not what SQLAlchemy {sqlalchemy.__version__} says; run scripts/generate_api.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
