"""A sync session, connection or engine does database work inside `async def`.

Why:
    A sync `Session` waits for the database on the thread that it is called on. Inside `async def` that is the thread of
    the event loop: while the statement runs, no other request or task of the process makes a step. Nothing raises; it
    shows as latency under load. The sync object behind an async one (`session.sync_session`, `engine.sync_engine`) cannot
    wait there at all: its driver has to be awaited, and MissingGreenlet is raised.

Invalid:
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import sessionmaker

    factory = sessionmaker(create_engine("sqlite://"))


    async def ping() -> None:
        with factory() as session:
            session.execute(text("select 1"))

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

    factory = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


    async def ping() -> None:
        async with factory() as session:
            await session.execute(text("select 1"))

Fix:
    None: the session, its factory and its engine have to become async ones together, or the work moves to a thread.

Limits:
    The finding stands at the call in the async function, also where a sync function of the project does the work.
    Of the sync object behind an async one only work that surely needs the database counts: not `get()`, nor `connect()`,
    for which a connection may wait in the pool, but what is then executed on it; `commit()` and `flush()` only where
    there is a transaction to end, or something to send.
    What is handed to `asyncio.to_thread`, an executor or `run_sync` is not called here. A class that is known by
    an annotation alone counts only for parameters on which nothing is awaited. Functions that tell async objects from
    sync ones by a test, and migrations, are not judged.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html
    Python documentation: Developing with asyncio, Running Blocking Code,
    https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code
"""

from flake8_async_orm.facts import LoopBlocked
from flake8_async_orm.rule import Finding, rule, short_name

ASYNC = {"Connection": "AsyncConnection", "Engine": "AsyncEngine"}


#: the attribute by which a sync object was reached -> its async object, what to write instead
REACHED = {
    "sync_session": "`await session.{member}(...)` on the `AsyncSession`",
    "sync_connection": "`await connection.{member}(...)` on the `AsyncConnection`",
    "sync_engine": "`async with engine.begin() as connection` on the `AsyncEngine`",
    "get_bind()": "`await session.{member}(...)` on the `AsyncSession`",
}


def _reached(fact: LoopBlocked) -> Finding:
    cls, _, member = fact.what.partition(".")
    instead = REACHED[fact.reached_by].format(member=member)
    if cls == "Query" or (cls == "Session" and member.startswith("bulk_")):
        instead = "`await session.run_sync(...)` with a function that gets the sync session"
    elif cls not in ("Session", "Connection", "Engine"):
        instead = "`await connection.run_sync(...)`, which gives a function the sync connection"
    done = f"`{short_name(fact.helper)}()` calls `{fact.what}`, which" if fact.helper else f"`{fact.what}`"
    return Finding(
        f"{done} cannot wait for the database behind `{fact.reached_by}`; write {instead}",
        fact.site,
        help="MissingGreenlet: the sync object of an async one works only in what the asyncio extension calls for it",
        related=((fact.work, f"`{fact.what}` is called here"),) if fact.work is not None else (),
    )


@rule("AOR208", "blocking-session", since="0.1.0")
def check(fact: LoopBlocked) -> Finding | None:
    if fact.reached_by in REACHED:
        return _reached(fact)
    wanted = ASYNC.get(fact.what.partition(".")[0], "AsyncSession")
    done = f"`{short_name(fact.helper)}()` calls `{fact.what}`, which" if fact.helper else f"`{fact.what}`"
    return Finding(
        f"{done} waits for the database on the event loop's thread; make it an `{wanted}`",
        fact.site,
        help="or run the sync function as a whole in a thread: `await asyncio.to_thread(function, ...)`",
        related=((fact.work, f"`{fact.what}` is called here"),) if fact.work is not None else (),
    )
