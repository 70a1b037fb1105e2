"""What is done with a session or connection, step by step: its ledger in the state (see `flake8_async_orm.ledger`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from flake8_async_orm.flow import event_loops, work
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ObjectState, SessionState, State, instance_in, without_none
from flake8_async_orm.ledger import BROKEN, CONNECTION, ENTRY, MAYBE, NOTHING, Ledger, Running
from flake8_async_orm.values import (
    ON_ENGINE,
    ApiObject,
    Class,
    Collection,
    Constant,
    ContextManager,
    Instance,
    Keywords,
    Object,
    OneOf,
    Place,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

Effect = Callable[[State], None]


class Given(Protocol):
    """An argument of a call."""

    @property
    def value(self) -> Value: ...
    @property
    def keyword(self) -> str | None: ...
    @property
    def star(self) -> str: ...


#: kinds of values in which there is no session
_NEVER = frozenset({type(None), Unknown, Constant, Instance, Statement, Class})
_KEPT = names.ASYNC_SESSIONS | {"AsyncConnection"}
_WORK = frozenset({"works", "refreshes", "connection", "gets", "commits"})
_TRANSACTIONS = frozenset({"AsyncSessionTransaction", "AsyncTransaction"})
#: methods of a subclass after which nothing is known of how its sessions end
_OWN_ENDS = ("__aenter__", "__aexit__", "__getattribute__", "close", "commit", "flush", "rollback")


def of(state: State, place: Place | None) -> Ledger:
    return state.session(place).ledger


def put(state: State, place: Place, ledger: Ledger) -> None:
    """Write a new ledger for the session at `place`, unless that is something else."""
    held = state.session(place)
    if held.ledger is not ledger and isinstance(state.heap.get(place, held), SessionState):
        state.heap[place] = replace(held, ledger=ledger)


def canonical(state: State, place: Place) -> Place:
    """The place under which an object that is reached by attributes is known: `repository.session` may be `session`."""
    for depth in range(len(place.path)):
        fields = state.heap.get(Place(place.root, place.path[:depth]))
        if not isinstance(fields, ObjectState):
            continue
        found = fields.fields.get(place.path[depth])
        known = without_none(found) if found is not None else None
        if isinstance(known, (ApiObject, Object)) and known.place is not None:
            there = known.place.at(*place.path[depth + 1 :])
            return canonical(state, there) if there != place else place
    return place


def known_as(state: State, value: Value) -> Value:
    """`value`; a session that is an attribute of an object at the place under which it is known."""
    if type(value) is ApiObject and value.place is not None and value.place.path:
        return replace(value, place=canonical(state, value.place))
    return value


# -- beginning and end -------------------------------------------------------------------------------------------------


def made(frame: Frame, state: State, value: Value, site: Site) -> None:
    """The body made the session or connection `value` at `site`."""
    if frame.function is None or not isinstance(value, ApiObject) or value.place is None or value.cls not in _KEPT:
        return
    flags = dict(value.flags)
    if "bound" in flags or (value.subclass is not None and _ends_itself(frame, value.subclass)):
        return
    ledger = Ledger(site, value.cls, holds=NOTHING, autocommit="autocommit" in flags)
    state.heap[value.place] = SessionState(ledger=ledger)


def _ends_itself(frame: Frame, subclass: str) -> bool:
    return any(frame.program.method(subclass, name) is not None for name in _OWN_ENDS)


def connected(frame: Frame, state: State, manager: ContextManager, value: Value, site: Site) -> None:
    """`engine.connect()` was awaited or entered at `site`: the connection is out of its pool."""
    if manager.callee != "AsyncEngine.connect" or not isinstance(value, ApiObject) or value.place is None:
        return
    made(frame, state, value, manager.site or site)
    ledger = of(state, value.place)
    if ledger.made is not None:
        put(state, value.place, replace(ledger, holds=CONNECTION, took=ledger.made))


def left(frame: Frame, state: State, manager: Value, bound: Value, site: Site) -> None:
    """A block was left by a way that is no exception."""
    match without_none(manager):
        case ContextManager(callee=callee, of=ApiObject(of=ApiObject(place=Place() as place))) if callee.endswith(
            ".begin"
        ):
            frame.committed.add((place, site))
            ledger = of(state, place)
            holds = ledger.holds if ledger.cls == "AsyncConnection" else NOTHING
            put(state, place, replace(ledger, wrote=None, holds=holds))
        case ApiObject(place=Place() as place):
            _closed(frame, state, place, site)
        case ContextManager() if isinstance(bound, ApiObject) and bound.place is not None:
            _closed(frame, state, bound.place, site)


def _closed(frame: Frame, state: State, place: Place, site: Site) -> None:
    ledger = of(state, place)
    if ledger.entered:
        lost(frame, state, place, ledger, site)
        put(state, place, replace(ledger, holds=NOTHING, wrote=None))


# -- settings ------------------------------------------------------------------------------------------------------------

AUTOCOMMIT = ("autocommit", True)


def options(arguments: Iterable[Given]) -> frozenset[tuple[str, object]]:
    """What the arguments of an engine, or of `execution_options`, say of transactions: with AUTOCOMMIT there are none."""
    for argument in arguments:
        value = argument.value
        level = argument.keyword == "isolation_level"
        if level and not (isinstance(value, Constant) and str(value.value).upper() != "AUTOCOMMIT"):
            return frozenset({AUTOCOMMIT})
        if argument.keyword == "execution_options" or (argument.star == "**" and not isinstance(value, Keywords)):
            return frozenset({AUTOCOMMIT})
    return frozenset()


def inherited(engine: ApiObject) -> frozenset[tuple[str, object]]:
    """What an engine says of transactions and of its pool, for what is made with it."""
    return frozenset({AUTOCOMMIT}) & engine.flags | event_loops.of_engine(engine)


def bound_to(arguments: Iterable[Given]) -> frozenset[tuple[str, object]]:
    """What the engine tells of the sessions that are made with it; those on a connection end with it."""
    found: frozenset[tuple[str, object]] = frozenset()
    for index, argument in enumerate(arguments):
        bind = without_none(argument.value)
        if argument.star or argument.keyword in ("binds", "autocommit", "join_transaction_mode"):
            found |= {("bound", True)}
        elif argument.keyword not in (None, "bind") or (argument.keyword is None and index > 0):
            continue
        elif isinstance(bind, ApiObject):
            found |= inherited(bind) if bind.cls in names.ENGINES else {("bound", True)}
            found |= {ON_ENGINE} if bind.cls == "AsyncEngine" and bind.subclass is None else set()
        elif type(bind) is Unknown:
            # it may be a connection
            found |= {("bound", True)}
    return found


def entered(state: State, value: Value) -> None:
    """A block that will close it was entered with `value`."""
    if isinstance(value, ApiObject) and value.place is not None and value.cls in _KEPT:
        ledger = of(state, value.place)
        if ledger.made is not None:
            put(state, value.place, replace(ledger, entered=True))


def failed(state: State) -> None:
    """A handler is entered: how far the body had come with its sessions is not known."""
    for place, known in list(state.heap.items()):
        if isinstance(known, SessionState) and known.ledger.made is not None and known.ledger.holds in (CONNECTION, BROKEN):
            put(state, place, replace(known.ledger, holds=MAYBE))


def share(state: State, value: Value | None) -> None:
    """`value` got where something else may use, keep or close the sessions in it."""
    if type(value) in _NEVER:
        return
    for place in reached(state, value):
        ledger = of(state, place)
        if ledger.made is not None and not ledger.shared:
            put(state, place, replace(ledger, shared=True))


def reached(state: State, value: Value | None) -> list[Place]:
    """The sessions in a value, those in the attributes of an object that was made here too."""
    if not isinstance(value, Object):
        return sessions_in(value)
    fields = state.heap.get(value.place) if value.place is not None else None
    found = fields.fields.values() if isinstance(fields, ObjectState) else ()
    return [place for each in found if not isinstance(each, Object) for place in sessions_in(each)]


def sessions_in(value: Value | None) -> list[Place]:
    """The places of the sessions and connections in a value; a transaction stands for what began it."""
    match value:
        case ApiObject(cls=cls, of=began) if cls in _TRANSACTIONS:
            return sessions_in(began)
        case ApiObject(cls=cls, place=Place() as place) if cls in _KEPT:
            return [place]
        case Tuple(items=items):
            return [place for item in items for place in sessions_in(item)]
        case Keywords(items=pairs):
            return [place for _, item in pairs for place in sessions_in(item)]
        case Collection(of=item):
            return sessions_in(item)
        case OneOf(options=options):
            return [place for option in options for place in sessions_in(option)]
        case _:
            return []


# -- members -----------------------------------------------------------------------------------------------------------


def follow(
    frame: Frame,
    receiver: ApiObject,
    name: str,
    first: Value | None,
    configured: bool,
    site: Site,
    effect: Effect | None,
) -> Effect | None:
    """`effect` of calling `receiver.name`, and what it means for the ledger. `configured`: options were given."""
    meaning = work.word(receiver, name)
    owner = receiver.of if receiver.cls in _TRANSACTIONS else receiver
    if not meaning or not isinstance(owner, ApiObject) or owner.place is None:
        return effect
    place, is_connection = owner.place, owner.cls == "AsyncConnection"

    def run(state: State) -> None:
        ledger = of(state, place)
        after = _after(frame, state, ledger, meaning, place, first, site, is_connection)
        if effect is not None:
            effect(state)
        if meaning == "connection" and configured:
            after = replace(after, autocommit=True)
        if after != ledger:
            put(state, place, after)
        if meaning in _WORK or is_connection:
            event_loops.taken(frame, receiver)
        if meaning in _WORK and receiver.cls in work.PLAIN_SESSIONS:
            worked_globally(frame, place, site)

    return run


def worked_globally(frame: Frame, place: Place, site: Site) -> None:
    """Database work was done on the session at `place`: remember it where that belongs to a module."""
    if isinstance(place.root, str) and place.root.startswith("global:") and not frame.muted:
        frame.global_work.setdefault(place, site)


def _after(
    frame: Frame, state: State, ledger: Ledger, meaning: str, place: Place, first: Value | None, site: Site, core: bool
) -> Ledger:
    match meaning:
        case "works" | "connection":
            return took(wrote(ledger, site) if _writes(first) else ledger, site)
        case "refreshes":
            # what was made elsewhere may have been added only to be read again
            return took(replace(ledger, wrote=None) if ledger.wrote in frame.attached else ledger, site)
        case "gets":
            at_hand = work.at_hand(state, place, first)
            return replace(ledger, holds=MAYBE) if at_hand and ledger.holds != CONNECTION else took(ledger, site)
        case "flushes" if work.flushes(state, place):
            return took(ledger, site)
        case "may-work" | "flushes":
            return ledger if ledger.holds == CONNECTION else replace(ledger, holds=MAYBE)
        case "adds":
            life = _life(state, first)
            if life in ("persistent", "detached"):
                # it has its row already
                return ledger
            if life not in ("transient", "pending"):
                frame.attached.add(site)
            return wrote(ledger, site)
        case "changes":
            return wrote(ledger, site)
        case "leads-out":
            return replace(ledger, shared=True)
        case "commits":
            frame.committed.add((place, site))
            return replace(ledger, holds=ledger.holds if core else NOTHING, wrote=None, worked=True)
        case "rolls-back":
            return replace(ledger, holds=ledger.holds if core else NOTHING, wrote=None)
        case _:
            lost(frame, state, place, ledger, site)
            return replace(ledger, holds=NOTHING, wrote=None, running=frozenset())


def _life(state: State, value: Value | None) -> str:
    instance = instance_in(value) if value is not None else None
    known = state.instance(instance.place) if instance is not None else None
    return known.life if known is not None else ""


def _writes(statement: Value | None) -> bool:
    if not isinstance(statement, Statement):
        return False
    return statement.kind in ("insert", "update", "delete") or "writes" in statement.flags


def took(ledger: Ledger, site: Site) -> Ledger:
    """Database work was done: there is a connection now."""
    first = site if ledger.holds != CONNECTION or ledger.took is None else ledger.took
    return replace(ledger, holds=CONNECTION, took=first, worked=True)


def wrote(ledger: Ledger, site: Site) -> Ledger:
    return ledger if ledger.wrote is not None else replace(ledger, wrote=site)


def lost(frame: Frame, state: State, place: Place, ledger: Ledger, site: Site) -> None:
    """The session at `place` is closed at `site`: what it wrote is lost, unless the rest of the body says otherwise."""
    if ledger.wrote is not None and ledger.made is not None and not ledger.shared and not ledger.autocommit:
        frame.losses.setdefault((place, ledger.wrote), (ledger, site, name_of(state, place)))


# -- what callees do ----------------------------------------------------------------------------------------------------


def told(frame: Frame, state: State, here: Place, callee: Ledger, site: Site) -> None:
    """A callee that was called at `site` with the session at `here` has left it as `callee` says."""
    ledger = of(state, here)
    after = replace(
        ledger,
        shared=ledger.shared or callee.shared,
        autocommit=ledger.autocommit or callee.autocommit,
        worked=ledger.worked or callee.worked,
        running=ledger.running | {Running(site, each.kind) for each in callee.running},
    )
    if callee.running:
        frame.running.add(here)
    if callee.holds != ENTRY:
        after = replace(after, holds=callee.holds, took=site if callee.holds == CONNECTION else after.took)
    if callee.wrote is not None:
        after = wrote(after, site)
    if after != ledger:
        put(state, here, after)


def brought(ledger: Ledger, site: Site) -> Ledger:
    """The ledger of what a callee made and gave to the call at `site`."""
    if ledger.made is None:
        return ledger
    return replace(ledger, made=site, took=ledger.took and site, wrote=ledger.wrote and site)


def ended(frame: Frame, state: State, here: Place, meaning: str, site: Site) -> None:
    """A callee may have committed, rolled back or closed the session at `here`."""
    if meaning == "commit":
        frame.committed.add((here, site))
    ledger = of(state, here)
    if meaning in ("commit", "rollback", "close") and ledger.wrote is not None:
        put(state, here, replace(ledger, wrote=None))


def worked_on(state: State | None) -> frozenset[Place]:
    """The sessions on which database work has surely been done where `state` is the join of all ways out of a body."""
    if state is None:
        return frozenset()
    return frozenset(
        place for place, known in state.heap.items() if isinstance(known, SessionState) and known.ledger.worked
    )


def name_of(state: State, place: Place) -> str:
    """What the body calls the object at `place`, or an empty string."""
    for name, binding in state.names.items():
        match binding.value:
            case ApiObject(cls=cls, place=held) if held == place and cls in names.SESSIONS | names.CONNECTIONS:
                return name
            case Object(place=Place() as held) if (
                held.root == place.root and place.path and held.path == place.path[: len(held.path)]
            ):
                return ".".join((name, *place.path[len(held.path) :]))
    if isinstance(place.root, str) and place.root.startswith("global:"):
        return ".".join((names.last(place.root), *place.path))
    return ""
