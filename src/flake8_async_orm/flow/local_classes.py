"""Classes inside functions: their methods see what the function has bound, and run when somebody calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.annotations import instance_of
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, plain
from flake8_async_orm.lattice import Binding, State
from flake8_async_orm.project.definitions import ClassDefinition
from flake8_async_orm.values import Class, Unknown

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

_LOCALS = ".<locals>."


def define(frame: Frame, node: cst.ClassDef, state: State) -> None:
    """A class statement is run in a function."""
    definition = _definition(frame.program, frame.module, frame.source.number(node))
    if definition is None:
        state.names[node.name.value] = Binding(Unknown("a local class"))
        return
    state.names[node.name.value] = Binding(Class(f"{frame.module}.{definition.qualname}"))
    frame.local_classes[definition.qualname] = (definition, state.copy())


def interpret_methods(frame: Frame) -> None:
    """Interpret the methods of the classes that the body defines."""
    for definition, closure in list(frame.local_classes.values()):
        receiver = plain(instance_of(frame.program, Class(f"{frame.module}.{definition.qualname}")))
        for method in (one for methods in definition.methods.values() for one in methods):
            node = frame.source.nodes[method.node]
            if type(node) is not cst.FunctionDef or frame.depth > _DEPTH:
                continue
            key = Key(f"{frame.module}.{method.qualname}", receiver)
            frame.depth += 1
            try:
                outcome = bodies.interpret_function(
                    frame.program, frame.module, frame.source, method, node, key, frame, closure, frame.reveal
                )
            finally:
                frame.depth -= 1
            for fact in outcome.facts:
                frame.state_fact(fact, "nested")


#: classes and functions inside one another that are followed
_DEPTH = 6


def around(frame: Frame, name: str) -> bool:
    """Whether `name` is bound by a function around the body, which is interpreted by itself."""
    if frame.function is None or frame.outer_frame is not None or _LOCALS not in frame.function.qualname:
        return False
    definition = frame.program.project.definition(frame.module)
    outer = frame.function.qualname
    while definition is not None and _LOCALS in outer:
        outer = outer.rpartition(_LOCALS)[0]
        function = definition.functions.get(outer)
        if function is not None and name in frame.program.local_names(frame.source, function.node):
            return True
    return False


def metaclass(program: Program, cls: str) -> str | None:
    """The full name of the metaclass of a project class, where it is one of the project."""
    for base in program.project.mro(cls)[0]:
        found = program.class_definition(base)
        source = program.project.source(found[0]) if found else None
        if found is None or source is None:
            continue
        for keyword, number in found[1].keywords:
            node = source.nodes[number]
            if keyword == "metaclass" and type(node) is cst.Name:
                return program.project.base(found[0], found[1], node.value)
    return None


def _definition(program: Program, module: str, number: int) -> ClassDefinition | None:
    def compute() -> dict[int, ClassDefinition]:
        definition = program.project.definition(module)
        return {c.node: c for c in definition.classes.values()} if definition is not None else {}

    empty: dict[int, ClassDefinition] = {}
    return program.once(("classes", module), compute, empty).get(number)


# these need what is defined above
from flake8_async_orm.flow import bodies  # noqa: E402
