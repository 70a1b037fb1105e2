"""One session is used by several tasks at once.

Why:
    A session is one transaction on one connection, and not made for use by two tasks at the same time. While
    the first connection is being opened the second task gets InvalidRequestError or IllegalStateChangeError;
    later the statements merely queue, flushes collide, and a commit of one task commits half of the other's
    work. Nothing is gained: one connection runs one statement at a time.

Invalid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def overview(session: AsyncSession) -> list[int]:
        users, posts = await asyncio.gather(
            session.scalar(text("select count(*) from users")),
            session.scalar(text("select count(*) from posts")),
        )
        return [users, posts]

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def overview(session: AsyncSession) -> list[int]:
        users = await session.scalar(text("select count(*) from users"))
        posts = await session.scalar(text("select count(*) from posts"))
        return [users, posts]

Fix:
    None: whether to await in turn or to open a session in each task is yours to say.

Limits:
    The finding stands at the call that runs the tasks together, or at the one that begins a task beside another. At
    least two of the awaitables must surely do database work on the same session: what a function does on some
    paths only does not count, nor in the block of a lock or semaphore, nor a task that something was awaited after. Two repositories share a session
    where that can be seen. A session of module level is reported where a request handler works on it.

See:
    SQLAlchemy documentation: Using AsyncSession with Concurrent Tasks,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-asyncsession-with-concurrent-tasks
    SQLAlchemy documentation: Is the Session thread-safe? Is AsyncSession safe to share in concurrent tasks?
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#is-the-session-thread-safe-is-asyncsession-safe-to-share-in-concurrent-tasks
"""

from flake8_async_orm.facts import SessionShared
from flake8_async_orm.rule import Finding, rule

_HOW = {
    "together": "{} is used by several tasks at once; write one await after the other, or open a session in each",
    "task": "{} is used by this task and by one begun before; write an await of the first, or open a session in each",
    "loop": "{} is used by a task of each turn of the loop; write an await of it here, or open a session in each",
    "beside": "{} is used here while a task uses it too; write an await of the task first, or open a session in it",
    "handler": "{} is shared by all requests; write `async with factory() as session` in each",
}
_HELP = {"handler": "requests run at the same time, and a session is one transaction on one connection"}


@rule("AOR306", "shared-session", since="0.1.0")
def check(fact: SessionShared) -> Finding | None:
    session = f"`{fact.session}`" if fact.session else "one session"
    related = tuple((task, "works on it here") for task in fact.tasks if task != fact.site)
    return Finding(
        _HOW[fact.how].format(session),
        fact.site,
        help=_HELP.get(fact.how, "a session runs one statement at a time, on one connection: nothing is gained"),
        related=related,
    )
