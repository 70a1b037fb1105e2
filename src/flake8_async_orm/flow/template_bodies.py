"""What a Jinja template reads of the instances that it is given.

Templates are rendered by plain functions: nothing in them is awaited. A template is walked like a function's body, along its
inheritance, its includes and its macros. What is chosen by something that is not known here (a flag, a name of the
environment's) may never be reached, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flake8_async_orm.flow import instances
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.template_expressions import (
    DEEP,
    NODES,
    NOTHING,
    Expressions,
    Library,
    Macro,
    Names,
    Where,
    below,
    element,
)
from flake8_async_orm.lattice import State, join_states, without_none
from flake8_async_orm.values import (
    TEXT,
    Collection,
    Instance,
    Object,
    OneOf,
    Site,
    Tuple,
    Unknown,
    Value,
)


def render(frame: Frame, state: State, path: str | None, context: dict[str, Value], site: Site, where: Where) -> None:
    """The template at `path` is rendered with `context` at `site`. `where`: how it names others."""
    if path is None or not any(_matters(value) for value in context.values()):
        return
    _Rendering(frame, state, site, where).whole(path, dict(context))


def _matters(value: Value) -> bool:
    return bool(instances.instances_in(value)) or isinstance(value, (Object, Collection))


class _Rendering(Expressions):
    """One rendering: its statements."""

    # -- templates --------------------------------------------------------------------------------------------------

    def find(self, node: Any) -> str | None:
        """The file that the constant `node` names."""
        if type(node).__name__ != "Const" or not isinstance(node.value, str):
            return None
        return self.frame.program.project.templates.find(node.value, *self.where)

    def whole(self, path: str, names: Names) -> None:
        """A template and those that it extends."""
        self.depth += 1
        if self.depth <= DEEP:
            self._whole(path, names)
        self.depth -= 1

    def _whole(self, path: str, names: Names) -> None:
        parse = self.frame.program.project.templates.parse
        chain: list[tuple[Any, str]] = []
        wanted: str | None = path
        while wanted is not None:
            tree = parse(wanted)
            if tree is None or len(chain) >= DEEP:
                return
            chain.append((tree, short(wanted)))
            extends = [node for node in tree.body if type(node).__name__ == "Extends"]
            if len(extends) != len(list(below(tree, "Extends"))):
                # which one it extends is decided as it is rendered
                return
            if not extends:
                break
            wanted = self.find(extends[0].template)
            if wanted is None:
                return
        outer, self.blocks = self.blocks, {}
        outer_name = self.name
        for tree, name in chain:
            for block in below(tree, "Block"):
                self.blocks.setdefault(block.name, []).append((block, name))
        for tree, name in chain[:-1]:
            # of a template that extends another, what stands outside of blocks is not shown
            self.name = name
            for node in tree.body:
                if type(node).__name__ in ("Assign", "AssignBlock", "Macro", "Import", "FromImport"):
                    self.statement(node, names)
        tree, self.name = chain[-1]
        self.body(tree.body, names)
        self.blocks, self.name = outer, outer_name

    def library(self, path: str | None, names: Names) -> Library:
        """What the template at `path` defines for those that import it."""
        tree = self.frame.program.project.templates.parse(path) if path is not None else None
        inner: Names = dict(names)
        if tree is not None and path is not None and self.depth < DEEP:
            outer, self.name = self.name, short(path)
            self.depth += 1
            for node in tree.body:
                if type(node).__name__ in ("Macro", "Import", "FromImport", "Assign"):
                    self.statement(node, inner)
            self.depth -= 1
            self.name = outer
        return Library(inner)

    # -- statements -------------------------------------------------------------------------------------------------

    def body(self, nodes: list[Any], names: Names) -> None:
        for node in nodes:
            self.statement(node, names)

    def statement(self, node: Any, names: Names) -> None:
        self.nodes += 1
        if self.nodes > NODES:
            return
        handler = _STATEMENTS.get(type(node).__name__)
        if handler is not None:
            handler(self, node, names)

    def output(self, node: Any, names: Names) -> None:
        for part in node.nodes:
            value = self.expression(part, names)
            if isinstance(value, (Instance, Collection, Tuple, OneOf)):
                self.shown(value, part)

    def loop(self, node: Any, names: Names) -> None:
        many = self.expression(node.iter, names)
        before = self.state.copy()
        inner = {**names, "loop": Unknown("loop")}
        self.bind(node.target, element(many), inner)
        if node.test is not None:
            self.expression(node.test, inner)
        # nobody knows how often what is not known is gone through
        self.perhaps(lambda: self.body(node.body, inner), doubtful=not _is_many(many))
        merged = join_states(before, self.state.copy())
        if merged is not None:
            self.state.names, self.state.heap = merged.names, merged.heap
        self.perhaps(lambda: self.body(node.else_, dict(names)), doubtful=True)

    def bind(self, target: Any, value: Any, names: Names) -> None:
        if type(target).__name__ == "Name":
            names[target.name] = value
        elif type(target).__name__ == "Tuple":
            known = value.items if isinstance(value, Tuple) and len(value.items) == len(target.items) else None
            for index, item in enumerate(target.items):
                self.bind(item, known[index] if known is not None else NOTHING, names)

    def condition(self, node: Any, names: Names) -> None:
        """`{% if %}` with what follows it."""
        branches = [(node.test, node.body), *((one.test, one.body) for one in node.elif_)]
        ends: list[State] = []
        doubtful = False
        for test, body in branches:
            truth = self.test(test, names)
            if truth is False:
                continue
            doubtful = doubtful or not self.depends_on_data(test, names)
            ends.append(self.branch(body, names, doubtful and truth is not True))
            if truth is True:
                self.end(ends)
                return
        ends.append(self.branch(node.else_, names, doubtful))
        self.end(ends)

    def branch(self, body: list[Any], names: Names, doubtful: bool) -> State:
        before = self.state.copy()
        self.perhaps(lambda: self.body(body, names), doubtful)
        after = State(self.state.names, self.state.heap)
        self.state.names, self.state.heap = before.names, before.heap
        return after

    def end(self, ends: list[State]) -> None:
        merged: State | None = None
        for one in ends:
            merged = join_states(merged, one)
        if merged is not None:
            self.state.names, self.state.heap = merged.names, merged.heap

    def block(self, node: Any, names: Names) -> None:
        found = self.blocks.get(node.name)
        if found:
            self.block_at(node.name, 0, names)

    def block_at(self, name: str, level: int, names: Names) -> None:
        block, template = self.blocks[name][level]
        outer, self.name = self.name, template
        self.supers.append((name, level, names))
        self.body(block.body, dict(names))
        self.supers.pop()
        self.name = outer

    def include(self, node: Any, names: Names) -> None:
        path = self.find(node.template)
        if path is not None:
            self.whole(path, dict(names) if node.with_context else {})

    def imported(self, node: Any, names: Names) -> None:
        names[node.target] = self.library(self.find(node.template), dict(names) if node.with_context else {})

    def imported_from(self, node: Any, names: Names) -> None:
        library = self.library(self.find(node.template), dict(names) if node.with_context else {})
        for one in node.names:
            name, alias = one if isinstance(one, tuple) else (one, one)
            names[alias] = library.names.get(name, NOTHING)

    def macro(self, node: Any, names: Names) -> None:
        names[node.name] = Macro(node, self.name, names)

    def assign(self, node: Any, names: Names) -> None:
        self.bind(node.target, self.expression(node.node, names), names)

    def assign_block(self, node: Any, names: Names) -> None:
        self.body(node.body, dict(names))
        self.bind(node.target, TEXT, names)

    def scoped(self, node: Any, names: Names) -> None:
        """`{% with %}`, `{% filter %}`, `{% autoescape %}`: names of its own."""
        inner = dict(names)
        for target, value in zip(getattr(node, "targets", ()), getattr(node, "values", ()), strict=False):
            self.bind(target, self.expression(value, names), inner)
        self.body(node.body, inner)

    def call_block(self, node: Any, names: Names) -> None:
        self.expression(node.call, {**names, "caller": Macro(node, self.name, names)})

    def evaluated(self, node: Any, names: Names) -> None:
        self.expression(node.node, names)


def _is_many(value: Any) -> bool:
    return isinstance(value, Value) and isinstance(without_none(value), (Collection, Tuple))


def short(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


_STATEMENTS: dict[str, Callable[[_Rendering, Any, Names], None]] = {
    "Output": _Rendering.output,
    "For": _Rendering.loop,
    "If": _Rendering.condition,
    "Block": _Rendering.block,
    "Include": _Rendering.include,
    "Import": _Rendering.imported,
    "FromImport": _Rendering.imported_from,
    "Macro": _Rendering.macro,
    "Assign": _Rendering.assign,
    "AssignBlock": _Rendering.assign_block,
    "With": _Rendering.scoped,
    "Scope": _Rendering.scoped,
    "FilterBlock": _Rendering.scoped,
    "ScopedEvalContextModifier": _Rendering.scoped,
    "CallBlock": _Rendering.call_block,
    "ExprStmt": _Rendering.evaluated,
}
