"""A session is handed to something that runs after its scope.

Why:
    The end of `async with` closes the session. A task, a background function or the generator of a streaming response that
    is still to run then finds it closed, and SQLAlchemy opens it again without a word: a new transaction on another
    connection, with nothing left that was loaded before, and nobody who gives that connection back.

Invalid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def count_users(session: AsyncSession) -> int:
        return await session.scalar(text("select count(*) from users")) or 0


    async def begin(factory: async_sessionmaker[AsyncSession]) -> asyncio.Task[int]:
        async with factory() as session:
            return asyncio.create_task(count_users(session))

Valid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def count_users(factory: async_sessionmaker[AsyncSession]) -> int:
        async with factory() as session:
            return await session.scalar(text("select count(*) from users")) or 0


    async def begin(factory: async_sessionmaker[AsyncSession]) -> asyncio.Task[int]:
        return asyncio.create_task(count_users(factory))

Fix:
    None: where the session is to be opened, and whether to wait for the work, is yours to say.

Limits:
    The finding stands at the call that begins the task, adds the background function or makes the response. What that does must surely work
    on the session, and nothing may have been awaited between a task's beginning and the end of the scope. A session that
    FastAPI provides counts where its `Depends` says `scope="function"`, or where the project's files allow only versions in
    which it is closed before the response is sent: 0.106 to 0.117; in all others that comes after background functions and
    streams.

See:
    SQLAlchemy documentation: Session Basics, Closing,
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#closing
    FastAPI documentation: Dependencies with yield, Early exit and scope,
    https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/#early-exit-and-scope
"""

from flake8_async_orm.facts import WorkOutlivedScope
from flake8_async_orm.rule import Finding, rule, short_name

_HOW = {
    "task": "{} is closed before this task is done with it; write `await` for the task first, or open a session in it",
    "background": "{} is closed before this runs; write a function that opens a session of its own",
    "stream": "{} is closed before the response is sent; write a generator that opens a session of its own",
}


@rule("AOR309", "session-outlives-scope", since="0.1.0")
def check(fact: WorkOutlivedScope) -> Finding | None:
    session = f"`{fact.session}`" if fact.session else "the session"
    closed = f"`{short_name(fact.provider)}` is left before that" if fact.provider else "closed at the end of this"
    return Finding(
        _HOW[fact.how].format(session),
        fact.site,
        help="a closed session opens itself again: nobody closes it a second time, and its connection is lost to the pool",
        related=((fact.scope, closed),),
    )
