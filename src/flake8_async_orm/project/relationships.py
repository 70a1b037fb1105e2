"""What a relationship's arguments and annotation say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import mapping
from flake8_async_orm.project.annotations import Shape
from flake8_async_orm.project.definitions import Assignment, MappedAttribute
from flake8_async_orm.project.names import Found
from flake8_async_orm.project.syntax import (
    dotted_name,
    expression,
    head_name,
    keywords,
    literal,
    mapping_items,
    positional,
    string_value,
)
from flake8_async_orm.records import record

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

Arguments = Mapping[str, cst.BaseExpression]
_FOREIGN = re.compile(r"foreign\(\s*(?:(\w+)\.)?\w+")


@record
class Declared:
    """An attribute as its class declares it.

    Of a relationship: `target` as written (a dotted name) and whether it was `quoted`, so that the registry
    decides; `remote_side`: there is such an argument; `uselist_open`: what is not written follows from foreign
    keys; `foreign`: the class that is said to have them ("": its own); `backref`: the attribute that it makes on
    the target's side.
    """

    attribute: MappedAttribute
    target: str | None = None
    quoted: bool = False
    remote_side: bool = False
    uselist_open: bool = False
    foreign: str | None = None
    backref: MappedAttribute | None = None


class Relationships:
    """Reads the relationships of one module."""

    def __init__(self, project: Project, module: str) -> None:
        self.project = project
        self.module = module

    def read(
        self,
        blank: MappedAttribute,
        call: cst.Call,
        arguments: Arguments,
        starred: bool,
        shape: Shape | None,
        kind: str,
    ) -> Declared:
        first: cst.BaseExpression | None = None
        if kind == "sqlmodel-relationship":
            inner = arguments.get("sa_relationship")
            if type(inner) is cst.Call:
                return self.read(blank, inner, *keywords(inner), shape, "relationship")
            more = arguments.get("sa_relationship_kwargs")
            items = {} if more is None else mapping_items(more)
            starred = starred or items is None or inner is not None or "sa_relationship_args" in arguments
            arguments = {**arguments, **(items or {})}
            secondary = "link_model" in arguments or "secondary" in arguments
        else:
            first = next(iter(positional(call)), None) or arguments.get("argument")
            secondary = "secondary" in arguments or len(positional(call)) > 1
        target, quoted = self.target(first)
        if target is None and shape is not None:
            target, quoted = shape.name, True
        uselist, open_ = self.uselist(arguments, shape, secondary)
        lazy = self.lazy(arguments, shape)
        if lazy in ("dynamic", "write_only"):
            uselist, open_ = True, False
        back, backref = self.reverse(arguments, secondary, blank)
        depth = literal(arguments.get("join_depth"))
        if starred:
            lazy = lazy if "lazy" in arguments else None
            annotated = shape is not None and shape.name is not None
            uselist, open_ = (uselist if "uselist" in arguments or annotated else None), False
        attribute = replace(
            blank,
            kind="relationship",
            uselist=uselist,
            lazy=lazy,
            back_populates=back,
            join_depth=depth if isinstance(depth, int) else 0 if starred or "join_depth" in arguments else None,
            viewonly=literal(arguments.get("viewonly")) is True,
            deletes=_cascades(arguments, "delete") or starred,
            saves="cascade" not in arguments or _cascades(arguments, "save-update"),
            init="init" not in arguments or literal(arguments["init"]) is not False,
            default_factory="default_factory" in arguments,
            default="python" if "default_factory" in arguments or "default" in arguments else "none",
        )
        return Declared(attribute, target, quoted, "remote_side" in arguments, open_, _foreign(arguments), backref)

    def target(self, node: cst.BaseExpression | None) -> tuple[str | None, bool]:
        """The class that the first argument of a relationship names, and whether in quotes."""
        if isinstance(node, cst.Lambda):
            return self.target(node.body)
        text = string_value(node)
        if text is not None:
            parsed = expression(text)
            return (head_name(parsed) if parsed is not None else None), True
        if isinstance(node, (cst.Name, cst.Attribute)):
            name = dotted_name(node)
            found = self.project.resolve(self.module, name) if name else None
            if isinstance(found, Found) and isinstance(found.binding, Assignment) and found.binding.value is not None:
                source = self.project.source(found.module)
                constant = string_value(source.nodes[found.binding.value]) if source else None
                return (constant, True) if constant else (name, False)
            return name, False
        return None, False

    def uselist(self, arguments: Arguments, shape: Shape | None, secondary: bool) -> tuple[bool | None, bool]:
        """Whether a relationship holds many, and whether that is open still."""
        if "uselist" in arguments:
            return truth(arguments["uselist"], None), False
        if shape is not None and shape.name is not None:
            return shape.collection, False
        if secondary or "collection_class" in arguments:
            return True, False
        return None, True

    def lazy(self, arguments: Arguments, shape: Shape | None) -> str | None:
        by_wrapper = mapping.LAZY_BY_WRAPPER.get(shape.wrapper) if shape is not None else None
        node = arguments.get("lazy")
        if node is None:
            return by_wrapper or "select"
        value = literal(node)
        if value is ... and isinstance(node, (cst.Name, cst.Attribute)):
            found = self.project.resolve(self.module, dotted_name(node) or "")
            if isinstance(found, Found) and isinstance(found.binding, Assignment) and found.binding.value is not None:
                definition = self.project.definition(found.module)
                source = self.project.source(found.module)
                if source is not None and definition is not None and len(definition.bindings[found.binding.name]) == 1:
                    value = literal(source.nodes[found.binding.value])
        return mapping.LAZY.get(value) if isinstance(value, (str, bool, type(None))) else None

    def reverse(
        self, arguments: Arguments, secondary: bool, blank: MappedAttribute
    ) -> tuple[str | None, MappedAttribute | None]:
        """The name of the other side, and the attribute that `backref` makes there."""
        back = string_value(arguments.get("back_populates"))
        node = arguments.get("backref")
        if node is None:
            return back, None
        name = string_value(node)
        options: Arguments = {}
        starred = False
        if type(node) is cst.Call and (dotted_name(node.func) or "").rpartition(".")[2] == "backref":
            name = string_value(next(iter(positional(node)), None))
            options, starred = keywords(node)
        if name is None:
            return back, None
        made = MappedAttribute(name, "relationship", node=blank.node, module=self.module, back_populates=blank.name)
        uselist = truth(options["uselist"], None) if "uselist" in options else (True if secondary else None)
        lazy = None if starred else self.lazy(options, None)
        if lazy in ("dynamic", "write_only") or "collection_class" in options:
            uselist = True
        viewonly, deletes = literal(options.get("viewonly")) is True, _cascades(options, "delete") or starred
        return name, replace(made, uselist=uselist, lazy=lazy, viewonly=viewonly, deletes=deletes)


def truth(node: cst.BaseExpression | None, unreadable: bool | None) -> bool | None:
    value = literal(node)
    return value if isinstance(value, bool) else unreadable


def _cascades(arguments: Arguments, what: str) -> bool:
    """Whether a `cascade` that is given may lead this along the relationship."""
    if "cascade" not in arguments:
        return False
    words = literal(arguments["cascade"])
    return not isinstance(words, str) or bool({"all", what} & {word.strip() for word in words.split(",")})


def _foreign(arguments: Arguments) -> str | None:
    """The class whose columns a relationship says are the foreign keys; "" for the class that declares it."""
    node = arguments.get("foreign_keys")
    if node is not None:
        text = string_value(node)
        parsed = expression(text) if text is not None else node
        while isinstance(parsed, (cst.List, cst.Tuple, cst.Lambda)):
            if isinstance(parsed, cst.Lambda):
                parsed = parsed.body
            else:
                parsed = parsed.elements[0].value if parsed.elements else None
        name = dotted_name(parsed) if parsed is not None else None
        return None if name is None else name.rpartition(".")[0].rpartition(".")[2]
    join = arguments.get("primaryjoin")
    if join is None:
        return None
    found = _FOREIGN.search(string_value(join) or cst.Module([]).code_for_node(join))
    return None if found is None else found[1] or ""
