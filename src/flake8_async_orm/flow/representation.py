"""Mapped instances where Python itself calls a method of theirs: to show them as text, to compare them, to take them apart.

A method that the class writes is a method like any other; those that a mapped dataclass is given read its fields. What is neither
reads nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow import instances
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import callables
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project import records
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import Collection, Constant, Function, Instance, Site, Tuple, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

#: instances inside one another that are followed
DEEP = 3
_READ = frozenset({"relationship", "column", "column_property", "composite"})
_SHOWN = frozenset({"list", "tuple", "set", "dict"})


def shown(frame: Frame, state: State, value: Value, method: str, site: Site) -> None:
    """`value` becomes a text at `site`, by `__str__`, `__repr__` or `__format__`."""
    match without_none(value):
        case Instance() as instance:
            _shown(frame, state, instance, method, site, 1)
        case Collection(of=of, kind=kind) if kind in _SHOWN:
            shown(frame, state, of, "__repr__", site)
        case Tuple(items=items):
            for item in items:
                shown(frame, state, item, "__repr__", site)


def filled_in(
    frame: Frame, state: State, template: Value, values: list[tuple[Value, Site]], plain: str, shows: str
) -> None:
    """`values` are put into a template of which `plain` asks for `__str__` and `shows` for `__repr__`."""
    text = template.value if isinstance(template, Constant) else None
    if isinstance(text, str) and (plain in text) != (shows in text):
        for value, site in values:
            shown(frame, state, value, "__str__" if plain in text else "__repr__", site)


def _shown(frame: Frame, state: State, instance: Instance, method: str, site: Site, depth: int) -> None:
    for name in callables.TEXT_METHODS[method]:
        if _by_hand(frame, state, instance, name, [], site):
            return
    for attribute in _fields(frame, instance.model, "__repr__"):
        value = _read(frame, state, instance, attribute, site, "__repr__")
        for below in instances.instances_in(value) if value is not None and depth < DEEP else ():
            _shown(frame, state, below, "__repr__", site, depth + 1)


def _by_hand(frame: Frame, state: State, instance: Instance, name: str, arguments: list[Argument], site: Site) -> bool:
    """Whether the class has a method `name` that somebody wrote; then it is called.

    Each mapped dataclass is given a `__repr__` and `__eq__` of its own, whatever its bases have.
    """
    program = frame.program
    if name in records.SWITCHES and _fields(frame, instance.model, name):
        own = program.class_definition(instance.model)
        if own is None or name not in own[1].methods:
            return False
    found = program.method(instance.model, name)
    if found is None:
        return False
    function = Function(f"{found[0]}.{found[2].qualname}", instance)
    project_calls.call(frame, state, function, arguments, site)
    return True


def _fields(frame: Frame, model: str, method: str) -> tuple[MappedAttribute, ...]:
    nothing: tuple[MappedAttribute, ...] = ()
    project = frame.program.project
    return frame.program.once(("fields", model, method), lambda: records.read_by(project, model, method), nothing)


def _read(
    frame: Frame, state: State, instance: Instance, attribute: MappedAttribute, site: Site, method: str
) -> Value | None:
    """A field is read at `site`; gives what a relationship holds."""
    if attribute.kind not in _READ:
        return None
    name = instance.model.rpartition(".")[2]
    outer, frame.serializing = frame.serializing, f"{name}.{method}" if method else "asdict"
    try:
        if attribute.kind == "relationship":
            return instances.read_relationship(frame, state, instance, attribute, site)
        known = instances.column_at_stake(frame, state, instance, attribute)
        if known is not None:
            instances.read_column(frame, state, known, instance, attribute, site)
        return None
    finally:
        frame.serializing = outer


def taken_apart(frame: Frame, state: State, value: Value, site: Site, depth: int = 1) -> None:
    """`dataclasses.asdict(value)`: every field is read, and those of the instances in them."""
    for instance in instances.instances_in(value):
        for attribute in _fields(frame, instance.model, ""):
            below = _read(frame, state, instance, attribute, site, "")
            if below is not None and depth < DEEP:
                taken_apart(frame, state, below, site, depth + 1)


def compared(frame: Frame, state: State, left: Value, right: Argument, negated: bool, site: Site) -> None:
    """`left == right`, or `!=`.

    Since Python 3.13 the generated method stops at the first field that differs, and does not begin if both are one object.
    """
    one, other = without_none(left), without_none(right.value)
    if not isinstance(one, Instance):
        return
    for name in ("__ne__", "__eq__") if negated else ("__eq__",):
        if _by_hand(frame, state, one, name, [right], site):
            return
    if not isinstance(other, Instance) or other.model != one.model or not _differ(state, one, other):
        return
    for first in _fields(frame, one.model, "__eq__")[:1]:
        for instance in (one, other):
            _read(frame, state, instance, first, site, "__eq__")


def _differ(state: State, one: Instance, other: Instance) -> bool:
    """Whether two instances are surely two objects."""
    left, right = state.instance(one.place), state.instance(other.place)
    if left is None or right is None or one.place == other.place:
        return False
    if left.key and right.key:
        return left.key != right.key
    return left.life in ("transient", "pending") or right.life in ("transient", "pending")


# these need what is defined above
from flake8_async_orm.flow import project_calls  # noqa: E402
