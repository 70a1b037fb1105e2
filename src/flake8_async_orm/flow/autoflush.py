"""Whether a session flushes before it asks the database."""

from __future__ import annotations

from flake8_async_orm.flow import flushing
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import subfamily
from flake8_async_orm.lattice import State
from flake8_async_orm.values import ApiObject, Class, ModelAttribute, Site, Statement, Value

#: the session was handed in: nothing says how it was made
CALLERS = "callers"


def of(frame: Frame, session: ApiObject) -> bool | str | None:
    """True, False, None where it was made in sight in a way that cannot be read, or CALLERS."""
    told = dict(session.flags).get("autoflush", CALLERS)
    if told is True and (frame.unflushed_blocks or session.subclass is not None):
        return None
    return told if told is True or told is False or told is None else CALLERS


def asked(frame: Frame, state: State, session: ApiObject, member: str, statement: Value | None, site: Site) -> None:
    """`session.member(statement)` at `site` is about to ask the database."""
    told = of(frame, session)
    if told is False:
        return
    if told is None or (told is True and not _concerns_instances(member, statement)):
        flushing.perhaps_flush(frame, state, session.place, site)
    else:
        flushing.flush(frame, state, session.place, site, told is True)


def got(frame: Frame, state: State, session: ApiObject, model: Value | None, anew: bool, site: Site) -> None:
    """`session.get(model, ...)`: a row that is at hand is given without asking, but where it is to be loaded `anew`."""
    told = of(frame, session)
    if told is CALLERS or told is False:
        return
    held = state.session(session.place).models
    family = {model.name, *subfamily(frame, model.name)} if isinstance(model, Class) else held
    if told is True and (anew or not held & family):
        flushing.flush(frame, state, session.place, site)
    else:
        flushing.perhaps_flush(frame, state, session.place, site)


def _concerns_instances(member: str, statement: Value | None) -> bool:
    """Whether the ORM runs it; before a statement of the Core alone some versions flush, and others do not."""
    if member in ("merge", "refresh"):
        return True
    if not isinstance(statement, Statement):
        return False
    if statement.kind in ("update", "delete"):
        return any(flag.startswith("of:") for flag in statement.flags)
    return statement.kind == "select" and any(isinstance(e, Class | ModelAttribute) for e in statement.entities)
