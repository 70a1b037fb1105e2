"""From an annotation to the value of what it annotates.

Annotations are read as the type checkers read them: through aliases in other modules, strings, `Annotated`, `Optional`, unions, `NewType`,
`type X = ...` and type variables. What is not understood is Unknown, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.syntax import dotted_name, string_value
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import one_of
from flake8_async_orm.project import ExternalName, Found, ModuleFound
from flake8_async_orm.project.definitions import Assignment, ClassDefinition, TypeAlias
from flake8_async_orm.source.walk import children
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Awaitable,
    Because,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Function,
    Generator,
    Instance,
    Object,
    OneOf,
    Place,
    Statement,
    Tuple,
    TypeVariable,
    Unknown,
    Value,
    replace,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

_COLLECTIONS = {
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "MutableSequence": "list",
    "Iterable": "iterator",
    "Collection": "list",
    "Iterator": "iterator",
    "set": "set",
    "Set": "set",
    "frozenset": "set",
    "FrozenSet": "set",
    "AbstractSet": "set",
    "deque": "list",
}

_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"})
_TRANSPARENT = frozenset(
    {"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InstrumentedAttribute", "Mapped"}
) | {"FromDishka", "FromComponent", "Injected", "InstanceOf", "SkipValidation"}
_AWAITABLES = {"Awaitable": 0, "Coroutine": 2, "Future": 0, "Task": 0}
_TYPING = frozenset({"typing", "typing_extensions", "collections", "contextlib", "asyncio", "builtins", "types"})
#: the class of `A | B`
UNION = "types.UnionType"
#: pydantic's names for values of builtin classes
_CONSTRAINED = {
    f"{kind}{cls.title()}": cls for kind in ("Positive", "Negative", "NonPositive", "NonNegative", "Strict", "Finite") for cls in ("int", "float")
} | {"StrictStr": "str", "StrictBool": "bool", "StrictBytes": "bytes"}
_LITERAL_CLASSES = frozenset({"str", "int", "bool", "float", "bytes", "object", "complex"})
_DEPTH = 24


def _scalar(cls: str) -> frozenset[str]:
    """The flag of statements whose rows SQLModel's `exec` unpacks."""
    return frozenset({"scalar"} if cls == "SelectOfScalar" else ())


def instance_of(program: Program, cls: Class, because: Because | None = None) -> Value:
    """The value of an instance of `cls`: an API object, a mapped instance, or an object of the class."""
    if cls.name == "builtins.None":
        return NONE
    api = names.api_class(cls.name)
    subclass: str | None = None
    if api is None and program.is_project_class(cls.name):
        api = program.api_base(cls.name)
        subclass = cls.name if api else None
    if api is not None:
        of: Value | None = None
        if api in names.FACTORIES:
            made = "AsyncSession" if api == "async_sessionmaker" else "Session"
            of = instance_of(program, cls.args[0]) if cls.args and isinstance(cls.args[0], Class) else ApiObject(made)
        elif api in names.RESULTS and cls.args:
            of = _row_of(program, api, cls.args)
        return ApiObject(api, of=of, because=because, subclass=subclass)
    if cls.name.startswith(("sqlalchemy.", "sqlmodel.")) and names.last(cls.name) in (
        "Select",
        "SelectOfScalar",
        "Insert",
        "Update",
        "Delete",
        "TextClause",
    ):
        last = names.last(cls.name)
        return Statement(
            last.lower().removesuffix("ofscalar").removesuffix("clause"), complete=False, flags=_scalar(last)
        )
    mapped = program.project.mapped(cls.name)
    if mapped is not None:
        return Instance(cls.name)
    return Object(cls)


def _row_of(program: Program, api: str, args: tuple[Value, ...]) -> Value | None:
    """One row of `Result[tuple[A, B]]` or `ScalarResult[A]`."""
    first = args[0]
    if isinstance(first, Class) and names.last(first.name) in ("tuple", "Tuple"):
        items = tuple(instance_of(program, a) if isinstance(a, Class) else Unknown("row") for a in first.args)
        return Tuple(items, row=True)
    if isinstance(first, Class):
        return instance_of(program, first)
    return None


@lru_cache(maxsize=8192)
def parsed(text: str) -> cst.BaseExpression | None:
    """The expression that a quoted annotation holds; None where it is none."""
    if not text:
        return None
    if text.isidentifier():
        return cst.Name(text)
    try:
        return cst.parse_expression(text)
    except (cst.ParserSyntaxError, SyntaxError, ValueError, RecursionError):
        return None


