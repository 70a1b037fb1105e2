"""A session or connection is opened here, used, and not closed.

Why:
    Its connection stays out of the pool until the garbage collector finds it, which then logs an error and throws the
    transaction away. Under load the pool runs dry: TimeoutError "QueuePool limit ... reached".

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def count_users(factory: async_sessionmaker[AsyncSession]) -> int:
        session = factory()
        result = await session.execute(text("select count(*) from users"))
        return result.scalar_one()

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def count_users(factory: async_sessionmaker[AsyncSession]) -> int:
        async with factory() as session:
            result = await session.execute(text("select count(*) from users"))
            return result.scalar_one()

Fix:
    Unsafe: `async with` around the rest of the block, where a plain name is bound.

Limits:
    The finding stands at the call that makes the session. Ways out by an exception do not count, nor does what only
    some paths to a `return` leave open, but where the setting `maybe-paths` asks for both. One that was never used, or committed or rolled back last, holds no
    connection and is not reported; nor is one that was stored, yielded, returned, captured by a nested function or
    given to something out of sight.

See:
    SQLAlchemy documentation: When do I construct a Session, when do I commit it, and when do I close it?
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#session-faq-whentocreate
"""

from flake8_async_orm.facts import SessionLeftOpen
from flake8_async_orm.rule import Finding, FixRequest, rule


@rule("AOR305", "session-never-closed", since="0.1.0")
def check(fact: SessionLeftOpen) -> Finding | None:
    what = "connection" if fact.cls == "AsyncConnection" else "session"
    name = fact.name or ("conn" if what == "connection" else "session")
    opening = "engine.connect()" if what == "connection" else "factory()"
    related = ((fact.took, "takes a connection out of the pool here"),) if fact.took != fact.site else ()
    words = () if what == "connection" else ("await",)
    return Finding(
        f"this {what} is not closed on a way out of the function; write `async with {opening} as {name}`",
        fact.site,
        help="its connection stays out of the pool until it is garbage, and then the transaction is thrown away",
        related=related,
        fixes=(FixRequest("enter_context", "Enter it with `async with`", "unsafe", (fact.site,), words),),
    )
