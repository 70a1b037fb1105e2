"""What a program did, in the past tense. The interpreter states facts; rules judge them.

A fact is named for what happened, never for what is wrong with it, and carries only plain data: sites, names,
classes of `knowledge.api`. Every `site` is where a finding about the fact would stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from flake8_async_orm.values import Site, Value


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened at `site`."""

    site: Site


@dataclass(frozen=True, slots=True)
class CoroutineDropped(Fact):
    """A coroutine made by `callee` at `site` was never awaited, returned, stored or handed on.

    `how`: `statement` (a bare expression statement), `assigned` (to `name`, on no path used), `container`.
    `in_async`: the nearest function is `async def`. `wrapper`: callee is a project function, not SQLAlchemy's own.
    """

    callee: str
    how: str
    in_async: bool
    name: str | None = None
    wrapper: bool = False


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class NonAwaitableAwaited(Fact):
    """`await` met something that cannot be awaited.

    `site` is the await expression, `operand` what follows it. `what` names it (`AsyncSession.add`, `Result.all` ...), `kind`:
    call (a plain member was called), value (an object such as a session), member (a method that was not called).
    """

    operand: Site
    what: str
    kind: str
    taken_effect: bool = True


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class UrlGiven(Fact):
    """A database URL was given to `function` (create_async_engine, make_url ...); `site` is the argument.

    `urls`: all that it may be, each as its known pieces with None for what is not known between them. `is_async`: what
    is made is an async engine (None: no engine). `written`: where the text of the one URL begins, if there is but one.
    `default`: something outside the files may give another. `call`: the call. `settled`: the engine stays the kind of engine
    that it is; a sync one may be wrapped where that is not seen.
    """

    function: str
    urls: tuple[tuple[str | None, ...], ...]
    is_async: bool | None
    call: Site
    written: Site | None = None
    default: bool = False
    versions: frozenset[str] = frozenset()
    settled: bool = True


@dataclass(frozen=True, slots=True)
class EngineCreated(Fact):
    """`function` made an engine at `site`. `pool`: the pool class given to it, by last name; `pool_site`: where.

    `options`: the names of the other keyword arguments, with the sites of their values. `urls` as in UrlGiven, empty where
    it is not known or may be another.
    """

    function: str
    is_async: bool
    pool: str = ""
    pool_site: Site | None = None
    options: tuple[tuple[str, Site], ...] = ()
    urls: tuple[tuple[str | None, ...], ...] = ()
    versions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListenerAdded(Fact):
    """A listener was added by `event.listen` or `event.listens_for`; `site` is the target that was given.

    `target`: the API class of the target, empty where it is none; `of`: of a factory, the class that it makes. `is_class`: the
    class itself was given. `is_async`: the listener is a coroutine function, at `listener`.
    """

    event: str
    target: str
    of: str = ""
    is_class: bool = False
    is_async: bool = False
    listener: Site | None = None


@dataclass(frozen=True, slots=True)
class AsyncObjectGiven(Fact):
    """An object of the asyncio extension, at `site`, was given to something that takes sync ones.

    `cls`: its class. `function`: what was called, as one writes it. `to`: ddl, inspect, session, factory, pandas, query. `call`:
    the call; `callee`: what is called in it. `named`: the keyword arguments.
    """

    cls: str
    function: str
    to: str
    call: Site
    callee: Site
    in_async: bool
    named: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GeneratorAwaited(Fact):
    """An async generator object made by calling `provider` was awaited. `call` is the call; `gives` what it yields."""

    call: Site
    provider: str
    gives: str
    function: Site | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ContextEntered(Fact):
    """A `with` or `async with` item was entered.

    `site` is the item's expression; `entered`: generator (async generator object of `provider`), coroutine (gives
    `gives`), manager (a context manager), object (`gives` itself), started (`gives`, which `provider` had begun already),
    function (`provider`, which was not called). `is_async`: `async with`; `manager_async`: what the object
    would accept (None: neither). `made`: where what was started is awaited. `mixed`: other items of the statement are
    entered as they should be.
    """

    is_async: bool
    entered: str
    provider: str
    gives: str
    manager_async: bool | None = None
    function: Site | None = None
    made: Site | None = None
    mixed: bool = False


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class LoopBlocked(Fact):
    """An `async def` did database work over a sync session, connection or engine on the thread of its event loop.

    `what` names the member that does it (`Session.commit`). `helper`: the sync function of the project that was called
    for it at `site`, and `work` where it, or one that it calls, does it; empty and None where the work itself stands there.
    """

    what: str
    helper: str = ""
    work: Site | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class RelationshipRead(Fact):
    """A relationship (`model.attribute`) was read on an instance whose state of it is known.

    `state`: unloaded (a read emits SQL), raises (lazy="raise": refused), loaded. `origin`: where the instance came from.
    `statement`: the site of the statement that loaded it (or of the call of `get`), when it is in sight and can take an
    option; `path`: the relationships from the statement's entity down to this one, as (model, attribute). `read`: the
    attribute access itself when it is not at `site` (inside a helper). `session_async`: the session that
    it would use is async. `awaitable_attrs`: the class has AsyncAttrs.
    """

    model: str
    attribute: str
    state: str
    collection: bool
    origin: Site | None
    origin_text: str
    statement: Site | None
    path: tuple[tuple[str, str], ...]
    read: Site | None = None
    awaitable_attrs: bool = False
    in_async: bool = True
    session_name: str | None = None


