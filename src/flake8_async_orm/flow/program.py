"""The program that is being interpreted: outcomes of its functions, values of its globals, types of its attributes.

Everything here is asked lazily and remembered; what comes back to itself is Unknown (see `memo`).
"""

from __future__ import annotations

import re
from typing import TypeVar

import libcst as cst

from flake8_async_orm.flow.annotations import Reader, placed, refine
from flake8_async_orm.flow.bodies import interpret_function
from flake8_async_orm.flow.frame import BudgetSpent, Frame
from flake8_async_orm.flow.memo import Memo
from flake8_async_orm.flow.outcomes import OMITTED, Key, Omitted, Outcome, plain, unknown_outcome
from flake8_async_orm.flow.scopes import decisive, local_names, mentioned, mentioned_in
from flake8_async_orm.flow.settings import Settings
from flake8_async_orm.flow.syntax import dotted_name, literal
from flake8_async_orm.knowledge import callables, names
from flake8_async_orm.lattice import State, may_be_none, one_of, without_none
from flake8_async_orm.project import ExternalName, Found, Meaning, ModuleFound, Project
from flake8_async_orm.project.configured import Configured
from flake8_async_orm.project.definitions import (
    Assignment,
    ClassDefinition,
    FunctionDefinition,
    TypeAlias,
)
from flake8_async_orm.project.factories import Factories
from flake8_async_orm.project.reach import Reach
from flake8_async_orm.project.states import States
from flake8_async_orm.source import Source
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Callable,
    Class,
    Collection,
    Constant,
    Coroutine,
    External,
    Function,
    Generator,
    Keywords,
    LocalFunction,
    Module,
    Object,
    OneOf,
    Place,
    Site,
    Tuple,
    TypeVariable,
    Unknown,
    Value,
)

T = TypeVar("T")
_ITSELF: Value = Unknown("defined by itself")
_NO_VARIABLES: dict[str, Value] = {}
_CALLS_ITSELF = unknown_outcome("calls itself")
IDENTIFIER = re.compile(r"[^\W\d]\w*")


def _mentions_patches(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in callables.PATCHES)


