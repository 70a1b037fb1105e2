"""Jinja templates: which file a name means, and what is in it. Without jinja2 installed there are none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import libcst as cst

from flake8_async_orm.knowledge import templating
from flake8_async_orm.project.definitions import Assignment
from flake8_async_orm.project.names import Found
from flake8_async_orm.project.syntax import dotted_name, keywords, positional, string_value

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

#: names that stand for one another are followed so far
_DEPTH = 4
#: directories above a module that are looked at
_ABOVE = 12


class Templates:
    """The templates of one project, each parsed once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._parsed: dict[str, Any] = {}
        self._environment: Any = None
        self._absent = False

    def parse(self, path: str) -> Any:
        """The syntax tree (`jinja2.nodes.Template`) of the file at `path`; None where there is none that can be read."""
        if path not in self._parsed:
            text = self.project.workspace.text_at(path)
            self._parsed[path] = self.parse_text(text) if text is not None else None
        return self._parsed[path]

    def parse_text(self, text: str) -> Any:
        """The syntax tree of a template's text, or None."""
        if self._environment is None and not self._absent:
            try:
                import jinja2
            except ImportError:
                self._absent = True
            else:
                self._environment = jinja2.Environment(extensions=templating.EXTENSIONS)
        if self._environment is None:
            return None
        try:
            return self._environment.parse(text)
        except Exception:  # noqa: BLE001 - whatever the parser says, nothing is known of the template
            return None

    def find(self, name: str, near: str, directories: tuple[str, ...]) -> str | None:
        """The file of the template `name`, looked for in `directories` (the ends of their paths), which the file `near` names.

        None where it is not there, or where two files may be meant.
        """
        parts = name.split("/")
        if not all(parts) or ".." in parts:
            return None
        for directory in directories or (templating.CONVENTIONAL,):
            found = {
                path
                for above in self._above(near)
                if (path := self._below(above, [*_steps(directory), *parts])) is not None
            }
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def _above(self, path: str) -> Iterator[str]:
        boundary = self.project.workspace.tree.boundary(os.path.dirname(path))
        directory = os.path.dirname(path)
        for _ in range(_ABOVE):
            yield directory
            above = os.path.dirname(directory)
            if directory == boundary or above == directory:
                return
            directory = above

    def _below(self, directory: str, parts: list[str]) -> str | None:
        tree = self.project.workspace.tree
        for part in parts[:-1]:
            if not tree.has_directory(directory, part):
                return None
            directory = os.path.join(directory, part)
        return os.path.join(directory, parts[-1]) if tree.has_file(directory, parts[-1]) else None

    # -- directories --------------------------------------------------------------------------------------------------

    def directories(self, module: str, call: cst.CSTNode) -> tuple[str, ...] | None:
        """The ends of the paths of the directories from which a call of `Jinja2Templates`, `Environment` or a loader takes
        templates; nothing where they cannot be read; None where its templates are not written as usual."""
        if not isinstance(call, cst.Call):
            return ()
        given, starred = keywords(call)
        if starred or any(name.endswith(("_string", "_prefix")) for name in given):
            return None
        kind = (dotted_name(call.func) or "").rpartition(".")[2]
        first = next(iter(positional(call)), None)
        if kind == "Environment":
            loader = given.get("loader", first)
            return self.directories(module, loader) if loader is not None else ()
        if "env" in given:
            return self._named(module, given["env"])
        if kind == "PackageLoader":
            where = given.get("package_path")
            where = where if where is not None else next(iter(positional(call)[1:]), None)
            return (templating.CONVENTIONAL,) if where is None else self._paths(module, where)
        if kind == "ChoiceLoader":
            loaders = given.get("loaders", first)
            elements = loaders.elements if isinstance(loaders, (cst.List, cst.Tuple)) else ()
            found = [self.directories(module, one.value) for one in elements]
            return tuple(path for paths in found for path in paths or ()) if all(found) else ()
        where = given.get("directory", given.get("searchpath", first))
        return self._paths(module, where) if where is not None else ()

    def _named(self, module: str, node: cst.CSTNode) -> tuple[str, ...] | None:
        """The directories of an environment that is called, or named."""
        if isinstance(node, cst.Call):
            return self.directories(module, node)
        found = self._assigned(module, node)
        return self.directories(*found) if found is not None and isinstance(found[1], cst.Call) else ()

    def _paths(self, module: str, node: cst.CSTNode) -> tuple[str, ...]:
        if isinstance(node, (cst.List, cst.Tuple)):
            found = [self._end(module, element.value) for element in node.elements]
        else:
            found = [self._end(module, node)]
        known = tuple(path for path in found if path)
        return known if len(known) == len(found) else ()

    def _end(self, module: str, node: cst.CSTNode, depth: int = 0) -> str | None:
        """The end of the path that an expression gives: what is written of it, behind what is not known."""
        text = string_value(node)
        if text is not None or depth > _DEPTH:
            return text
        match node:
            case cst.BinaryOperation(operator=cst.Divide(), left=left, right=right):
                last = string_value(right)
                ahead = self._end(module, left, depth + 1)
                return f"{ahead}/{last}" if last and ahead else last
            case cst.Call(func=func):
                kind = (dotted_name(func) or "").rpartition(".")[2]
                if kind == "join":
                    ends: list[str] = []
                    for argument in reversed(positional(node)):
                        end = string_value(argument)
                        if end is None:
                            break
                        ends.append(end)
                    return "/".join(reversed(ends)) or None
                if kind in ("str", "Path", "PurePath", "abspath", "realpath") and len(node.args) == 1:
                    return self._end(module, node.args[0].value, depth + 1)
                if kind == "joinpath" and isinstance(func, cst.Attribute):
                    last = "/".join(filter(None, map(string_value, positional(node))))
                    ahead = self._end(module, func.value, depth + 1)
                    return f"{ahead}/{last}" if ahead else last or None
                if isinstance(func, cst.Attribute) and func.attr.value in ("resolve", "absolute", "as_posix"):
                    return self._end(module, func.value, depth + 1)
                return None
            case cst.Name() | cst.Attribute():
                found = self._assigned(module, node)
                return self._end(*found, depth + 1) if found is not None else None
            case _:
                return None

    def _assigned(self, module: str, node: cst.CSTNode) -> tuple[str, cst.CSTNode] | None:
        """The module and the expression that a name of the module level stands for."""
        name = dotted_name(node)
        found = self.project.resolve(module, name) if name else None
        if not isinstance(found, Found) or not isinstance(found.binding, Assignment) or found.binding.value is None:
            return None
        source = self.project.source(found.module)
        return (found.module, source.nodes[found.binding.value]) if source is not None else None


def _steps(directory: str) -> list[str]:
    return [step for step in directory.replace("\\", "/").split("/") if step not in ("", ".")]
