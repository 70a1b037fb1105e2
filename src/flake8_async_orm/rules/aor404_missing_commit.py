"""What is written is never committed.

Why:
    Leaving `async with factory() as session` closes the session, and closing rolls back whatever was not committed. No
    error, no warning: the row is not there. The same goes for `engine.connect()`.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def rename(factory: async_sessionmaker[AsyncSession], name: str) -> None:
        async with factory() as session:
            await session.execute(text("update users set name = :name"), {"name": name})

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def rename(factory: async_sessionmaker[AsyncSession], name: str) -> None:
        async with factory() as session:
            await session.execute(text("update users set name = :name"), {"name": name})
            await session.commit()

Fix:
    Unsafe: `await session.commit()` behind the statement that writes; none where that leaves the function.

Limits:
    The finding stands at the first write that is lost. Only sessions and connections that are opened in the function
    (or by a function of the project that returns them) are judged, never those that it is given: whoever opened them may
    commit. Silent where a later commit exists on any path (but where the setting `maybe-paths` asks for it), after a rollback, under AUTOCOMMIT, and where the session was
    stored, yielded, captured by a nested function or given to something out of sight, and in tests. Attributes that are only
    assigned do not count as written.

See:
    SQLAlchemy documentation: Session Basics, Committing,
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#committing
    SQLAlchemy documentation: Working with Transactions and the DBAPI, Commit As You Go,
    https://docs.sqlalchemy.org/en/20/tutorial/dbapi_transactions.html#committing-changes
"""

from flake8_async_orm.facts import WriteLost
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR404", "missing-commit", since="0.1.0")
def check(fact: WriteLost) -> Finding | None:
    what = "connection" if fact.cls == "AsyncConnection" else "session"
    name = fact.name or what
    closed = "`async with` rolls back when it closes" if fact.closed < fact.site else "closing rolls back"
    commit = f"await {name}.commit()"
    fix = FixRequest("add_statement_after", f"Add `{commit}`", "unsafe", (fact.site, fact.made), (commit,))
    return Finding(
        f"this is written but never committed; write `{commit}` before the {what} is closed",
        fact.site,
        help=f"{closed} what was not committed, without a word",
        related=((fact.made, "opened here"),),
        fixes=(fix,) if fact.name else (),
    )
