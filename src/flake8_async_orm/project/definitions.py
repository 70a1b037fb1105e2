"""What a file declares, as plain data.

Syntax is referred to by *node numbers* (0-based, in the order of `Source.nodes`), never by node objects, so that
definitions can be stored apart from trees. Names are as written; `names.Names` resolves them.
"""

from __future__ import annotations

from dataclasses import field

from flake8_async_orm.records import record


@record
class Parameter:
    """A parameter of a function. `kind`: positional-only, positional, keyword, star, double-star."""

    name: str
    kind: str
    annotation: int | None = None
    default: int | None = None


@record
class FunctionDefinition:
    """A `def`, at module level, in a class, or nested. `qualname` is dotted within the module (`Repo.get`)."""

    name: str
    qualname: str
    node: int
    is_async: bool
    is_generator: bool
    parameters: tuple[Parameter, ...]
    decorators: tuple[int, ...] = ()
    returns: int | None = None
    #: the class whose body holds it, by qualname
    cls: str | None = None
    #: names written through `global`
    global_writes: tuple[str, ...] = ()
    #: the body is only a docstring, `...`, `pass` or `raise NotImplementedError`
    is_stub: bool = False
    #: what each decorator is called (of a call: what is called), as written; None where it is no dotted name
    decorator_names: tuple[str | None, ...] = ()


@record
class AttributeDefinition:
    """An attribute assigned or declared in a class body: the nodes of its annotation and of its value.

    `node` is the statement. Without a value and an annotation something unreadable is assigned.
    """

    name: str
    node: int
    annotation: int | None = None
    value: int | None = None


@record
class InstanceAttribute:
    """`self.name = value` in a method (by qualname), also through `cls` in a class method.

    `node` is the statement. Without a value and an annotation something unreadable is assigned (unpacking, `with`,
    `for`, `+=`).
    """

    name: str
    method: str
    node: int
    annotation: int | None = None
    value: int | None = None


@record
class ClassDefinition:
    """A class. `bases` and `decorators` are node numbers, `keywords` are (name, node) of the class arguments."""

    name: str
    qualname: str
    node: int
    bases: tuple[int, ...] = ()
    keywords: tuple[tuple[str, int], ...] = ()
    decorators: tuple[int, ...] = ()
    type_parameters: tuple[str, ...] = ()
    #: name -> definitions in order (overloads, property setters, conditional ones)
    methods: dict[str, tuple[FunctionDefinition, ...]] = field(default_factory=dict)
    attributes: dict[str, tuple[AttributeDefinition, ...]] = field(default_factory=dict)
    instance_attributes: dict[str, tuple[InstanceAttribute, ...]] = field(default_factory=dict)
    classes: dict[str, ClassDefinition] = field(default_factory=dict)
    #: the bases as dotted names as written (of `Repo[User]` and of a call what stands ahead); None where they have none
    base_names: tuple[str | None, ...] = ()
    #: as in FunctionDefinition
    decorator_names: tuple[str | None, ...] = ()


@record
class Import:
    """A name bound by an import: the absolute dotted `module`, and `name` in it (None: the module itself)."""

    module: str
    name: str | None
    node: int
    #: inside `if TYPE_CHECKING`
    type_checking: bool = False


@record
class Assignment:
    """A module-level name given a value: `node` the statement, `value` and `annotation` expression nodes.

    `function`: the qualname of the function that assigns it through `global`. `unpacked`: the name is part of a
    tuple target, or bound by `with`, `for`, `except`, `del` or an augmented assignment: the value is not the
    name's.
    """

    name: str
    node: int
    value: int | None = None
    annotation: int | None = None
    function: str | None = None
    unpacked: bool = False
    #: the value as a dotted name, where it is one and no annotation bounds it
    alias: str | None = None
    #: `X` where the value is `X[...]`
    origin: str | None = None
    #: what is called, as a dotted name, where the value is a call (`registry().generate_base` for a call on a call)
    call: str | None = None


@record
class TypeAlias:
    """`type X = value` (PEP 695)."""

    name: str
    node: int
    value: int
    alias: str | None = None


Binding = FunctionDefinition | ClassDefinition | Import | Assignment | TypeAlias


@record
class ModuleDefinition:
    """What the module `name` (dotted) at `path` declares. `bindings` keeps every binding of a name, in source order."""

    name: str
    path: str
    is_package: bool
    bindings: dict[str, tuple[Binding, ...]]
    #: absolute names of modules imported by `from m import *`, in order
    stars: tuple[str, ...] = ()
    #: the names of `__all__` where it is a literal
    exports: tuple[str, ...] | None = None
    #: every function, nested ones included, by qualname (the last of a name)
    functions: dict[str, FunctionDefinition] = field(default_factory=dict)
    classes: dict[str, ClassDefinition] = field(default_factory=dict)
    #: nodes of bindings that hold only where others do not: in `except`, beside `if TYPE_CHECKING` or a version test
    fallbacks: frozenset[int] = frozenset()
    #: nodes of bindings in a branch of an `if` that may go either way
    conditional: frozenset[int] = frozenset()


@record
class MappedAttribute:
    """An attribute of a mapped class.

    `kind`: column, relationship, column_property, composite, hybrid, association_proxy, synonym, query_expression,
    other (nothing is known: it may be any of them). `module` and `node` tell where it is declared. Relationships:
    `target` (dotted class, None if unknown), `uselist` (None if unknown), `lazy` (SQLAlchemy's default "select";
    None if unreadable), `back_populates` (or the backref's name), `join_depth` (0 if unreadable), `viewonly`. Columns: `deferred`
    (None if unreadable), `deferred_group`, `primary_key`, `foreign_key` and what it `references` ("table.column"),
    `onupdate` and `default`: none, python, sql, unknown; `server_default`, `server_onupdate`. `through`: of an
    association proxy the relationship, of a synonym the attribute.
    """

    name: str
    kind: str
    target: str | None = None
    uselist: bool | None = None
    lazy: str | None = "select"
    back_populates: str | None = None
    join_depth: int | None = None
    deferred: bool | None = False
    primary_key: bool = False
    foreign_key: bool = False
    default: str = "none"
    onupdate: str = "none"
    server_default: bool = False
    server_onupdate: bool = False
    default_factory: bool = False
    init: bool = True
    through: str | None = None
    node: int | None = None
    module: str = ""
    viewonly: bool = False
    references: str | None = None
    deferred_group: str | None = None
    #: deleting its owner may go along it: its `cascade` says so, or cannot be read
    deletes: bool = False
    #: adding its owner to a session adds what is in it
    saves: bool = True


#: kinds of attributes that a query fills with a value of the row
COLUMNS = frozenset({"column", "column_property"})


@record
class MappedClass:
    """A mapped class with its inherited attributes. `complete` is False when a base could not be resolved.

    `eager_defaults`: as written in `__mapper_args__`; None where nothing is (SQLAlchemy's default), True where it
    is unreadable. `polymorphic`: it has subclasses by table inheritance, or is one. `table`: the table's name where
    it is written.
    """

    name: str
    attributes: dict[str, MappedAttribute]
    complete: bool
    bases: tuple[str, ...] = ()
    async_attrs: bool = False
    dataclass: bool = False
    sqlmodel: bool = False
    eager_defaults: bool | None = None
    polymorphic: bool = False
    table: str | None = None
    #: the relationships and the deferred columns: what a query does not load unless it is told to
    tracked: tuple[MappedAttribute, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        found = (a for a in self.attributes.values() if a.kind == "relationship" or (a.deferred and a.kind in COLUMNS))
        object.__setattr__(self, "tracked", tuple(found))
