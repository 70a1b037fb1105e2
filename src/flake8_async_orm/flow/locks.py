"""Reads that lock what they find, and inserts where they found nothing."""

from __future__ import annotations

from flake8_async_orm.facts import AbsentRowInserted
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import instances_in
from flake8_async_orm.lattice import ABSENT, SessionState, State
from flake8_async_orm.values import ApiObject, Place, Site, Value, replace

#: who expects one of these has provided for another writer
_EXPECTED = frozenset(f"sqlalchemy.exc.{name}" for name in ("IntegrityError", "OperationalError", "DBAPIError"))


def read(state: State, session: Place | None, found: Place, site: Site) -> None:
    """The instance at `found`, if there is one, was read `with_for_update` at `site`."""
    if session is not None:
        known = state.session(session)
        if isinstance(state.heap.get(session, known), SessionState):
            state.heap[session] = replace(known, locked=known.locked | {(found, site)})


def added(frame: Frame, state: State, session: ApiObject, value: Value, site: Site) -> None:
    """`session.add(value)` at `site`: it may be what a locking read has not found."""
    locked = state.session(session.place).locked if session.place is not None else None
    if not locked or any(caught in _EXPECTED for guard in frame.guards for caught in guard.catches):
        return
    for instance in instances_in(value):
        new = state.instance(instance.place)
        if new is None or new.life != "transient":
            continue
        for place, where in sorted(locked, key=repr):
            absent = state.instance(place)
            if absent is not None and absent.life == ABSENT and absent.model == new.model:
                frame.state_fact(AbsentRowInserted(site, new.model, where))