class Reader:
    """Reads annotations of one module. `substitution` gives the values of type variables, by name."""

    def __init__(self, program: Program, module: str, substitution: dict[str, Value] | None = None) -> None:
        self.program = program
        self.module = module
        self.substitution = substitution or {}
        self.depth = 0

    def value(self, node: cst.CSTNode) -> Value:
        """What a variable annotated with `node` holds."""
        self.depth += 1
        try:
            if self.depth > _DEPTH:
                return Unknown("annotation too deep")
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: cst.CSTNode) -> Value:
        if type(node) is cst.Name:
            return NONE if node.value == "None" else self._named(node.value, ())
        if type(node) is cst.Subscript:
            return self._subscript(node)
        if type(node) is cst.BinaryOperation and type(node.operator) is cst.BitOr:
            return self._union([node.left, node.right])
        if type(node) is cst.SimpleString or type(node) is cst.ConcatenatedString:
            return self._quoted(node)
        if type(node) is cst.Annotation:
            return self.value(node.annotation)
        dotted = dotted_name(node)
        return self._named(dotted, ()) if dotted else Unknown("annotation not understood")

    def _quoted(self, node: cst.CSTNode) -> Value:
        text = string_value(node)
        if not text or len(text) > 400:
            return Unknown("annotation not understood")
        expression = parsed(text.strip())
        return Unknown("annotation does not parse") if expression is None else self.value(expression)

    def _union(self, nodes: list[cst.BaseExpression]) -> Value:
        return one_of([self.value(node) for node in nodes])

    def arguments(self, node: cst.Subscript) -> list[cst.BaseExpression]:
        return [element.slice.value for element in node.slice if type(element.slice) is cst.Index]

    def type_of(self, node: cst.CSTNode) -> Value:
        """The class that an annotation's argument names (`type[X]`, `Repo[X]`)."""
        if type(node) is cst.SimpleString or type(node) is cst.ConcatenatedString:
            expression = parsed((string_value(node) or "").strip())
            return Unknown("annotation does not parse") if expression is None else self.type_of(expression)
        if type(node) is cst.Subscript:
            base = self.type_of(node.value)
            if isinstance(base, Class):
                return Class(base.name, tuple(self.type_of(arg) for arg in self.arguments(node)))
            return base
        if type(node) is cst.BinaryOperation and type(node.operator) is cst.BitOr:
            sides = (self.type_of(node.left), self.type_of(node.right))
            return Class(UNION, sides) if all(isinstance(side, Class) for side in sides) else Unknown("not a class")
        dotted = dotted_name(node)
        if not dotted:
            return Unknown("not a class")
        if dotted in self.substitution:
            return self.substitution[dotted]
        found = self.program.resolve(self.module, dotted)
        if isinstance(found, ExternalName):
            return Class(found.name)
        if isinstance(found, Found) and isinstance(found.binding, ClassDefinition):
            return Class(f"{found.module}.{found.binding.qualname}")
        if isinstance(found, Found) and isinstance(found.binding, (Assignment, TypeAlias)):
            return self._class_alias(found)
        return Unknown("not a class")

    def _class_alias(self, found: Found) -> Value:
        binding = found.binding
        assert isinstance(binding, (Assignment, TypeAlias))
        source = self.program.project.source(found.module)
        if binding.value is None or source is None:
            return Unknown("alias without a value")
        node = source.nodes[binding.value]
        if type(node) is cst.Call:
            return self._made_type(found.module, node, binding.name)
        key = ("class of an alias", found.module, binding.value)
        itself: Value = Unknown("alias of itself")
        return self.program.once(key, lambda: Reader(self.program, found.module).type_of(node), itself)

    def _made_type(self, module: str, node: cst.Call, name: str) -> Value:
        """`TypeVar(...)`, `NewType("X", Base)`."""
        target = self.program.resolve(module, dotted_name(node.func) or "")
        maker = names.last(target.name) if isinstance(target, ExternalName) else ""
        reader = Reader(self.program, module)
        reader.depth = self.depth + 1
        if reader.depth > _DEPTH:
            return Unknown("alias too deep")
        if maker == "TypeVar":
            if name in self.substitution:
                return self.substitution[name]
            bound = next((a.value for a in node.args if a.keyword and a.keyword.value == "bound"), None)
            return TypeVariable(name, reader.type_of(bound) if bound is not None else None)
        if maker == "NewType" and len(node.args) == 2:
            return reader.type_of(node.args[1].value)
        return Unknown("a class made by a call")

    def _named(self, dotted: str, args: tuple[Value, ...]) -> Value:
        if dotted in self.substitution:
            return self._of_type(self.substitution[dotted])
        found = self.program.resolve(self.module, dotted)
        match found:
            case ExternalName(name=name):
                return self._external(name)
            case Found(module=module, binding=ClassDefinition() as definition):
                return instance_of(self.program, Class(f"{module}.{definition.qualname}", args))
            case Found(module=module, binding=TypeAlias(value=value)):
                return self.program.alias(module, value)
            case Found(module=module, binding=Assignment() as assignment):
                return self._assigned(module, assignment)
            case ModuleFound():
                return Unknown("a module as annotation")
            case _:
                return Unknown(f"annotation `{dotted}` not resolved")

    def _of_type(self, value: Value) -> Value:
        if isinstance(value, Class) and value.name == UNION:
            return one_of([self._of_type(side) for side in value.args])
        if isinstance(value, Class):
            return instance_of(self.program, value)
        if isinstance(value, Instance):
            # what a type variable stands for in one call
            return value
        if isinstance(value, TypeVariable) and value.bound is not None:
            return self._of_type(value.bound)
        return Unknown("type variable")

    def _assigned(self, module: str, assignment: Assignment) -> Value:
        """A module-level name used as annotation: an alias, a NewType, a TypeVar."""
        source = self.program.project.source(module)
        if source is None or assignment.value is None:
            return Unknown("alias without a value")
        node = source.nodes[assignment.value]
        if type(node) is cst.Call:
            return self._of_type(self._made_type(module, node, assignment.name))
        return self.program.alias(module, assignment.value)

    def _external(self, name: str) -> Value:
        last = names.last(name)
        if last in _LITERAL_CLASSES and name.startswith("builtins."):
            return Object(Class(name))
        if last in _CONSTRAINED and name.startswith("pydantic."):
            return Object(Class(f"builtins.{_CONSTRAINED[last]}"))
        if last in ("Any", "object") or last == "Self":
            return self.substitution.get("Self", Unknown("Any")) if last == "Self" else Unknown("Any")
        if last in _COLLECTIONS and name.partition(".")[0] in _TYPING:
            return Collection(Unknown("not annotated"), _COLLECTIONS[last])
        if last in _MAPPINGS and name.partition(".")[0] in _TYPING:
            return Collection(Unknown("not annotated"), "dict")
        if last in _AWAITABLES and name.partition(".")[0] in _TYPING:
            return Awaitable(Unknown("not annotated"))
        if name.partition(".")[0] == "typing" and last in ("Callable", "Type"):
            return Unknown("not annotated")
        return instance_of(self.program, Class(name), Because("annotation"))

    def _subscript(self, node: cst.Subscript) -> Value:
        dotted = dotted_name(node.value)
        arguments = self.arguments(node)
        if not dotted or not arguments:
            return Unknown("annotation not understood")
        found = self.program.resolve(self.module, dotted)
        name = found.name if isinstance(found, ExternalName) else ""
        last = names.last(name)
        package = name.partition(".")[0]
        if last in _TRANSPARENT:
            return self._annotated(arguments) if last == "Annotated" else self.value(arguments[0])
        if last == "Optional":
            return one_of([self.value(arguments[0]), NONE])
        if last == "Union":
            return self._union(arguments)
        if last == "Literal":
            return one_of([Constant(string_value(argument)) for argument in arguments])
        if last in ("type", "Type"):
            return self.type_of(arguments[0])
        if last in ("tuple", "Tuple") and package in _TYPING:
            if len(arguments) == 2 and type(arguments[1]) is cst.Ellipsis:
                return Collection(self.value(arguments[0]), "tuple")
            return Tuple(tuple(self.value(argument) for argument in arguments))
        if last in _COLLECTIONS and (package in _TYPING or name.startswith("collections.abc")):
            return Collection(self.value(arguments[0]), _COLLECTIONS[last])
        if last in _MAPPINGS:
            return Collection(self.value(arguments[-1]), "dict")
        if last in _AWAITABLES and package in _TYPING:
            return Awaitable(self.value(arguments[min(_AWAITABLES[last], len(arguments) - 1)]))
        if last in ("AsyncGenerator", "AsyncIterator", "AsyncIterable"):
            return Generator(self.value(arguments[0]), "", True)
        if last == "Generator":
            return Generator(self.value(arguments[0]), "", False)
        if last in ("AbstractAsyncContextManager", "AsyncContextManager", "_AsyncGeneratorContextManager"):
            return ContextManager(self.value(arguments[0]), True)
        if last in ("AbstractContextManager", "ContextManager", "_GeneratorContextManager"):
            return ContextManager(self.value(arguments[0]), False)
        if last == "Callable":
            return Callable(self.value(arguments[-1]))
        if name.startswith(("sqlalchemy.", "sqlmodel.")) and last in ("Select", "SelectOfScalar"):
            return self._select(arguments, last)
        if name == "contextvars.ContextVar":
            return Object(Class(name, (self.value(arguments[0]),)))
        if isinstance(found, Found) and isinstance(found.binding, (Assignment, TypeAlias)):
            generic = self._generic_alias(found, arguments)
            if generic is not None:
                return generic
        base = self.type_of(node.value)
        if isinstance(base, Class):
            args = tuple(self.type_of(argument) for argument in arguments)
            return instance_of(self.program, Class(base.name, args), Because("annotation"))
        return self.value(node.value)

    def _generic_alias(self, found: Found, arguments: list[cst.BaseExpression]) -> Value | None:
        """`Page[User]` where `Page = tuple[list[M], int]`; None where the alias is a class, or no type variable is in it."""
        binding = found.binding
        source = self.program.project.source(found.module)
        if not isinstance(binding, (Assignment, TypeAlias)) or binding.value is None or source is None:
            return None
        node = source.nodes[binding.value]
        if type(node) is not cst.Subscript or isinstance(self.program.resolve(found.module, dotted_name(node.value) or ""), Found):
            return None
        there = Reader(self.program, found.module)
        there.depth = self.depth + 1
        variables: dict[str, Value] = {}
        for name in _names_in(node):
            value = there.type_of(name)
            if isinstance(value, TypeVariable):
                variables.setdefault(value.name, value)
        if not variables or there.depth > _DEPTH:
            return None
        there.substitution = dict(zip(variables, map(self.type_of, arguments), strict=False))
        return there.value(node)

    def _select(self, arguments: list[cst.BaseExpression], kind: str) -> Value:
        entities = self.type_of(arguments[0])
        if isinstance(entities, Class) and names.last(entities.name) in ("tuple", "Tuple"):
            return Statement("select", entities.args, complete=False)
        return Statement("select", (entities,), complete=False, flags=_scalar(kind))

    def _annotated(self, arguments: list[cst.BaseExpression]) -> Value:
        """`Annotated[X, Depends(f)]`: X, with what the provider says of it."""
        value = self.value(arguments[0])
        for argument in arguments[1:]:
            provided = self.program.provided_by(self.module, argument)
            if provided is not None:
                return refine(value, provided)
        return value


