"""What is done with a session or connection, step by step: its ledger in the state (see `flake8_async_orm.ledger`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.lattice import ObjectState, SessionState, State, without_none
from flake8_async_orm.ledger import CONNECTION, ENTRY, MAYBE, NOTHING, Ledger
from flake8_async_orm.values import (
    ApiObject,
    Class,
    Collection,
    Constant,
    Instance,
    Keywords,
    Object,
    OneOf,
    Place,
    Site,
    Statement,
    Tuple,
    Value,
)

Effect = Callable[[State], None]

_KEPT = names.ASYNC_SESSIONS | {"AsyncConnection"}
_PLAIN_SESSIONS = frozenset({"AsyncSession", "sqlmodel.AsyncSession"})
_WORK = frozenset({"works", "connection", "gets", "commits"})
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


def connected(frame: Frame, state: State, value: Value, site: Site) -> None:
    """`engine.connect()` was awaited or entered: the connection is out of its pool."""
    made(frame, state, value, site)
    if isinstance(value, ApiObject) and value.place is not None:
        ledger = of(state, value.place)
        if ledger.made is not None:
            put(state, value.place, replace(ledger, holds=CONNECTION, took=site))


def entered(state: State, value: Value) -> None:
    """A block that will close it was entered with `value`."""
    if isinstance(value, ApiObject) and value.place is not None and value.cls in _KEPT:
        ledger = of(state, value.place)
        if ledger.made is not None:
            put(state, value.place, replace(ledger, entered=True))


def share(state: State, value: Value | None) -> None:
    """`value` got where something else may use, keep or close the sessions in it."""
    for place in sessions_in(value):
        ledger = of(state, place)
        if ledger.made is not None and not ledger.shared:
            put(state, place, replace(ledger, shared=True))


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


def word(receiver: ApiObject, name: str) -> str:
    """What the member `name` means for the transaction, or an empty string."""
    if receiver.cls in names.ASYNC_SESSIONS:
        return behaviour.SESSION_WORK.get(name, "")
    if receiver.cls == "AsyncConnection":
        return behaviour.CONNECTION_WORK.get(name, "")
    return behaviour.TRANSACTION_WORK.get(name, "") if receiver.cls in _TRANSACTIONS else ""


def surely_works(state: State, receiver: ApiObject, name: str, first: Value | None) -> bool:
    """Whether awaiting `receiver.name(first)` surely does database work on a session."""
    if receiver.cls not in _PLAIN_SESSIONS or receiver.place is None:
        return False
    match word(receiver, name):
        case "works" | "connection" | "commits":
            return True
        case "gets":
            return not _at_hand(state, receiver.place, first)
        case _:
            return False


def _at_hand(state: State, place: Place, first: Value | None) -> bool:
    return not isinstance(first, Class) or first.name in state.session(place).models


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
    meaning = word(receiver, name)
    owner = receiver.of if receiver.cls in _TRANSACTIONS else receiver
    if not meaning or not isinstance(owner, ApiObject) or owner.place is None:
        return effect
    place, is_connection = owner.place, owner.cls == "AsyncConnection"

    def run(state: State) -> None:
        if effect is not None:
            effect(state)
        ledger = of(state, place)
        after = _after(frame, state, ledger, meaning, place, first, site, is_connection)
        if meaning == "connection" and configured:
            after = replace(after, autocommit=True)
        if after != ledger:
            put(state, place, after)
        if meaning in _WORK and receiver.cls in _PLAIN_SESSIONS:
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
        case "gets":
            at_hand = _at_hand(state, place, first)
            return replace(ledger, holds=MAYBE) if at_hand and ledger.holds != CONNECTION else took(ledger, site)
        case "may-work":
            return ledger if ledger.holds == CONNECTION else replace(ledger, holds=MAYBE)
        case "adds" | "changes":
            return wrote(ledger, site)
        case "leads-out":
            return replace(ledger, shared=True)
        case "commits":
            frame.committed.add((place, site))
            return replace(ledger, holds=ledger.holds if core else NOTHING, wrote=None, worked=True)
        case "rolls-back":
            return replace(ledger, holds=ledger.holds if core else NOTHING, wrote=None)
        case _:
            lost(frame, place, ledger, site)
            return replace(ledger, holds=NOTHING, wrote=None)


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


def lost(frame: Frame, place: Place, ledger: Ledger, site: Site) -> None:
    """The session at `place` is closed at `site`: what it wrote is lost, unless the rest of the body says otherwise."""
    if ledger.wrote is not None and ledger.made is not None and not ledger.shared and not ledger.autocommit:
        frame.losses.setdefault((place, ledger.wrote), (ledger, site))


# -- what callees do ----------------------------------------------------------------------------------------------------


def told(frame: Frame, state: State, here: Place, callee: Ledger, site: Site) -> None:
    """A callee that was called at `site` with the session at `here` has left it as `callee` says."""
    ledger = of(state, here)
    after = replace(
        ledger,
        shared=ledger.shared or callee.shared,
        autocommit=ledger.autocommit or callee.autocommit,
        worked=ledger.worked or callee.worked,
    )
    if callee.holds != ENTRY:
        after = replace(after, holds=callee.holds, took=site if callee.holds == CONNECTION else after.took)
    if callee.wrote is not None:
        after = wrote(after, site)
    if after != ledger:
        put(state, here, after)


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


__all__ = ["Constant", "Instance", "follow", "made", "share", "told"]
