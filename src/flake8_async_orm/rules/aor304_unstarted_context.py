"""A connection, transaction or session is used though it was neither awaited nor entered.

Why:
    `engine.connect()` and `session.begin()` give an object that is started by `await` or `async with`; until then its
    members raise AsyncContextNotStarted. `engine.begin()`, `factory.begin()` and functions decorated with
    `asynccontextmanager` give a context manager that has none of the members of what it will give: AttributeError.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        connection = engine.connect()
        await connection.execute(text("select 1"))
        await connection.close()

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        connection = await engine.connect()
        await connection.execute(text("select 1"))
        await connection.close()

Fix:
    Safe where a name is bound to what `await` starts: the `await` is put there. Unsafe where an `async with` is put
    around the statement that the call stands in, or around the rest of the block.

Limits:
    The finding stands at the first use. What was handed on, stored in an attribute or is mentioned in a nested
    function may have been started elsewhere, and is not reported.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Engine API,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#sqlalchemy.ext.asyncio.AsyncEngine.connect
    SQLAlchemy documentation: error AsyncContextNotStarted,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#sqlalchemy.ext.asyncio.AsyncConnection.start
"""

from flake8_async_orm.facts import MemberReadBeforeEntering
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name

#: for a builder: nothing comes behind the call, and what it gives is called so
NAMES = ("", "conn", "connection")


@rule("AOR304", "unstarted-context", since="0.1.0")
def check(fact: MemberReadBeforeEntering) -> Finding | None:
    call = f"{short_name(fact.callee)}()"
    used = f"`{fact.member}` is used before `{call}` was"
    fixes: tuple[FixRequest, ...] = ()
    if fact.awaitable:
        message = f"{used} awaited or entered; write `await` before the call or `async with` over it"
        advice = f"an `{fact.gives}` that has not been started raises AsyncContextNotStarted"
        if fact.in_async:
            fixes = (FixRequest("insert_await", f"Await `{call}`", "safe", (fact.made,)),)
    else:
        message = f"{used} entered; write `async with` over it"
        advice = f"the context manager has no `{fact.member}`, only the `{fact.gives}` that entering it gives"
        if fact.in_async:
            fixes = (FixRequest("enter_context", f"Enter `{call}` with `async with`", "unsafe", (fact.made,)),)
    if fact.direct:
        entered = FixRequest("enter_connection", f"Enter `{call}` first", "unsafe", (fact.made, fact.call), NAMES)
        fixes = (entered,) if fact.call is not None and fact.gives == "AsyncConnection" else ()
    related = ((fact.made, "made here"),) if not fact.direct else ()
    return Finding(message, fact.site, help=advice, related=related, fixes=fixes)
