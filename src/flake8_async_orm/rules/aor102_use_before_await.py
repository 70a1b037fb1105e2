"""A coroutine is used as if it were its result.

Why:
    `session.execute(q)` gives a coroutine, not a result. It has no `scalars`, cannot be looped over, indexed or
    unpacked: an AttributeError or a TypeError at run time. Worse are the uses that do not fail: a coroutine is
    always true, never None, and prints as `<coroutine object ...>`. A frequent shape is an `await` that holds
    the wrong thing: `await` binds weaker than the call, so that in `await session.execute(q).scalars()` it
    waits for `scalars()`, which is called on the coroutine.

Invalid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def names(session: AsyncSession) -> list[str]:
        return list(await session.execute(text("select name from users")).scalars())

Valid:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def names(session: AsyncSession) -> list[str]:
        return list((await session.execute(text("select name from users"))).scalars())

Fix:
    Safe: the `await` is put before the call, in parentheses where something follows it; an `await` around the
    whole chain moves there. Where the coroutine is used by a name, the call that made it is awaited; unsafe if
    the name is also handed on. A suggestion where it is not known what the chain gives, and outside of `async
    def`, where the function is made `async` together with its callers in the file. None inside generator
    expressions, nor for what `with` is to enter.

Limits:
    The finding stands at the coroutine that is used. Silent where a name holds a coroutine on some paths only,
    and for a coroutine that is an argument of a function that is not known to need a value.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), Synopsis - ORM,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#synopsis-orm
    Python documentation: Await expression, https://docs.python.org/3/reference/expressions.html#await-expression
"""

from flake8_async_orm.facts import CoroutineUsedAsValue
from flake8_async_orm.rule import Finding, FixRequest, Safety, rule, short_name

#: how the use reads, with `{detail}`: the attribute's or function's name
_USES = {
    "attribute": ", which has no attribute `{detail}`",
    "call": ", which cannot be called",
    "subscript": ", which cannot be indexed",
    "iteration": ", which cannot be iterated over",
    "unpacking": ", which cannot be unpacked",
    "operator": ", which cannot be calculated with",
    "truth": ", which is always true",
    "comparison": ", which never equals a value",
    "none-check": ", which is never None",
    "formatting": ", which is formatted as `<coroutine object ...>`",
    "argument": ", but `{detail}` needs its result",
    "return": ", but is returned where its result was promised",
    "entering": ", which `{detail}` cannot enter",
    "ordering": ", which cannot be compared",
}
#: what members of async results have to be awaited too
_AWAITED_MEMBERS = (
    "all",
    "close",
    "fetchall",
    "fetchmany",
    "fetchone",
    "first",
    "freeze",
    "one",
    "one_or_none",
    "scalar",
    "scalar_one",
    "scalar_one_or_none",
)
#: coroutine functions of SQLAlchemy that give a buffered result, all of whose members are plain
_BUFFERED = frozenset({"execute", "scalars", "exec", "exec_driver_sql"})
_STREAMED = frozenset({"stream", "stream_scalars"})


def _chain(fact: CoroutineUsedAsValue) -> tuple[Safety, tuple[str, ...]]:
    """The grade of moving an `await` that is around the whole chain, and the members for which it stays."""
    if fact.awaited_whole is None or fact.whole_awaitable is False:
        return "safe", ()
    if fact.whole_awaitable:
        # it stays, whatever the chain ends with
        return "safe", ("*",)
    member = fact.callee.rpartition(".")[2] if "Async" in fact.callee else ""
    if member in _STREAMED or fact.result.startswith("Async"):
        return "safe", _AWAITED_MEMBERS
    return ("safe" if member in _BUFFERED or fact.result.endswith("Result") else "suggestion"), ()


@rule("AOR102", "use-before-await", since="0.1.0")
def check(fact: CoroutineUsedAsValue) -> Finding | None:
    called = f"{short_name(fact.callee)}()"
    use = _USES.get(fact.use, ", not its result").format(detail=fact.detail)
    advice = "write `await` before the call" if fact.direct else "write `await` where it is made"
    if fact.direct and fact.use in ("attribute", "call", "subscript"):
        advice = "write `(await ...)` around the call"
    if fact.use == "entering":
        advice = "await it in a statement of its own"
    if not fact.in_async:
        advice = f"make this function `async def` and {advice}"
    same_file = fact.made.path == fact.coroutine.path
    use_site = None if fact.direct else fact.coroutine
    safety, members = _chain(fact)
    sites = (fact.made, fact.awaited_whole, use_site)
    request = FixRequest("insert_await", f"Await `{called}`", safety, sites, members)
    if not fact.in_async:
        title = f"Make this function `async` and await `{called}`"
        request = FixRequest("make_function_async", title, "suggestion", sites, members)
    return Finding(
        f"`{called}` gives a coroutine{use}; {advice}",
        fact.coroutine,
        help="`await` waits for the whole chain that follows it; its result is only there after `(await ...)`"
        if fact.awaited_whole is not None
        else "the coroutine has not run: nothing was sent to the database yet",
        related=() if fact.direct else ((fact.made, "made here, without `await`"),),
        # what is entered is seldom its result
        fixes=(request,) if same_file and fact.use != "entering" else (),
    )
