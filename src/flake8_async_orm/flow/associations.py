"""Instances that were put into a relationship of another: they stay who they are, and `add` takes them along.

What is kept in `InstanceState.holds` is the name of the relationship and the place of the instance. An entry under `name+` says only that it
was put there, perhaps beside others.
"""

from __future__ import annotations

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.loading import related_value
from flake8_async_orm.lattice import InstanceState, State, without_none
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import EMPTY, Collection, Constant, Instance, OneOf, Place, Tuple, Value, replace

#: behind the name of a relationship: the instance is among those in it
AMONG = "+"


def value_of(state: State, known: InstanceState | None, attribute: MappedAttribute, place: Place | None) -> Value:
    """What a relationship holds: what was put there, else something at its own place."""
    value = related_value(attribute, place)
    if known is None or known.attributes.get(attribute.name) != "loaded":
        return value
    held = [there for name, there in known.holds if name == attribute.name]
    other = state.instance(held[0]) if len(held) == 1 else None
    if other is None:
        return value
    instance = Instance(other.model, held[0])
    return replace(value, of=instance) if isinstance(value, Collection) else instance


def put(frame: Frame, state: State, owner: Place, attribute: MappedAttribute, value: Value, anew: bool = True) -> None:
    """`value` is now what the relationship holds; not `anew`: it may have held that before."""
    known = state.instance(owner)
    if known is None:
        return
    if isinstance(value, OneOf):
        value, anew = without_none(value), False
    items = value.items if isinstance(value, Tuple) else (value,)
    places = [item.place for item in items if isinstance(item, Instance) and item.place is not None]
    kept = {entry for entry in known.holds if entry[0] not in (attribute.name, attribute.name + AMONG)}
    name = attribute.name if len(places) == len(items) == 1 else attribute.name + AMONG
    state.heap[owner] = replace(known, holds=frozenset(kept | {(name, place) for place in places}))
    for place in places:
        _reverse(frame, state, owner, attribute, place, anew)
    follow(frame, state, owner)


def appended(frame: Frame, state: State, collection: Place, added: Value) -> None:
    """`added` was put into the collection at `collection`, beside what there may be."""
    owner, name = Place(collection.root, collection.path[:-1]), collection.path[-1]
    known = state.instance(owner)
    mapped = frame.program.project.mapped(known.model) if known is not None else None
    attribute = mapped.attributes.get(name) if mapped is not None else None
    if known is None or attribute is None or attribute.kind != "relationship":
        return
    kept = {(name + AMONG if entry == name else entry, place) for entry, place in known.holds}
    if isinstance(added, Instance) and added.place is not None:
        kept.add((name + AMONG, added.place))
    state.heap[owner] = replace(known, holds=frozenset(kept))
    if isinstance(added, Instance) and added.place is not None:
        _reverse(frame, state, owner, attribute, added.place)
    follow(frame, state, owner)


def _reverse(
    frame: Frame, state: State, owner: Place, attribute: MappedAttribute, place: Place, anew: bool = True
) -> None:
    """The other side of the relationship knows it too."""
    known = state.instance(place)
    mapped = frame.program.project.mapped(known.model) if known is not None else None
    back = mapped.attributes.get(attribute.back_populates or "") if mapped is not None else None
    if known is None or back is None or attribute.viewonly:
        return
    mark = known.attributes.get(back.name)
    if back.uselist is True:
        # what was never set begins with it; what is not loaded waits for that
        marks = {back.name: "loaded"} if mark == "pending" else {}
        holds = known.holds | {(back.name + AMONG, owner)}
    else:
        marks = {back.name: "loaded"}
        holds = frozenset({entry for entry in known.holds if entry[0] != back.name} | {(back.name, owner)})
    changed = known.changed | {back.name} if anew else known.changed
    state.heap[place] = replace(known.set(marks), holds=holds, changed=changed, touched=True)


def follow(frame: Frame, state: State, owner: Place) -> None:
    """What hangs on an instance that is in a session is added to it, and so on."""
    known = state.instance(owner)
    if known is None or known.session is None or known.life not in ("pending", "persistent", "attached"):
        return
    for place in _following(frame, known):
        other = state.instance(place)
        if other is not None and other.life == "transient":
            along = replace(other, life="pending", session=known.session, session_async=known.session_async)
            state.heap[place] = replace(along, early=frozenset())
            follow(frame, state, place)
        elif other is not None and other.life == "detached":
            # it is in the session again, where what it lacks may be loaded for the flush
            state.heap[place] = replace(other.doubted(), life="unknown")


def _following(frame: Frame, known: InstanceState) -> list[Place]:
    """The instances that go along with this one."""
    mapped = frame.program.project.mapped(known.model)
    found = []
    for name, place in sorted(known.holds, key=repr):
        attribute = mapped.attributes.get(name.removesuffix(AMONG)) if mapped is not None else None
        if attribute is not None and attribute.saves and not attribute.viewonly:
            found.append(place)
    return found


def in_sight(value: Value) -> bool:
    """Whether all that an assigned value brings along is an instance whose state is known."""
    match value:
        case Instance(place=Place()) | Constant(value=None):
            return True
        case Tuple(items=items):
            return all(in_sight(item) for item in items)
        case Collection(of=of):
            return of == EMPTY
        case _:
            return False


def forget(known: InstanceState, *names: str) -> InstanceState:
    """After these relationships (without names: all) were expired or loaded anew."""
    if not known.holds:
        return known
    kept = {entry for entry in known.holds if names and entry[0].removesuffix(AMONG) not in names}
    return replace(known, holds=frozenset(kept))
