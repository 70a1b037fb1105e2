"""Parameters that nothing is said of, told by the calls in the same module: where all of them hand over the same kind of object, it is that."""

from __future__ import annotations

from flake8_async_orm.flow import evidence
from flake8_async_orm.flow.annotations import instance_of
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, plain
from flake8_async_orm.flow.scopes import mentioned_in
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.lattice import join
from flake8_async_orm.project.definitions import FunctionDefinition, Parameter
from flake8_async_orm.values import ApiObject, Because, Class, Value, replace

#: callers that are asked at most
_CALLERS = 12


def note(frame: Frame, function: str, parameter: Parameter, value: Value) -> None:
    """The body hands `value` to a parameter of a function of its module that is not annotated."""
    if parameter.kind != "star" and parameter.kind != "double-star":
        key = (function, parameter.name)
        known = frame.handed.get(key)
        # how one of them was made says nothing of the others
        given: Value = ApiObject(value.cls, subclass=value.subclass) if isinstance(value, ApiObject) else plain(value)
        frame.handed[key] = given if known is None else join(known, given)


def agreed(frame: Frame, definition: FunctionDefinition, parameter: Parameter) -> Value | None:
    """What the module's own calls of an `async def` hand to a parameter: an async object of SQLAlchemy's, the same in all, of which
    nothing is used that it lacks."""
    if not definition.is_async or definition.decorators or "<locals>" in definition.qualname or frame.patched:
        return None
    program, module, source = frame.program, frame.module, frame.source
    if not program.reaches(module):
        return None
    own = f"{module}.{definition.qualname}"

    def compute() -> Value | None:
        declared = program.project.definition(module)
        found: list[Value] = []
        callers = [
            one
            for one in (declared.functions.values() if declared is not None else ())
            if one is not definition and "<locals>" not in one.qualname and definition.name in mentioned_in(source, one.node)
        ]
        for caller in callers if len(callers) <= _CALLERS else ():
            receiver = plain(instance_of(program, Class(f"{module}.{caller.cls}"))) if caller.cls is not None else None
            outcome = program.outcome(Key(f"{module}.{caller.qualname}", receiver))
            given = outcome.handed.get((own, parameter.name))
            if given is None:
                # it mentions the function, and nobody knows what for
                return None
            found.append(given)
        same = found and all(one == found[0] for one in found)
        return found[0] if same and isinstance(found[0], ApiObject) else None

    nothing: Value | None = None
    value = program.once(("call sites", own, parameter.name), compute, nothing)
    if not isinstance(value, ApiObject) or value.cls not in names.ASYNC_CLASSES or value.subclass is not None:
        return None
    uses = evidence.uses_of(frame, parameter.name)
    if not uses.awaited or not all(api.has_member(value.cls, member) for member in uses.members):
        return None
    return replace(value, because=Because("calls"))
