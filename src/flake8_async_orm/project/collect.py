"""A file's tree to its definitions, in one pass over its statements.

Only statements are visited, through one table of their types; expressions are looked at where a definition needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from flake8_async_orm.project.definitions import (
    Assignment,
    AttributeDefinition,
    Binding,
    ClassDefinition,
    FunctionDefinition,
    Import,
    InstanceAttribute,
    ModuleDefinition,
    Parameter,
    TypeAlias,
)
from flake8_async_orm.project.scopes import ClassParts, Scope, branches, generators, is_stub
from flake8_async_orm.project.syntax import called_name, dotted_name, head_name, strings
from flake8_async_orm.source import Source


def collect(source: Source, name: str, is_package: bool, path: str | None = None) -> ModuleDefinition:
    """The definitions of `source`, which is the module `name` (dotted) at `path` (its own, if not given).

    Raises SourceError if there is no tree.
    """
    collector = _Collector(source, name, is_package)
    scope = Scope("module", "")
    collector.statements(source.module.body, scope)
    # they refer back to the collector
    collector.handlers.clear()
    return ModuleDefinition(
        name,
        source.path if path is None else path,
        is_package,
        {bound: tuple(bindings) for bound, bindings in collector.bindings.items()},
        tuple(dict.fromkeys(collector.stars)),
        tuple(collector.exports) if collector.exports is not None else None,
        collector.functions,
        collector.classes,
        frozenset(collector.fallbacks),
        frozenset(collector.conditional),
    )


def absolute(module: str, is_package: bool, level: int, name: str) -> str | None:
    """The module that a relative import means: `level` dots and `name`, written in `module`. None above the top."""
    if level == 0:
        return name
    parts = module.split(".") if module else []
    drop = level - 1 if is_package else level
    if drop > len(parts):
        return None
    return ".".join([*parts[: len(parts) - drop], *([name] if name else [])])


class _Collector:
    """Gathers what a module declares."""

    def __init__(self, source: Source, name: str, is_package: bool) -> None:
        self.number = source.number
        self.name = name
        self.is_package = is_package
        self.bindings: dict[str, list[Binding]] = {}
        self.stars: list[str] = []
        self.exports: list[str] | None = None
        self.exports_known = True
        self.functions: dict[str, FunctionDefinition] = {}
        self.classes: dict[str, ClassDefinition] = {}
        self.fallbacks: set[int] = set()
        self.conditional: set[int] = set()
        self.generators = generators(source)
        self.handlers: dict[type, Callable[[Any, Scope], None]] = {
            cst.SimpleStatementLine: self.line,
            cst.Assign: self.assign,
            cst.AnnAssign: self.annotated_assign,
            cst.AugAssign: self.augmented_assign,
            cst.Expr: self.expression,
            cst.Global: self.global_statement,
            cst.Import: self.import_statement,
            cst.ImportFrom: self.import_from,
            cst.TypeAlias: self.type_alias,
            cst.FunctionDef: self.function,
            cst.ClassDef: self.class_statement,
            cst.If: self.if_statement,
            cst.Try: self.try_statement,
            cst.TryStar: self.try_statement,
            cst.With: self.with_statement,
            cst.For: self.loop,
            cst.While: self.loop,
            cst.Match: self.match,
        }

    def statements(self, body: Sequence[cst.CSTNode], scope: Scope) -> None:
        handlers = self.handlers
        for statement in body:
            handler = handlers.get(type(statement))
            if handler is not None:
                handler(statement, scope)

    def line(self, node: cst.SimpleStatementLine, scope: Scope) -> None:
        self.statements(node.body, scope)

    def bind(self, name: str, binding: Binding, scope: Scope) -> None:
        """Note a binding of the module."""
        self.bindings.setdefault(name, []).append(binding)
        if scope.fallback:
            self.fallbacks.add(binding.node)
        elif scope.conditional:
            self.conditional.add(binding.node)

    # -- assignments ------------------------------------------------------------------------------------------------

    def assign(self, node: cst.Assign, scope: Scope) -> None:
        for target in node.targets:
            self.target(target.target, node, node.value, None, scope)

    def annotated_assign(self, node: cst.AnnAssign, scope: Scope) -> None:
        self.target(node.target, node, node.value, node.annotation.annotation, scope)

    def augmented_assign(self, node: cst.AugAssign, scope: Scope) -> None:
        if scope.kind == "module" and type(node.target) is cst.Name and node.target.value == "__all__":
            self.export(strings(node.value) if type(node.operator) is cst.AddAssign else None)
            return
        self.target(node.target, node, None, None, scope)

    def target(
        self,
        target: cst.CSTNode,
        statement: cst.CSTNode,
        value: cst.BaseExpression | None,
        annotation: cst.BaseExpression | None,
        scope: Scope,
    ) -> None:
        """Note what one target of an assignment binds; without `value` and `annotation` its value is not known."""
        kind = type(target)
        if kind is cst.Name:
            self.name_target(target.value, statement, value, annotation, scope)  # type: ignore[attr-defined]
        elif kind is cst.Attribute:
            if scope.self_name is not None:
                self.attribute_target(target, statement, value, annotation, scope)  # type: ignore[arg-type]
        elif isinstance(target, (cst.Tuple, cst.List)):
            values: Sequence[cst.BaseElement] = value.elements if isinstance(value, (cst.Tuple, cst.List)) else ()
            paired = len(values) == len(target.elements) and not any(
                type(element) is cst.StarredElement for element in (*values, *target.elements)
            )
            for index, element in enumerate(target.elements):
                self.target(element.value, statement, values[index].value if paired else None, None, scope)

    def name_target(
        self,
        name: str,
        statement: cst.CSTNode,
        value: cst.BaseExpression | None,
        annotation: cst.BaseExpression | None,
        scope: Scope,
    ) -> None:
        if scope.kind == "function":
            if name not in scope.global_names:
                return
            scope.global_writes.append(name)
        number = self.number
        value_number = None if value is None else number(value)
        annotation_number = None if annotation is None else number(annotation)
        if scope.kind == "class":
            assert scope.cls is not None
            attribute = AttributeDefinition(name, number(statement), annotation_number, value_number)
            scope.cls.attributes.setdefault(name, []).append(attribute)
            return
        if name == "__all__" and scope.kind == "module":
            self.exports = None
            self.exports_known = True
            self.export(strings(value) if value is not None else None)
        explicit_alias = annotation is not None and (dotted_name(annotation) or "").rpartition(".")[2] == "TypeAlias"
        follow = annotation is None or explicit_alias
        assignment = Assignment(
            name,
            number(statement),
            value_number,
            annotation_number,
            scope.function or None,
            value is None and annotation is None,
            alias=dotted_name(value) if value is not None and follow else None,
            origin=dotted_name(value.value) if type(value) is cst.Subscript and follow else None,
            call=called_name(value.func) if type(value) is cst.Call else None,
        )
        if assignment.alias in ("None", "True", "False"):
            assignment = replace(assignment, alias=None)
        self.bind(name, assignment, scope)

    def attribute_target(
        self,
        target: cst.Attribute,
        statement: cst.CSTNode,
        value: cst.BaseExpression | None,
        annotation: cst.BaseExpression | None,
        scope: Scope,
    ) -> None:
        if not (type(target.value) is cst.Name and target.value.value == scope.self_name and scope.cls is not None):
            return
        name = target.attr.value
        attribute = InstanceAttribute(
            name,
            scope.method,
            self.number(statement),
            None if annotation is None else self.number(annotation),
            None if value is None else self.number(value),
        )
        scope.cls.instance_attributes.setdefault(name, []).append(attribute)

    def type_alias(self, node: cst.TypeAlias, scope: Scope) -> None:
        if scope.kind == "module":
            alias = TypeAlias(node.name.value, self.number(node), self.number(node.value), dotted_name(node.value))
            self.bind(node.name.value, alias, scope)

    def global_statement(self, node: cst.Global, scope: Scope) -> None:
        scope.global_names.update(item.name.value for item in node.names)

    def export(self, names: Sequence[str] | None) -> None:
        """Add to `__all__`; None makes it unknown for good."""
        if names is None:
            self.exports, self.exports_known = None, False
        elif self.exports_known:
            self.exports = [*(self.exports or ()), *names]

    def expression(self, node: cst.Expr, scope: Scope) -> None:
        """`__all__.extend([...])` and `__all__.append("...")`."""
        if scope.kind != "module" or type(node.value) is not cst.Call:
            return
        called = dotted_name(node.value.func)
        if called in ("__all__.extend", "__all__.append") and len(node.value.args) == 1:
            argument = node.value.args[0].value
            if called == "__all__.append":
                argument = cst.List([cst.Element(argument)])
            self.export(strings(argument))

    # -- imports ----------------------------------------------------------------------------------------------------

    def import_statement(self, node: cst.Import, scope: Scope) -> None:
        if scope.kind != "module":
            return
        for alias in node.names:
            dotted = dotted_name(alias.name) or ""
            bound = alias.asname.name if alias.asname is not None else None
            if type(bound) is cst.Name:
                self.bind(bound.value, Import(dotted, None, self.number(alias), scope.type_checking), scope)
            else:
                top = dotted.partition(".")[0]
                self.bind(top, Import(top, None, self.number(alias), scope.type_checking), scope)

    def import_from(self, node: cst.ImportFrom, scope: Scope) -> None:
        if scope.kind != "module":
            return
        written = dotted_name(node.module) or "" if node.module is not None else ""
        module = absolute(self.name, self.is_package, len(node.relative), written)
        if module is None:
            return
        if isinstance(node.names, cst.ImportStar):
            self.stars += [module] if module else []
            return
        for alias in node.names:
            name = alias.name.value
            bound = alias.asname.name if alias.asname is not None else alias.name
            if isinstance(name, str) and type(bound) is cst.Name:
                # beside a module that is in no package there are only modules
                origin, attribute = (module, name) if module else (name, None)
                self.bind(bound.value, Import(origin, attribute, self.number(alias), scope.type_checking), scope)

    # -- functions and classes --------------------------------------------------------------------------------------

    def function(self, node: cst.FunctionDef, scope: Scope) -> None:
        name = node.name.value
        qualname = f"{scope.prefix}{name}"
        number = self.number(node)
        in_class = scope.kind == "class"
        parameters = self.parameters(node.params)
        decorator_names = tuple(head_name(decorator.decorator) for decorator in node.decorators)
        inner = Scope("function", f"{qualname}.<locals>.", qualname, scope.cls, scope.self_name, scope.method)
        if in_class:
            is_static = "staticmethod" in decorator_names or not parameters or parameters[0].kind.endswith("star")
            inner.self_name = None if is_static else parameters[0].name
            inner.method = qualname
        elif any(parameter.name == scope.self_name for parameter in parameters):
            inner.self_name = None
        self.statements(node.body.body, inner)
        definition = FunctionDefinition(
            name,
            qualname,
            number,
            node.asynchronous is not None,
            number in self.generators,
            parameters,
            tuple(self.number(decorator.decorator) for decorator in node.decorators),
            None if node.returns is None else self.number(node.returns.annotation),
            scope.cls.qualname if in_class and scope.cls is not None else None,
            tuple(dict.fromkeys(inner.global_writes)),
            is_stub(node.body),
            decorator_names,
        )
        self.functions[qualname] = definition
        if in_class and scope.cls is not None:
            scope.cls.methods.setdefault(name, []).append(definition)
        elif scope.kind == "module":
            self.bind(name, definition, scope)

    def parameters(self, node: cst.Parameters) -> tuple[Parameter, ...]:
        if not (node.params or node.kwonly_params or node.star_kwarg or node.posonly_params) and not isinstance(
            node.star_arg, cst.Param
        ):
            return ()
        groups: list[tuple[str, Sequence[cst.Param]]] = [
            ("positional-only", node.posonly_params),
            ("positional", node.params),
            ("star", [node.star_arg] if type(node.star_arg) is cst.Param else ()),
            ("keyword", node.kwonly_params),
            ("double-star", [node.star_kwarg] if node.star_kwarg is not None else ()),
        ]
        number = self.number
        return tuple(
            Parameter(
                param.name.value,
                kind,
                None if param.annotation is None else number(param.annotation.annotation),
                None if param.default is None else number(param.default),
            )
            for kind, group in groups
            for param in group
        )

    def class_statement(self, node: cst.ClassDef, scope: Scope) -> None:
        name = node.name.value
        parts = ClassParts(f"{scope.prefix}{name}")
        self.statements(node.body.body, Scope("class", f"{parts.qualname}.", cls=parts))
        type_parameters = node.type_parameters.params if node.type_parameters is not None else ()
        definition = ClassDefinition(
            name,
            parts.qualname,
            self.number(node),
            tuple(self.number(base.value) for base in node.bases),
            tuple((k.keyword.value, self.number(k.value)) for k in node.keywords if k.keyword is not None),
            tuple(self.number(decorator.decorator) for decorator in node.decorators),
            tuple(parameter.param.name.value for parameter in type_parameters),
            {method: tuple(found) for method, found in parts.methods.items()},
            {attribute: tuple(found) for attribute, found in parts.attributes.items()},
            {attribute: tuple(found) for attribute, found in parts.instance_attributes.items()},
            parts.classes,
            tuple(None if base.star else head_name(base.value) for base in node.bases),
            tuple(head_name(decorator.decorator) for decorator in node.decorators),
        )
        self.classes[parts.qualname] = definition
        if scope.kind == "class" and scope.cls is not None:
            scope.cls.classes[name] = definition
        elif scope.kind == "module":
            self.bind(name, definition, scope)

    # -- blocks -----------------------------------------------------------------------------------------------------

    def if_statement(self, node: cst.If, scope: Scope) -> None:
        if scope.kind == "function":
            then = otherwise = scope
        else:
            then, otherwise = branches(node.test, scope)
        self.statements(node.body.body, then)
        if type(node.orelse) is cst.If:
            self.if_statement(node.orelse, otherwise)
        elif node.orelse is not None:
            self.statements(node.orelse.body.body, otherwise)

    def try_statement(self, node: cst.Try | cst.TryStar, scope: Scope) -> None:
        self.statements(node.body.body, scope)
        rescue = scope if scope.kind == "function" else replace(scope, fallback=True)
        for handler in node.handlers:
            self.statements(handler.body.body, rescue)
        if node.orelse is not None:
            self.statements(node.orelse.body.body, scope)
        if node.finalbody is not None:
            self.statements(node.finalbody.body.body, scope)

    def with_statement(self, node: cst.With, scope: Scope) -> None:
        for item in node.items:
            if item.asname is not None:
                self.target(item.asname.name, node, None, None, scope)
        self.statements(node.body.body, scope)

    def loop(self, node: cst.For | cst.While, scope: Scope) -> None:
        if type(node) is cst.For:
            self.target(node.target, node, None, None, scope)
        self.statements(node.body.body, scope)
        if node.orelse is not None:
            self.statements(node.orelse.body.body, scope)

    def match(self, node: cst.Match, scope: Scope) -> None:
        for case in node.cases:
            self.statements(case.body.body, scope if scope.kind == "function" else replace(scope, conditional=True))
