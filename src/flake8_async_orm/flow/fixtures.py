"""pytest's fixtures: what a parameter of a test holds, told by its name.

A name is looked up as pytest does: in the class, in the module, in the `conftest.py` of its directory and of those above, and in the
modules that these name in `pytest_plugins`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.syntax import dotted_name, string_value
from flake8_async_orm.knowledge import callables
from flake8_async_orm.project import ExternalName, Found
from flake8_async_orm.project.definitions import Assignment, FunctionDefinition
from flake8_async_orm.project.testing import is_handled
from flake8_async_orm.values import Function, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


def is_fixture(definition: FunctionDefinition) -> bool:
    """Whether a decorator makes the function a fixture."""
    return any(
        name is not None and name.rpartition(".")[2] in callables.FIXTURES for name in definition.decorator_names
    )


def provided(program: Program, module: str, definition: FunctionDefinition, name: str) -> Value | None:
    """What pytest hands over as the parameter `name`; None where the function is not pytest's to call, or no fixture is found."""
    if not definition.name.startswith("test") and not is_fixture(definition):
        return None
    if name in ("self", "request"):
        return None
    found = _find(program, module, definition, name)
    return program.provides(Function(found)) if found is not None else None


def left_alone(program: Program, module: str, definition: FunctionDefinition, name: str) -> str | None:
    """The fixture that `name` asks for, by its dotted name, where no plugin iterates over the async generator that it gives.

    That is so where pytest-asyncio, which runs the test, takes only fixtures of its own decorator.
    """
    found = _find(program, module, definition, name) if _runs_by_asyncio(program, module, definition) else None
    fixture = program.function_definition(found) if found is not None else None
    if found is None or fixture is None or not (fixture[1].is_generator and fixture[1].is_async):
        return None
    if len(fixture[1].decorator_names) != 1 or _means(program, fixture[0], fixture[1]) != {"pytest.fixture"}:
        return None
    paths = (program.project.module_path(module), program.project.module_path(fixture[0]))
    tree = program.project.workspace.tree
    if _find(program, module, definition, "anyio_backend") or any(p is None or is_handled(tree, p) for p in paths):
        return None
    return found


def _means(program: Program, module: str, definition: FunctionDefinition) -> set[str]:
    """The decorators of a function outside the project, by their dotted names."""
    found = (program.resolve(module, name) for name in definition.decorator_names if name)
    return {one.name for one in found if isinstance(one, ExternalName)}


def _runs_by_asyncio(program: Program, module: str, definition: FunctionDefinition) -> bool:
    """Whether the function is surely one of pytest-asyncio's: a test marked so, or a fixture of its decorator."""
    if is_fixture(definition):
        return "pytest_asyncio.fixture" in _means(program, module, definition)
    if not definition.is_async or not definition.name.startswith("test"):
        return False
    marks = set(filter(None, definition.decorator_names))
    if definition.cls is not None and (cls := program.class_definition(f"{module}.{definition.cls}")) is not None:
        marks.update(filter(None, cls[1].decorator_names))
    marks.update(_marks_of(program, module))
    kinds = {mark.rpartition(".")[2] for mark in marks if ".mark." in f".{mark}"}
    return "asyncio" in kinds and "anyio" not in kinds


def _marks_of(program: Program, module: str) -> tuple[str, ...]:
    """The marks that a module gives all its tests."""

    def compute() -> tuple[str, ...]:
        definition = program.project.definition(module)
        bindings = definition.bindings.get("pytestmark", ()) if definition is not None else ()
        source = program.project.source(module) if bindings else None
        found: list[str] = []
        for binding in bindings if source is not None else ():
            if isinstance(binding, Assignment) and binding.value is not None:
                node: cst.CSTNode = source.nodes[binding.value]  # type: ignore[union-attr]
                many = isinstance(node, (cst.List, cst.Tuple))
                for part in [element.value for element in node.elements] if many else [node]:  # type: ignore[attr-defined]
                    found.append(dotted_name(part.func if isinstance(part, cst.Call) else part) or "")
        return tuple(found)

    return program.once(("marks", module), compute, ())


