"""`with` where `async with` is needed, the other way round, or over what cannot be entered.

Why:
    Async sessions, connections and transactions are entered by `async with` only, sync ones by `with` only; engines,
    factories that were not called and registries by neither: Python raises TypeError (AttributeError before 3.11). A
    transaction or connection that `await` has begun already is refused with InvalidRequestError.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        with engine.connect() as connection:
            await connection.execute(text("select 1"))

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))

Fix:
    Safe where one thing can be meant: `async` is put before the `with` or taken away, the `await` is dropped, the
    factory is called. Unsafe for an engine, which may be meant to `connect()` or to `begin()`, and for a registry.

Limits:
    The finding stands at the item. An object that is a sync one by its annotation alone is believed to be what
    `async with` makes of it. `async with await session.begin_nested()` works and is not reported.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Synopsis - Core,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#synopsis-core
    Python documentation: The async with statement,
    https://docs.python.org/3/reference/compound_stmts.html#the-async-with-statement
"""

from flake8_async_orm.facts import ContextEntered
from flake8_async_orm.rule import Finding, FixRequest, Safety, rule, short_name

#: what neither statement can enter: the class -> what has to be called of it, and the grade of doing so
OPENED: dict[str, tuple[str, Safety]] = {
    "AsyncEngine": (".begin()", "unsafe"),
    "Engine": (".begin()", "unsafe"),
    "async_sessionmaker": ("()", "safe"),
    "sessionmaker": ("()", "safe"),
    "async_scoped_session": ("()", "unsafe"),
    "scoped_session": ("()", "unsafe"),
}
CONNECTING = "or `.connect()`, which opens a connection without beginning a transaction"
BLOCKING = frozenset({"Session", "Connection", "SessionTransaction", "Transaction"})


@rule("AOR303", "wrong-context-manager", since="0.1.0")
def check(fact: ContextEntered) -> Finding | None:
    keyword, other = ("async with", "with") if fact.is_async else ("with", "async with")
    name = short_name(fact.provider)
    fixes: tuple[FixRequest, ...] = ()
    advice = "Python raises TypeError where the item has not the methods of the statement"
    match fact.entered:
        case "started" if fact.provider.endswith(".connection"):
            message = f"`{name}()` gives a connection that is open, and cannot be entered; use it without `async with`"
            advice = "it is the session's, which closes it; entering it raises InvalidRequestError"
        case "started":
            message = f"`{name}()` has been begun before, and cannot be entered again; write `async with` without `await`"
            advice = "a savepoint, `begin_nested()`, can be awaited and entered"
            if fact.made is not None:
                fixes = (FixRequest("drop_await", "Enter it without `await`", "safe", (fact.site, fact.made)),)
        case "function":
            message = f"`{name}` is entered without being called; write `{name}(...)`"
            fixes = (FixRequest("call_member", f"Call `{name}`", "safe", (fact.site,)),)
        case "generator" if not fact.is_async and fact.gives:
            wrapped = f"asynccontextmanager({name})()"
            message = f"`{name}()` gives an async generator, which `with` cannot enter; write `async with {wrapped}`"
        case "coroutine" if not fact.is_async and fact.gives:
            message = f"`{name}()` gives a coroutine, which `with` cannot enter; write `async with await {name}(...)`"
        case "manager" | "object" if fact.manager_async is not None:
            thing = f"what `{name}()` gives" if fact.entered == "manager" else _one(fact.gives)
            thing = thing if name or fact.entered != "manager" else f"the async context manager of {_one(fact.gives)}"
            message = f"`{keyword}` cannot enter {thing}; write `{other}`"
            if fact.reached_by:
                instead = "have `await session.connection()`" if "(" in fact.reached_by else f"drop `{fact.reached_by}`"
                message = f"{message.rpartition('; ')[0]}; {instead}"
                advice = "what a sync session or connection does cannot wait for an async driver"
            elif fact.is_async and fact.gives in BLOCKING:
                advice = "better have an async one: what a sync session or connection does blocks the event loop"
            elif not fact.mixed:
                fixes = (FixRequest("switch_with", f"Make it `{other}`", "safe", (fact.site,), (other.split()[0],)),)
            else:
                advice = "the other items of the statement are as they should be: give this one a statement of its own"
        case "object" if fact.gives in OPENED:
            suffix, grade = OPENED[fact.gives]
            message = f"`{keyword}` cannot enter {_one(fact.gives)} itself; write `{suffix}` after it"
            advice = CONNECTING if suffix != "()" else "a factory is called for each session, and what it gives is entered"
            fixes = (FixRequest("call_member", f"Enter `{suffix}` of it", grade, (fact.site,), (suffix,)),)
        case _:
            return None
    related = ((fact.function, "defined here"),) if fact.function is not None else ()
    return Finding(message, fact.site, help=advice, related=related, fixes=fixes)


def _one(cls: str) -> str:
    return f"{'an' if cls[:1] in 'aA' else 'a'} `{cls}`"
