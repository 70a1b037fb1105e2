"""What is known at a point of a body: names, and the heap of instances, sessions and objects; and what is known where paths meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flake8_async_orm.lattice.alternatives import _same, instance_in, join, options_of
from flake8_async_orm.ledger import UNTOUCHED, Ledger
from flake8_async_orm.transaction import Transaction
from flake8_async_orm.values import NONE, ApiObject, Instance, Load, OneOf, Place, Site, Value, record, replace

#: the life of an instance on a path where there is none
ABSENT = "absent"


ACCUSING = frozenset({"unloaded", "raises", "expired", "generated"})


#: of an instance that a caller handed over
HANDED = frozenset({"entry", "read"})


#: of two states that accuse the first holds where paths meet
_RANKS = ("unloaded", "expired", "generated", "raises")


_DOUBTFUL = ACCUSING | HANDED | {"pending", "committed", "held"}


def join_attribute(left: str, right: str) -> str:
    """The state of an attribute where two paths meet."""
    if left == right:
        return left
    if left == "failed" or right == "failed":
        return right if left == "failed" else left
    if left in ACCUSING and right in ACCUSING:
        return min(left, right, key=_RANKS.index)
    return "entry" if left in HANDED and right in HANDED else "maybe"


@record
class InstanceState:
    """What is known of a mapped instance.

    `attributes`: state by name, of every relationship and deferred column, and of others that are not as `columns` says of
    them all. `life`: transient, pending, persistent, deleted (until it is flushed), removed (from then on), detached, either of
    the last two and persistent, attached (pending or persistent) or unknown.
    `loads`: what the statement that loaded it said of the attributes below. `path`: the relationships from `statement`'s
    entity to here. `expired`, `expired_by`: where its values went out of date, and by what: commit, rollback, expire, flush,
    update. `detached`: where its session let go of it.
    """

    model: str
    attributes: Mapping[str, str]
    columns: str = "loaded"
    life: str = "persistent"
    session: Place | None = None
    session_async: bool | None = None
    origin: Site | None = None
    origin_text: str = ""
    statement: Site | None = None
    path: tuple[tuple[str, str], ...] = ()
    loads: tuple[Load, ...] = ()
    expired: Site | None = None
    #: of an instance made here: the many-to-one relationships whose foreign key was given
    keyed: frozenset[str] = frozenset()
    expired_by: str = ""
    detached: Site | None = None
    #: the columns assigned since the last flush on every path, and those of them that hold a SQL expression
    changed: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()
    #: on some path something was assigned since the last flush
    touched: bool = False
    #: on some path its row was inserted in the transaction that is open
    fresh: bool = False
    #: of an instance made here: columns that have no value until it is flushed
    unset: frozenset[str] = frozenset()
    #: where they were read on every path, and which, before the instance was added
    early: frozenset[tuple[Site, str]] = frozenset()
    #: the primary key by which it was asked for, where that is a literal
    key: str = ""
    #: what was put into its relationships (see `flow.associations`), and those of them of which the rest is not known
    holds: frozenset[tuple[str, Place]] = frozenset()
    strange: frozenset[str] = frozenset()
    #: on some path its row was deleted before the session let go of it
    gone: bool = False
    #: the parameter by which the call at `statement` takes loader options, where it is one of a library's repository
    option: str = ""

    def mark(self, name: str) -> str:
        """The state of a column, or of an attribute that is kept by name."""
        return self.attributes.get(name) or self.columns

    def set(self, states: Mapping[str, str]) -> InstanceState:
        return replace(self, attributes={**self.attributes, **states})

    def with_columns(self, mark: str) -> InstanceState:
        return self if mark == self.columns else replace(self, columns=mark)

    def handed_over(self) -> InstanceState:
        """As it was when the body began, for an instance that the caller has."""
        return InstanceState(self.model, dict.fromkeys(self.attributes, "entry"), columns="entry", life="unknown")

    def doubted(self) -> InstanceState:
        """After something unseen had the instance: what accuses is not known any more, what exonerates stays."""
        attributes = {name: "maybe" if state in _DOUBTFUL else state for name, state in self.attributes.items()}
        columns = "maybe" if self.columns in _DOUBTFUL else self.columns
        return replace(self, attributes=attributes, columns=columns, unset=frozenset(), holds=frozenset())


#: lives in which the instance has, or had, its row. Of one that is about to go the flush will load what refers to it.
_ROWS = frozenset({"persistent", "detached", "removed", "either"})


def join_life(left: str, right: str) -> str:
    """The life of an instance where two paths meet."""
    if left == right:
        return left
    return "either" if left in _ROWS and right in _ROWS else "unknown"


def join_instances(left: InstanceState, right: InstanceState) -> InstanceState:
    if left == right or right.life == ABSENT:
        return left
    if left.life == ABSENT:
        return right
    if left.model != right.model:
        return replace(left, attributes={}, columns="maybe", session=None, session_async=None)
    names = left.attributes.keys() | right.attributes.keys()
    return InstanceState(
        left.model,
        {name: join_attribute(left.mark(name), right.mark(name)) for name in names},
        join_attribute(left.columns, right.columns),
        join_life(left.life, right.life),
        left.session if left.session == right.session else None,
        left.session_async if left.session_async == right.session_async else None,
        _same(left.origin, right.origin),
        left.origin_text if left.origin_text == right.origin_text else "",
        left.statement if left.statement == right.statement else None,
        left.path if left.path == right.path else (),
        left.loads if left.loads == right.loads else (),
        _same(left.expired, right.expired),
        left.keyed & right.keyed,
        left.expired_by if left.expired_by == right.expired_by else "",
        _same(left.detached, right.detached),
        left.changed & right.changed,
        left.computed & right.computed,
        left.touched or right.touched,
        left.fresh or right.fresh,
        left.unset & right.unset,
        left.early & right.early,
        left.key if left.key == right.key else "",
        left.holds & right.holds,
        left.strange | right.strange,
        left.gone or right.gone,
        left.option if left.option == right.option and left.statement == right.statement else "",
    )


@record
class Failure:
    """A flush or commit of a session failed at `site`, and nothing has rolled it back since.

    `handler`: what took the error. `correlates`: names whose test may tell that it failed, `touched`: those that do once the
    handler was left. `added`: something was added since.
    """

    site: Site
    handler: Site | None = None
    correlates: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    added: bool = False

    def join(self, other: Failure) -> Failure:
        first = min(self, other, key=lambda failure: (failure.site, failure.handler or failure.site))
        correlates, touched = self.correlates | other.correlates, self.touched | other.touched
        return Failure(first.site, first.handler, correlates, touched, self.added and other.added)


@record
class SessionState:
    """What is known of a session: what it has loaded here, and whether a transaction is surely open.

    `done`: what was surely done with it here: commit, rollback, close, flush. `failure`: on some path.
    `clean`: everything that was added was sent since. `locked`: what reads `with_for_update` gave, and where they are.
    """

    models: frozenset[str] = frozenset()
    pending: frozenset[Place] = frozenset()
    used: bool = False
    done: frozenset[str] = frozenset()
    transaction: Transaction = Transaction()
    ledger: Ledger = UNTOUCHED
    failure: Failure | None = None
    clean: bool = False
    locked: frozenset[tuple[Place, Site]] = frozenset()

    def join(self, other: SessionState) -> SessionState:
        return SessionState(
            self.models | other.models,
            self.pending | other.pending,
            self.used and other.used,
            self.done & other.done,
            self.transaction.join(other.transaction),
            self.ledger.join(other.ledger),
            self.failure.join(other.failure) if self.failure and other.failure else self.failure or other.failure,
            self.clean and other.clean,
            self.locked & other.locked,
        )


@record
class ObjectState:
    """The attributes that were assigned to an object of a project class here."""

    fields: Mapping[str, Value]

    def join(self, other: ObjectState) -> ObjectState:
        names = self.fields.keys() & other.fields.keys()
        return ObjectState({name: join(self.fields[name], other.fields[name]) for name in names})


@record
class ResultState:
    """What has been taken from a result: `ended` is the method (or `iteration`) after which it has no rows, at `site`."""

    ended: str = ""
    site: Site | None = None

    def join(self, other: ResultState) -> ResultState:
        return min(self, other, key=repr) if self.ended and other.ended else ResultState()


Known = InstanceState | SessionState | ObjectState | ResultState


def join_known(left: Known, right: Known) -> Known | None:
    if isinstance(left, InstanceState) and isinstance(right, InstanceState):
        return join_instances(left, right)
    if isinstance(left, SessionState) and isinstance(right, SessionState):
        return left.join(right)
    if isinstance(left, ObjectState) and isinstance(right, ObjectState):
        return left.join(right)
    if isinstance(left, ResultState) and isinstance(right, ResultState):
        return left.join(right)
    return None


@record
class Missing:
    """Why a name may hold nothing: its binding at `bound` inside `try_statement` may have failed.

    `where`: except, finally, after. `none`: it holds None instead. `correlates`: names whose test may tell whether it failed.
    """

    where: str
    bound: Site
    try_statement: Site
    kind: str
    none: bool = False
    correlates: frozenset[str] = frozenset()


@record
class Binding:
    """What a name holds. `complete` is False when some path leaves it unbound; `missing` says so of failed bindings."""

    value: Value
    complete: bool = True
    missing: Missing | None = None
    site: Site | None = None


@dataclass(slots=True)
class State:
    """The environment and the heap at one point of a path."""

    names: dict[str, Binding] = field(default_factory=dict)
    heap: dict[Place, Known] = field(default_factory=dict)

    def copy(self) -> State:
        return State(dict(self.names), dict(self.heap))

    def instance(self, place: Place | None) -> InstanceState | None:
        known = self.heap.get(place) if place is not None else None
        return known if isinstance(known, InstanceState) else None

    def session(self, place: Place | None) -> SessionState:
        known = self.heap.get(place) if place is not None else None
        return known if isinstance(known, SessionState) else SessionState()


def join_bindings(left: Binding | None, right: Binding | None) -> Binding:
    if left is None or right is None:
        present = left or right
        assert present is not None
        return replace(present, complete=False)
    if left == right:
        return left
    missing = left.missing or right.missing
    if left.missing and right.missing and left.missing != right.missing:
        missing = min(left.missing, right.missing, key=repr)
    return Binding(
        join(left.value, right.value), left.complete and right.complete, missing, _same(left.site, right.site)
    )


def join_states(left: State | None, right: State | None) -> State | None:
    """Where two paths meet; None is a path that does not get there. What only one path made stays as it made it."""
    if left is None or right is None:
        return left if right is None else right
    if left is right:
        return left
    names = dict(left.names)
    differing: list[str] = []
    for name, binding in right.names.items():
        mine = names.get(name)
        if mine is not binding:
            names[name] = join_bindings(mine, binding)
            differing.append(name)
    for name in left.names.keys() - right.names.keys():
        names[name] = join_bindings(left.names[name], None)
    heap = dict(left.heap)
    for place, known in right.heap.items():
        other = heap.get(place)
        if other is known:
            continue
        merged = join_known(other, known) if other is not None else _beside_nothing(place, known)
        if merged is not None:
            heap[place] = merged
        else:
            heap.pop(place, None)
    for place in left.heap.keys() - right.heap.keys():
        alone = _beside_nothing(place, heap[place])
        if alone is not None:
            heap[place] = alone
        else:
            del heap[place]
    state = State(names, heap)
    for name in differing:
        _keep_identity(name, left, right, state)
    return state


def _beside_nothing(place: Place, known: Known) -> Known | None:
    """What is known of an object where the other path has not come across it: a caller's is there as it was handed over.

    None: where this path knows only that there is no instance, nothing is known of it still.
    """
    if isinstance(known, InstanceState) and isinstance(place.root, str) and place.root.startswith("param:"):
        return None if known.life == ABSENT else join_instances(known.handed_over(), known)
    if isinstance(known, SessionState):
        transaction = known.transaction.join(Transaction())
        ledger, nothing = known.ledger.alone(), frozenset[tuple[Place, Site]]()
        return replace(known, done=frozenset(), transaction=transaction, ledger=ledger, clean=False, locked=nothing)
    return ResultState() if isinstance(known, ResultState) else known


def _keep_identity(name: str, left: State, right: State, state: State) -> None:
    """A name that holds a different instance of one model on each path gets a place of its own, where both states meet."""
    mine, yours = left.names.get(name), right.names.get(name)
    if mine is None or yours is None:
        return
    _lose_sight(options_of(mine.value) | options_of(yours.value), state.names[name].value, state)
    first, second = instance_in(mine.value), instance_in(yours.value)
    if first is None or second is None or first.place == second.place or first.model != second.model:
        return
    one, other = left.instance(first.place), right.instance(second.place)
    if one is None or other is None or first.place is None or second.place is None:
        return
    place = Place(("either", _origins(first.place) | _origins(second.place)))
    state.heap[place] = join_instances(one, other)
    merged = Instance(first.model, place)
    none = NONE in options_of(mine.value) | options_of(yours.value)
    value: Value = OneOf(frozenset((merged, NONE))) if none else merged
    state.names[name] = replace(state.names[name], value=value)


def _lose_sight(options: frozenset[Value], joined: Value, state: State) -> None:
    """Of a session that is one of two things from here on nobody can tell what is done with it."""
    kept = {option.place for option in options_of(joined) if type(option) is ApiObject}
    for option in options:
        if type(option) is not ApiObject or option.place is None or option.place in kept:
            continue
        known = state.heap.get(option.place)
        if known is None and option.cls.lower().endswith(("session", "connection")):
            known = SessionState()
        if isinstance(known, SessionState) and not known.ledger.shared:
            state.heap[option.place] = replace(known, ledger=replace(known.ledger, shared=True))


def _origins(place: Place) -> frozenset[Place]:
    """The places that met at `place`."""
    root = place.root
    if isinstance(root, tuple) and root[0] == "either" and not place.path:
        origins: frozenset[Place] = root[1]
        return origins
    return frozenset((place,))
