"""Whether a many-to-one may be answered by what its session holds: then nothing is emitted when it is read."""

from __future__ import annotations

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import MADE, instances_in, subfamily
from flake8_async_orm.flow.loading import below
from flake8_async_orm.lattice import ACCUSING, InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import Instance, Load, Place


def in_sight(frame: Frame, state: State, owner: Instance, attribute: MappedAttribute) -> bool:
    """Whether this function holds an instance that a many-to-one may point to: the identity map answers, nothing is emitted.

    Parameters count: whoever hands over a project and asks for its volumes has the volumes' project in the session.
    """
    if attribute.target is None or owner.place is None:
        return True
    family = {attribute.target, *subfamily(frame, attribute.target)}
    if _beside(frame, state, owner, attribute, family):
        return True
    related = owner.model in family or attribute.target in subfamily(frame, owner.model)
    if not related and _brought(frame, state, owner.place, attribute.name, attribute.target):
        return True
    own = owner.place if related else owner.place.at(attribute.name)
    places = [found.place for b in state.names.values() for found in instances_in(b.value) if found.model in family]
    places += [
        place for place, known in state.heap.items() if isinstance(known, InstanceState) and known.model in family
    ]
    return any(place is None or not (lies_below(place, own) or has_no_row(state, place)) for place in places)


def _beside(frame: Frame, state: State, owner: Instance, attribute: MappedAttribute, family: set[str]) -> bool:
    """Whether another relationship of the owner has brought what this one may point to."""
    known, mapped = state.instance(owner.place), frame.program.project.mapped(owner.model)
    return (
        known is not None
        and mapped is not None
        and any(
            other.target in family and other.name != attribute.name and known.attributes.get(other.name) in _THERE
            for other in mapped.tracked
        )
    )


def _brought(frame: Frame, state: State, place: Place, name: str, target: str) -> bool:
    """Whether the query that has brought the instance at `place` may have brought rows of `target` by another way than `name`."""
    for depth in range(len(place.path) + 1):
        known = state.instance(Place(place.root, place.path[:depth]))
        if known is None:
            continue
        loads = tuple(load for load in known.loads if load.attribute != name)
        if known.origin_text == MADE:
            # no query has brought it, and what is not loaded has brought nothing
            lacking = [other for other, mark in known.attributes.items() if mark in ACCUSING]
            loads = tuple(Load(other, "lazyload", known.model) for other in lacking)
        brought = below(frame, known.model, loads)[0]
        if target in brought or any(_has_heirs(frame, model) for model in brought):
            return True
    return False


def _has_heirs(frame: Frame, model: str) -> bool:
    """Whether rows of `model` may be of a class that inherits from it, and bring what that one loads."""
    mapped = frame.program.project.mapped(model)
    return mapped is not None and mapped.polymorphic


#: marks of a relationship behind which there may be rows that the session holds
_THERE = frozenset({"loaded", "maybe", "read"})


def has_no_row(state: State, place: Place) -> bool:
    """Whether an instance was made here and not been flushed: nothing in the database can point to it."""
    known = state.instance(place)
    return known is not None and known.life in ("transient", "pending") and known.origin_text == MADE


def lies_below(place: Place, above: Place) -> bool:
    """Whether `place` is `above` or is reached from it."""
    return place.root == above.root and place.path[: len(above.path)] == above.path
