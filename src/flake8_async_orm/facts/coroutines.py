"""Facts about what is awaited, and what is not: coroutines, results, members, and the event loop."""

from __future__ import annotations

from flake8_async_orm.facts.base import Fact
from flake8_async_orm.records import record
from flake8_async_orm.values import Site


@record
class CoroutineDropped(Fact):
    """A coroutine made by `callee` at `site` was never awaited, returned, stored or handed on.

    `how`: `statement` (a bare expression statement), `assigned` (to `name`, on no path used), `container`.
    `in_async`: the nearest function is `async def`. `wrapper`: callee is a project function, not SQLAlchemy's own.
    `given_by`: a coroutine function of the project that was awaited at `site` and gave back this coroutine, which it made at `made`.
    """

    callee: str
    how: str
    in_async: bool
    name: str | None = None
    wrapper: bool = False
    given_by: str = ""
    made: Site | None = None


@record
class CoroutineUsedAsValue(Fact):
    """A coroutine was used as if it were its result.

    `site` is the whole use (`session.execute(q).scalars`), `coroutine` the expression that is the coroutine, `made` the
    call that made it. `use` tells how: attribute, call, subscript, iteration, unpacking, operator, truth, comparison,
    none-check, formatting, argument, return. `detail` is the attribute's or function's name. `awaited_whole`: the site of
    an `await` around the whole chain (`await session.execute(q).scalars()`), if there is one.
    `direct`: the coroutine expression is the call itself, not a name that holds it.
    """

    coroutine: Site
    made: Site
    callee: str
    use: str
    detail: str
    in_async: bool
    direct: bool
    awaited_whole: Site | None = None
    result: str = ""
    #: whether what the whole chain gives has to be awaited too (`session.stream(q).all()`); None: not known
    whole_awaitable: bool | None = None


@record
class NonAwaitableAwaited(Fact):
    """`await` met something that cannot be awaited.

    `site` is the await expression, `operand` what follows it. `what` names it (`AsyncSession.add`, `Result.all` ...), `kind`:
    call (a plain member was called), value (an object such as a session), member (a method that was not called), property (one was
    read), started (a connection or transaction that had been begun before).
    """

    operand: Site
    what: str
    kind: str
    taken_effect: bool = True


@record
class MissingMemberUsed(Fact):
    """A member was read that the class `cls` has not; `sync_twin` is the sync class that has it, if any.

    `receiver` is the site of the object, `called` tells whether the read was called, `statement` the site of the statement
    when the whole statement is `[await] receiver.member(...)`, `[target = ] await ...`.
    """

    cls: str
    member: str
    receiver: Site
    call: Site | None
    awaited: bool
    in_async: bool
    sync_twin: str | None = None
    #: the attribute by which this sync object was reached from its async one (`sync_engine`)
    reached_by: str = ""
    #: whether the sync twin has the member, in some version
    on_twin: bool = False
    #: the class of the object that gave this one (the session of a transaction), where that one has the member
    giver: str = ""


@record
class LoopBlocked(Fact):
    """An `async def` did database work over a sync session, connection or engine on the thread of its event loop.

    `what` names the member that does it (`Session.commit`). `helper`: the sync function of the project that was called
    for it at `site`, and `work` where it, or one that it calls, does it; empty and None where the work itself stands there.
    `reached_by`: the attribute by which the sync object was reached from an async one (`sync_session`); it cannot wait at all.
    """

    what: str
    helper: str = ""
    work: Site | None = None
    reached_by: str = ""


@record
class RowsFetched(Fact):
    """Rows were taken from a result whose statement joins the collection `model.attribute` to them.

    `receiver` is the result, of the class `cls`; `member` the method that takes them, empty for an iteration. `by`: an
    `option` of the statement joins, or the `mapping`. `unique`: `unique()` was called before. `made`: where the statement ran.
    """

    receiver: Site
    cls: str
    member: str
    model: str
    attribute: str
    by: str
    unique: bool
    made: Site | None = None


@record
class ResultIterated(Fact):
    """A result of the class `cls` was iterated over in the way of the other kind; `site` is the iterable.

    `is_async`: by `async for`. `how`: loop (`for` statements and comprehensions) or the name of the function that iterates.
    `coroutine`: what was iterated over is the call that has to be awaited to give the result.
    """

    cls: str
    is_async: bool
    how: str
    in_async: bool
    coroutine: str = ""


@record
class CoroutineAwaitedAgain(Fact):
    """The coroutine that the call of `callee` at `made` gave was awaited, or handed on to be, though it had been at `first`.

    `site` is the expression that holds it; `by` is what it was handed to ("" for an `await`). `turn`: the earlier time was
    an earlier turn of a loop.
    """

    made: Site
    callee: str
    first: Site
    name: str
    by: str = ""
    turn: bool = False


@record
class ResultUsed(Fact):
    """A result of the class `cls` was used where its rows are meant, or asked for rows that it has no more.

    `site` is the use, `result` the expression that is the result, `made` the call that gave it. `use`: attribute,
    subscript, slice, length, truth, or again (after `ended`, a method or `iteration`, at `ended_at`). `detail`: the
    attribute's name, or the method that asks. `turn`: it ended in an earlier turn of a loop. Or rowless: rows were
    asked for by `detail` of a statement that gives none, whose kind is `ended`.
    `scalar`: the result gives values rather than rows; `column`: its rows have `detail`; `entity`: what they hold has.
    """

    cls: str
    use: str
    detail: str
    result: Site
    made: Site | None
    scalar: bool = False
    column: bool = False
    entity: bool = False
    ended: str = ""
    ended_at: Site | None = None
    turn: bool = False


@record
class NonAwaitableScheduled(Fact):
    """Something that is no awaitable was handed to `by`, which awaits what it is given (`gather`, `create_task` ...).

    `what` names it. `unwrapped`: `site` is an `await` of a coroutine, without which it would be awaitable. `startable`: it is
    awaitable, but no coroutine, which `by` asks for.
    """

    what: str
    by: str
    unwrapped: bool
    startable: bool = False


@record
class RunSyncGiven(Fact):
    """`run_sync` was given something other than a plain function that works with what it gets.

    `given`: result (a function was called instead of handed over; `site` is the call), coroutine-function (`site` is the
    function), async-session (the function uses the object of asyncio;
    `site` is that use, `function` the function). `callee`: what is called. `call`: the call of `run_sync`. `bound`: the
    argument of a call that was made is what `run_sync` gives to the function itself.
    """

    given: str
    callee: str
    call: Site
    function: Site | None = None
    bound: bool = False


@record
class LoopRun(Fact):
    """An event loop that began and ended at `site` has left connections in the pool of `engine`, which other loops take them from.

    `how`: again (one did so before, at `before`), loop (each turn of a loop does), task (a worker calls the function for each job).
    """

    engine: str
    how: str
    before: Site | None = None
