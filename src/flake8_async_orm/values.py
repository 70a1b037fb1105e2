"""What an expression can be.

A *Value* is an immutable description of one async-ORM thing. No syntax node is inside, so values
can be compared, hashed, kept and shared between files. `Unknown` is a value like the others: it says
why nothing is known and answers nothing.

Where a thing lives is told by a *Place*: a root (the site that made it, a parameter, a global name) and a
path of attribute names from there. Two values with one place are one object; its changing state is in the
heap (`lattice.State`), under that place.
"""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from flake8_async_orm.records import record as record
from flake8_async_orm.records import replace as replace


class Site(NamedTuple):
    """A node of a file: `path` as the project knows the file, `node` its 0-based number in the file's walk."""

    path: str
    node: int


@record
class Because:
    """Where a value was learnt: the kind of source (`annotation`, `factory` ...), and the site. `factory`: which one."""

    source: str
    site: Site | None = None
    factory: Place | None = None


class Place(NamedTuple):
    """The identity of an object: `root` and the attribute names that lead from it to the object.

    A root is a `Site` (made there), a tuple of a call's site and the callee's own root (made inside a callee),
    or a string: `param:NAME`, `global:DOTTED.NAME`, `closure:NAME`.
    """

    root: object
    path: tuple[str, ...] = ()

    def at(self, *names: str) -> Place:
        return Place(self.root, self.path + names)


@record
class Value:
    """The base of all values."""


@record
class Unknown(Value):
    """Nothing is known, and `why`. `holds`: coroutines that went into it, which somebody may still await."""

    why: str = "unknown"
    holds: frozenset[Site] = field(default=frozenset(), compare=False)


#: the element of a collection that has none yet
EMPTY = Unknown("empty")


#: why nothing is known of what stands in for something else in a test
FAKES = frozenset({"a fake", "a mock", "member of a fake"})


#: an expression that the database is to compute
SQL = Unknown("SQL expression")


@record
class Constant(Value):
    """A literal: None, a bool, a number, a string or bytes."""

    value: object


NONE = Constant(None)


@record
class Text(Value):
    """A string that was put together: what it says is not known."""


TEXT = Text()


@record
class OneOf(Value):
    """One of a few values, which is not known. `Optional[X]` is `OneOf({X, NONE})`."""

    options: frozenset[Value]


@record
class Module(Value):
    """A module, of the project or not."""

    name: str


@record
class Class(Value):
    """A class object. `name` is dotted; `args` are its type arguments."""

    name: str
    args: tuple[Value, ...] = ()


@record
class TypeVariable(Value):
    """A type parameter, by the name it has where it is used; `bound` is what it is at least."""

    name: str
    bound: Value | None = None


@record
class Function(Value):
    """A function of the project: its dotted name, and the object that it is bound to when it is a method."""

    name: str
    receiver: Value | None = None
    #: arguments given ahead by functools.partial: (parameter position or keyword, value)
    given: tuple[tuple[int | str, Value], ...] = ()


@record
class LocalFunction(Value):
    """A nested function or a lambda: known by its site in the body that is being interpreted."""

    site: Site


@record
class Super(Value):
    """`super()` in a method of the class `after`: the rest of `receiver`'s order of classes."""

    after: str
    receiver: Value


@record
class External(Value):
    """A function or value outside the project, by its dotted name (`sqlalchemy.select`)."""

    name: str


@record
class Callable(Value):
    """Something that gives `returns` when it is called (an annotation `Callable[..., X]`, a lambda handed over)."""

    returns: Value


@record
class BoundMember(Value):
    """A method of an API object that has been read but not called."""

    receiver: Value
    name: str
    site: Site | None = field(default=None, compare=False)


@record
class Object(Value):
    """An instance of a project class (or of a foreign class of which only the name is known)."""

    cls: Class
    place: Place | None = None


@record
class ApiObject(Value):
    """An object of SQLAlchemy: session, engine, connection, factory, transaction, result.

    `cls` is the name of its class in `knowledge.api` (`AsyncSession`, `Connection`, `async_sessionmaker`, `Result` ...).
    `of`: of a factory, the session that it makes; of a transaction, the session or connection; of a result, one row
    (a `Row`, or for scalar results the value itself). `flags`: what else is known, such as
    ("expire_on_commit", False).
    """

    cls: str
    place: Place | None = None
    of: Value | None = None
    flags: frozenset[tuple[str, object]] = frozenset()
    because: Because | None = field(default=None, compare=False)
    #: the dotted name of the class written in the code when it is a subclass of the API's
    subclass: str | None = None


