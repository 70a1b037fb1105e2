"""A result is iterated over in the way of the other kind.

Why:
    What `await session.execute(q)` gives is a buffered result: all rows are there, and it is looped over with a plain
    `for`. What `await session.stream(q)` gives fetches rows as they are asked for, which is I/O: it needs `async for`, or
    a method that is awaited. The other way round there is a TypeError, as there is when `session.stream(q)` itself, a
    coroutine, is looped over.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def export(session: AsyncSession) -> None:
        result = await session.stream(text("select name from users"))
        for row in result:
            print(row.name)

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def export(session: AsyncSession) -> None:
        result = await session.stream(text("select name from users"))
        async for row in result:
            print(row.name)

Fix:
    Safe: `async` is added to or taken from the `for` of a statement or comprehension; the un-awaited call of `stream` is
    awaited; `list(result)` of an async result becomes `list(await result.all())`. None outside of `async def`, nor for
    a generator expression, which would become an asynchronous generator.

Limits:
    The finding stands at what is iterated over. Only results of SQLAlchemy are judged, not the async generators of the
    project. A plain `for` over a coroutine is the business of AOR102.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Streaming ORM results,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#synopsis-orm
    and AsyncResult, https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#sqlalchemy.ext.asyncio.AsyncResult
"""

from flake8_async_orm.facts import ResultIterated
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR105", "wrong-iteration", since="0.1.0")
def check(fact: ResultIterated) -> Finding | None:
    if fact.coroutine:
        called = f"{short_name(fact.coroutine)}()"
        request = FixRequest("insert_await", f"Await `{called}`", "safe", (fact.site,))
        return Finding(
            f"`{called}` is looped over before it is awaited; write `async for ... in await ...`",
            fact.site,
            help="the call gives its result only once it is awaited; a coroutine has no `__aiter__`",
            fixes=(request,) if fact.in_async else (),
        )
    if fact.is_async:
        request = FixRequest("change_iteration", "Drop the `async`", "safe", (fact.site,), ("plain",))
        loop = fact.how == "loop"
        return Finding(
            f"`{fact.cls}` is buffered and has no async iteration; write {'a plain `for`' if loop else '`next()`'}",
            fact.site,
            help="its rows are there already; only what `stream()` gives is iterated over with `async for`",
            fixes=(request,) if loop else (),
        )
    instead = "`async for`" if fact.how == "loop" else "`await ...all()`"
    title = "Write `async for`" if fact.how == "loop" else "Await `all()`"
    request = FixRequest("change_iteration", title, "safe", (fact.site,), ("async",))
    return Finding(
        f"`{fact.cls}` fetches its rows as they are asked for and has no plain iteration; write {instead}",
        fact.site,
        help="fetching is I/O, which has to be awaited; a plain iteration raises TypeError",
        fixes=(request,) if fact.in_async else (),
    )
