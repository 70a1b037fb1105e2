"""The coroutine of an async SQLAlchemy call is never awaited.

Why:
    The methods of `AsyncSession`, `AsyncConnection` and `AsyncEngine` that talk to the database are coroutine
    functions. Calling one makes a coroutine object and does nothing else: without `await` no SQL is sent,
    nothing is committed or deleted, and no exception tells. Python warns "coroutine ... was never awaited" when
    the object is thrown away, which is easily lost in a log. The same holds for functions of your own that end
    in such a call.

Invalid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def remove(session: AsyncSession, user: object) -> None:
        await session.delete(user)
        session.commit()

Valid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def remove(session: AsyncSession, user: object) -> None:
        await session.delete(user)
        await session.commit()

Fix:
    Safe for a call that is a statement of its own in an `async def`: an `await` is put before it. Unsafe where
    the coroutine is assigned or kept in a container. Outside of `async def`, a suggestion: the function is made
    `async` together with its callers in the file, which await it; none where one of them cannot, where the function
    is named without being called, decorated, a generator or a test, and for methods that may override another.

Limits:
    The finding stands at the call that makes the coroutine. A coroutine that is returned, yielded, stored in an
    attribute or handed to any function counts as awaited there; one that an awaited function gives back has
    not been, and is reported at that `await` where it is dropped. `session.begin()` and `engine.connect()` give
    no coroutine; dropping what they give is harmless or another rule's matter.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Synopsis - ORM,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#synopsis-orm
    Python documentation: Detect never-awaited coroutines,
    https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines
"""

from flake8_async_orm.facts import CoroutineDropped
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR101", "missing-await", since="0.1.0")
def check(fact: CoroutineDropped) -> Finding | None:
    called = f"{short_name(fact.callee)}()"
    if fact.given_by and fact.made is not None:
        giver = f"{short_name(fact.given_by)}()"
        return Finding(
            f"awaiting `{giver}` gives the coroutine of `{called}`, which is never awaited; write `return await` in `{giver}`",
            fact.site,
            help="the function returns a coroutine that it has not awaited, and here it is dropped",
            related=((fact.made, "made here, without `await`"),),
        )
    match fact.how:
        case "assigned" if fact.name:
            what = f"the coroutine of `{called}` is assigned to `{fact.name}` and never awaited"
        case "container":
            what = f"the coroutine of `{called}` is kept in a container and never awaited"
        case _:
            what = f"the coroutine of `{called}` is never awaited"
    if not fact.in_async:
        return Finding(
            f"{what}; make this function `async def` and write `await` before the call",
            fact.site,
            help="a function that is not `async def` cannot await; nothing is sent to the database here",
            fixes=(
                FixRequest(
                    "make_function_async", f"Make this function `async` and await `{called}`", "suggestion", (fact.site,)
                ),
            ),
        )
    bare = fact.how == "statement"
    return Finding(
        f"{what}; write `await` before the call",
        fact.site,
        help="without `await` nothing is sent to the database"
        + ("" if bare else "; coroutines that shall run later go to `asyncio.gather` or a task group"),
        fixes=(FixRequest("insert_await", f"Await `{called}`", "safe" if bare else "unsafe", (fact.site,)),),
    )
