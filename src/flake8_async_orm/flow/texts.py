"""What a string is, as far as the files say: literals, f-strings, settings' defaults, and what is made of them.

Read from the syntax where somebody asks (the URL of an engine), across modules; see `reaching`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.reaching import Written, written
from flake8_async_orm.flow.syntax import string_value
from flake8_async_orm.flow.text import Text, Texts, each, either, joined, with_holes
from flake8_async_orm.knowledge import names, urls
from flake8_async_orm.lattice import without_none
from flake8_async_orm.project import Found
from flake8_async_orm.project.definitions import Assignment, ClassDefinition, FunctionDefinition
from flake8_async_orm.records import record
from flake8_async_orm.source import Source
from flake8_async_orm.source.walk import children
from flake8_async_orm.values import Class, External, Function, Module, Object, Site, Unknown, Value, replace

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

#: how many calls, names and attributes are followed to one text, and how many texts one expression may be
DEEPEST, WIDEST = 24, 4


@record
class Where:
    """A file being read, and what the parameters of the function being read are."""

    module: str
    source: Source
    given: tuple[tuple[str, Texts | None], ...] = ()

    @property
    def written(self) -> Written:
        return written(self.source)


class TextReader:
    """Reads texts of one program. Every method gives None where something cannot be known."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._depth = 0

    def where(self, module: str) -> Where | None:
        source = self.program.project.source(module)
        return Where(module, source) if source is not None else None

    def read(self, where: Where, node: cst.CSTNode | None) -> Texts | None:
        """What the expression `node` may be: each of the texts, and nothing else."""
        if node is None or self._depth >= DEEPEST:
            return None
        self._depth += 1
        try:
            found = self._read(where, node)
        finally:
            self._depth -= 1
        return tuple(dict.fromkeys(found)) if found and len(found) <= WIDEST else None

    def _read(self, where: Where, node: cst.CSTNode) -> Texts | None:
        match node:
            case cst.SimpleString():
                text = string_value(node)
                return (
                    (Text((text,), Site(where.source.path, where.source.number(node))),) if text is not None else None
                )
            case cst.ConcatenatedString(left=left, right=right):
                return joined(self.read(where, left), self.read(where, right))
            case cst.FormattedString(parts=parts):
                return self._formatted(where, node, parts)
            case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
                return joined(self.read(where, left), self.read(where, right))
            case cst.BinaryOperation(left=left, operator=cst.Modulo()):
                return each(self.read(where, left), lambda text: with_holes(text, r"%(?:\(\w+\))?[sdr]"))
            case cst.IfExp(body=body, orelse=orelse):
                return either(self.read(where, body), self.read(where, orelse))
            case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
                first, second = self.read(where, left), self.read(where, right)
                if first is None and second is not None and self._outside(where, left):
                    return tuple(replace(text, default=True) for text in second)
                return either(first, second)
            case cst.NamedExpr(value=value) | cst.Await(expression=value):
                return self.read(where, value)
            case cst.Name(value=name):
                return self._name(where, node, name)
            case cst.Attribute(value=owner, attr=cst.Name(value=name)):
                return self._attribute(where, owner, name)
            case cst.Subscript():
                return self._item(where, node)
            case cst.Call():

                return text_calls.read_call(self, where, node)
        return None

    def _formatted(self, where: Where, node: cst.FormattedString, parts: Iterable[cst.CSTNode]) -> Texts | None:
        found: Texts | None = (Text(("",), Site(where.source.path, where.source.number(node))),)
        for part in parts:
            if isinstance(part, cst.FormattedStringText):
                text = part.value.replace("{{", "{").replace("}}", "}")
                if "\\" in text and "r" not in node.start.lower():
                    return None
                piece: Texts | None = (Text((text,)),)
            else:
                plain = isinstance(part, cst.FormattedStringExpression) and not part.format_spec and not part.conversion
                piece = self.read(where, part.expression) if plain else None  # type: ignore[attr-defined]
            found = joined(found, piece)
        return found

    # -- names ------------------------------------------------------------------------------------------------------

    def values_of(self, where: Where, node: cst.Name) -> list[tuple[Where, cst.CSTNode | None]] | None:
        """The expressions that a name may have been given, with where they stand; None: it is no plain variable."""
        here = where.written
        scope, at = here.scope(node), node
        # class bodies other than the one that the name stands in are not looked into
        while not isinstance(scope, cst.Module):
            if isinstance(scope, cst.FunctionDef) and node.value in _parameters(scope):
                return None
            if here.binds(scope, node.value):
                found = here.reaching(scope, node.value, at if at is node else None)
                return [(where, assigned.value) for assigned in found]
            scope = here.scope(scope)
            while isinstance(scope, cst.ClassDef):
                scope = here.scope(scope)
            at = cst.Name("_")
        if here.binds(scope, node.value) and node.value not in here.globals:
            same_level = at is node
            outside = replace(where, given=())
            found = here.reaching(scope, node.value, node if same_level else None)
            return [(outside, assigned.value) for assigned in found]
        return self.globals_of(where.module, node.value)

    def globals_of(self, module: str, name: str) -> list[tuple[Where, cst.CSTNode | None]] | None:
        """What a module-level name is given in the end, in whatever module it is written."""

        meaning = self.program.resolve(module, name)
        if not isinstance(meaning, Found) or not isinstance(meaning.binding, Assignment):
            return None
        there = self.where(meaning.module)
        if there is None or meaning.binding.name in there.written.globals:
            return None
        found = there.written.reaching(there.source.module, meaning.binding.name)
        return [(there, assigned.value) for assigned in found]

    def _name(self, where: Where, node: cst.Name, name: str) -> Texts | None:
        given = dict(where.given)
        found = self.values_of(where, node)
        if found is None:
            return given.get(name)
        return either(*(self.read(place, value) for place, value in found)) if found else None

    def node_of(self, where: Where, node: cst.CSTNode) -> tuple[Where, cst.CSTNode]:
        """The expression behind a name that is given but one, else `node` itself."""
        for _ in range(6):
            found = self.values_of(where, node) if isinstance(node, cst.Name) else None
            if not found or len(found) != 1 or found[0][1] is None:
                break
            where, node = found[0]  # type: ignore[assignment]
        return where, node

    def _item(self, where: Where, node: cst.Subscript) -> Texts | None:
        element = node.slice[0].slice if len(node.slice) == 1 else None
        key = string_value(element.value) if isinstance(element, cst.Index) else None
        return self.item(where, node.value, key) if key is not None else None

    def item(self, where: Where, owner: cst.CSTNode, key: str) -> Texts | None:
        """`owner[key]` of a dict whose items are in sight."""
        if isinstance(owner, cst.Name):
            here = where.written
            scope = here.scope(owner)
            put = here.reaching(scope, f"{owner.value}[{key}]", owner)
            if put:
                return either(*(self.read(where, assigned.value) for assigned in put))
            if here.binds(scope, f"{owner.value}[]"):
                return None
        where, node = self.node_of(where, owner)
        if not isinstance(node, cst.Dict):
            return None
        found: Texts | None = None
        for element in node.elements:
            if not isinstance(element, cst.DictElement):
                found = None
            elif string_value(element.key) == key:
                found = self.read(where, element.value)
        return found

    # -- objects ----------------------------------------------------------------------------------------------------

    def object_of(self, where: Where, node: cst.CSTNode) -> Value:
        """The module, class or instance of a project class that `node` is."""
        if self._depth >= DEEPEST:
            return Unknown("too deep")
        self._depth += 1
        try:
            return self._object(where, node)
        finally:
            self._depth -= 1

    def _object(self, where: Where, node: cst.CSTNode) -> Value:
        program = self.program
        if isinstance(node, cst.Attribute):
            owner = self.object_of(where, node.value)
            match owner:
                case Module(name=module):
                    return self._global(module, node.attr.value)
                case Class(name=dotted) if program.class_definition(dotted) is None:
                    return program.external(f"{dotted}.{node.attr.value}")
                case Object(cls=cls) | (Class() as cls):
                    return self._held(cls, node.attr.value)
                case External(name=dotted):
                    return program.external(f"{dotted}.{node.attr.value}")
            return Unknown("attribute")
        if isinstance(node, cst.Call):
            match self.object_of(where, node.func):
                case Class() as cls:
                    return Object(cls)
                case Function(name=name):
                    return self._given_by(name)
            return Unknown("call")
        if not isinstance(node, cst.Name):
            return Unknown("expression")
        own = self._own_class(where, node)
        if own is not None:
            return own
        found = self.values_of(where, node)
        if found is None:
            annotated = self._parameter(where, node)
            return annotated if annotated is not None else program.global_value(where.module, node.value)
        if len(found) != 1 or found[0][1] is None:
            return Unknown("several")
        return self.object_of(found[0][0], found[0][1])

    def _held(self, cls: Class, name: str) -> Value:
        """The object that an attribute holds, or the method that it is."""
        known = without_none(self.program.attribute(cls, name))
        if isinstance(known, Object):
            return known
        for base in self.program.project.mro(cls.name)[0]:
            found = self.program.class_definition(base)
            there = self.where(found[0]) if found is not None else None
            written_here = found[1].instance_attributes.get(name, ()) if found is not None else ()
            if there is not None and len(written_here) == 1:
                value = _node(there.source, written_here[0].value)
                return self.object_of(there, value) if value is not None else Unknown("attribute")
        return Unknown("attribute")

    def _global(self, module: str, name: str) -> Value:
        found = self.globals_of(module, name)
        if found is not None:
            one = found[0] if len(found) == 1 else None
            return self.object_of(one[0], one[1]) if one is not None and one[1] is not None else Unknown("several")
        return self.program.global_value_of(module, name)

    def _own_class(self, where: Where, node: cst.Name) -> Value | None:
        """The class around, for the first parameter of a method."""
        here = where.written
        function = here.scope(node)
        if not isinstance(function, cst.FunctionDef) or _parameters(function)[:1] != [node.value]:
            return None
        cls = here.scope(function)
        if not isinstance(cls, cst.ClassDef):
            return None
        definition = self.program.project.definition(where.module)
        number = where.source.number(cls)
        for known in definition.classes.values() if definition is not None else ():
            if known.node == number:
                return Object(Class(f"{where.module}.{known.qualname}"))
        return None

    def _parameter(self, where: Where, node: cst.Name) -> Value | None:
        function = where.written.scope(node)
        if not isinstance(function, cst.FunctionDef) or node.value not in _parameters(function):
            return None
        for parameter in _all_parameters(function):
            if parameter.name.value == node.value:
                if parameter.annotation is None:
                    return Unknown("parameter")
                return without_none(self.program.annotation(where.module, parameter.annotation.annotation))
        return Unknown("parameter")

    def _given_by(self, name: str) -> Value:
        """The object that a project function gives, by its annotation or its only `return`."""
        found = self.program.function_definition(name)
        there = self.where(found[0]) if found else None
        if found is None or there is None:
            return Unknown("function")
        if found[1].returns is not None:
            return without_none(self.program.annotation(found[0], there.source.nodes[found[1].returns]))
        returned = returns(there.source.nodes[found[1].node])
        value = returned[0].value if len(returned) == 1 else None
        return self.object_of(there, value) if value is not None else Unknown("function")

    def _attribute(self, where: Where, owner: cst.BaseExpression, name: str) -> Texts | None:
        match self.object_of(where, owner):
            case Module(name=module):
                found = self.globals_of(module, name)
                return either(*(self.read(place, value) for place, value in found)) if found else None
            case Object(cls=cls) as instance:
                keyword = self._constructed_with(where, owner, name)
                if keyword is not None:
                    return self.read(*keyword)
                return self._meant(self.member(instance.cls, name))
            case Class() as cls:
                return self._meant(self.member(cls, name))
        return None

    def _meant(self, found: Texts | None) -> Texts | None:
        """An empty attribute only says what derived classes have to say."""
        return None if found is None or any(text.whole == "" for text in found) else found

    def _constructed_with(self, where: Where, owner: cst.CSTNode, name: str) -> tuple[Where, cst.CSTNode] | None:
        """The keyword argument by which the object in sight was given its attribute `name`."""
        where, node = self.node_of(where, owner)
        if isinstance(node, cst.Call):
            for argument in node.args:
                if argument.keyword is not None and argument.keyword.value == name:
                    return where, argument.value
        return None

    def member(self, cls: Class, name: str) -> Texts | None:
        """A class attribute's value, a property's result, or what `__init__` assigns."""
        default = False
        for base in self.program.project.mro(cls.name)[0]:
            found = self.program.class_definition(base)
            if found is None:
                continue
            module, definition = found
            there = self.where(module)
            if there is None:
                return None
            default = default or self._is_settings(base)
            if _validated(there.source, definition, name):
                return None
            if name in definition.methods:
                method = definition.methods[name][-1]
                words = {names.last(word) for word in method.decorator_names if word}
                return self.returned(there, method) if words & {"property", "cached_property"} else None
            if name in definition.instance_attributes:
                return either(
                    *(self.read(there, _node(there.source, w.value)) for w in definition.instance_attributes[name])
                )
            values = [_node(there.source, declared.value) for declared in definition.attributes.get(name, ())]
            if values:
                read = self.read(there, values[-1])
                return tuple(replace(text, default=text.default or default) for text in read) if read else None
        return None

    def _is_settings(self, cls: str) -> bool:
        order = self.program.project.mro(cls)[0]
        return any(names.last(base) in urls.SETTINGS_BASES for base in order)

    def returned(
        self, there: Where, function: FunctionDefinition, given: tuple[tuple[str, Texts | None], ...] = ()
    ) -> Texts | None:
        """What a function gives, its parameters being `given`."""
        node = there.source.nodes[function.node]
        defaults = tuple(
            (p.name, self.read(there, _node(there.source, p.default)))
            for p in function.parameters
            if p.default is not None
        )
        inside = replace(there, given=(*defaults, *given))
        found = returns(node)
        if not found or function.is_generator:
            return None
        return either(*(self.read(inside, one.value) for one in found))

    def _outside(self, where: Where, node: cst.CSTNode) -> bool:
        """Whether `node` asks the environment."""
        if isinstance(node, cst.Call):
            called = self.object_of(where, node.func)
            return isinstance(called, External) and called.name in urls.ENVIRONMENT
        return False


