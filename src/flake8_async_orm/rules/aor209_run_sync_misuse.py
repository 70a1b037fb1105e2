"""`run_sync` is given something that it cannot run.

Why:
    `run_sync` calls a plain function with the sync session or connection. A function that is called in the argument
    list has run before, without what it needs, and what it returned cannot be called. A coroutine function, or a lambda
    that uses the session of asyncio, gives a coroutine: `run_sync` returns it, and nobody awaits it.

Invalid:
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection

    metadata = MetaData()


    async def create(conn: AsyncConnection) -> None:
        await conn.run_sync(metadata.create_all())

Valid:
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection

    metadata = MetaData()


    async def create(conn: AsyncConnection) -> None:
        await conn.run_sync(metadata.create_all)

Fix:
    Safe: the call becomes the function, where nothing else is given to it; a nested function uses its parameter. None
    for coroutine functions: await them with the session, outside of `run_sync`.

Limits:
    The finding stands at what is given, or at the use of the object of asyncio inside of it. Of functions that are called,
    only those are reported of which it is known that they return no function; decorated ones are not judged.

See:
    SQLAlchemy documentation: Running Synchronous Methods and Functions under asyncio,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#running-synchronous-methods-and-functions-under-asyncio
"""

from flake8_async_orm.facts import RunSyncGiven
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR209", "run-sync-misuse", since="0.1.0")
def check(fact: RunSyncGiven) -> Finding | None:
    match fact.given:
        case "result":
            request = FixRequest(
                "pass_function", "Hand the function over", "safe", (fact.site,), ("drop",) if fact.bound else ()
            )
            return Finding(
                f"`run_sync()` is given what `{fact.callee}()` returned; write the function without calling it",
                fact.site,
                help="it calls the function itself, with the sync session or connection ahead of further arguments",
                fixes=(request,) if fact.bound else (),
            )
        case "coroutine-function":
            return Finding(
                f"`run_sync()` is given the coroutine function `{fact.callee}`; make it a plain function, or await it",
                fact.site,
                help="calling it gives a coroutine, which run_sync returns and nobody awaits",
            )
    request = FixRequest("use_parameter", "Use the parameter", "safe", (fact.site, fact.function))
    return Finding(
        f"`{short_name(fact.callee)}()` under `run_sync()` gives a coroutine; write the function's parameter instead",
        fact.site,
        help="what run_sync hands over is the sync object, whose methods run at once",
        fixes=(request,),
    )