def _find(program: Program, module: str, definition: FunctionDefinition, name: str) -> str | None:
    own = f"{module}.{definition.qualname}"
    if definition.cls is not None:
        method = program.method(f"{module}.{definition.cls}", name)
        if method is not None and is_fixture(method[2]) and f"{method[0]}.{method[2].qualname}" != own:
            return f"{method[0]}.{method[2].qualname}"
    for place in (module, *_conftests(program, module)):
        for holder in (place, *_plugins(program, place)):
            found = _in_module(program, holder, name)
            # a fixture that asks for its own name gets the one that it stands before
            if found is not None and found != own:
                return found
    return None


def _in_module(program: Program, module: str, name: str) -> str | None:
    """The fixture called `name` in a module or among what it imports."""
    none: dict[str, str] = {}
    renamed = program.once(("fixtures", module), lambda: dict(_renamed(program, module)), none)
    if name in renamed:
        return renamed[name]
    found = program.resolve(module, name)
    if isinstance(found, Found) and isinstance(found.binding, FunctionDefinition) and is_fixture(found.binding):
        return found.name
    return None


def _renamed(program: Program, module: str) -> Iterator[tuple[str, str]]:
    """The fixtures of a module whose decorator gives them another name."""
    definition = program.project.definition(module)
    if definition is None:
        return
    candidates = [
        function
        for bindings in definition.bindings.values()
        for function in bindings
        if isinstance(function, FunctionDefinition) and is_fixture(function)
    ]
    source = program.project.source(module) if candidates else None
    for function in candidates if source is not None else ():
        for number in function.decorators:
            node: cst.CSTNode = source.nodes[number]  # type: ignore[union-attr]
            if isinstance(node, cst.Decorator):
                node = node.decorator
            for argument in node.args if isinstance(node, cst.Call) else ():
                name = string_value(argument.value)
                if argument.keyword is not None and argument.keyword.value == "name" and name:
                    yield name, f"{module}.{function.qualname}"


def _conftests(program: Program, module: str) -> tuple[str, ...]:
    """The `conftest` modules that hold for a module, the nearest first."""

    def compute() -> tuple[str, ...]:
        path = program.project.module_path(module)
        if path is None:
            return ()
        directory = os.path.dirname(path)
        tree = program.project.workspace.tree
        root = tree.own_root(path)
        found: list[str] = []
        # up to the top of the project, or of the folder where there is none
        while directory.startswith(root) or tree.boundary(directory) is not None:
            if tree.has_file(directory, "conftest.py"):
                conftest = os.path.join(directory, "conftest.py")
                name = program.project.module_name(conftest)
                if name != module and program.project.module_path(name) == conftest:
                    found.append(name)
            if directory == os.path.dirname(directory):
                break
            directory = os.path.dirname(directory)
        return tuple(found)

    return program.once(("conftests", module), compute, ())


def _plugins(program: Program, module: str) -> tuple[str, ...]:
    """The modules that a module names in `pytest_plugins`."""

    def compute() -> tuple[str, ...]:
        definition = program.project.definition(module)
        bindings = definition.bindings.get("pytest_plugins", ()) if definition is not None else ()
        source = program.project.source(module) if bindings else None
        if source is None:
            return ()
        written = [source.nodes[b.value] for b in bindings if isinstance(b, Assignment) and b.value is not None]
        parts: list[cst.CSTNode] = []
        for node in written:
            many = isinstance(node, (cst.List, cst.Tuple))
            parts += [element.value for element in node.elements] if many else [node]  # type: ignore[attr-defined]
        return tuple(text for text in map(string_value, parts) if text)

    return program.once(("plugins", module), compute, ())
