"""What a body requires of the instances that it is given: which of its reads a caller is told about."""

from __future__ import annotations

from collections.abc import Mapping

from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.flow.scopes import attributes_in_tests, decisive
from flake8_async_orm.lattice import ObjectState, State, without_none
from flake8_async_orm.values import (
    NONE,
    Collection,
    Constant,
    Instance,
    Keywords,
    Object,
    OneOf,
    Tuple,
    Unknown,
    Value,
    replace,
)


def told(frame: Frame, entry: Mapping[str, Value], end: State | None) -> tuple[Requirement, ...]:
    """The requirements of the body; `entry` is what the parameters held, `end` the state at the normal exits.

    What only some paths read is read by the data that the instance holds, unless an argument chooses the path: then the caller may
    know better.
    """
    found = tuple(frame.requires.values())
    if not found:
        return found
    if frame.function is None:
        return tuple(one for one in found if always_read(one, end))
    choices = _choices(frame, entry)
    if not choices and not any(one.chosen for one in found):
        return found
    return tuple(
        replace(one, chosen=frozenset() if always_read(one, end) else one.chosen | choices) for one in found
    )


def _choices(frame: Frame, entry: Mapping[str, Value]) -> frozenset[tuple[str, str]]:
    """The parameters, and attributes of them, that stand in a test and of whose values the key does not tell."""
    assert frame.function is not None
    tested = decisive(frame.source, frame.function.node, handed_on=False)
    found: set[tuple[str, str]] = set()
    for name, value in entry.items():
        if name not in tested:
            continue
        held = without_none(value)
        if isinstance(held, Object):
            names = attributes_in_tests(frame.source, frame.function.node, name)
            found.update((name, one) for one in names if one == "" or _is_choice(_held(frame, held, one)))
        elif _is_choice(held):
            found.add((name, ""))
    return frozenset(found)


def open_for(
    frame: Frame, state: State, chosen: frozenset[tuple[str, str]], arguments: Mapping[str, Value]
) -> frozenset[tuple[str, str]] | None:
    """What chooses the path as the caller sees it, if that is nothing that the caller knows; None if it may know better.

    What it hands on as it was given may be anything.
    """
    found: set[tuple[str, str]] = set()
    for name, attribute in chosen:
        held = without_none(arguments.get(name, NONE))
        place = held.place if isinstance(held, (Object, Collection)) else None
        if place is not None and isinstance(place.root, str) and place.root.startswith("param:"):
            path = [*place.path, attribute]
            found.add((place.root.removeprefix("param:"), path[0]))
            continue
        if isinstance(held, Object) and _is_context(frame, state, held, attribute):
            continue
        # what the caller has computed it may have computed so that the path is not taken
        return None
    return frozenset(found)


def _is_context(frame: Frame, state: State, held: Object, attribute: str) -> bool:
    """Whether an object was made of what was loaded, so that a test of `attribute` goes by data.

    An object as a whole is none that chooses: it is handed on in a test.
    """
    fields = state.heap.get(held.place) if held.place is not None else None
    if not isinstance(fields, ObjectState):
        return False
    if attribute == "":
        return True
    held_here = fields.fields.get(attribute)
    return not isinstance(held_here, Constant) and any(isinstance(one, Instance) for one in fields.fields.values())


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
