"""A function decorated with `asynccontextmanager` is given to `Depends`.

Why:
    FastAPI wants the plain generator function, and makes a context manager of it itself. Of a decorated one it injects
    the context manager in place of the session (AttributeError at the first use), or, in versions that look behind
    decorators, fails to iterate over it (TypeError): every request ends with status 500.

Invalid:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import Depends, FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    app = FastAPI()
    engine = create_async_engine("sqlite+aiosqlite://")


    @asynccontextmanager
    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    @app.post("/visits")
    async def visit(session: AsyncSession = Depends(get_session)) -> None:
        await session.commit()

Valid:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import Depends, FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    app = FastAPI()
    engine = create_async_engine("sqlite+aiosqlite://")


    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    @app.post("/visits")
    async def visit(session: AsyncSession = Depends(get_session)) -> None:
        await session.commit()

Fix:
    Unsafe: the decorator is taken away, where the function stands in the same file and nothing there calls it.

Limits:
    The finding stands at what `Depends` is given. Dependency systems other than FastAPI's are known only where they
    call their marker `Depends` or `Security`.

See:
    FastAPI documentation: Dependencies with yield, https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/
"""

from flake8_async_orm.facts import ProviderUsed
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR310", "context-manager-dependency", since="0.1.0")
def check(fact: ProviderUsed) -> Finding | None:
    if fact.how != "context-manager":
        return None
    name = short_name(fact.provider)
    fixes: tuple[FixRequest, ...] = ()
    related = ((fact.function, "decorated here"),) if fact.function is not None else ()
    if fact.function is not None and fact.function.path == fact.site.path:
        words = ("asynccontextmanager", "contextmanager")
        fixes = (FixRequest("drop_decorator", f"Take the decorator of `{name}` away", "unsafe", (fact.function,), words),)
    return Finding(
        f"`{name}` gives a context manager, which `Depends` does not enter; write a plain generator function for it",
        fact.site,
        help=f"keep both: `{name}` undecorated for `Depends`, and `asynccontextmanager({name})` under a name of its own",
        related=related,
        fixes=fixes,
    )