class Program:
    """The outcomes and values of one project. Asking never raises for what the user's code does."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        #: the setting for sessions whose making is out of sight
        self.expire_on_commit = settings.expire_on_commit
        self._factories = Factories(project)
        self.states = States(project, self._factories)
        self._configured = Configured(project, self._factories)
        #: the versions of SQLAlchemy that the code is for
        self.versions: frozenset[str] = settings.versions
        #: `once(key, compute, cyclic, family)`: `compute()`, remembered; see `memo`
        self.once = Memo().once
        self._annotations: dict[tuple[str, int, tuple[tuple[str, Value], ...]], Value] = {}
        self._reach = Reach(project)
        self._classes: dict[str, tuple[str, ClassDefinition] | None] = {}
        self._resolved: dict[tuple[str, str], Meaning | None] = {}
        self._decisive: dict[tuple[str, int], frozenset[str]] = {}
        self._patched: dict[tuple[str, int], bool] = {}
        self._mentioned: dict[tuple[str, int], frozenset[str]] = {}
        self._locals: dict[tuple[str, int], frozenset[str]] = {}

    def resolve(self, module: str, name: str) -> Meaning | None:
        """What a name means at module level, remembered."""
        key = (module, name)
        try:
            return self._resolved[key]
        except KeyError:
            found = self._resolved[key] = self.project.resolve(module, name)
            return found

    # -- names ------------------------------------------------------------------------------------------------------

    def is_project_class(self, dotted: str) -> bool:
        return self.class_definition(dotted) is not None

    def class_definition(self, dotted: str) -> tuple[str, ClassDefinition] | None:
        """The module and the definition of a project class."""
        if dotted not in self._classes:
            self._classes[dotted] = self.project.class_definition(dotted)
        return self._classes[dotted]

    def function_definition(self, dotted: str) -> tuple[str, FunctionDefinition] | None:
        """The module and the definition of a project function or method."""
        found = self.project.find(dotted)
        if isinstance(found, Found) and isinstance(found.binding, FunctionDefinition):
            return found.module, found.binding
        return None

    def api_base(self, dotted: str) -> str | None:
        """The class of SQLAlchemy's API that a project class derives from."""
        for base in self.project.mro(dotted)[0]:
            api = names.api_class(base)
            if api is not None:
                return api
        return None

    def global_value(self, module: str, name: str) -> Value:
        """What the module-level (possibly dotted) `name` means in `module`."""
        return self.once(("global", module, name), lambda: self._global_value(module, name), _ITSELF)

    def _global_value(self, module: str, name: str) -> Value:
        meaning = self.resolve(module, name)
        if self.settings.providers and isinstance(meaning, Found):
            given = self.settings.read(meaning.name)
            if given is not None:
                return given
            if self.settings.how(meaning.name) == "await":
                return External(meaning.name)
        match meaning:
            case ExternalName(name=dotted):
                return self.external(dotted)
            case ModuleFound(name=found):
                return Module(found)
            case Found(module=found, binding=binding):
                match binding:
                    case FunctionDefinition():
                        return Function(f"{found}.{binding.qualname}")
                    case ClassDefinition():
                        return Class(f"{found}.{binding.qualname}")
                    case Assignment():
                        return self._assigned(found, binding.name)
                    case TypeAlias():
                        return Unknown("a type alias")
        return Unknown(f"name `{name}` not resolved")

    def external(self, dotted: str) -> Value:
        """The value of a name outside the project: a class where it looks like one, else a function or value."""
        if self.settings.providers:
            given = self.settings.read(dotted)
            if given is not None:
                return given
        if names.api_class(dotted) is not None or names.last(dotted)[:1].isupper():
            return Class(dotted)
        if dotted in (
            "builtins.list",
            "builtins.set",
            "builtins.dict",
            "builtins.tuple",
            "builtins.str",
            "builtins.int",
        ):
            return Class(dotted)
        return External(dotted)

    def _assigned(self, module: str, name: str) -> Value:
        """The join of everything that is assigned to a global; None among others counts as "not yet"."""
        definition = self.project.definition(module)
        source = self.project.source(module)
        if definition is None or source is None:
            return Unknown("module not readable")
        bound: Value | None = None
        values: list[Value] = []
        for assignment in definition.bindings.get(name, ()):
            if not isinstance(assignment, Assignment):
                continue
            if assignment.annotation is not None and bound is None:
                bound = self.annotation(module, source.nodes[assignment.annotation])
            if assignment.unpacked:
                values.append(self._unpacked(module, source.nodes[assignment.node], name))
            elif assignment.function is not None:
                outcome = self.outcome(Key(f"{module}.{assignment.function}"))
                values.append(outcome.global_writes.get(name, Unknown("assigned in a function")))
            elif assignment.value is not None:
                values.append(self.evaluate(module, assignment.value))
        known = [value for value in values if value != NONE] or values
        value: Value = one_of(plain(v) if len(known) > 1 else v for v in known) if known else Unknown("never assigned")
        if bound is not None:
            value = refine(without_none(bound) if may_be_none(bound) else bound, value)
        return placed(plain(value), Place(f"global:{module}.{name}"))

    def _unpacked(self, module: str, node: cst.CSTNode, name: str) -> Value:
        """What `name` gets of `a, name = f()`."""
        source = self.project.source(module)
        target = node.targets[0].target if type(node) is cst.Assign and len(node.targets) == 1 else None
        if source is not None and type(node) is cst.Assign and isinstance(target, (cst.Tuple, cst.List)):
            value = self.evaluate(module, source.number(node.value))
            names = [one.value.value if type(one.value) is cst.Name else "" for one in target.elements]
            if isinstance(value, Tuple) and len(value.items) == len(names) and names.count(name) == 1:
                return value.items[names.index(name)]
        return Unknown("unpacked")

    def evaluate(self, module: str, number: int) -> Value:
        """The value of an expression at module level, by its node number."""

        def compute() -> Value:
            source = self.project.source(module)
            if source is None:
                return Unknown("module not readable")
            frame = Frame(self, module, source, muted=1)
            node = source.nodes[number]
            assert isinstance(node, cst.BaseExpression)
            try:
                return self._lasting(frame, evaluation.evaluate(frame, node, State()))
            except BudgetSpent:
                return Unknown("too long to follow")

        return self.once(("expression", module, number), compute, _ITSELF)

    def _lasting(self, frame: Frame, value: Value) -> Value:
        """A value of the module level for all bodies: a lambda is what it gives."""
        if not isinstance(value, LocalFunction):
            return value

        returns = nested.outcome(frame, value.site).returns
        return Unknown("a lambda") if isinstance(returns, Unknown) else Callable(plain(returns))

    def global_value_of(self, module: str, name: str) -> Value:
        """The member `name` of the module `module`, of the project or not."""
        if self.project.definition(module) is not None and self.resolve(module, name) is not None:
            return self.global_value(module, name)
        found = self.project.find(f"{module}.{name}")
        if isinstance(found, ModuleFound):
            return Module(found.name)
        if self.project.definition(module) is not None:
            return Unknown(f"name `{name}` not resolved")
        return self.external(f"{module}.{name}")

    def decorator_name(self, module: str, number: int) -> str:
        """The dotted name that a decorator (or the function it calls) resolves to, or an empty string."""
        source = self.project.source(module)
        if source is None:
            return ""
        node: cst.CSTNode = source.nodes[number]
        if type(node) is cst.Decorator:
            node = node.decorator
        name = dotted_name(node.func if type(node) is cst.Call else node)
        found = self.resolve(module, name) if name else None
        return found.name if isinstance(found, ExternalName) else ""

    def is_static(self, module: str, definition: FunctionDefinition) -> bool:
        """Whether a method is called without an object."""
        return any(self.decorator_name(module, number) == "builtins.staticmethod" for number in definition.decorators)

    def nested_definition(self, module: str, number: int) -> FunctionDefinition | None:
        """The definition of the function whose node has this number."""

        def compute() -> dict[int, FunctionDefinition]:
            definition = self.project.definition(module)
            return {f.node: f for f in definition.functions.values()} if definition is not None else {}

        empty: dict[int, FunctionDefinition] = {}
        return self.once(("functions", module), compute, empty).get(number)

    def function_site(self, dotted: str) -> Site | None:
        """Where a project function is defined."""
        found = self.function_definition(dotted)
        source = self.project.source(found[0]) if found else None
        return Site(source.path, found[1].node) if found and source else None

    def class_site(self, dotted: str) -> Site | None:
        """Where a project class is defined."""
        found = self.class_definition(dotted)
        source = self.project.source(found[0]) if found else None
        return Site(source.path, found[1].node) if found and source else None

    def has_own_attribute(self, cls: str, name: str) -> bool:
        """Whether a project class or one of its project bases declares or assigns `name`."""
        for base in self.project.mro(cls)[0]:
            found = self.class_definition(base)
            if found and (
                name in found[1].attributes or name in found[1].instance_attributes or name in found[1].methods
            ):
                return True
        return False

    def local_names(self, source: Source, number: int) -> frozenset[str]:
        """The names that the function with this node number binds."""
        key = (source.path, number)
        if key not in self._locals:
            self._locals[key] = local_names(source, number)
        return self._locals[key]

    def reaches(self, module: str) -> bool:
        """Whether a module has anything to do with SQLAlchemy, by what it imports."""

        def compute() -> bool:
            path = self.project.module_path(module)
            return path is None or self._reach.reaches(path)

        return self.once(("reaches", module), compute, True)

    def concerns(self, value: Value | None) -> bool:
        """Whether a function that gets `value` may do something with it that matters here."""
        match value:
            case Object(cls=cls):
                found = self.class_definition(cls.name)
                return found is not None and self.reaches(found[0])
            case OneOf(options=options):
                return any(self.concerns(option) for option in options)
            case Tuple(items=items):
                return any(self.concerns(item) for item in items)
            case Collection(of=of):
                return self.concerns(of)
            case Keywords(items=pairs):
                return any(self.concerns(item) for _, item in pairs)
            case None | Unknown() | Constant() | Module() | External() | Omitted():
                return False
            case _:
                return True

    def parameter_annotation(self, module: str, number: int | None) -> Value | None:
        """What an annotation says, for telling arguments apart; None where there is none or it says nothing."""
        if number is None:
            return None

        def compute() -> Value | None:
            source = self.project.source(module)
            value = self.annotation(module, source.nodes[number]) if source is not None else None
            return None if isinstance(value, Unknown) and value.why != "type variable" else value

        nothing: Value | None = None
        return self.once(("parameter", module, number), compute, nothing)

    def default(self, module: str, number: int) -> Value:
        """A parameter's default as an argument: a plain literal is itself, so that omitting and giving it are one; else Omitted."""
        source = self.project.source(module)
        value = literal(source.nodes[number]) if source is not None else ...
        return Constant(value) if value is None or isinstance(value, (bool, str, int, float)) else OMITTED

    def decisive(self, module: str, definition: FunctionDefinition) -> frozenset[str]:
        """The names on which the course of a function may depend."""
        key = (module, definition.node)
        if key not in self._decisive:
            source = self.project.source(module)
            self._decisive[key] = decisive(source, definition.node) if source is not None else frozenset()
        return self._decisive[key]

    def is_test(self, path: str) -> bool:
        """Whether a file is part of the tests."""
        return self._factories.is_test(path)

    def is_patched(self, source: Source, number: int) -> bool:
        """Whether the function with this node number mentions what replaces functions by mocks."""
        key = (source.path, number)
        if key not in self._patched:
            whole = self.once(
                ("patches", source.path), lambda: _mentions_patches(source.text), False
            )
            words = " ".join(mentioned_in(source, number)) if whole else ""
            self._patched[key] = _mentions_patches(words)
        return self._patched[key]

    def is_record(self, cls: Class, kind: str) -> bool:
        """Whether a project class is a `NamedTuple` or a `TypedDict`, as `kind` says."""
        return any(names.last(base) == kind and base.startswith("typing") for base in self.project.mro(cls.name)[0])

    def fields(self, cls: str) -> list[str]:
        """The annotated attributes of a class and its bases, in the order in which a dataclass takes them."""
        order: list[str] = []
        for base in reversed(self.project.mro(cls)[0]):
            found = self.class_definition(base)
            if found is None:
                continue
            for name, declared in found[1].attributes.items():
                if any(d.annotation is not None for d in declared) and name not in order:
                    order.append(name)
        return order

    # -- sessions ---------------------------------------------------------------------------------------------------

    def expires_by_default(self, path: str) -> bool | None:
        """Whether a commit expires the instances of a session that was made out of the sight of the file at `path`.

        By the setting, else by what all factories of the project agree on; None where they do not, or where there are none.
        Tests make sessions of their own.
        """
        if self.expire_on_commit is not None:
            return self.expire_on_commit
        return None if self._factories.is_test(path) else self._factories.expires()

    def reconfigures(self) -> bool:
        """Whether factories of the project may be told otherwise after they were made."""
        return self._factories.reconfigures()

    def configured(self, cls: str) -> bool:
        """Whether objects of a library's repository or service, or of a class that is one too, are made with options of their own."""
        order = self.project.mro(cls)[0]
        return any(name in order or cls in self.project.mro(name)[0] for name in self._configured.names())

    def may_be_sqlmodels(self, session: ApiObject) -> bool:
        """Whether a session may be SQLModel's, which has more members: an annotation names the class that both have, and no more is known."""
        if session.because is None or session.because.source != "annotation" or session.flags or session.cls != "AsyncSession":
            return False
        words = self.project.workspace.words_at
        return self.once(("sqlmodel's",), lambda: any(words(path).sqlmodel_sessions for path in self._factories.files()), True)

    # -- annotations ------------------------------------------------------------------------------------------------

    def annotation(self, module: str, node: cst.CSTNode, substitution: dict[str, Value] | None = None) -> Value:
        """What a variable holds that `node`, in `module`, annotates."""
        return Reader(self, module, substitution).value(node)

    def annotation_at(self, module: str, number: int, substitution: dict[str, Value]) -> Value:
        """The same for the node with this number, remembered."""
        if substitution:
            used = self._variables(module, number)
            substitution = {name: value for name, value in substitution.items() if name in used}
        key = (module, number, tuple(substitution.items()))
        found = self._annotations.get(key)
        if found is None:
            source = self.project.source(module)
            if source is None:
                return Unknown("module not readable")
            found = self._annotations[key] = self.annotation(module, source.nodes[number], substitution)
        return found

    def alias(self, module: str, number: int) -> Value:
        """The same for one that is the name of what stands at this node: there no type variable is known."""

        def compute() -> Value:
            source = self.project.source(module)
            return Unknown("module not readable") if source is None else self.annotation(module, source.nodes[number])

        return self.once(("alias", module, number), compute, _ITSELF)

    def _variables(self, module: str, number: int) -> frozenset[str]:
        """The names in an annotation that may be type variables. What stands behind an alias says nothing of them."""
        key = (module, number)
        found = self._mentioned.get(key)
        if found is None:
            source = self.project.source(module)
            words: set[str] = set()
            for name in mentioned(source.nodes[number]) if source is not None else ():
                words.update(IDENTIFIER.findall(name))
            meanings = (self.resolve(module, word) for word in words - {"Self"})
            if any(isinstance(meaning, ExternalName) and names.last(meaning.name) == "Self" for meaning in meanings):
                words.add("Self")
            found = self._mentioned[key] = frozenset(words)
        return found

    def is_depends(self, module: str, node: cst.Call) -> bool:
        """Whether a call in `module` is one of `Depends` or its kin."""
        target = self.resolve(module, dotted_name(node.func) or "")
        return isinstance(target, ExternalName) and names.last(target.name) in callables.DEPENDS

    def provided_by(self, module: str, node: cst.CSTNode, source: Source | None = None) -> Value | None:
        """What `Depends(f)` and its kin give to the parameter they stand at; None when `node` is no such call.

        `source`: the tree that `node` is of, where that is not the project's own.
        """
        if type(node) is not cst.Call or not node.args or not self.is_depends(module, node):
            return None
        name = dotted_name(node.args[0].value)
        provider = self.global_value(module, name) if name is not None else Unknown("provider not a name")
        if isinstance(provider, Unknown):
            # an object made in place, a method of an object
            source = source or self.project.source(module)
            number = source.numbers.get(id(node.args[0].value)) if source is not None else None
            provider = self.evaluate(module, number) if number is not None else provider
        return self.provides(provider)

    def provides(self, provider: Value) -> Value:
        """What a dependency system hands over for `provider`: what it yields, awaits to, or returns."""

        unknown: Value = Unknown("provides itself")
        given = self.once(("provides", plain(provider)), lambda: project_calls.call_without_arguments(self, provider), unknown)
        match given:
            case Generator(of=of):
                return plain(of)
            case Coroutine(of=of):
                return plain(of)
            case _:
                return plain(given)

    # -- classes ----------------------------------------------------------------------------------------------------

    def bases(self, dotted: str) -> list[Class]:
        """The bases of a project class with their type arguments, in terms of its own type variables."""

        def compute() -> list[Class]:
            found = self.class_definition(dotted)
            source = self.project.source(found[0]) if found else None
            if found is None or source is None:
                return []
            reader = Reader(self, found[0])
            return [
                base for base in (reader.type_of(source.nodes[n]) for n in found[1].bases) if isinstance(base, Class)
            ]

        return self.once(("bases", dotted), compute, [])

    def type_parameters(self, dotted: str) -> tuple[str, ...]:
        """The names of a class's type variables, in order."""
        nothing: tuple[str, ...] = ()
        return self.once(("type parameters", dotted), lambda: self._type_parameters(dotted), nothing)

    def _type_parameters(self, dotted: str) -> tuple[str, ...]:
        found = self.class_definition(dotted)
        if found is None:
            return ()
        if found[1].type_parameters:
            return found[1].type_parameters
        order: list[str] = []
        generic = [base for base in self.bases(dotted) if names.last(base.name) in ("Generic", "Protocol")]
        for base in generic or self.bases(dotted):
            order += [arg.name for arg in base.args if isinstance(arg, TypeVariable) and arg.name not in order]
        return tuple(order)

    def substitution(self, receiver: Class, defining: str) -> dict[str, Value]:
        """The values of the type variables of `defining` when the receiver is a `receiver`. Not to be changed."""
        if not receiver.args and receiver.name == defining:
            return _NO_VARIABLES
        nothing: dict[str, Value] = {}
        key = ("substitution", receiver, defining)
        return self.once(key, lambda: self._substitution(receiver, defining), nothing)

    def _substitution(self, receiver: Class, defining: str) -> dict[str, Value]:
        mine = dict(zip(self.type_parameters(receiver.name), receiver.args, strict=False))
        if receiver.name == defining:
            return mine
        for base in self.bases(receiver.name):
            if not base.name.startswith("typing") and defining in self.project.mro(base.name)[0]:
                args = tuple(self._substituted(arg, mine) for arg in base.args)
                return self.substitution(Class(base.name, args), defining)
        return {}

    def _substituted(self, arg: Value, mine: dict[str, Value]) -> Value:
        return mine.get(arg.name, arg) if isinstance(arg, TypeVariable) else arg

    def type_bounds(self, module: str, parameters: cst.TypeParameters | None) -> dict[str, Value]:
        """The type parameters of a function or class (PEP 695) by name, each with what it is at least."""
        found: dict[str, Value] = {}
        for parameter in parameters.params if parameters is not None else ():
            variable = parameter.param
            if type(variable) is cst.TypeVar:
                bound = Reader(self, module).type_of(variable.bound) if variable.bound is not None else None
                found[variable.name.value] = TypeVariable(variable.name.value, bound)
        return found

    def class_bounds(self, dotted: str) -> dict[str, Value]:
        """The same of a project class."""
        found = self.class_definition(dotted)
        source = self.project.source(found[0]) if found and found[1].type_parameters else None
        if found is None or source is None:
            return {}
        node = source.nodes[found[1].node]
        return self.type_bounds(found[0], node.type_parameters) if type(node) is cst.ClassDef else {}

    def method(self, cls: str, name: str, after: str | None = None) -> tuple[str, str, FunctionDefinition] | None:
        """The (module, class, definition) that `name` finds on a class; with `after`, beyond that class (super())."""
        order = self.project.mro(cls)[0]
        if after is not None:
            order = order[order.index(after) + 1 :] if after in order else []
        for base in order:
            found = self.class_definition(base)
            if found is None:
                continue
            definitions = found[1].methods.get(name)
            if definitions:
                real = [d for d in definitions if not d.is_stub] or list(definitions)
                return found[0], base, real[-1]
            if name in found[1].attributes or name in found[1].instance_attributes:
                return None
        return None

    def attribute(self, cls: Class, name: str) -> Value:
        """The value of a data attribute of an instance of `cls`, without identity; Unknown where nothing is written."""
        return self.once(("attribute", cls, name), lambda: attributes.attribute(self, cls, name), _ITSELF)

    # -- outcomes ---------------------------------------------------------------------------------------------------

    def outcome(self, key: Key) -> Outcome:
        """What the body of a project function comes to, under `key`."""
        return self.once(key, lambda: self._outcome(key), _CALLS_ITSELF, key.function)

    def _outcome(self, key: Key) -> Outcome:
        found = self.function_definition(key.function)
        source = self.project.source(found[0]) if found else None
        if found is None or source is None:
            return unknown_outcome("function not found")
        module, definition = found
        node = source.nodes[definition.node]
        assert type(node) is cst.FunctionDef
        return interpret_function(self, module, source, definition, node, key)


# these need what is defined above
from flake8_async_orm.flow import (  # noqa: E402
    attributes,
    evaluation,
    nested,
    project_calls,
)

__all__ = ["Program", "interpret_function"]
