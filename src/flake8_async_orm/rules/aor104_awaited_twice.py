"""A coroutine is awaited twice.

Why:
    A coroutine object runs once. The second `await` of the same object raises RuntimeError ("cannot reuse already
    awaited coroutine"), also where the first one failed: a coroutine that is made ahead of a loop and awaited in it
    cannot be tried again.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def wait_for_row(session: AsyncSession) -> None:
        query = session.execute(text("select 1"))
        first = await query
        again = await query
        print(first, again)

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def wait_for_row(session: AsyncSession) -> None:
        query = await session.execute(text("select 1"))
        first = query
        again = query
        print(first, again)

Fix:
    A suggestion: the call is awaited once, where the coroutine is made, and its result is used from then on. Where it
    is to run each time, the call belongs into the `await`.

Limits:
    The finding stands at the name that holds the coroutine, at the second time. Known are names that hold the same
    coroutine on each path that leads there; not coroutines in attributes and containers. `gather(c, c)` awaits once.

See:
    Python documentation: Coroutine objects, https://docs.python.org/3/reference/datamodel.html#coroutine-objects
"""

from flake8_async_orm.facts import CoroutineAwaitedAgain
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR104", "awaited-twice", since="0.1.0")
def check(fact: CoroutineAwaitedAgain) -> Finding | None:
    called = f"{short_name(fact.callee)}()"
    where = "in every turn of the loop" if fact.turn else "a second time"
    same_file = fact.made.path == fact.site.path
    fix = FixRequest("await_where_made", "Await it once, where it is made", "suggestion", (fact.site, fact.made))
    return Finding(
        f"`{fact.name}` holds one coroutine of `{called}` and is awaited {where}; make the call anew each time",
        fact.site,
        help="a coroutine runs once; awaiting it again raises RuntimeError, also when the first time has failed",
        related=((fact.made, "made here"),) if fact.turn else ((fact.first, "awaited here before"),),
        fixes=(fix,) if same_file and not fact.by else (),
    )