def _names_in(node: cst.CSTNode) -> Iterator[cst.Name]:
    """The names in an expression, in their order."""
    if type(node) is cst.Name:
        yield node
        return
    for child in children(node):
        yield from _names_in(child)


def refine(bound: Value, provided: Value) -> Value:
    """An annotation bounds the class, the provider adds what it knows of the object."""
    if isinstance(bound, Unknown):
        return provided
    if isinstance(provided, Function) and isinstance(bound, (Object, Callable)):
        # a protocol says how it is called, not what it does
        return provided
    if isinstance(bound, ApiObject) and isinstance(provided, ApiObject) and bound.cls == provided.cls:
        return replace(bound, of=provided.of or bound.of, flags=provided.flags or bound.flags)
    return bound


def placed(value: Value, place: Place) -> Value:
    """`value` as the object at `place`, where it has none of its own."""
    match value:
        case ApiObject(place=None):
            return replace(value, place=place)
        case Instance(place=None):
            return Instance(value.model, place)
        case Object(place=None):
            return Object(value.cls, place)
        case Collection(place=None):
            return Collection(placed(value.of, place.at("[]")), value.kind, place)
        case Tuple():
            items = tuple(placed(item, place.at(f"[{index}]")) for index, item in enumerate(value.items))
            return Tuple(items, value.row, value.names)
        case OneOf(options=options):
            return OneOf(frozenset(placed(option, place) for option in options))
        case _:
            return value
