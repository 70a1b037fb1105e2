"""Records: dataclasses whose objects do not change, which the type checker sees to.

There are some two hundred kinds of them, of which a run meets a few dozen, and for `dataclasses` to write the methods of all takes
as long as to lint a small project. So those of a kind are written when the first of it is made. A frozen one also takes three
times as long to make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(frozen_default=True, field_specifiers=(field,))
    def record(cls: type[T]) -> type[T]: ...

else:

    def record(cls):
        """A dataclass with slots that is compared and hashed by its fields, those apart that are not to be compared."""
        made = dataclass(slots=True, init=False, repr=False, eq=False)(cls)
        missing = [name for name in ("__init__", "__eq__", "__hash__") if name not in vars(cls)]
        for name in missing:
            setattr(made, name, _unwritten(made, name, missing))
        if "__repr__" not in vars(cls):
            made.__repr__ = _shown
        return made


def _unwritten(cls: Any, name: str, missing: list[str]) -> Callable[..., Any]:
    """The method `name` until it is first called: then all that are `missing` take their places."""

    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        written = _methods(cls)
        for one in missing:
            setattr(cls, one, written[one])
        return written[name](self, *arguments, **keywords)

    return method


def _methods(cls: Any) -> dict[str, Any]:
    """`__init__`, `__eq__` and `__hash__` of a record, as `dataclasses` would write them."""
    space: dict[str, Any] = {"MISSING": MISSING}
    parameters, body = ["self"], []
    for one in fields(cls):
        name = one.name
        if one.init:
            parameters.append(_parameter(one, space))
            made = f"make_{name}() if {name} is MISSING else {name}" if f"make_{name}" in space else name
            body.append(f" self.{name} = {made}")
        elif one.default is not MISSING:
            space[f"of_{name}"] = one.default
            body.append(f" self.{name} = of_{name}")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    compared = [one.name for one in fields(cls) if one.compare]
    mine = "".join(f"self.{name}," for name in compared)
    lines = [
        f"def __init__({', '.join(parameters)}):",
        *(body or [" pass"]),
        "def __eq__(self, other):",
        " if self is other:",
        "  return True",
        " if other.__class__ is not self.__class__:",
        "  return NotImplemented",
        f" return ({mine}) == ({mine.replace('self.', 'other.')})",
        "def __hash__(self):",
        f" return hash(({mine}))",
    ]
    exec("\n".join(lines), space)
    return {name: space[name] for name in ("__init__", "__eq__", "__hash__")}


def _parameter(one: Field[Any], space: dict[str, Any]) -> str:
    """A parameter of `__init__`; what it is by default is put into `space`."""
    if one.default is not MISSING:
        space[f"of_{one.name}"] = one.default
        return f"{one.name}=of_{one.name}"
    if one.default_factory is not MISSING:
        space[f"make_{one.name}"] = one.default_factory
        return f"{one.name}=MISSING"
    return one.name


def _shown(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"


def replace(value: T, /, **changes: Any) -> T:
    """A copy of a record with other values in some fields. Quicker than that of `dataclasses`, which serves all kinds of them."""
    cls = type(value)
    copier = _COPIERS.get(cls)
    if copier is None:
        copier = _COPIERS[cls] = _copier(cls)
    copy: T = copier(value, changes)
    return copy


_Copier = Callable[[Any, dict[str, Any]], Any]
_COPIERS: dict[type, _Copier] = {}


def _copier(cls: Any) -> _Copier:
    """A function that copies a record field by field."""
    names = [one.name for one in fields(cls) if one.init]
    if cls.__dataclass_params__.frozen or hasattr(cls, "__post_init__"):
        return lambda value, changes: cls(**{name: getattr(value, name) for name in names} | changes)
    lines = [
        "def copy(value, changes):",
        " other = new(cls)",
        *(f" other.{name} = value.{name}" for name in names),
        " for name in changes:",
        "  setattr(other, name, changes[name])",
        " return other",
    ]
    space: dict[str, Any] = {"new": cls.__new__, "cls": cls}
    exec("\n".join(lines), space)
    copier: _Copier = space["copy"]
    return copier
