"""A statement is executed on an engine or a session factory, which cannot do that.

Why:
    An `AsyncEngine` hands out connections and a session factory hands out sessions; neither executes anything
    itself. `execute`, `scalar` and their kind raise AttributeError there. The engine's `sync_engine` is no way
    around: it has lost these methods in SQLAlchemy 2.0, and its connections cannot be awaited.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def clear(engine: AsyncEngine) -> None:
        await engine.execute(text("delete from jobs"))

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def clear(engine: AsyncEngine) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("delete from jobs"))

Fix:
    Unsafe: the statement moves into `async with engine.begin() as conn:`, which commits at its end; of a
    factory, into `async with factory() as session:` for reading and `factory.begin()` for the rest. Only for a
    simple statement that is alone on its line in an `async def`.

Limits:
    The finding stands at the attribute. Other members that the async classes do not have are AOR202's. A plain
    `Engine` that was not reached from an async one is not looked at.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Synopsis - Core,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#synopsis-core
    and Migrating to SQLAlchemy 2.0, "Implicit" and "Connectionless" execution,
    https://docs.sqlalchemy.org/en/20/changelog/migration_20.html#migration-core-connectionless-execution
"""

from flake8_async_orm.facts import MissingMemberUsed
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name

#: members of a connection that are looked for on an engine; True: one statement in a transaction of its own mends it
_CONNECTION = {
    "execute": True,
    "scalar": True,
    "scalars": True,
    "exec_driver_sql": True,
    "run_sync": True,
    "exec": False,
    "stream": False,
    "stream_scalars": False,
    "commit": False,
    "rollback": False,
}
#: members of a session that are looked for on its factory -> how the factory is opened for it (empty: no fix)
_SESSION = {
    "execute": ".begin()",
    "run_sync": ".begin()",
    "scalar": "()",
    "scalars": "()",
    "get": "()",
    **dict.fromkeys(("query", "exec", "stream", "stream_scalars", "add", "add_all", "commit", "rollback"), ""),
    **dict.fromkeys(("flush", "refresh", "delete", "merge", "close"), ""),
}
_FACTORIES = frozenset({"async_sessionmaker", "sessionmaker"})


def _engine(fact: MissingMemberUsed) -> Finding | None:
    if fact.member not in _CONNECTION:
        return None
    if fact.reached_by == "get_bind()":
        return Finding(
            f"`{fact.cls}` has no `{fact.member}`; write `await session.{fact.member}(...)`, on the session itself",
            fact.site,
            help="`get_bind()` gives the sync engine behind the async one, which executes nothing itself",
        )
    request = FixRequest(
        "enter_connection",
        "Execute in `async with engine.begin()`",
        "unsafe",
        (fact.receiver, fact.call),
        (".begin()", "conn", "connection", "db_connection"),
    )
    return Finding(
        f"`{fact.cls}` has no `{fact.member}`; "
        f"write `async with engine.begin() as conn` and `await conn.{fact.member}(...)`",
        fact.site,
        help="an engine gives connections: `begin()` commits at the end, `connect()` does not",
        fixes=(request,) if fact.call is not None and fact.in_async and _CONNECTION[fact.member] else (),
    )


def _factory(fact: MissingMemberUsed) -> Finding | None:
    if fact.member not in _SESSION:
        return None
    opening = _SESSION[fact.member]
    used = "await session.scalars(select(...))" if fact.member == "query" else f"session.{fact.member}(...)"
    request = FixRequest(
        "enter_connection",
        f"Execute in `async with factory{opening}`",
        "unsafe",
        (fact.receiver, fact.call),
        (opening, "session", "db_session", "db"),
    )
    # a `sessionmaker` may make sync sessions, and has no asynchronous `begin()`
    mended = fact.call is not None and fact.in_async and bool(opening) and fact.cls == "async_sessionmaker"
    return Finding(
        f"`{fact.cls}` is a factory and has no `{fact.member}`; "
        f"write `async with factory() as session` and `{used}`",
        fact.site,
        help="call the factory: each call gives a session, which `async with` closes",
        fixes=(request,) if mended else (),
    )


@rule("AOR201", "engine-execute", since="0.1.0")
def check(fact: MissingMemberUsed) -> Finding | None:
    if short_name(fact.cls) in _FACTORIES:
        return _factory(fact)
    if fact.cls == "AsyncEngine" or (fact.cls == "Engine" and fact.reached_by):
        return _engine(fact)
    return None
