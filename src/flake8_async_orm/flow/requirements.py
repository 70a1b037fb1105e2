"""What a body requires of the instances that it is given: which of its reads a caller is told about."""

from __future__ import annotations

from collections.abc import Mapping

from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.flow.scopes import attributes_in_tests, decisive
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.values import Collection, Constant, Keywords, Object, OneOf, Tuple, Unknown, Value


def told(frame: Frame, entry: Mapping[str, Value], end: State | None) -> tuple[Requirement, ...]:
    """The requirements that hold for every caller; `entry` is what the parameters held, `end` the state at the normal exits.

    What only some paths read is read by the data that the instance holds, unless an argument chooses the path: then the caller may
    know better.
    """
    found = tuple(frame.requires.values())
    if found and _chosen(frame, entry):
        return tuple(one for one in found if always_read(one, end))
    return found


def _chosen(frame: Frame, entry: Mapping[str, Value]) -> bool:
    """Whether an argument of which the key does not tell the value stands in a test."""
    if frame.function is None:
        return True
    tested = decisive(frame.source, frame.function.node, handed_on=False)
    for name, value in entry.items():
        if name not in tested:
            continue
        held = without_none(value)
        if isinstance(held, Object):
            names = attributes_in_tests(frame.source, frame.function.node, name)
            if "" in names or any(_is_choice(_held(frame, held, one)) for one in names):
                return True
        elif _is_choice(held):
            return True
    return False


def _held(frame: Frame, holder: Object, name: str) -> Value:
    """What the attribute `name` of an object is declared to hold; a method is nothing that chooses by itself."""
    if frame.program.method(holder.cls.name, name) is not None:
        return Unknown("computed")
    return without_none(frame.program.attribute(holder.cls, name))


def _is_choice(value: Value) -> bool:
    """Whether a value is a switch rather than something to work on; None is one or the other, and the key tells it."""
    match value:
        case Unknown() | Object() | Keywords():
            return True
        case Constant(value=literal):
            return not isinstance(literal, (bool, type(None)))
        case OneOf(options=options):
            return any(map(_is_choice, options))
        case Collection(of=of):
            return _is_choice(of)
        case Tuple(items=items):
            return any(map(_is_choice, items))
        case _:
            return False


def always_read(requirement: Requirement, end: State | None) -> bool:
    """Whether every path through the body reads it."""
    known = end.instance(requirement.place) if end is not None else None
    return known is not None and (
        known.attributes.get(requirement.attribute) == "loaded" or known.mark(requirement.attribute) == "read"
    )
