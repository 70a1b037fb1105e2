"""Facts about sessions, connections and transactions: how they come, how long they live, what becomes of the work."""

from __future__ import annotations

from flake8_async_orm.facts.base import Fact
from flake8_async_orm.records import record
from flake8_async_orm.values import Site


@record
class GeneratorAwaited(Fact):
    """An async generator object made by calling `provider` was awaited. `call` is the call; `gives` what it yields."""

    call: Site
    provider: str
    gives: str
    function: Site | None = None


@record
class ProviderUsed(Fact):
    """A function that provides a session or connection (`gives`) was used otherwise than by what drives it.

    `how`: attribute (`detail` was read on the async generator object that it gave), argument (that object was given for
    the parameter `detail`), fixture (either, where pytest gave the object for the fixture `provider`), generator,
    coroutine (its call stands in `Depends(...)`), context-manager (it gives a context manager, and stands in
    `Depends(...)` itself), left-out (`provider` was called without its parameter `detail`, whose default is
    `Depends(...)`). `made`: the call that gave the generator, where it is known. `function`: where the provider is
    defined.
    """

    how: str
    provider: str
    gives: str
    detail: str = ""
    in_async: bool = True
    made: Site | None = None
    function: Site | None = None


@record
class ContextEntered(Fact):
    """A `with` or `async with` item was entered.

    `site` is the item's expression; `entered`: generator (async generator object of `provider`), coroutine (gives
    `gives`), manager (a context manager), object (`gives` itself), started (`gives`, which `provider` had begun already),
    function (`provider`, which was not called). `is_async`: `async with`; `manager_async`: what the object
    would accept (None: neither). `made`: where what was started is awaited. `mixed`: other items of the statement are
    entered as they should be. `reached_by`: the attribute by which a sync object was reached from its async one.
    """

    is_async: bool
    entered: str
    provider: str
    gives: str
    manager_async: bool | None = None
    function: Site | None = None
    made: Site | None = None
    mixed: bool = False
    reached_by: str = ""


@record
class MemberReadBeforeEntering(Fact):
    """A member of the object that a context manager gives was read on the manager, which nobody had entered or awaited.

    `site` is the read, `made` the call of `callee` that gave the manager, `gives` the API class that entering it gives.
    `awaitable`: awaiting the manager would do. `direct`: the call itself is what the member is read on; `call`: the call
    of the member.
    """

    made: Site
    callee: str
    gives: str
    member: str
    awaitable: bool
    in_async: bool
    direct: bool
    call: Site | None = None


@record
class NameReadUnbound(Fact):
    """A name that holds a session or its kind was read where its binding may not have happened, or is None.

    `kind`: the API class that the name holds when bound. `where`: except, finally, after. `bound`: site of the binding inside
    the `try`; `try_statement`: site of that try statement. `none_before`: it is bound to None before the try instead of unbound.
    `member`: what is read of it, if an attribute is; `call`: the whole statement-level expression that uses it.
    """

    name: str
    kind: str
    where: str
    bound: Site
    try_statement: Site
    none_before: bool = False
    statement: Site | None = None


@record
class TransactionEndedInBlock(Fact):
    """The transaction that a `with` block manages was ended at `site`, and the session or connection used in the block after it.

    `cls` is its class, `by` the member that ended it (of a project function that does: its name). `block` is the item of the
    `with`, `used` the use behind it. `called`: a project function did, which `site` calls; `own`: the transaction that the block
    gave did, and not what began it.
    """

    cls: str
    by: str
    block: Site
    used: Site
    called: bool = False
    own: bool = False


@record
class TransactionBegunAgain(Fact):
    """`begin()` was called at `site` on a session or connection (`cls`) whose transaction had begun at `since`.

    `inside`: the call of `begin()` itself when it stands in a function that is called at `site`.
    """

    cls: str
    since: Site | None
    inside: Site | None = None


@record
class SessionUsedAfterFailure(Fact):
    """A session was used at `site` on a path where its flush or commit (`failed`) had failed, with no rollback since.

    `handler` took the error: an `except`, or a `with suppress(...)`. `member` is what was called, empty where a function that is
    called uses it. `session`: what the code calls it. `block`: a `with` block manages the transaction.
    """

    failed: Site
    handler: Site | None
    member: str
    session: str | None
    block: bool = False


@record
class SessionLeftOpen(Fact):
    """A session or connection of the class `cls` was made at `site`, and had a connection of its pool when the function returned.

    Nothing else had it by then. `name`: what the code calls it, or an empty string. `took`: the use that took the connection.
    """

    cls: str
    name: str
    took: Site


@record
class WriteLost(Fact):
    """What was written at `site`, with a session or connection of the class `cls`, was neither committed nor rolled back.

    `made`: where that was made, `closed` where it was closed. `name`: what the code calls it, or an empty string.
    """

    cls: str
    name: str
    made: Site
    closed: Site


@record
class SessionShared(Fact):
    """Database work was begun on one session by several tasks that run at the same time.

    `session`: what the code calls it, or an empty string. `how`: together (awaited at once by the call at `site`), task (the task begun
    at `site` runs beside others), loop (the task is begun anew in each turn), beside (what is awaited at `site` runs beside a task), handler (a handler of requests works on a session of module level).
    `tasks`: where the coroutines are made.
    """

    session: str
    how: str
    tasks: tuple[Site, ...]


@record
class WorkOutlivedScope(Fact):
    """Work on a session was arranged at `site` that is not waited for before the session is closed at `scope`.

    `session`: what the code calls it, or an empty string. `how`: task, background (a framework runs it after the
    response), stream (a response that is sent piece by piece runs it). `provider`: the dependency that closes the session
    at the end of a handler, where no block or call does; then `scope` is where it is asked for.
    """

    session: str
    how: str
    scope: Site
    provider: str = ""


@record
class SessionRegistryMade(Fact):
    """A registry of sessions was made at `site`: `cls` is scoped_session or async_scoped_session.

    `session`: the class of the sessions in it, empty where that is not known. `scope`: what all get the same session that share it: constant
    (everybody), process, thread, loop; empty where it is something else, or not known. `given`: where the function
    that tells scopes apart was given, at all.
    """

    cls: str
    session: str
    scope: str
    given: Site | None = None
