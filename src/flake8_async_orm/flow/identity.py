"""Which instances may be one and the same row, and which side of a relationship has the foreign key.

A session holds one instance of a row. Two places of one model in one session may hold the same one, so that what is done by way of the first
may have been done to the second.
"""

from __future__ import annotations

from flake8_async_orm.facts import MADE_HERE
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import ACCUSING, InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import Collection, Instance, OneOf, Place, Tuple, Value

#: states in which there is no value
_LACKING = ACCUSING | {"held"}
#: lives of an instance that its session does not know by a row
_APART = frozenset({"pending", "transient", "detached"})
#: the trail of an instance that a constructor made
MADE = MADE_HERE
#: before the name of a parameter that is a row's key: of two such it is not known that they differ
GIVEN = "parameter "


def subfamily(frame: Frame, model: str) -> tuple[str, ...]:
    mapped = frame.program.project.mapped(model)
    return mapped.bases if mapped is not None else ()


def held_by(state: State, session: Place | None) -> list[tuple[Place, InstanceState]]:
    return [
        (place, known)
        for place, known in state.heap.items()
        if isinstance(known, InstanceState) and session is not None and known.session == session
    ]


def others(frame: Frame, state: State, place: Place) -> list[tuple[Place, InstanceState]]:
    """The instances that may be the one at `place`, met by another way."""
    known = state.instance(place)
    if known is None or known.session is None:
        return []
    return [
        (other, found)
        for other, found in held_by(state, known.session)
        if other != place and _may_be(frame, known, found)
    ]


def _may_be(frame: Frame, one: InstanceState, other: InstanceState) -> bool:
    if one.origin_text == MADE and other.origin_text == MADE:
        # two constructor calls
        return False
    if not _APART.isdisjoint((one.life, other.life)):
        return False
    told = one.key and other.key and not one.key.startswith(GIVEN) and not other.key.startswith(GIVEN)
    if told and one.key != other.key:
        return False
    return (
        one.model == other.model
        or one.model in subfamily(frame, other.model)
        or other.model in subfamily(frame, one.model)
    )


def exonerate(frame: Frame, state: State, place: Place, only: str = "") -> None:
    """What is loaded now at `place` (or only that attribute) is loaded wherever else that instance was met."""
    known = state.instance(place)
    if known is None:
        return
    for other, found in others(frame, state, place):
        met = [only] if only else found.attributes
        names = {name: "maybe" for name in met if _clears(known.mark(name), found.mark(name))}
        columns = "maybe" if not only and _clears(known.columns, found.columns) else found.columns
        if names or columns != found.columns:
            state.heap[other] = found.with_columns(columns).set(names)


def _clears(now: str, there: str) -> bool:
    return there in _LACKING and now not in _LACKING


def keys_of(frame: Frame, mapped: MappedClass, attribute: MappedAttribute) -> list[str]:
    """The columns of `mapped` that refer to the table of a relationship's target."""
    target = frame.program.project.mapped(attribute.target) if attribute.target is not None else None
    return [] if target is None else _referring(mapped, target)


def keyed_there(frame: Frame, mapped: MappedClass, attribute: MappedAttribute) -> bool:
    """Whether the foreign key of a relationship is surely on the other side."""
    target = frame.program.project.mapped(attribute.target) if attribute.target is not None else None
    return (
        target is not None
        and target.name != mapped.name
        and bool(_referring(target, mapped))
        and not _referring(mapped, target)
    )


def _referring(mapped: MappedClass, target: MappedClass) -> list[str]:
    if target.table is None:
        return []
    return [
        column.name
        for column in mapped.attributes.values()
        if column.foreign_key and (column.references or "").rpartition(".")[0].rpartition(".")[2] == target.table
    ]


def instances_in(value: Value) -> list[Instance]:
    """The instances that a value is or holds."""

    match value:
        case Instance():
            return [value]
        case Collection(of=of):
            return instances_in(of)
        case Tuple(items=items):
            return [found for item in items for found in instances_in(item)]
        case OneOf(options=options):
            return [found for option in options for found in instances_in(option)]
        case _:
            return []
