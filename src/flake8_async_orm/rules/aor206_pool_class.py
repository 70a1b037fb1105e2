"""An async engine is given a pool that blocks, or a pool is given options that it does not have.

Why:
    `QueuePool` and `SingletonThreadPool` wait with locks of threads. SQLAlchemy 2 refuses them for an async engine
    (ArgumentError); 1.4 takes them, and a full pool then stops the event loop. `NullPool` and `StaticPool` keep no
    connections, and refuse `pool_size` and its like (TypeError).

Invalid:
    from sqlalchemy import pool
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("sqlite+aiosqlite:///app.db", poolclass=pool.QueuePool, pool_size=5)

Valid:
    from sqlalchemy import pool
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("sqlite+aiosqlite:///app.db", poolclass=pool.AsyncAdaptedQueuePool, pool_size=5)

Fix:
    Safe: `AsyncAdaptedQueuePool` in the place of the pool, import included; options that the pool does not have
    are dropped.

Limits:
    The finding stands at the pool class, or at the first option. A pool class of the project's own is not judged,
    nor a pool that is made by hand (`pool=`). Without a pool class, options are judged for SQLite in memory alone.

See:
    SQLAlchemy documentation: Connection Pooling, Connection Pool Configuration,
    https://docs.sqlalchemy.org/en/20/core/pooling.html#connection-pool-configuration
"""

from flake8_async_orm.facts import EngineCreated
from flake8_async_orm.rule import Finding, FixRequest, rule

_BLOCKING = frozenset({"QueuePool", "SingletonThreadPool"})
_PLAIN = frozenset({"NullPool", "StaticPool"})
#: options of pools that keep connections
_KEEPING = frozenset({"pool_size", "max_overflow", "pool_timeout", "pool_use_lifo"})
_MEMORY = frozenset({"sqlite+aiosqlite://", "sqlite+aiosqlite:///", "sqlite+aiosqlite:///:memory:"})


@rule("AOR206", "pool-class", since="0.1.0")
def check(fact: EngineCreated) -> Finding | None:
    if fact.is_async and fact.pool in _BLOCKING and fact.pool_site is not None:
        words = ("sqlalchemy.pool", "AsyncAdaptedQueuePool")
        return Finding(
            f"`{fact.pool}` blocks the event loop; write `AsyncAdaptedQueuePool`",
            fact.pool_site,
            help="or leave `poolclass` out: an async engine takes this pool by itself",
            fixes=(FixRequest("put_name", "Take `AsyncAdaptedQueuePool`", "safe", (fact.pool_site,), words),),
        )
    memory = bool(fact.urls) and all(len(url) == 1 and url[0] in _MEMORY for url in fact.urls)
    pool = fact.pool if fact.pool in _PLAIN else "StaticPool" if memory and fact.is_async and not fact.pool else ""
    wrong = [(name, site) for name, site in fact.options if name in _KEEPING]
    if not pool or not wrong:
        return None
    names = ", ".join(f"`{name}`" for name, _ in wrong)
    return Finding(
        f"`{pool}` has no {names}; drop it, or write `poolclass=AsyncAdaptedQueuePool`",
        wrong[0][1],
        help="a pool that keeps no connections has no size"
        if fact.pool
        else "SQLite in memory has one connection alone",
        fixes=(FixRequest("drop_argument", f"Drop {names}", "safe", tuple(site for _, site in wrong)),),
    )
