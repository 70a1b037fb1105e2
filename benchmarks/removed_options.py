"""Finds the loader options and eager mappings of a tree, and the text of a file without one of them, line by line the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOADERS = frozenset({"selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager"})
EAGER = frozenset({"selectin", "joined", "subquery", "immediate"})
_AFTER = re.compile(r"(?:\s|#[^\n]*\n)*,")


@dataclass(frozen=True)
class Removal:
    """Something that loads `model.attribute`, at `line` of `path`, whose text is `start` to `end`.

    `kind`: option, tail (the rest of a chain of options) or mapping. `group`: no two of a group are taken away together.
    `comma`: the end with the comma that goes with it. `marked`: an option may stand in its place.
    """

    number: int
    path: str
    line: int
    kind: str
    model: str
    attribute: str
    start: int
    end: int
    comma: int
    group: str
    marked: bool


def find(root: Path, folders: list[str]) -> list[Removal]:
    """Every removal below the folders of the tree, numbered in the order of files and lines."""
    found: list[Removal] = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if any(word in text for word in LOADERS) or "lazy=" in text:
                found += _File(str(path.relative_to(root)), text).removals(len(found))
    return found


def without(text: str, removals: list[Removal], marked: bool) -> str:
    """The text of a file without these; lines stay where they are. `marked`: what is loaded remembers what was taken away."""
    for one in sorted(removals, key=lambda one: -one.start):
        end = one.comma
        lines = "\n" * text.count("\n", one.start, end)
        if marked and one.marked and one.kind == "option":
            comma = "," if end > one.end else ""
            text = f"{text[: one.start]}_removed_option({one.number}{lines}){comma}{text[end:]}"
        elif marked and one.marked and one.kind == "tail":
            text = f"{text[: one.start]}, _removed_option({one.number}{lines}),{text[end:]}"
        elif one.kind == "tail":
            text = f"{text[: one.start]}{lines}{text[one.end :]}" if not lines else f"{text[: one.start]},{lines}{text[end:]}"
        else:
            text = f"{text[: one.start]}{lines}{text[end:]}"
    return text


class _File:
    def __init__(self, path: str, text: str) -> None:
        self.path, self.text, self.tree = path, text, ast.parse(text)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.lines = [0]
        for line in text.encode().splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line.decode()))

    def removals(self, number: int) -> Iterator[Removal]:
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            for kind, start, end, first, marked in (*self._of_mapping(node), *self._of_option(node)):
                comma = _AFTER.match(self.text, end)
                one = Removal(
                    number, self.path, self._line(start, kind), kind, *first, start, end, comma.end() if comma else end, self._group(node), marked
                )
                if self._holds(one):
                    yield one
                    number += 1

    def _of_mapping(self, node: ast.Call) -> Iterator[tuple[str, int, int, tuple[str, str], bool]]:
        if _name(node.func) not in ("relationship", "Relationship"):
            return
        for keyword in node.keywords:
            if keyword.arg == "lazy" and isinstance(keyword.value, ast.Constant) and keyword.value.value in EAGER:
                owner = self.parents[node]
                target = owner.target if isinstance(owner, ast.AnnAssign) else owner.targets[0] if isinstance(owner, ast.Assign) else None
                if isinstance(target, ast.Name) and isinstance(cls := self.parents[owner], ast.ClassDef):
                    yield "mapping", self._start(keyword), self._end(keyword), (cls.name, target.id), False

    def _of_option(self, node: ast.Call) -> Iterator[tuple[str, int, int, tuple[str, str], bool]]:
        """Of the outermost call of a chain: the whole of it, and what follows each link but the last."""
        if isinstance(self.parents[node], ast.Attribute):
            return
        links: list[ast.Call] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Call):
            links.append(inner)
            inner = inner.func.value if isinstance(inner.func, ast.Attribute) else inner.func
        links.reverse()
        if _name(links[0].func) not in LOADERS or not (self._listed(node)):
            return
        marked = self._of_statement(node)
        start, whole = self._in_parentheses(node)
        sole = self._sole(node)
        if sole is not None and len(links) == 1:
            start, whole, marked = self._start(sole), self._end(sole), False
        for index, link in enumerate(links):
            if _name(link.func) not in LOADERS or not link.args or not (first := _attribute(link.args[0])):
                continue
            if index == 0:
                yield "option", start, whole, first, marked
            else:
                yield "tail", self._end(links[index - 1]), self._end(node), first, marked and whole == self._end(node)

    def _sole(self, node: ast.Call) -> ast.expr | ast.keyword | None:
        """The argument that holds nothing but this option: nobody would leave an empty tuple behind."""
        owner = self.parents[node]
        if not isinstance(owner, ast.List | ast.Tuple) or len(owner.elts) != 1:
            return None
        above = self.parents[owner]
        return above if isinstance(above, ast.keyword) else owner if isinstance(above, ast.Call) else None

    def _in_parentheses(self, node: ast.Call) -> tuple[int, int]:
        """Where an argument begins and ends, with the parentheses around it."""
        start, end = self._start(node), self._end(node)
        owner = self.parents[node]
        first = self.text.index("(", self._end(owner.func)) if isinstance(owner, ast.Call) else start
        while True:
            before, after = len(self.text[:start].rstrip()) - 1, re.compile(r"\s*\)").match(self.text, end)
            if before <= first or self.text[before] != "(" or after is None:
                return start, end
            start, end = before, after.end()

    def _listed(self, node: ast.Call) -> bool:
        owner = self.parents[node]
        return isinstance(owner, ast.List | ast.Tuple) or (isinstance(owner, ast.Call) and node in owner.args and _name(owner.func) == "options")

    def _of_statement(self, node: ast.Call) -> bool:
        owner = self.parents[node]
        while isinstance(owner, ast.Call):
            if _name(owner.func) in LOADERS:
                return False
            owner = owner.func.value if isinstance(owner.func, ast.Attribute) else owner.func
        return True

    def _group(self, node: ast.AST) -> str:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return f"{self.path}:{node.name}:{node.lineno}"
        return self.path

    def _holds(self, one: Removal) -> bool:
        try:
            for marked in (True, False):
                ast.parse(without(self.text, [one], marked))
        except SyntaxError:
            return False
        return True

    def _line(self, start: int, kind: str) -> int:
        while kind == "tail" and self.text[start].isspace():
            start += 1
        return self.text.count("\n", 0, start) + 1

    def _start(self, node: ast.expr | ast.keyword) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.keyword) -> int:
        return self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        start = self.lines[line - 1]
        return start + len(self.text[start:].split("\n", 1)[0].encode()[:column].decode())


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _attribute(node: ast.expr) -> tuple[str, str] | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _attribute(node.func.value)
    return (_name(node.value), node.attr) if isinstance(node, ast.Attribute) else None