#: flag of a sync object that was seen being made, so that its class does not rest on an annotation alone
MADE = ("made", True)
#: flag of a connection or transaction that was awaited: it cannot be started again
STARTED = ("started", True)
#: flag of sessions, and of the factories that make them, that were surely given an async engine to work with
ON_ENGINE = ("bind", "AsyncEngine")
#: flag of the connection that a session works on, which is begun and is not its taker's to close
LENT = ("lent", True)


@record
class Instance(Value):
    """An instance of a mapped class; its attributes' states are in the heap."""

    model: str
    place: Place | None = None


@record
class Coroutine(Value):
    """A coroutine object that was made at `site` by calling `callee` and gives `of` when awaited."""

    of: Value
    callee: str
    site: Site
    #: whether `callee` is a project function rather than SQLAlchemy's own
    wrapper: bool = False
    #: whether awaiting it does database work; other coroutines are followed, but nothing is said of them
    ours: bool = True
    #: where it has surely been awaited already, by the name that holds it
    awaited: Site | None = None
    #: of one that a function gives back: the call in there that made it
    origin: Site | None = field(default=None, compare=False)


@record
class Awaitable(Value):
    """Awaitable, but of no known making (a task, a future, an annotation): gives `of`.

    `task`: the coroutine that it runs, where that works on a session.
    """

    of: Value
    task: Site | None = None


@record
class Generator(Value):
    """A generator object; it yields `of`."""

    of: Value
    callee: str
    is_async: bool = True
    site: Site | None = field(default=None, compare=False)


@record
class ContextManager(Value):
    """A context manager that gives `of`; `awaitable` ones may be awaited in its place (`engine.connect()`)."""

    of: Value
    is_async: bool = True
    awaitable: bool = False
    callee: str = ""
    site: Site | None = field(default=None, compare=False)


@record
class Collection(Value):
    """Any number of `of`. `kind`: list, tuple, set, dict (its values), iterator, async iterator (what a result gives).

    `entries`: of a dictionary with literal keys what stands under each; under `**` what was unpacked into it.
    """

    of: Value
    kind: str = "list"
    place: Place | None = None
    entries: tuple[tuple[str, Value], ...] = ()

    def entry(self, key: str) -> Value | None:
        """What a dictionary holds under `key`, where that is known."""
        found: Value | None = None
        for name, value in self.entries:
            found = value if name == key else None if name == "**" else found
        return found


@record
class Tuple(Value):
    """A tuple of known length. A result's row is a `Tuple` with `row` set and its column names in `names`."""

    items: tuple[Value, ...]
    row: bool = False
    names: tuple[str, ...] = ()


@record
class Keywords(Value):
    """The keyword arguments that a `**` parameter gathered, by name."""

    items: tuple[tuple[str, Value], ...]


@record
class ModelAttribute(Value):
    """An attribute read on a mapped class (`User.posts`): SQL, or the argument of a loader option."""

    model: str
    name: str


@record
class DynamicRelationship(Value):
    """A `lazy="dynamic"` relationship of an instance that is in an async session: a query that would run at once."""

    model: str
    name: str
    origin: Site | None = field(default=None, compare=False)


@record
class Load:
    """One step of a loader option: `strategy` (selectinload, joinedload, defer ...) for `attribute` ("*": all)."""

    attribute: str
    strategy: str
    model: str | None = None
    below: tuple[Load, ...] = ()


@record
class LoaderOption(Value):
    """A loader option. `complete` is False when part of it could not be read: then anything may be loaded."""

    loads: tuple[Load, ...]
    complete: bool = True
    #: how many steps down, along the last load of each level, a chained call continues
    depth: int = 1


@record
class Statement(Value):
    """A SQL statement: `kind` is select, insert, update, delete or text.

    `entities` are what a row holds (a mapped `Class`, or `Unknown` for a column or an expression); `loads` its loader
    options; `complete` is False when an option could not be read; `site` is the call that began it, `last` the
    outermost call of the chain that made it.
    """

    kind: str
    entities: tuple[Value, ...] = ()
    loads: tuple[Load, ...] = ()
    complete: bool = True
    site: Site | None = field(default=None, compare=False)
    last: Site | None = field(default=None, compare=False)
    #: populate_existing, returning, unique needed ...
    flags: frozenset[str] = frozenset()
