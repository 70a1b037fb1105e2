"""A provider that is an async generator function is called by hand, and what it gives is used as a session.

Why:
    A dependency with a `yield` is driven by its framework: FastAPI calls the function, takes the session out of the
    generator and closes it afterwards. A call by hand gives the generator itself, which has no `execute`. The same
    holds for a parameter whose default is `Depends(...)`: without the framework it is left holding that marker.

Invalid:
    from collections.abc import AsyncIterator

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")


    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session


    async def ping() -> None:
        session = get_session()
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
    Unsafe: the rest of the block becomes the body of an `async with` over the wrapped provider, import included;
    where the file gives the provider to a framework too, a context-managed one is put beside it. `Depends(get_session())` loses the call.

Limits:
    The finding stands at the first use, at the argument, at what `Depends` is given, or at the call that leaves the
    session out. Providers that are not in sight, and functions decorated by something unknown, are not judged.

See:
    FastAPI documentation: Dependencies with yield, https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/
    Python documentation: contextlib.asynccontextmanager,
    https://docs.python.org/3/library/contextlib.html#contextlib.asynccontextmanager
"""

from flake8_async_orm.facts import ProviderUsed
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR308", "async-generator-as-session", since="0.1.0")
def check(fact: ProviderUsed) -> Finding | None:
    name = short_name(fact.provider)
    related = ((fact.function, "defined here"),) if fact.function is not None else ()
    given = f"`{name}()` gives an async generator, not its `{fact.gives}`"
    manager = f"async with asynccontextmanager({name})() as ..."
    fixes: tuple[FixRequest, ...] = ()
    match fact.how:
        case "attribute" | "argument":
            message = f"{given}; write `{manager}`"
            advice = "or decorate the function with `contextlib.asynccontextmanager`, unless a framework calls it"
            if fact.made is not None and fact.made != fact.site and fact.in_async:
                sites = (fact.made, fact.made)
                fixes = (FixRequest("wrap_async_context_manager", f"Enter `{name}` with `async with`", "unsafe", sites),)
        case "generator" | "coroutine":
            message = f"`Depends` is given what `{name}()` gives instead of the function; write `Depends({name})`"
            advice = "the framework calls the function itself, once for each request"
            fixes = (FixRequest("drop_call", f"Give `{name}` itself", "unsafe", (fact.site,)),)
        case "left-out":
            message = f"`{name}` is called without `{fact.detail}`, which is left `Depends(...)`; write `{fact.detail}=...`"
            advice = "only the framework puts a session in place of the default: hand one over, or share a plain function"
        case _:
            return None
    return Finding(message, fact.site, help=advice, related=related, fixes=fixes)
