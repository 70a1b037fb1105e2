"""Gives a scenario what its parameters are annotated with."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin

import sqlalchemy.ext.asyncio as sa_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_scoped_session
from sqlalchemy.orm import sessionmaker

#: async_sessionmaker came with SQLAlchemy 2.0
AsyncFactory: type[Any] = getattr(sa_asyncio, "async_sessionmaker", sessionmaker)
BY_NAME: dict[str, type[Any]] = {
    "AsyncSession": AsyncSession,
    "AsyncEngine": AsyncEngine,
    "AsyncConnection": AsyncConnection,
    "async_sessionmaker": AsyncFactory,
    "sessionmaker": sessionmaker,
    "async_scoped_session": async_scoped_session,
}


class Provider:
    """What is given is closed when `stack` is left."""

    def __init__(self, module: ModuleType, engine: AsyncEngine, stack: contextlib.AsyncExitStack) -> None:
        self.module = module
        self.engine = engine
        self.stack = stack

    async def give(self, annotation: str) -> Any:
        """The object for a parameter with this annotation. Raises TypeError where there is none."""
        wanted = self.meaning(ast.parse(annotation or "None", mode="eval").body)
        if not inspect.isclass(wanted):
            raise TypeError(f"the harness has nothing for a parameter annotated {annotation!r}")
        if issubclass(wanted, AsyncSession):
            return await self.stack.enter_async_context(wanted(self.engine, expire_on_commit=False))
        if issubclass(wanted, AsyncEngine):
            return self.engine
        if issubclass(wanted, AsyncConnection):
            return await self.stack.enter_async_context(self.engine.connect())
        if issubclass(wanted, async_scoped_session):
            scoped = async_scoped_session(self.factory(), scopefunc=asyncio.current_task)
            self.stack.push_async_callback(scoped.remove)
            return scoped
        if issubclass(wanted, AsyncFactory):
            return self.factory(wanted)
        if issubclass(wanted, sessionmaker):
            return sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        raise TypeError(f"the harness has nothing for a parameter annotated {annotation!r}")

    def factory(self, cls: type[Any] = AsyncFactory) -> Any:
        if cls is sessionmaker:
            return sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        return cls(self.engine, expire_on_commit=False)

    def meaning(self, node: ast.expr) -> Any:
        """The class that an annotation is about, through strings, `Annotated`, `X | None`, type arguments, aliases."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.meaning(ast.parse(node.value, mode="eval").body)
        if isinstance(node, ast.BinOp):
            return self.meaning(node.left)
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
            through = ast.unparse(node.value).rpartition(".")[2] in ("Annotated", "Optional")
            return self.meaning(inner if through else node.value)
        source = ast.unparse(node)
        try:
            value = eval(source, vars(self.module))  # a name of a program that is run anyway
        except Exception:  # noqa: BLE001  a name that exists for type checkers only
            value = BY_NAME.get(source.rpartition(".")[2])
        value = getattr(value, "__value__", value)  # `type X = ...`
        if get_origin(value) is Annotated:
            value = get_args(value)[0]
        return get_origin(value) or value
