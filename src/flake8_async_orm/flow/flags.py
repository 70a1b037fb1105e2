"""Flags that a constructor sets: after `self.is_async = isinstance(bind, AsyncEngine)` a test of the flag tells what `self.bind` is."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.project.definitions import ClassDefinition
from flake8_async_orm.source import Source


def behind(frame: Frame, cls: str, flag: str) -> tuple[str, str, cst.BaseExpression] | None:
    """What an object's flag says: the attribute that it is about, and the module and node of the class that it is tested for."""

    def compute() -> tuple[str, str, cst.BaseExpression] | None:
        for base in frame.program.project.mro(cls)[0]:
            found = frame.program.class_definition(base)
            source = frame.program.project.source(found[0]) if found is not None else None
            if found is None or source is None or flag not in found[1].instance_attributes:
                continue
            test = _made(found[1], source, flag)
            if type(test) is not cst.Call or dotted_name(test.func) != "isinstance" or len(test.args) != 2:
                return None
            attribute = _kept(found[1], source, test.args[0].value)
            return (attribute, found[0], test.args[1].value) if attribute is not None else None
        return None

    nothing: tuple[str, str, cst.BaseExpression] | None = None
    return frame.program.once(("flag", cls, flag), compute, nothing)


def _made(definition: ClassDefinition, source: Source, name: str) -> cst.CSTNode | None:
    """What the constructor sets an attribute to, which nobody else sets."""
    written = definition.instance_attributes.get(name, ())
    if len(written) != 1 or written[0].value is None or not written[0].method.endswith("__init__"):
        return None
    return source.nodes[written[0].value]


def _kept(definition: ClassDefinition, source: Source, tested: cst.BaseExpression) -> str | None:
    """The attribute that holds what is tested: `self.bind`, or the parameter that is put there."""
    if type(tested) is cst.Attribute and dotted_name(tested.value) == "self":
        return tested.attr.value if _made(definition, source, tested.attr.value) is not None else None
    if type(tested) is not cst.Name:
        return None
    for name in definition.instance_attributes:
        made = _made(definition, source, name)
        if type(made) is cst.Name and made.value == tested.value:
            return name
    return None