@dataclass(frozen=True, slots=True)
class TransactionEndedInBlock(Fact):
    """The transaction that a `with` block manages was ended at `site`, and the session or connection used in the block after it.

    `cls` is its class, `by` the member that ended it (of a project function that does: its name). `block` is the item of the
    `with`, `used` the use behind it; `statement` tells whether the whole statement at `site` is `await x.commit()`.
    """

    cls: str
    by: str
    block: Site
    used: Site
    called: bool = False


@dataclass(frozen=True, slots=True)
class TransactionBegunAgain(Fact):
    """`begin()` was called at `site` on a session or connection (`cls`) whose transaction had begun at `since`.

    `inside`: the call of `begin()` itself when it stands in a function that is called at `site`.
    """

    cls: str
    since: Site | None
    inside: Site | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class UnflushedValueRead(Fact):
    """A column that gets its value from the flush was read at `site`, of an instance made at `made` that was not flushed.

    `added`: its session had it already; it was added later otherwise. `instance` and `session`: what the code calls them.
    `key`: it is (part of) the primary key. `in_async`: the nearest function is `async def`.
    """

    model: str
    attribute: str
    made: Site | None
    added: bool
    key: bool
    instance: str | None
    session: str | None
    in_async: bool


@dataclass(frozen=True, slots=True)
class AbsentRowInserted(Fact):
    """An instance of `model` was added at `site` on a path where a read `with_for_update`, at `read`, found none."""

    model: str
    read: Site


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class PlainSqlExecuted(Fact):
    """A string was given to `callee` as a statement; `site` is the string's expression.

    `content` is the text where it is known, None where it was put together. `connection`: the receiver is a connection.
    """

    callee: str
    content: str | None
    connection: bool


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class AttributeRead(Fact):
    """An attribute (`model.attribute`) of a mapped instance was read, or changed in place, in a state that is known.

    `kind` is that of the mapping: column, relationship, column_property, composite. `state`: unloaded, raises, expired,
    generated (the database made a value that was not fetched). `origin`: where the instance came from. `changed`,
    `changed_by`: where and by what its values went out of date: commit, rollback, expire, flush, update. `read`: the attribute access itself when it is
    not at `site` (inside a helper). `instance`: the name that holds the instance in the function of `site`, `session_name`
    a name that holds its session there, if there are such.
    """

    model: str
    attribute: str
    kind: str
    state: str
    collection: bool
    origin: Site | None
    origin_text: str
    changed: Site | None
    changed_by: str
    read: Site | None
    awaitable_attrs: bool
    in_async: bool
    instance: str | None = None
    session_name: str | None = None


@dataclass(frozen=True, slots=True)
class ExpiredAttributeRead(AttributeRead):
    """An attribute was read that a commit, a rollback or `expire` had expired.

    `factory`: of a commit, the call that made the session's factory, or the session, and left it expiring.
    """

    factory: Site | None = None


@dataclass(frozen=True, slots=True)
class GeneratedValueRead(AttributeRead):
    """A column was read whose value the database made, and which was not fetched. `mapping`: the class that is mapped."""

    mapping: Site | None = None


