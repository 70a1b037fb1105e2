"""Whether a commit expires what a session holds."""

from __future__ import annotations

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project.definitions import Assignment
from flake8_async_orm.values import ApiObject, Place, Site

#: the session was handed in, and nothing in the project says how it was made: whoever hands it in knows
CALLERS = "callers"


def of(frame: Frame, session: ApiObject) -> bool | str | None:
    """True, False, None where it was made in sight in a way that cannot be read, or CALLERS."""
    told = dict(session.flags).get("expire_on_commit", CALLERS)
    if told is True:
        return None if frame.program.reconfigures() else True
    if told is False or told is None:
        return told
    if session.subclass is not None:
        return None
    # a session that does expire may be handed in all the same
    return True if frame.program.expires_by_default(frame.source.path) else CALLERS


def decided_at(frame: Frame, state: State, place: Place | None) -> Site | None:
    """The call that decides what the session at `place` does at a commit: that which made its factory, or itself."""
    held = (without_none(binding.value) for binding in state.names.values())
    session = next((one for one in held if isinstance(one, ApiObject) and one.place == place), None)
    if place is None or session is None or session.because is None:
        return None
    if dict(session.flags).get("expire_on_commit") is not True:
        return None
    match session.because.source:
        case "constructor":
            return session.because.site
        case "factory" if session.because.factory is not None and not session.because.factory.path:
            return _made_at(frame, session.because.factory)
    return None


def _made_at(frame: Frame, factory: Place) -> Site | None:
    if isinstance(factory.root, Site):
        return factory.root
    if not isinstance(factory.root, str) or not factory.root.startswith("global:"):
        return None
    module, _, name = factory.root.removeprefix("global:").rpartition(".")
    definition, source = frame.program.project.definition(module), frame.program.project.source(module)
    bindings = definition.bindings.get(name, ()) if definition is not None else ()
    if source is None or len(bindings) != 1 or not isinstance(bindings[0], Assignment) or bindings[0].value is None:
        return None
    return Site(source.path, bindings[0].value)
