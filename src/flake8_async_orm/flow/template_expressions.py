"""The expressions of a Jinja template: what they give, and what they read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flake8_async_orm.flow import instances, members
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import templating
from flake8_async_orm.lattice import State, one_of, without_none
from flake8_async_orm.values import (
    TEXT,
    BoundMember,
    Collection,
    Constant,
    Function,
    Instance,
    Object,
    Site,
    Tuple,
    Unknown,
    Value,
)

#: templates and macros inside one another that are followed
DEEP = 10
#: nodes that are walked for one rendering
NODES = 20_000
_COLUMNS = frozenset({"column", "column_property", "composite"})
NOTHING = Unknown("a template's expression")

Names = dict[str, Any]
Where = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class Macro:
    """A macro (`node`) of the template `name`, with the names around it."""

    node: Any
    name: str
    names: Names


@dataclass(slots=True)
class Library:
    """What an imported template defines."""

    names: Names


@dataclass(slots=True)
class Expressions(ABC):
    """One rendering: its expressions, and what is known as they are evaluated."""

    frame: Frame
    state: State
    site: Site
    where: Where
    #: the template that is being walked
    name: str = ""
    blocks: dict[str, list[tuple[Any, str]]] = field(default_factory=dict)
    depth: int = 0
    nodes: int = 0
    #: what surrounds the block that is being walked, by its name: how often `super()` has been called
    supers: list[tuple[str, int, Names]] = field(default_factory=list)

    def shown(self, value: Value, node: Any) -> None:
        representation.shown(self.frame, self.state, value, "__str__", self.site)

    def perhaps(self, walk: Callable[[], None], doubtful: bool) -> None:
        """`walk()`; not where it is doubtful that it is reached: then nothing is said, and nothing asked of a caller."""
        if not doubtful:
            walk()

    def test(self, node: Any, names: Names) -> bool | None:
        value = self.expression(node, names)
        match value:
            case Constant(value=known):
                return bool(known)
            case Instance():
                return True
            case _:
                return None

    def depends_on_data(self, node: Any, names: Names) -> bool:
        """Whether only instances and what is in them decide a test."""
        leaves = [one for one in (node, *below(node, "Name")) if type(one).__name__ == "Name"]
        values = [names.get(one.name) for one in leaves]
        calls = list(below(node, "Call"))
        return (
            bool(leaves) and not calls and all(isinstance(one, Value) and instances.instances_in(one) for one in values)
        )

    def expression(self, node: Any, names: Names) -> Any:
        self.nodes += 1
        if self.nodes > NODES:
            return NOTHING
        handler = _KINDS.get(type(node).__name__)
        if handler is not None:
            return handler(self, node, names)
        for child in node.iter_child_nodes():
            self.expression(child, names)
        return NOTHING

    def constant(self, node: Any, names: Names) -> Any:
        return Constant(node.value)

    def text(self, node: Any, names: Names) -> Any:
        return TEXT

    def named(self, node: Any, names: Names) -> Any:
        return names.get(node.name, NOTHING)

    def member(self, node: Any, names: Names) -> Any:
        return self.attribute(self.expression(node.node, names), node.attr, node.lineno)

    def item(self, node: Any, names: Names) -> Any:
        owner = self.expression(node.node, names)
        key = self.expression(node.arg, names)
        if isinstance(key, Constant) and isinstance(key.value, str):
            return self.attribute(owner, key.value, node.lineno)
        if isinstance(owner, Collection) and owner.kind != "dict":
            return owner.of if type(node.arg).__name__ != "Slice" else owner
        return element(owner) if isinstance(owner, Tuple) else NOTHING

    def attribute(self, owner: Any, name: str, line: int) -> Any:
        """`owner.name`, as Jinja reads it."""
        if isinstance(owner, Library):
            return owner.names.get(name, NOTHING)
        if not isinstance(owner, Value):
            return NOTHING
        match without_none(owner):
            case Instance() as instance:
                return self.of_instance(instance, name, line)
            case Collection(kind="dict") as many:
                entry = many.entry(name)
                return entry if entry is not None else BoundMember(many, name)
            case Collection() as many:
                return BoundMember(many, name)
            case Tuple(row=True, items=items, names=columns) if name in columns:
                return items[columns.index(name)]
            case Object(cls=cls) as thing if self.frame.program.class_definition(cls.name) is not None:
                return members.field_value(self.frame, self.state, thing, name)
            case _:
                return NOTHING

    def of_instance(self, instance: Instance, name: str, line: int) -> Any:
        frame, state = self.frame, self.state
        attribute = members.mapped_attribute(frame, instance.model, name)
        outer, frame.serializing = frame.serializing, f"{self.name}:{line}"
        try:
            if attribute is not None and attribute.kind == "relationship":
                if attribute.lazy in ("dynamic", "write_only"):
                    return NOTHING
                return instances.read_relationship(frame, state, instance, attribute, self.site)
            if attribute is not None and attribute.kind in _COLUMNS:
                known = instances.column_at_stake(frame, state, instance, attribute)
                if known is not None:
                    instances.read_column(frame, state, known, instance, attribute, self.site)
                return Unknown("column")
        finally:
            frame.serializing = outer
        found = frame.program.method(instance.model, name)
        if found is None or (attribute is not None and attribute.kind not in ("hybrid", "other")):
            return NOTHING
        function = Function(f"{found[0]}.{found[2].qualname}", instance)
        if decorators.shape(frame.program, found[0], found[2]).style == "property":
            return project_calls.call(frame, state, function, [], self.site)
        return function

    def call(self, node: Any, names: Names) -> Any:
        callee = self.expression(node.node, names)
        given = [self.expression(one, names) for one in node.args]
        keywords = {one.key: self.expression(one.value, names) for one in node.kwargs}
        if isinstance(callee, Macro):
            self.expand(callee, given, keywords, names)
            return TEXT
        match callee:
            case Function():
                positional = [calls.Argument(_value(one), None, "", self.site) for one in given]
                named = [calls.Argument(_value(one), key, "", self.site) for key, one in keywords.items()]
                return project_calls.call(self.frame, self.state, callee, [*positional, *named], self.site)
            case BoundMember(receiver=Collection(of=of, kind="dict"), name="items"):
                return Collection(Tuple((Unknown("key"), of)))
            case BoundMember(receiver=Collection(of=of, kind="dict"), name="values"):
                return Collection(of)
        if type(node.node).__name__ == "Name" and node.node.name == "super" and self.supers:
            name, level, around = self.supers[-1]
            if level + 1 < len(self.blocks.get(name, ())):
                self.block_at(name, level + 1, around)
            return TEXT
        return NOTHING

    def expand(self, macro: Macro, given: list[Any], keywords: dict[str, Any], names: Names) -> None:
        """A macro, or the body of `{% call %}`, is shown with these arguments."""
        self.depth += 1
        if self.depth <= DEEP:
            inner = {**macro.names, "caller": names.get("caller", NOTHING)}
            wanted = [one.name for one in macro.node.args]
            defaults = macro.node.defaults
            for one, default in zip(wanted[len(wanted) - len(defaults) :], defaults, strict=True):
                inner[one] = self.expression(default, macro.names)
            inner.update({one: NOTHING for one in wanted if one not in inner})
            inner.update(zip(wanted, given, strict=False))
            inner.update({key: value for key, value in keywords.items() if key in wanted})
            outer, self.name = self.name, macro.name
            self.body(macro.node.body, inner)
            self.name = outer
        self.depth -= 1

    def filtered(self, node: Any, names: Names) -> Any:
        if node.node is None:
            return TEXT
        value = self.expression(node.node, names)
        given = [self.expression(one, names) for one in node.args]
        keywords = {one.key: self.expression(one.value, names) for one in node.kwargs}
        if not isinstance(value, Value):
            return NOTHING
        position = templating.ATTRIBUTE.get(node.name)
        wanted = keywords.get("attribute") or (
            given[position] if position is not None and position < len(given) else None
        )
        read: Any = None
        if node.name in templating.ATTRIBUTE and isinstance(wanted, Constant) and isinstance(wanted.value, str):
            read = element(value)
            for step in wanted.value.split("."):
                read = self.attribute(read, step, node.lineno)
        if node.name == "map":
            return Collection(_value(read)) if read is not None else NOTHING
        if node.name in templating.KEEPING or node.name in templating.EACH:
            return value
        if node.name in templating.ELEMENT:
            return element(value)
        if node.name in ("default", "d"):
            return value
        if node.name in templating.SHOWING and isinstance(without_none(value), Instance):
            self.shown(value, node)
        return NOTHING

    def either(self, node: Any, names: Names) -> Any:
        """`and`, `or`: the right side is perhaps not looked at."""
        is_and = type(node).__name__ == "And"
        truth = self.test(node.left, names)
        if truth is not None and truth is not is_and:
            return self.once_more(node.left, names)
        found: list[Any] = []
        doubtful = truth is None and not self.depends_on_data(node.left, names)
        self.perhaps(lambda: found.append(self.expression(node.right, names)), doubtful)
        return found[0] if truth is not None and found else NOTHING

    def once_more(self, node: Any, names: Names) -> Any:
        return self.expression(node, names)

    def chosen(self, node: Any, names: Names) -> Any:
        """`a if test else b`."""
        truth = self.test(node.test, names)
        doubtful = truth is None and not self.depends_on_data(node.test, names)
        found: list[Any] = []
        for one, outcome in ((node.expr1, True), (node.expr2, False)):
            if one is not None and truth is not (not outcome):
                self.perhaps(lambda one=one: found.append(self.expression(one, names)), doubtful)  # type: ignore[misc]
        return found[0] if len(found) == 1 else one_of([_value(one) for one in found]) if found else NOTHING

    def negated(self, node: Any, names: Names) -> Any:
        truth = self.test(node.node, names)
        return Constant(not truth) if truth is not None else NOTHING

    def tested(self, node: Any, names: Names) -> Any:
        """`x is defined`, `x is none`."""
        value = self.expression(node.node, names)
        for one in node.args:
            self.expression(one, names)
        known = isinstance(value, (Instance, Collection, Tuple, Constant))
        if node.name in ("defined", "undefined"):
            return Constant(node.name == "defined") if known else NOTHING
        if node.name == "none" and known:
            return Constant(isinstance(value, Constant) and value.value is None)
        return NOTHING

    def sequence(self, node: Any, names: Names) -> Any:
        return Tuple(tuple(_value(self.expression(one, names)) for one in node.items))

    def mapping(self, node: Any, names: Names) -> Any:
        entries = [(self.expression(one.key, names), _value(self.expression(one.value, names))) for one in node.items]
        known = tuple((str(key.value), value) for key, value in entries if isinstance(key, Constant))
        return Collection(NOTHING, "dict", None, known)

    @abstractmethod
    def body(self, nodes: list[Any], names: Names) -> None:
        """Render statements; see `template_bodies`."""

    @abstractmethod
    def block_at(self, name: str, level: int, names: Names) -> None:
        """Render a block as the template at `level` of the chain has it."""


def _value(found: Any) -> Value:
    return found if isinstance(found, Value) else NOTHING


def element(value: Any) -> Value:
    match without_none(value) if isinstance(value, Value) else value:
        case Collection(of=of, kind=kind) if kind != "dict":
            return of
        case Tuple(items=items) if items:
            return one_of(items)
        case _:
            return NOTHING


def below(node: Any, kind: str) -> Any:
    """All nodes of a kind below `node`."""
    for child in node.iter_child_nodes():
        if type(child).__name__ == kind:
            yield child
        yield from below(child, kind)


_KINDS: dict[str, Callable[[Expressions, Any, Names], Any]] = {
    "Const": Expressions.constant,
    "TemplateData": Expressions.text,
    "Name": Expressions.named,
    "Getattr": Expressions.member,
    "Getitem": Expressions.item,
    "Call": Expressions.call,
    "Filter": Expressions.filtered,
    "And": Expressions.either,
    "Or": Expressions.either,
    "CondExpr": Expressions.chosen,
    "Not": Expressions.negated,
    "Test": Expressions.tested,
    "Tuple": Expressions.sequence,
    "List": Expressions.sequence,
    "Dict": Expressions.mapping,
}

# these need what is defined above
from flake8_async_orm.flow import calls, decorators, project_calls, representation  # noqa: E402
