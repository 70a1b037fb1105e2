"""`await` meets something that cannot be awaited.

Why:
    Not every method of the async classes is a coroutine function: `add`, `expire_all` or `in_transaction` do no
    I/O and are plain, and what `await session.execute(q)` gives is a buffered result whose methods are all
    plain. `await` on what they give raises TypeError, after the call has taken effect. A connection or transaction is
    awaited to start it, and refuses it a second time with InvalidRequestError.

Invalid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def create(session: AsyncSession, user: object) -> None:
        await session.add(user)
        await session.commit()

Valid:
    from sqlalchemy.ext.asyncio import AsyncSession


    async def create(session: AsyncSession, user: object) -> None:
        session.add(user)
        await session.commit()

Fix:
    Safe: the `await` is dropped, with parentheses that only it needed. A coroutine function that was awaited
    without being called (`await session.commit`) is called.

Limits:
    The finding stands at the `await` expression. `session.begin()`, `session.begin_nested()` and
    `engine.connect()` may be awaited. Results of `stream()` have methods that must be awaited; where it is not
    known which kind of result a name holds, nothing is said.

See:
    SQLAlchemy documentation: Asynchronous I/O (asyncio), ORM Session API Documentation,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#orm-session-api-documentation
    and Result Set API Documentation,
    https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#result-set-api-documentation
"""

from flake8_async_orm.facts import NonAwaitableAwaited
from flake8_async_orm.rule import Finding, FixRequest, rule, short_name

#: coroutine functions that are called without arguments
_CALLED_BARE = frozenset({"aclose", "close", "commit", "dispose", "flush", "invalidate", "reset", "rollback"})


@rule("AOR103", "await-non-awaitable", since="0.1.0")
def check(fact: NonAwaitableAwaited) -> Finding | None:
    name = short_name(fact.what)
    drop = FixRequest("drop_await", "Drop the `await`", "safe", (fact.site,))
    match fact.kind:
        case "member":
            member = fact.what.rpartition(".")[2]
            call = FixRequest("call_member", f"Call `{member}()`", "safe", (fact.operand,))
            return Finding(
                f"`{name}` is awaited but not called; write `await ...{member}()`",
                fact.site,
                help="a method is no coroutine; calling it gives one",
                fixes=(call,) if member in _CALLED_BARE else (),
            )
        case "started":
            return Finding(
                f"this `{name}` has been started before, and cannot be awaited again; drop the `await`",
                fact.site,
                help="`await` and `async with` start it, once; a second time raises InvalidRequestError",
                fixes=(drop,),
            )
        case "value" | "property":
            what = "object" if fact.kind == "value" else "is a property, which"
            return Finding(
                f"`{name}` {what} cannot be awaited; drop the `await`",
                fact.site,
                help="it is there already; awaiting it raises TypeError",
                fixes=(drop,),
            )
    effect = "the call takes effect, then " if fact.taken_effect else ""
    return Finding(
        f"`{name}()` gives nothing that can be awaited; drop the `await`",
        fact.site,
        help=f"`{name}` is a plain method: {effect}the `await` raises TypeError",
        fixes=(drop,),
    )
