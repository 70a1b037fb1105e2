"""An async engine, connection or session is given to something that works with the sync ones.

Why:
    DDL, `inspect`, sync sessions, `Query` and pandas call the methods of a sync engine or connection and do not await
    them. Some fail at once (AttributeError, NoInspectionAvailable), others when they are used: a `sessionmaker`
    without `class_` takes an async engine and makes sync sessions that cannot execute anything.

Invalid:
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

    metadata = MetaData()


    async def create(engine: AsyncEngine) -> None:
        metadata.create_all(engine)

Valid:
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

    metadata = MetaData()


    async def create(engine: AsyncEngine) -> None:
        async with engine.begin() as conn:
            await conn.run_sync(metadata.create_all)

Fix:
    Safe: `await conn.run_sync(metadata.create_all)`, within `async with engine.begin()` for an engine, where the
    call is a statement of an `async def`; `async_sessionmaker` for `sessionmaker`, or `class_=AsyncSession` where
    SQLAlchemy 1.4 is a target.

Limits:
    The finding stands at the object that is given. DDL is known by what it is called on: a `MetaData` or a `Table`
    that is made in sight, or what is named `metadata` or `__table__`.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Running Synchronous Methods and Functions under asyncio,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#running-synchronous-methods-and-functions-under-asyncio
"""

from flake8_async_orm.facts import AsyncObjectGiven
from flake8_async_orm.rule import Finding, FixRequest, rule

_INSTEAD = {
    "ddl": "`await connection.run_sync(...)` with the method",
    "inspect": "`await connection.run_sync(lambda sync: inspect(sync)....)`",
    "reflection": "`await connection.run_sync(...)` with a function that gets the sync connection",
    "session": "`AsyncSession(...)`",
    "factory": "`async_sessionmaker(...)`",
    "pandas": "`await connection.run_sync(...)` with a function that calls it",
    "query": "`select(...)` with `await session.execute(...)`",
}


def _fix(fact: AsyncObjectGiven) -> tuple[FixRequest, ...]:
    asyncio = "sqlalchemy.ext.asyncio"
    if fact.to == "ddl" and fact.in_async:
        words: tuple[str, ...] = ("engine",) if fact.cls == "AsyncEngine" else ("connection",)
        return (FixRequest("run_in_sync", "Run it with `run_sync`", "safe", (fact.call, fact.site), words),)
    if fact.to == "factory" and "class_" not in fact.named:
        if "1.4" in fact.versions:
            words = (asyncio, "AsyncSession", "class_")
            return (FixRequest("put_name", "Add `class_=AsyncSession`", "safe", (fact.call,), words),)
        words = (asyncio, "async_sessionmaker")
        return (FixRequest("put_name", "Make it an `async_sessionmaker`", "safe", (fact.callee,), words),)
    return ()


@rule("AOR203", "async-object-in-sync-api", since="0.1.0")
def check(fact: AsyncObjectGiven) -> Finding | None:
    instead = _INSTEAD[fact.to]
    if fact.to == "factory" and "1.4" in fact.versions:
        instead = "`class_=AsyncSession` with it"
    return Finding(
        f"`{fact.function}` takes no `{fact.cls}`; write {instead}",
        fact.site,
        help="sync code runs inside `run_sync`, which gives it the sync connection or session",
        fixes=_fix(fact),
    )
