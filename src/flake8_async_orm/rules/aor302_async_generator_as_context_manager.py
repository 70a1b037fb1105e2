"""`async with` over a bare async generator, or over a coroutine that has not been awaited.

Why:
    `async with` needs an object with `__aenter__`. What an async generator function gives has none unless the
    function is decorated with, or wrapped in, `contextlib.asynccontextmanager`; and a coroutine that will give
    a session is not that session yet. Both raise TypeError (AttributeError before Python 3.11).

Invalid:
    from collections.abc import AsyncIterator

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")


    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    async def ping() -> None:
        async with get_session() as session:
            await session.execute(text("select 1"))

Valid:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")


    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    async def ping() -> None:
        async with asynccontextmanager(get_session)() as session:
            await session.execute(text("select 1"))

Fix:
    Unsafe for a generator: the provider is wrapped in `contextlib.asynccontextmanager`, import included; where the
    file gives it to a framework too, a context-managed one is put beside it. Safe for a coroutine that gives a session: `async with await create_session()`.

Limits:
    The finding stands at the item of the `async with`. A function decorated by something unknown is not judged.

See:
    Python documentation: contextlib.asynccontextmanager,
    https://docs.python.org/3/library/contextlib.html#contextlib.asynccontextmanager
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Synopsis - ORM,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#synopsis-orm
"""

from flake8_async_orm.facts import ContextEntered
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR302", "async-generator-as-context-manager", since="0.1.0")
def check(fact: ContextEntered) -> Finding | None:
    if not fact.is_async or not fact.gives:
        return None
    name = short_name(fact.provider)
    related = ((fact.function, "defined here"),) if fact.function is not None else ()
    match fact.entered:
        case "generator":
            wrapped = f"asynccontextmanager({name})()"
            return Finding(
                f"`{name}()` gives an async generator, which is no context manager; write `async with {wrapped}`",
                fact.site,
                help="or decorate the function with `contextlib.asynccontextmanager`, "
                "unless a framework takes it as a dependency",
                related=related,
                fixes=(
                    FixRequest(
                        "wrap_async_context_manager", f"Wrap `{name}` in `asynccontextmanager`", "unsafe", (fact.site,)
                    ),
                ),
            )
        case "coroutine":
            awaited = FixRequest("insert_await", f"Await `{name}()`", "safe", (fact.site,))
            return Finding(
                f"`{name}()` gives a coroutine, which is no context manager; write `async with await {name}(...)`",
                fact.site,
                help="the coroutine has not run yet: await it, and enter what it gives",
                related=related,
                # what else a coroutine gives may have been entered already
                fixes=(awaited,) if fact.gives.endswith("Session") else (),
            )
    return None
