"""What the generated methods of a mapped dataclass read: its fields, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.project.definitions import AttributeDefinition, ClassDefinition, MappedAttribute
from flake8_async_orm.project.syntax import keywords, literal

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

#: the generated method -> the argument that turns it off, for a class and for a field
SWITCHES = {"__repr__": ("repr", "repr"), "__eq__": ("eq", "compare")}


def read_by(project: Project, dotted: str, method: str) -> tuple[MappedAttribute, ...]:
    """The attributes that the generated `method` (`__repr__`, `__eq__`, or "" for `dataclasses.asdict`) of a class reads.

    Nothing where the class is no mapped dataclass, has no such generated method, or cannot be read wholly.
    """
    mapped = project.mapped(dotted)
    if mapped is None or not mapped.dataclass or mapped.sqlmodel or not mapped.complete:
        return ()
    of_class, of_field = SWITCHES.get(method, ("", ""))
    if of_class and not _is_on(project, dotted, of_class):
        return ()
    fields: dict[str, bool] = {}
    for base in reversed(project.mro(dotted)[0]):
        found = project.class_definition(base)
        for name, declared in found[1].attributes.items() if found is not None else ():
            attribute = mapped.attributes.get(name)
            if found is None or attribute is None or declared[-1].annotation is None:
                continue
            taken = not of_field or _taken(project, found[0], declared[-1], of_field)
            if taken is None:
                return ()
            fields[name] = taken
    return tuple(mapped.attributes[name] for name, taken in fields.items() if taken)


def _taken(project: Project, module: str, declared: AttributeDefinition, switch: str) -> bool | None:
    """Whether a field takes part; None where that cannot be read."""
    source = project.source(module)
    node = source.nodes[declared.value] if source is not None and declared.value is not None else None
    if not isinstance(node, cst.Call):
        return True
    given, starred = keywords(node)
    if starred or (switch in given and literal(given[switch]) not in (True, False)):
        return None
    return switch not in given or literal(given[switch]) is True


def _is_on(project: Project, dotted: str, switch: str) -> bool:
    """Whether the method is generated: the nearest class that says something about it decides."""
    own = True
    for base in project.mro(dotted)[0]:
        found = project.class_definition(base)
        if found is None:
            continue
        for said in _said(project, found[0], found[1], switch, own):
            return said
        own = False
    return True


def _said(project: Project, module: str, cls: ClassDefinition, switch: str, own: bool) -> Iterator[bool]:
    source = project.source(module)
    if source is None:
        return
    for name, number in cls.keywords:
        if name == switch:
            yield literal(source.nodes[number]) is True
    for number in cls.decorators if own else ():
        node: cst.CSTNode = source.nodes[number]
        if isinstance(node, cst.Decorator):
            node = node.decorator
        given = keywords(node)[0] if isinstance(node, cst.Call) else {}
        if switch in given:
            yield literal(given[switch]) is True
