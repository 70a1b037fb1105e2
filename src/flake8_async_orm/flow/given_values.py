"""Coroutines that are put where only a value can stand: into a statement, a mapped instance, the parameters of an execution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_async_orm.flow import coroutines
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.values import Collection, Coroutine, Instance, Tuple, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

#: what an attribute must be for its value to be no coroutine: anything else of a class may hold whatever it likes
_MAPPED = frozenset({"column", "relationship"})


def surely_in(value: Value) -> Iterator[Coroutine]:
    """The coroutines that `value` surely is or holds: in a list, or under a key of a dictionary."""
    match value:
        case Coroutine():
            yield value
        case Tuple(items=items):
            for item in items:
                yield from surely_in(item)
        case Collection(kind="dict", entries=entries):
            for _, entry in entries:
                yield from surely_in(entry)


def needed(frame: Frame, arguments: Iterable[Argument], name: str) -> None:
    """`name` takes the values of `arguments`; coroutines among them, or in lists and dictionaries, are used as what they are not."""
    for argument in arguments:
        for found in surely_in(argument.value):
            site = argument.site if found is argument.value else found.site
            coroutines.used_as_value(frame, found, site, site, "argument", name)


def constructed(frame: Frame, model: str, arguments: Iterable[Argument]) -> None:
    """A mapped class is called that has no `__init__` of its own: the keywords are values of its attributes."""
    for argument in arguments:
        if type(argument.value) is Coroutine and argument.keyword is not None and _is_mapped(frame, model, argument.keyword):
            needed(frame, (argument,), argument.keyword)


def assigned(frame: Frame, instance: Instance, name: str | None, value: Value) -> None:
    """A coroutine was assigned to an attribute of a mapped instance; None: to one that its caller chooses."""
    if type(value) is Coroutine and (name is None or _is_mapped(frame, instance.model, name)):
        coroutines.used_as_value(frame, value, value.site, value.site, "argument", name or "setattr")


def _is_mapped(frame: Frame, model: str, name: str) -> bool:
    mapped = frame.program.project.mapped(model)
    attribute = mapped.attributes.get(name) if mapped is not None else None
    return attribute is not None and attribute.kind in _MAPPED
