"""A member is used that the sync class has and its asyncio counterpart has not.

Why:
    `AsyncSession`, `AsyncConnection` and their kin are no subclasses of the sync classes: they offer what makes
    sense under asyncio. `query()`, the `bulk_...` methods or two-phase transactions are not there, and reading
    them raises AttributeError.

Invalid:
    from sqlalchemy import Column, Integer, String
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import declarative_base

    Base = declarative_base()


    class User(Base):
        __tablename__ = "user"
        id = Column(Integer, primary_key=True)
        name = Column(String)


    async def named(session: AsyncSession, name: str) -> list[User]:
        return session.query(User).filter(User.name == name).all()

Valid:
    from sqlalchemy import Column, Integer, String, select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import declarative_base

    Base = declarative_base()


    class User(Base):
        __tablename__ = "user"
        id = Column(Integer, primary_key=True)
        name = Column(String)


    async def named(session: AsyncSession, name: str) -> list[User]:
        return (await session.scalars(select(User).where(User.name == name))).all()

Fix:
    Unsafe: `session.query(...)` with `filter`, `filter_by`, `order_by`, `options`, `join`, `limit` and their
    like, run by `all`, `first`, `one`, `one_or_none`, `count`, `scalar` or `get`, becomes a `select()` with the
    call that gives the same, import included; `bulk_save_objects(rows)` becomes `add_all(rows)`. A query that
    is kept in a variable or handed on is left to the reader.

Limits:
    The finding stands at the attribute. What a session or connection can do and the transaction that its `begin()`
    gives cannot (`transaction.execute`) is reported here too. What an engine or a session factory cannot execute is AOR201's. A member
    that one of the versions of SQLAlchemy in question has is not reported, nor one that a `try` with
    `except AttributeError` asks for.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Session API,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#orm-session-api-documentation
    and Migrating to SQLAlchemy 2.0, ORM usage,
    https://docs.sqlalchemy.org/en/20/changelog/migration_20.html#migration-orm-usage
"""

from flake8_async_orm.facts import MissingMemberUsed
from flake8_async_orm.knowledge import replacements
from flake8_async_orm.rule import Finding, FixRequest, rule

#: members of a connection or a session that another rule looks for on engines and factories
_OF_CONNECTIONS = frozenset(
    {"execute", "scalar", "scalars", "exec_driver_sql", "run_sync", "exec", "stream", "stream_scalars"}
    | {"commit", "rollback"}
)
_SESSIONS = frozenset({"AsyncSession", "async_scoped_session"})


def _of_giver(fact: MissingMemberUsed) -> Finding:
    begun = "connection" if fact.giver == "AsyncConnection" else "session"
    return Finding(
        f"`{fact.cls}` has no `{fact.member}`; write `{begun}.{fact.member}`, on the `{fact.giver}` that began it",
        fact.site,
        help=f"`begin()` of a {begun} gives the transaction, which can be committed and rolled back, no more",
    )


def _fix(fact: MissingMemberUsed) -> tuple[FixRequest, ...]:
    if fact.call is None or fact.cls not in _SESSIONS:
        return ()
    if fact.member == "query" and fact.in_async:
        return (FixRequest("query_to_select", "Write the query as a `select()`", "unsafe", (fact.site,)),)
    if fact.member == "bulk_save_objects":
        return (FixRequest("rename_member", "Write `add_all`", "unsafe", (fact.site,), ("add_all",)),)
    return ()


@rule("AOR202", "no-async-api", since="0.1.0")
def check(fact: MissingMemberUsed) -> Finding | None:
    if fact.cls == "AsyncEngine" and fact.member in _OF_CONNECTIONS:
        return None
    if fact.giver and fact.sync_twin is not None and not fact.member.startswith("_"):
        return _of_giver(fact)
    if fact.member.startswith("__") or fact.sync_twin is None or "sessionmaker" in fact.cls:
        return None
    unproxied = fact.cls == "async_scoped_session" and fact.member in replacements.UNPROXIED
    foreign = fact.cls in _SESSIONS and fact.member == "exec"
    instead = replacements.of_member(fact.cls, fact.member) if fact.on_twin or unproxied or foreign else ""
    if not instead:
        return None
    reason = f"only the sync `{fact.sync_twin}` has it"
    if unproxied:
        reason = "the scoped session stands for the session, but does not hand this on"
    elif foreign:
        reason = "SQLModel's session has it, and is a class of its own"
    return Finding(
        f"`{fact.cls}` has no `{fact.member}`; write {instead}",
        fact.site,
        help=reason,
        fixes=_fix(fact),
    )
