"""Files of a tree as `ast` sees them, and what names alone say of them; shares nothing with the linter."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
EAGER = frozenset({"selectin", "joined", "subquery", "immediate", "select_in"})
#: what needs no loading, or never loads
APART = EAGER | {"dynamic", "write_only", "noload"}

_SESSION = re.compile(r"_?(?:\w+_)?(?:session|sess|db|conn|connection)(?:_\w+)?", re.IGNORECASE)
_ANNOTATION = re.compile(r"\b(?:async_scoped_session|(?!Client|Http)\w*Session(?:Dep)?|(?:Async)?Connection)\b(?!\[)")
_MAKING = re.compile(r"session|engine|connect|\bbegin|\bdb\b|database", re.IGNORECASE)
_FAKES = re.compile(r"\b(?:MagicMock|AsyncMock|Mock|monkeypatch|patch|mocker|(?:Fake|Stub|Dummy)\w*(?:Session|Conn|Engine|Database)\w*)\b")


@dataclass
class File:
    """One file. `name` is its path below the tree."""

    path: Path
    name: str
    text: str
    tree: ast.Module
    data: bytes

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def starts(self) -> list[int]:
        """The byte at which each line begins."""
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @property
    def is_test(self) -> bool:
        parts = Path(self.name).parts
        return any(part in ("tests", "test", "testing") for part in parts) or parts[-1].startswith(("test_", "conftest"))

    @property
    def has_fakes(self) -> bool:
        return _FAKES.search(self.text) is not None

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def source(self, node: ast.expr | ast.stmt) -> str:
        return self.data[self.start(node) : self.end(node)].decode()

    def function_of(self, node: ast.AST) -> Function | None:
        """The function that a node is in the body of; None in lambdas and comprehensions, and outside of functions."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp | ast.ClassDef):
                return None
            if isinstance(node, Function):
                return node
        return None

    def class_of(self, function: Function) -> ast.ClassDef | None:
        above = self.parents.get(function)
        return above if isinstance(above, ast.ClassDef) else None


@dataclass
class Tree:
    """All files of a folder that `ast` can read, and the functions and mapped relationships in them by name."""

    root: Path
    files: list[File] = field(default_factory=list)

    @cached_property
    def functions(self) -> dict[str, list[tuple[File, Function]]]:
        found: dict[str, list[tuple[File, Function]]] = {}
        for file in self.files:
            for function in file.functions:
                found.setdefault(function.name, []).append((file, function))
        return found

    @cached_property
    def targets(self) -> dict[tuple[str, str], set[str]]:
        """For (class, attribute) the classes that a relationship to a single one is annotated with; an empty string where it is none such."""
        found: dict[tuple[str, str], set[str]] = {}
        for file in self.files:
            for node in (one for one in ast.walk(file.tree) if isinstance(one, ast.ClassDef)):
                for statement in node.body:
                    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                        found.setdefault((node.name, statement.target.id), set()).add(_single(statement.annotation))
        return found

    @cached_property
    def relationships(self) -> dict[tuple[str, str], set[str]]:
        """For (class, attribute) the values of `lazy=` with which it is a relationship, `select` where none is given."""
        found: dict[tuple[str, str], set[str]] = {}
        for file in self.files:
            for node in ast.walk(file.tree):
                if isinstance(node, ast.ClassDef):
                    for attribute, lazy in _relationships(node):
                        found.setdefault((node.name, attribute), set()).add(lazy)
        return found


def read(root: Path) -> Tree:
    """The Python files below `root`, or the one that it is."""
    paths = [root] if root.is_file() else sorted(root.rglob("*.py"))
    tree = Tree(root if root.is_dir() else root.parent)
    for path in paths:
        name = str(path.relative_to(tree.root))
        if any(part.startswith(".") or part in ("node_modules", "site-packages") for part in Path(name).parts) or path.is_symlink():
            continue
        try:
            data = path.read_bytes()
            text = data.decode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(text)
        except (OSError, SyntaxError, ValueError):
            continue
        if not data.startswith(b"\xef\xbb\xbf") and b"\f" not in data and b"\r" not in data:
            tree.files.append(File(path, name, text, module, data))
    return tree


def _single(annotation: ast.expr) -> str:
    """`User` of `Mapped["User | None"]`, nothing of `Mapped[list["User"]]`."""
    found = re.fullmatch(r"(?:Mapped\[)?['\"]?(?:Optional\[)?['\"]?(?:\w+\.)*(\w+)(?: \| None)?['\"\]]*", ast.unparse(annotation))
    return found[1] if found is not None else ""


def _relationships(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in cls.body:
        target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0] if isinstance(statement, ast.Assign) else None
        value = statement.value if isinstance(statement, ast.AnnAssign | ast.Assign) else None
        if isinstance(target, ast.Name) and isinstance(value, ast.Call) and last(value.func) in ("relationship", "Relationship"):
            yield target.id, _lazy(value)


def _lazy(call: ast.Call) -> str:
    for node in ast.walk(call):
        if isinstance(node, ast.keyword) and node.arg == "lazy":
            return str(node.value.value) if isinstance(node.value, ast.Constant) else "?"
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "lazy":
                    return str(value.value) if isinstance(value, ast.Constant) else "?"
    return "select"


def last(node: ast.AST) -> str:
    """`execute` of `session.execute`, `x` of `x`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.AST) -> str:
    """`self.session` for a chain of names, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    inner = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if isinstance(node, ast.Attribute) and inner else ""


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's own body, in the order of the text; not those of functions and classes inside."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        yield child
        yield from own_nodes(child)


def parameters(function: Function) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def is_session(file: File, function: Function, node: ast.expr) -> bool:
    """Whether names say that an expression is an async session or connection: a parameter annotated so, what `async with` binds
    to such a name, or an attribute of such a name in a file that names the class."""
    if isinstance(node, ast.Name) and _SESSION.fullmatch(node.id):
        return _is_bound_as_session(file, function, node.id)
    return (
        isinstance(node, ast.Attribute)
        and dotted(node.value) == "self"
        and _SESSION.fullmatch(node.attr) is not None
        and re.search(r"\bAsync(?:Session|Connection)\b", file.text) is not None
    )


def _is_bound_as_session(file: File, function: Function, name: str) -> bool:
    for argument in parameters(function):
        if argument.arg == name:
            return argument.annotation is not None and _ANNOTATION.search(ast.unparse(argument.annotation)) is not None
    bound = [node for node in own_nodes(function) if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)]
    entered = [item for node in own_nodes(function) if isinstance(node, ast.AsyncWith) for item in node.items if item.optional_vars in bound]
    return bool(entered) and len(entered) == len(bound) and all(_MAKING.search(file.source(item.context_expr)) for item in entered)
