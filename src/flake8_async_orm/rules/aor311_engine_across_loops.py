"""One pooled engine is used by several event loops.

Why:
    Connections of asyncpg and its like belong to the event loop in which they were opened. `asyncio.run`, `anyio.run` and
    asgiref's `async_to_sync` end theirs, as one ends a loop of `asyncio.new_event_loop()`, but the engine's pool keeps the connections; the next loop is given one of them, and its first statement ends in "got Future
    attached to a different loop" or "Event loop is closed".

Invalid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://db/shop")


    async def ping() -> None:
        async with engine.connect() as conn:
            await conn.execute(text("select 1"))


    def main() -> None:
        asyncio.run(ping())
        asyncio.run(ping())

Valid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine("postgresql+asyncpg://db/shop", poolclass=NullPool)


    async def ping() -> None:
        async with engine.connect() as conn:
            await conn.execute(text("select 1"))


    def main() -> None:
        asyncio.run(ping())
        asyncio.run(ping())

Fix:
    None: one loop for everything, NullPool, or `await engine.dispose()` at the end of each run: that is yours to say.

Limits:
    This rule is off by default: whether connections mind the loop depends on the driver (asyncpg's do, as
    `benchmarks/on_postgresql.py` shows), and a worker may be set up elsewhere.
    The finding stands at the call that runs a loop where another one was before, that stands in a loop, or in a function that a worker calls for
    each job (decorated with `task`, `shared_task`, `actor` or `job`), or at the call of a function that contains it. A loop
    that is asked for (`asyncio.get_event_loop()`) may always be the same. Only engines of module level are known to be the same. Silent for SQLite, and where a coroutine that was run disposes of an
    engine.

See:
    SQLAlchemy documentation: Using multiple asyncio event loops,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-multiple-asyncio-event-loops
"""

from flake8_async_orm.facts import LoopRun
from flake8_async_orm.rule import Finding, rule

_HOW = {
    "again": "the loop before this one has left connections in the pool of `{}`",
    "loop": "each turn runs an event loop, and the pool of `{}` keeps connections of the last",
    "task": "each job runs an event loop, and the pool of `{}` keeps connections of the last",
}


@rule("AOR311", "engine-across-loops", since="0.1.0", default=False)
def check(fact: LoopRun) -> Finding | None:
    return Finding(
        f"{_HOW[fact.how].format(fact.engine)}; write `poolclass=NullPool`, or dispose of it in each",
        fact.site,
        help="a connection belongs to the event loop that it was opened in",
        related=((fact.before, "this loop took connections from it"),) if fact.before is not None else (),
    )
