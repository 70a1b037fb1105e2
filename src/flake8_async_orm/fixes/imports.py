"""How a name of another module is written in a file, and the import that it may need."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import inserted
from flake8_async_orm.fixes.layout import appended
from flake8_async_orm.fixes.names import bindings, bound_by, matters_at
from flake8_async_orm.fixes.tree import Tree

Import = cst.Import | cst.ImportFrom


@dataclass(frozen=True, slots=True)
class Spelling:
    """What to write for an imported thing, and the edits that make it true."""

    text: str
    edits: tuple[Edit, ...] = ()


def spelling(tree: Tree, module: str, name: str, at: cst.CSTNode) -> Spelling | None:
    """How `name` of `module` is written at `at`: as it is imported, or by a new import. None: the name is taken."""
    for statement in imports_for(tree, at):
        text = _as_imported(statement, module, name)
        if text is not None and not hidden(tree, text, at):
            return Spelling(text)
    for node in bindings(tree, name):
        if not _is_import_of(tree, node, module, name) and matters_at(tree, node, at):
            return None
    present = _import_from(tree, module, at)
    if present is not None:
        return Spelling(name, add_name(tree, present, name))
    return Spelling(name, (_new_import(tree, module, name),))


def imports_for(tree: Tree, at: cst.CSTNode) -> Iterator[Import]:
    """The imports that surely have run when `at` does: at the module's top, and ahead in the functions around `at`."""
    function = tree.function(at)
    while function is not None:
        for statement in _imports_in(function.body):
            if tree.span(statement).end <= tree.span(at).start:
                yield statement
        function = tree.function(function)
    yield from _ahead(tree, at)


def _ahead(tree: Tree, at: cst.CSTNode) -> Iterator[Import]:
    """The imports at the module's top that have run when `at` does: for a function's body, all of them."""
    in_function = tree.function(at) is not None
    for statement in _imports_in(tree.source.module):
        if in_function or tree.span(statement).end <= tree.span(at).start:
            yield statement


def _imports_in(block: cst.Module | cst.BaseSuite) -> Iterator[Import]:
    for line in block.body:
        if isinstance(line, cst.SimpleStatementLine):
            for statement in line.body:
                if isinstance(statement, (cst.Import, cst.ImportFrom)):
                    yield statement


def aliases(statement: Import) -> list[cst.ImportAlias]:
    """The names of an import; none for a star."""
    return [] if isinstance(statement.names, cst.ImportStar) else list(statement.names)


def module_of(tree: Tree, statement: cst.ImportFrom) -> str:
    """What stands between `from` and `import`: dots and a dotted name."""
    dots = "." * len(statement.relative)
    return dots + (re.sub(r"\s", "", tree.code(statement.module)) if statement.module is not None else "")


def _as_imported(statement: Import, module: str, name: str) -> str | None:
    """What `statement` makes of `module.name`: `name`, an alias, or an attribute of an imported module."""
    parent, _, last = module.rpartition(".")
    for alias in aliases(statement):
        if isinstance(statement, cst.Import):
            if alias.evaluated_name == module:
                return f"{alias.evaluated_alias or module}.{name}"
            continue
        if statement.relative or statement.module is None:
            continue
        origin = _dotted(statement.module)
        if origin == module and alias.evaluated_name == name:
            return bound_by(alias)
        if origin == parent and alias.evaluated_name == last:
            return f"{bound_by(alias)}.{name}"
    return None


