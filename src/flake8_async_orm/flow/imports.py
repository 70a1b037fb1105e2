"""Imports inside functions."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.lattice import Binding, State
from flake8_async_orm.project import Found, ModuleFound
from flake8_async_orm.values import Constant, Module, Unknown, Value


def bind_imports(frame: Frame, node: cst.Import | cst.ImportFrom, state: State) -> None:
    """Bind what an import statement in a function's body brings in."""
    if isinstance(node, cst.Import):
        for alias in node.names:
            dotted = dotted_name(alias.name) or ""
            if alias.asname is not None and type(alias.asname.name) is cst.Name:
                state.names[alias.asname.name.value] = Binding(by_dotted(frame, dotted))
            else:
                first = dotted.partition(".")[0]
                state.names[first] = Binding(Module(first))
        return
    if isinstance(node.names, cst.ImportStar):
        return
    base = absolute(frame, node)
    for alias in node.names:
        if type(alias.name) is cst.Name:
            bound = alias.asname.name if alias.asname is not None else alias.name
            if type(bound) is cst.Name:
                value = by_dotted(frame, f"{base}.{alias.name.value}") if base else Unknown("import not resolved")
                state.names[bound.value] = Binding(value)


def absolute(frame: Frame, node: cst.ImportFrom) -> str:
    """The absolute dotted module of a `from ... import`, or an empty string."""
    module = dotted_name(node.module) if node.module is not None else ""
    level = len(node.relative)
    if level == 0:
        return module or ""
    definition = frame.program.project.definition(frame.module)
    parts = frame.module.split(".")
    if definition is None or not definition.is_package:
        parts = parts[:-1]
    parts = parts[: len(parts) - (level - 1)]
    return ".".join([*parts, *([module] if module else [])])


def by_text(frame: Frame, name: Value) -> Value:
    """What `importlib.import_module(name)` gives."""
    dotted = name.value if isinstance(name, Constant) else None
    if not isinstance(dotted, str) or not all(part.isidentifier() for part in dotted.split(".")):
        return Unknown("a module by name")
    found = frame.program.project.find(dotted)
    # what is not in sight may have any name, also one that a function of SQLAlchemy's has
    return Module(found.name) if isinstance(found, ModuleFound) else Module(dotted)


def by_dotted(frame: Frame, dotted: str) -> Value:
    """The value of a full dotted name."""
    found = frame.program.project.find(dotted)
    if isinstance(found, ModuleFound):
        return Module(found.name)
    module, _, name = dotted.rpartition(".")
    if isinstance(found, Found) or frame.program.project.definition(module) is not None:
        return frame.program.global_value(module, name)
    return frame.program.external(dotted) if name and module else Module(dotted)
