"""Parameters that nothing is said of, told by the project's calls: where all of them hand over the same kind of object, it is that.

The calls in the same module are asked first; where there are none, those of a function of module level in all other modules.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import libcst as cst

from flake8_async_orm.flow import evidence
from flake8_async_orm.flow.annotations import instance_of
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, plain
from flake8_async_orm.flow.scopes import mentioned_in
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.lattice import join
from flake8_async_orm.project import Found, reach
from flake8_async_orm.project.definitions import FunctionDefinition, Parameter
from flake8_async_orm.project.factories import FILES
from flake8_async_orm.source import SourceError
from flake8_async_orm.values import ApiObject, Because, Class, Object, Value, replace

#: callers in one module that are asked at most, and other files that may mention the function
_CALLERS = 40
_FILES = 12


def note(frame: Frame, function: str, definition: FunctionDefinition, parameter: Parameter, value: Value) -> None:
    """The body hands `value` to a parameter of a coroutine function that is not annotated."""
    if definition.is_async and parameter.kind != "star" and parameter.kind != "double-star":
        key = (function, parameter.name)
        known = frame.handed.get(key)
        given = _kind(value) if isinstance(value, ApiObject) else plain(value)
        frame.handed[key] = given if known is None else join(known, given)


def _kind(value: ApiObject) -> ApiObject:
    """The class of an object alone, and of a factory what it makes: how one of them was made says nothing of the others."""
    makes = value.of if value.cls in names.FACTORIES else None
    return ApiObject(value.cls, of=_kind(makes) if isinstance(makes, ApiObject) else None, subclass=value.subclass)


def agreed(frame: Frame, definition: FunctionDefinition, parameter: Parameter) -> Value | None:
    """What the project's calls of an `async def` hand to a parameter: an async object of SQLAlchemy's or one of a project class, the same in
    all, of which nothing is used that it lacks."""
    if not definition.is_async or definition.decorators or "<locals>" in definition.qualname or frame.patched:
        return None
    program, module = frame.program, frame.module
    if not program.reaches(module):
        return None
    own = f"{module}.{definition.qualname}"

    def compute() -> Value | None:
        found = _handed(frame, module, definition, own, parameter.name)
        # tests are called by nobody in sight
        alone = definition.cls is None and not definition.name.startswith("test")
        if found == [] and alone and _works_with(frame, parameter.name):
            found = _elsewhere(frame, definition, own, parameter.name)
        return found[0] if found and all(one == found[0] for one in found) else None

    nothing: Value | None = None
    value = program.once(("call sites", own, parameter.name), compute, nothing)
    return _fitting(frame, parameter.name, value) if value is not None else None


def _fitting(frame: Frame, name: str, value: Value) -> Value | None:
    """`value`, if the body uses nothing of its parameter `name` that it lacks."""
    uses = evidence.uses_of(frame, name)
    if isinstance(value, Object):
        own = frame.program.class_definition(value.cls.name) is not None
        has = (frame.program.method(value.cls.name, one) or frame.program.has_own_attribute(value.cls.name, one) for one in uses.members)
        return value if own and uses.members and all(has) else None
    if not isinstance(value, ApiObject) or value.cls not in names.ASYNC_CLASSES or value.subclass is not None:
        return None
    if value.cls in names.FACTORIES:
        return replace(value, because=Because("calls")) if not uses.members else None
    fitting = {member for member in uses.members if api.has_member(value.cls, member)}
    strange = uses.members - fitting
    # a statement is what people try to execute on anything
    if not fitting or not strange <= evidence.TAKES_STATEMENT or not (uses.awaited or _works_with(frame, name)):
        return None
    return replace(value, because=Because("calls"))


def _works_with(frame: Frame, name: str) -> bool:
    """Whether the body awaits or enters what the parameter `name` gives, or it itself."""
    assert frame.function is not None
    span = frame.source.span(frame.function.node)
    text = frame.source.text[span.start : span.end]
    return re.search(rf"\b(?:await|with)\s*\(?\s*{name}\s*[.(]|,\s*{name}\.\w+\([^()]*\) as ", text) is not None


def _handed(frame: Frame, module: str, definition: FunctionDefinition, own: str, name: str) -> list[Value] | None:
    """What the functions of `module` that mention the function `own` hand to its parameter `name`; None where one of them mentions it
    and nobody knows what for."""
    program = frame.program
    declared, source = program.project.definition(module), program.project.source(module)
    if declared is None or source is None:
        return []
    callers = [
        one
        for one in declared.functions.values()
        if not (one.node == definition.node and module == frame.module)
        and "<locals>" not in one.qualname
        and definition.name in mentioned_in(source, one.node)
    ]
    found: list[Value] = []
    if len(callers) > _CALLERS:
        return None
    for caller in callers:
        receiver = plain(instance_of(program, Class(f"{module}.{caller.cls}"))) if caller.cls is not None else None
        given = program.outcome(Key(f"{module}.{caller.qualname}", receiver)).handed.get((own, name))
        if given is None:
            return None
        found.append(given)
    return found


def _elsewhere(frame: Frame, definition: FunctionDefinition, own: str, name: str) -> list[Value] | None:
    """The same of all other modules of the project. Tests are asked where nobody else calls the function."""
    found: dict[bool, list[Value]] = {False: [], True: []}
    for path in _mentioning(frame, definition.name):
        module = frame.program.project.module_name(path)
        meaning = frame.program.resolve(module, definition.name)
        if not isinstance(meaning, Found) or meaning.name != own:
            if not _is_member(frame, path, definition.name):
                continue
        elif _outside(frame, module, definition.name):
            return None
        given = _handed(frame, module, definition, own, name)
        is_test = frame.program.is_test(path)
        if given is None:
            if is_test:
                continue
            return None
        found[is_test] += given
    return found[False] or found[True]


def _mentioning(frame: Frame, name: str) -> Iterator[str]:
    """The other files of the project in which `name` stands; none if they are many."""
    project = frame.program.project
    workspace = project.workspace
    own = project.module_path(frame.module)
    paths: list[str] = []
    top = project.locator.root
    if own is not None and not own.startswith(top + os.sep):
        # tests and scripts, beside the sources
        top = workspace.tree.boundary(os.path.dirname(own)) or top
    for path in workspace.tree.modules(top, FILES):
        if path == own or not workspace.says(path, (name,)) or workspace.project_for(path) is not project:
            continue
        if _imports(workspace.text_at(path) or "", name, frame.module.rpartition(".")[2]):
            paths.append(path)
            if len(paths) > _FILES:
                return iter(())
    return iter(paths)


def _imports(text: str, name: str, module: str) -> bool:
    """Whether a file seems to import the function `name`, or the `module` that it stands in."""
    for imported, words in reach.imports(text.encode()):
        if name in words or "*" in words or module in words or module in imported.split("."):
            return True
    return False


def _is_member(frame: Frame, path: str, name: str) -> bool:
    """Whether the file at `path` calls or names something as a member `name` of a module or an object."""
    text = frame.program.project.workspace.text_at(path) or ""
    return re.search(rf"\w\.{name}\b", text) is not None


def _outside(frame: Frame, module: str, name: str) -> bool:
    """Whether `name` is mentioned in `module` outside of functions, where nobody knows what for; an import is none of that,
    nor is the name alone as a string (`__all__`)."""
    source = frame.program.project.source(module)
    definition = frame.program.project.definition(module)
    if source is None or definition is None:
        return True
    try:
        spans = [source.span(one.node) for one in definition.functions.values()]
        spans += [source.span(number) for number, kind in enumerate(source.kinds) if kind is cst.ImportFrom or kind is cst.Import]
    except (SourceError, RecursionError):
        return True
    return any(
        not any(span.start <= found.start() < span.end for span in spans) for found in re.finditer(rf"(?<![\"'])\b{name}\b", source.text)
    )