def _validated(source: Source, definition: ClassDefinition, name: str) -> bool:
    """Whether a validator of the class may put something else in the place of its field `name`."""
    for methods in definition.methods.values():
        for method in methods:
            for number, word in zip(method.decorators, method.decorator_names, strict=False):
                last = names.last(word or "")
                if last in ("model_validator", "root_validator"):
                    return True
                if last in ("validator", "field_validator"):
                    node = source.nodes[number]
                    call = node.decorator if isinstance(node, cst.Decorator) else node
                    fields = [string_value(a.value) for a in call.args] if isinstance(call, cst.Call) else []
                    if name in fields or "*" in fields or not any(fields):
                        return True
    return False


def _node(source: Source, number: int | None) -> cst.CSTNode | None:
    return source.nodes[number] if number is not None else None


def _all_parameters(function: cst.FunctionDef) -> list[cst.Param]:
    given = function.params
    return [*given.posonly_params, *given.params, *given.kwonly_params]


def _parameters(function: cst.FunctionDef) -> list[str]:
    stars = [s.name.value for s in (function.params.star_arg, function.params.star_kwarg) if isinstance(s, cst.Param)]
    return [parameter.name.value for parameter in _all_parameters(function)] + stars


def returns(function: cst.CSTNode) -> list[cst.Return]:
    """The `return` statements of a function, without those of functions in it."""

    found: list[cst.Return] = []
    waiting = [function.body] if isinstance(function, cst.FunctionDef) else []
    while waiting:
        node: cst.CSTNode = waiting.pop()
        if isinstance(node, cst.Return):
            found.append(node)
        if not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            waiting += children(node)  # type: ignore[arg-type]
    return found


# these need what is defined above
from flake8_async_orm.flow import text_calls  # noqa: E402