def _dotted(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def hidden(tree: Tree, text: str, at: cst.CSTNode) -> bool:
    """Whether the first name of `text` means something else in a function around `at`."""
    name = text.partition(".")[0]
    function = tree.function(at)
    while function is not None:
        if any(not isinstance(node, cst.ImportAlias) for node in bindings(tree, name, function)):
            return True
        function = tree.function(function)
    return False


def _is_import_of(tree: Tree, node: cst.CSTNode, module: str, name: str) -> bool:
    statement = tree.parent(node)
    return (
        isinstance(node, cst.ImportAlias)
        and isinstance(statement, cst.ImportFrom)
        and module_of(tree, statement) == module
        and node.evaluated_name == name
    )


def _import_from(tree: Tree, module: str, at: cst.CSTNode) -> cst.ImportFrom | None:
    """The first `from module import ...` at the file's top to which a name can be added."""
    for statement in _ahead(tree, at):
        if isinstance(statement, cst.ImportFrom) and aliases(statement) and module_of(tree, statement) == module:
            return statement
    return None


def add_name(tree: Tree, statement: cst.ImportFrom, name: str) -> tuple[Edit, ...]:
    """Edits that add `name` to an import, in its place where the names are sorted, else at the end."""
    present = aliases(statement)
    names = [alias.evaluated_name for alias in present]
    for key in (_by_kind, str.casefold):
        keys = [key(known) for known in names]
        if keys == sorted(keys):
            after = [alias for alias, known in zip(present, keys, strict=True) if known > key(name)]
            if after:
                return (_before(tree, tree.span(after[0]).start, name),)
            break
    last = present[-1]
    start, end = tree.span(last)
    return appended(tree, start, end, isinstance(last.comma, cst.Comma), name, mergeable=True)


def _before(tree: Tree, start: int, name: str) -> Edit:
    line = tree.line_start(start)
    between = tree.newline(line) + tree.margin(start) if tree.begins_line(start) and line else " "
    if tree.text[:line].rstrip("\r\n").endswith("\\"):
        between = " "
    return inserted(start, f"{name},{between}", mergeable=True)


def _by_kind(name: str) -> str:
    """The usual order of imported names: constants, classes, the rest."""
    kind = "0" if name.isupper() and len(name) > 1 else "1" if name[:1].isupper() else "2"
    return kind + name.casefold()


def _new_import(tree: Tree, module: str, name: str) -> Edit:
    """An import of its own, beside the imports of its like."""
    newline = tree.source.module.default_newline
    fresh = f"from {module} import {name}{newline}"
    present = [statement for statement in _head(tree) if not _is_from(tree, statement, "__future__")]
    root = module.partition(".")[0]
    kin = [statement for statement in present if _root(tree, statement) == root]
    standard = root in sys.stdlib_module_names
    if not kin and standard:
        kin = [statement for statement in present if _root(tree, statement) in sys.stdlib_module_names]
    if kin:
        key = (True, module.casefold())
        ahead = [statement for statement in kin if _order(tree, statement) < key]
        if ahead:
            return _after(tree, ahead[-1], fresh)
        return inserted(_line_of(tree, kin[0]), fresh, mergeable=True)
    if present and standard:
        return inserted(_line_of(tree, present[0]), fresh + newline, mergeable=True)
    if present:
        return _after(tree, present[-1], fresh)
    return _first_import(tree, fresh, newline)


def _head(tree: Tree) -> list[Import]:
    """The imports ahead of the file's first function, class or, after an import, assignment: an import further down may come too late."""
    found: list[Import] = []
    for line in tree.source.module.body:
        if isinstance(line, (cst.FunctionDef, cst.ClassDef)):
            break
        if isinstance(line, cst.SimpleStatementLine):
            found += [part for part in line.body if isinstance(part, (cst.Import, cst.ImportFrom))]
            if found and any(isinstance(part, (cst.Assign, cst.AnnAssign)) for part in line.body):
                break
    return found


def _first_import(tree: Tree, fresh: str, newline: str) -> Edit:
    """An import in a file that has none: after the docstring and `__future__`, else before the first statement."""
    last: cst.CSTNode | None = None
    for number, line in enumerate(tree.source.module.body):
        first = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
        docstring = number == 0 and isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)
        if not docstring and not (isinstance(first, cst.ImportFrom) and _is_from(tree, first, "__future__")):
            break
        last = first
    if last is not None:
        return _after(tree, last, newline + fresh)
    body = tree.source.module.body
    start = min((tree.span(node).start for node in tree.below(body[0])), default=0) if body else len(tree.text)
    return inserted(tree.line_start(start), fresh + newline, mergeable=True)


def _line_of(tree: Tree, node: cst.CSTNode) -> int:
    return tree.line_start(tree.span(node).start)


def _after(tree: Tree, node: cst.CSTNode, fresh: str) -> Edit:
    end = tree.line_end(tree.span(node).end)
    if end == len(tree.text):
        # the last line of the file has no newline to come after
        stripped = fresh.rstrip("\r\n")
        return inserted(end, tree.source.module.default_newline + stripped, mergeable=True)
    return inserted(tree.next_line(end), fresh, mergeable=True)


def _is_from(tree: Tree, statement: Import, module: str) -> bool:
    return isinstance(statement, cst.ImportFrom) and module_of(tree, statement) == module


def _module(tree: Tree, statement: Import) -> str:
    return module_of(tree, statement) if isinstance(statement, cst.ImportFrom) else statement.names[0].evaluated_name


def _root(tree: Tree, statement: Import) -> str:
    return _module(tree, statement).partition(".")[0]


def _order(tree: Tree, statement: Import) -> tuple[bool, str]:
    return isinstance(statement, cst.ImportFrom), _module(tree, statement).casefold()
