"""Where an object's sessions come from: two of its attributes may lead to one session, by what `__init__` put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key
from flake8_async_orm.lattice import ObjectState, State, without_none
from flake8_async_orm.values import ApiObject, Class, Object, Place, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

Path = tuple[str, ...]
#: attributes of attributes that are looked at
_DEEP = 3


def same(frame: Frame, place: Place) -> Place:
    """The place below the method's own object by which the session at `place` is known: the shortest that leads to it."""
    function = frame.function
    if len(place.path) < 2 or function is None or function.cls is None or not function.parameters:
        return place
    receiver = frame.receiver
    if place.root != f"param:{function.parameters[0].name}" or not isinstance(receiver, Object):
        return place
    path = shared(frame.program, receiver.cls).get(place.path)
    return place if path is None else Place(place.root, path)


def shared(program: Program, cls: Class) -> dict[Path, Path]:
    """The attributes of an object of `cls` that lead to a session, where others lead to it too -> the shortest of them."""
    return program.once(("origins", cls), lambda: _shared(program, cls), {})


def _shared(program: Program, cls: Class) -> dict[Path, Path]:
    found = program.method(cls.name, "__init__")
    if found is None or not found[2].parameters:
        return {}
    outcome = program.outcome(Key(f"{found[0]}.{found[2].qualname}", receiver=Object(cls)))
    if outcome.exit is None:
        return {}
    by_place: dict[Place, list[Path]] = {}
    _collect(program, outcome.exit, Object(cls, Place(f"param:{found[2].parameters[0].name}")), (), by_place)
    return {
        path: min(paths, key=lambda each: (len(each), each))
        for paths in by_place.values()
        if len(paths) > 1
        for path in paths
    }


def _collect(program: Program, state: State, owner: Object, path: Path, found: dict[Place, list[Path]]) -> None:
    """Write down which places the attributes of `owner`, which lies at `path`, lead to."""
    fields = state.heap.get(owner.place) if owner.place is not None else None
    if not isinstance(fields, ObjectState):
        return
    for name, value in sorted(fields.fields.items()):
        held: Value = without_none(value)
        if not _set_once(program, owner.cls.name, name):
            continue
        if isinstance(held, ApiObject) and held.place is not None:
            found.setdefault(held.place, []).append((*path, name))
        elif isinstance(held, Object) and len(path) + 1 < _DEEP:
            _collect(program, state, held, (*path, name), found)


def _set_once(program: Program, cls: str, name: str) -> bool:
    """Whether only `__init__` sets the attribute."""
    for base in program.project.mro(cls)[0]:
        known = program.class_definition(base)
        written = known[1].instance_attributes.get(name, ()) if known is not None else ()
        if any(not each.method.endswith(".__init__") for each in written):
            return False
    return True
