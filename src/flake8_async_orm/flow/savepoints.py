"""Savepoints: everything is sent before one begins, and as its block ends."""

from __future__ import annotations

from flake8_async_orm.flow import flushing
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import SessionState, State, without_none
from flake8_async_orm.values import ApiObject, ContextManager, Site, Value, replace


def session_of(manager: Value) -> ApiObject | None:
    """The session whose savepoint `manager` is."""
    match without_none(manager):
        case ContextManager(callee=callee, of=ApiObject(of=ApiObject() as session)) if (
            callee.endswith(".begin_nested") and session.cls in names.SESSIONS
        ):
            return session
        case _:
            return None


def flushed(frame: Frame, state: State, manager: Value, site: Site) -> None:
    """A savepoint begins at `site`, or its block ends there."""
    session = session_of(manager)
    if session is not None:
        flushing.flush(frame, state, session.place, site)
        held = state.heap.get(session.place) if session.place is not None else None
        if session.place is not None and isinstance(held, SessionState):
            # from now on there is a transaction, whatever was sent
            state.heap[session.place] = replace(held, used=True)
