"""Something that is no awaitable is handed to `gather`, `create_task` or their kin.

Why:
    `asyncio.gather(await f(), await g())` runs one after the other and then has two results to wait for, which raises
    TypeError ("An asyncio.Future, a coroutine or an awaitable is required"). The functions that wait want what is not
    awaited yet. `create_task` is stricter still: it takes coroutines only, and what `engine.connect()` and
    `session.begin()` give is awaitable, but no coroutine.

Invalid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def both(first: AsyncSession, second: AsyncSession) -> None:
        await asyncio.gather(first.execute(text("select 1")), await second.execute(text("select 2")))

Valid:
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def both(first: AsyncSession, second: AsyncSession) -> None:
        await asyncio.gather(first.execute(text("select 1")), second.execute(text("select 2")))

Fix:
    Safe: the `await` inside of the call is dropped, where it is one of a coroutine. None where a name holds the result.
    What is then run at the same time must not use one session, which is the business of another rule.

Limits:
    The finding stands at what is handed over. Only values that surely cannot be awaited are reported: results, sessions,
    mapped instances, literals, collections. A method named `create_task` of an object that is not known to be an event
    loop or a `TaskGroup` is not judged.

See:
    Python documentation: Running Tasks Concurrently,
    https://docs.python.org/3/library/asyncio-task.html#running-tasks-concurrently
"""

from flake8_async_orm.facts import NonAwaitableScheduled
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name


@rule("AOR106", "non-awaitable-scheduled", since="0.1.0")
def check(fact: NonAwaitableScheduled) -> Finding | None:
    if fact.startable:
        called = f"{short_name(fact.what)}()"
        return Finding(
            f"`{fact.by}()` takes coroutines, which `{called}` does not give; make a coroutine function that awaits it",
            fact.site,
            help="what it gives can be awaited and entered, but a task is made of a coroutine: TypeError",
        )
    if fact.unwrapped:
        return Finding(
            f"`{fact.by}()` is given the result of an `await`, a `{fact.what}`; drop the inner `await`",
            fact.site,
            help="it has run already, and a result cannot be waited for: TypeError",
            fixes=(FixRequest("drop_await", "Drop the inner `await`", "safe", (fact.site,)),),
        )
    return Finding(
        f"`{fact.by}()` is given a `{fact.what}`, which cannot be awaited; make it a call that is not awaited yet",
        fact.site,
        help="only coroutines, tasks and futures can be waited for: TypeError",
    )