@dataclass(frozen=True, slots=True)
class UnloadedColumnRead(AttributeRead):
    """A column was read that the query had left out. `statement`: as in RelationshipRead, with `path` down to the class."""

    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DetachedAttributeRead(AttributeRead):
    """An attribute was read of an instance that its session had let go of, at `detached`."""

    detached: Site | None = None
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeSerialized(AttributeRead):
    """An attribute was read by a serialiser, for the field `schema` (`UserRead.posts`), declared at `read`.

    `statement`, `path`: as in RelationshipRead. `state` may also be detached.
    """

    schema: str = ""
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionChanged(AttributeRead):
    """A collection that was not loaded was changed in place, or replaced. `how`: the method, `=` or `+=`."""

    how: str = ""
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ResultUsed(Fact):
    """A result of the class `cls` was used where its rows are meant, or asked for rows that it has no more.

    `site` is the use, `result` the expression that is the result, `made` the call that gave it. `use`: attribute,
    subscript, slice, length, truth, or again (after `ended`, a method or `iteration`, at `ended_at`). `detail`: the
    attribute's name, or the method that asks. `turn`: it ended in an earlier turn of a loop.
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


@dataclass(frozen=True, slots=True)
class NonAwaitableScheduled(Fact):
    """Something that is no awaitable was handed to `by`, which awaits what it is given (`gather`, `create_task` ...).

    `what` names it. `unwrapped`: `site` is an `await` of a coroutine, without which it would be awaitable. `startable`: it is
    awaitable, but no coroutine, which `by` asks for.
    """

    what: str
    by: str
    unwrapped: bool
    startable: bool = False


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class SessionLeftOpen(Fact):
    """A session or connection of the class `cls` was made at `site`, and had a connection of its pool when the function returned.

    Nothing else had it by then. `name`: what the code calls it, or an empty string. `took`: the use that took the connection.
    """

    cls: str
    name: str
    took: Site


@dataclass(frozen=True, slots=True)
class WriteLost(Fact):
    """What was written at `site`, with a session or connection of the class `cls`, was neither committed nor rolled back.

    `made`: where that was made, `closed` where it was closed. `name`: what the code calls it, or an empty string.
    """

    cls: str
    name: str
    made: Site
    closed: Site


@dataclass(frozen=True, slots=True)
class SessionShared(Fact):
    """Database work was begun on one session by several tasks that run at the same time.

    `session`: what the code calls it, or an empty string. `how`: together (awaited at once by the call at `site`), task (the task begun
    at `site` runs beside others), loop (the task is begun anew in each turn), beside (what is awaited at `site` runs beside a task), handler (a handler of requests works on a session of module level).
    `tasks`: where the coroutines are made.
    """

    session: str
    how: str
    tasks: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class LoopRun(Fact):
    """An event loop that began and ended at `site` has left connections in the pool of `engine`, which other loops take them from.

    `how`: again (one did so before, at `before`), loop (each turn of a loop does), task (a worker calls the function for each job).
    """

    engine: str
    how: str
    before: Site | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class DynamicRelationshipQueried(Fact):
    """A `lazy="dynamic"` relationship of an instance in an async session was run as a query.

    `how`: the method (`all`, `count` ...), or empty for an iteration. `origin`: where the instance came from. `mapping`: where the
    relationship is declared, if all targeted versions know write-only ones.
    """

    model: str
    attribute: str
    how: str
    origin: Site | None = None
    mapping: Site | None = None


@dataclass(frozen=True, slots=True)
class LoadingAsked(Fact):
    """How something is to be loaded was said in a form that SQLAlchemy takes otherwise.

    `form`: `expire-on-commit` (the attribute was set on an async session), `attribute-names` (`refresh` or `expire` was given
    attributes of the class, `named`), `several-arguments` (a loader function, `strategy`, got a path as several arguments). `elements`: the session.
    """

    form: str
    named: tuple[str, ...] = ()
    strategy: str = ""
    elements: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalysisFailed(Fact):
    """A file could not be analysed. `reason` is one line without a final full stop; `offset` is a 0-based text offset."""

    reason: str
    line: int = 1
    column: int = 0


@dataclass(frozen=True, slots=True)
class Revealed(Fact):
    """What the inference knows of the expression at `site`, as text. Stated only when asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class CommentSilencedNothing(Fact):
    """A comment that silences findings named `items` (codes, prefixes, names), and there was no finding of these.

    `unknown` says of one of them, in one line, that there is no such rule. A comment is no expression: `site` is the file.
    """

    items: tuple[str, ...]
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class ReceiverRevealed(Fact):
    """A member of the object at `site` was read; `value` is what the inference knows of the object. Stated only when asked for.

    `muted`: in a block of which nothing else is said, or on the way to a fixed point.
    """

    value: Value
    muted: bool
