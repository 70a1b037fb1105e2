"""A transaction is ended inside the block that manages it, and used again in there.

Why:
    `async with session.begin()` commits when it is left, and rolls back when it is left by an error. A `commit()`,
    `rollback()` or `close()` inside ends its transaction early; from then on the session (or connection) refuses
    everything that would begin another one until the block is left: InvalidRequestError, "Can't operate on closed
    transaction inside context manager". With nothing behind it in the block a commit does no harm.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def archive(session: AsyncSession) -> None:
        async with session.begin():
            await session.execute(text("delete from drafts"))
            await session.commit()
            await session.execute(text("delete from notes"))

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def archive(session: AsyncSession) -> None:
        async with session.begin():
            await session.execute(text("delete from drafts"))
            await session.flush()
            await session.execute(text("delete from notes"))

Fix:
    Unsafe: the `commit()` of a session becomes a `flush()`, that of a connection, or of the transaction that the
    block gave, is taken away; the block commits all of it at its end. A `rollback()` or `close()` has to be moved by hand.

Limits:
    The finding stands at what ends the transaction, not at the use behind it, where the error is raised; at the call, when
    a function that is called ends it. What is done on some paths only, or is used again only in the next turn of a loop,
    is not reported.

See:
    SQLAlchemy documentation: Framing out a begin / commit / rollback block,
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#framing-out-a-begin-commit-rollback-block
"""

from flake8_async_orm.facts import TransactionEndedInBlock
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR403", "commit-inside-begin", since="0.1.0")
def check(fact: TransactionEndedInBlock) -> Finding | None:
    what = "connection" if fact.cls.endswith("Connection") else "session"
    ends = "this call ends" if fact.called else f"`{fact.by}()` ends"
    again = f"the {what} is used again in there" if fact.used.path == fact.site.path else f"uses the {what} again"
    committed = fact.by == "commit" and not fact.called
    instead = "make it the last thing in the block"
    fixes: tuple[FixRequest, ...] = ()
    if committed and what == "session" and not fact.own:
        instead = "write `flush()`, the block commits"
        fixes = (FixRequest("flush_instead", "Flush instead", "unsafe", (fact.site,)),)
    elif committed:
        instead = "drop the `commit()`"
        fixes = (FixRequest("drop_statement", "Drop the `commit()`", "unsafe", (fact.site,)),)
    return Finding(
        f"{ends} the transaction that the block around manages, and {again}; {instead}",
        fact.site,
        help="the block commits when it is left; after the end of its transaction "
        "it refuses every statement with InvalidRequestError",
        related=((fact.block, "managed from here"), (fact.used, "used here after its end")),
        fixes=fixes,
    )
