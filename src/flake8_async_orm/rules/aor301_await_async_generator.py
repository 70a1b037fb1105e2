"""An async generator function is awaited as if it returned its session.

Why:
    `async def` with a `yield` makes an async generator function, the usual shape of a dependency of FastAPI or
    Litestar. Calling it gives an async generator, not a coroutine: `await get_session()` raises TypeError. The
    framework drives the generator, code of your own has to enter it as a context manager, which also runs what
    follows the `yield`.

Invalid:
    from collections.abc import AsyncIterator

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")


    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    async def ping() -> None:
        session = await get_session()
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
    Unsafe: `name = await provider()` and the rest of its block become an `async with` over the provider wrapped
    in `contextlib.asynccontextmanager`, import included; where the file gives the provider to a framework too, a
    context-managed one is put beside it. None where the result is not bound to a plain name, or is needed when
    the block is done.

Limits:
    The finding stands at the `await` expression. Generators made by functions that are not in sight are not
    known. `await anext(get_session())` is no error at run time and not reported here.

See:
    Python documentation: contextlib.asynccontextmanager,
    https://docs.python.org/3/library/contextlib.html#contextlib.asynccontextmanager
    SQLAlchemy documentation: Using AsyncSession with Concurrent Tasks,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-asyncsession-with-concurrent-tasks
"""

from flake8_async_orm.facts import GeneratorAwaited
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR301", "await-async-generator", since="0.1.0")
def check(fact: GeneratorAwaited) -> Finding | None:
    if not fact.gives:
        return None
    name = short_name(fact.provider)
    manager = f"async with asynccontextmanager({name})()"
    related = ((fact.function, "an async generator function: it has a `yield`"),) if fact.function is not None else ()
    return Finding(
        f"`{name}()` gives an async generator, which cannot be awaited; write `{manager} as ...`",
        fact.site,
        help="or decorate the function with `contextlib.asynccontextmanager`, "
        "unless a framework takes it as a dependency",
        related=related,
        fixes=(
            FixRequest(
                "wrap_async_context_manager", f"Enter `{name}` with `async with`", "unsafe", (fact.call, fact.site)
            ),
        ),
    )
