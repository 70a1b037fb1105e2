"""Which members of sessions surely do database work, so that they take a connection."""

from __future__ import annotations

from flake8_async_orm.flow.identity import held_by
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.lattice import SessionState, State
from flake8_async_orm.ledger import CONNECTION
from flake8_async_orm.values import ApiObject, Class, Place, Value

PLAIN_SESSIONS = frozenset({"AsyncSession", "sqlmodel.AsyncSession"})
_TRANSACTIONS = frozenset({"AsyncSessionTransaction", "AsyncTransaction"})


def word(receiver: ApiObject, name: str) -> str:
    """What the member `name` means for the transaction, or an empty string."""
    if receiver.cls in names.ASYNC_SESSIONS:
        return behaviour.SESSION_WORK.get(name, "")
    if receiver.cls == "AsyncConnection":
        return behaviour.CONNECTION_WORK.get(name, "")
    return behaviour.TRANSACTION_WORK.get(name, "") if receiver.cls in _TRANSACTIONS else ""


def surely(state: State, receiver: ApiObject, name: str, first: Value | None) -> bool:
    """Whether awaiting `receiver.name(first)` surely does database work on a session."""
    if receiver.cls not in PLAIN_SESSIONS or receiver.place is None:
        return False
    match word(receiver, name):
        case "works" | "refreshes" | "connection" | "commits":
            return True
        case "gets":
            return not at_hand(state, receiver.place, first)
        case "flushes":
            return flushes(state, receiver.place)
        case _:
            return False


def at_hand(state: State, place: Place, first: Value | None) -> bool:
    """Whether what `get` asks for may be in the session already."""
    return not isinstance(first, Class) or first.name in state.session(place).models


def flushes(state: State, place: Place) -> bool:
    """Whether a flush of the session at `place` surely has something to send."""
    return any(known.life == "pending" for _, known in held_by(state, place))


def behind(state: State, receiver: ApiObject, name: str) -> bool:
    """Whether `name` of the sync session behind an async one, which often has nothing to do, surely has."""
    place = receiver.place
    if place is None or place.path[-1:] != ("sync_session",):
        return False
    owner = Place(place.root, place.path[:-1])
    known = state.heap.get(owner)
    if name == "commit" and isinstance(known, SessionState) and known.ledger.holds == CONNECTION:
        return True
    return name in ("commit", "flush") and flushes(state, owner)
