"""What calling a function comes to: the key it is asked under, and the outcome that answers.

An outcome depends on its key and on the program alone. Places in it are rooted at the callee's parameters, or at sites of the callee; `Substitution`
turns them into the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flake8_async_orm.facts import Fact
from flake8_async_orm.flow.frame import Absence, Blocking, HandedUrl, Requirement
from flake8_async_orm.lattice import (
    HANDED,
    InstanceState,
    Known,
    ObjectState,
    ResultState,
    SessionState,
    State,
    without_none,
)
from flake8_async_orm.values import (
    EMPTY,
    FAKES,
    SQL,
    ApiObject,
    Awaitable,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    External,
    Function,
    Generator,
    Instance,
    Keywords,
    LoaderOption,
    ModelAttribute,
    Object,
    OneOf,
    Place,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    record,
    replace,
)


@record
class Omitted(Value):
    """An argument that the call does not give."""


OMITTED = Omitted()


@dataclass(slots=True)
class Key:
    """A function, the class it is called on, and for each parameter that matters what it was given. Does not change."""

    function: str
    receiver: Value | None = None
    arguments: tuple[tuple[str, Value], ...] = ()
    sync_land: bool = False
    #: asked for its own facts only: calls of plain functions are believed to give what their annotations say
    shallow: bool = False
    #: called by a framework, which has called its dependencies before
    driven: bool = False
    _hash: int | None = field(default=None, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        # looked up several times each, and what was given may be large
        if self._hash is None:
            self._hash = hash((self.function, self.receiver, self.arguments))
        return self._hash


@dataclass(slots=True)
class Outcome:
    """What a body does. `exit` is the heap at its normal exits; `ended` the sessions it committed, rolled back or closed."""

    returns: Value
    yields: Value | None = None
    exit: State | None = None
    facts: tuple[Fact, ...] = ()
    requires: tuple[Requirement, ...] = ()
    writes: dict[str, Value] = field(default_factory=dict)
    global_writes: dict[str, Value] = field(default_factory=dict)
    ended: frozenset[tuple[Place, str]] = frozenset()
    doubted: frozenset[Place] = frozenset()
    #: whether the body, or one that it calls, does database work by way of a session, connection or engine
    touches: bool = False
    #: the sessions on which it surely does database work; of a function that only gives a coroutine: which that does
    works: frozenset[Place] = frozenset()
    #: sessions of module level that it works on
    global_work: frozenset[Place] = frozenset()
    #: of a sync function: database work that it does over a sync object
    blocks: Blocking | None = None
    #: sessions of which it leaves a failed flush or commit to its caller
    fails: frozenset[Place] = frozenset()
    #: of a coroutine function: engines of module level from whose pools it takes connections; whether it disposes of one
    pools: frozenset[Place] = frozenset()
    disposes: bool = False
    #: of a plain function: engines in whose pools an event loop that it has run has left connections
    kept: frozenset[Place] = frozenset()
    #: engines that it makes of URLs that it is given
    urls: frozenset[HandedUrl] = frozenset()
    #: parameters whose elements it awaits at the same time
    gathers: frozenset[str] = frozenset()
    #: sessions below its parameters on which it works at the same time, two by two and where
    overlaps: frozenset[tuple[Place, Place, Site]] = frozenset()
    #: what its reads that fail, and those of its callees, assume of sessions that its callers have too
    absences: tuple[Absence, ...] = ()
    #: reads of its callees of which it cannot be said that its sessions do not answer them
    held: frozenset[Site] = frozenset()
    #: no path comes back from it
    diverges: bool = False
    unknown: str = ""
    #: what it hands to parameters without annotation, by function and parameter
    handed: dict[tuple[str, str], Value] = field(default_factory=dict)


def unknown_outcome(why: str) -> Outcome:
    return Outcome(Unknown(why), unknown=why)


def plain(value: Value) -> Value:
    """`value` without its identity and trail, as it may stand in a key or outlive its body."""
    match value:
        case ApiObject():
            return replace(value, place=None, because=None, of=plain(value.of) if value.of else None)
        case Instance():
            return Instance(value.model)
        case Object():
            return Object(value.cls)
        case Collection():
            return Collection(plain(value.of), value.kind)
        case Tuple():
            return replace(value, items=tuple(plain(item) for item in value.items))
        case OneOf():
            return OneOf(frozenset(plain(option) for option in value.options))
        case Statement():
            return replace(value, site=None, last=None)
        case Awaitable():
            return Awaitable(plain(value.of))
        case Callable():
            return Callable(plain(value.returns))
        case ContextManager():
            return replace(value, of=plain(value.of), site=None)
        case Generator():
            return replace(value, of=plain(value.of), site=None)
        case Function(receiver=Value() as receiver):
            return replace(value, receiver=plain(receiver))
        case _:
            return value


def reachable(state: State | None, given: list[Value]) -> State | None:
    """What of a body's heap its caller can come across: what lies below its parameters and what it gives."""
    if state is None:
        return None
    roots: set[object] = set()
    for value in given:
        _roots(value, roots)
    for place, known in state.heap.items():
        if type(known) is ObjectState and isinstance(place.root, str) and place.root.startswith("param:"):
            # objects that were made for the fields of one that the caller has
            for field_value in known.fields.values():
                if isinstance(field_value, Object) and field_value.place is not None:
                    roots.add(field_value.place.root)
    _led_to(state, roots)
    heap = {
        place: known
        for place, known in state.heap.items()
        if place.root in roots
        or (isinstance(place.root, str) and place.root.startswith("param:") and not _untouched(known))
    }
    return State({}, heap)


def _led_to(state: State, roots: set[object]) -> None:
    """Add to `roots` what the objects among them hold in their fields, and so on."""
    holders = [(place, known) for place, known in state.heap.items() if isinstance(known, ObjectState)]
    before = -1
    while len(roots) != before:
        before = len(roots)
        for place, known in holders:
            if place.root in roots:
                for value in known.fields.values():
                    _roots(value, roots)


#: attributes below a parameter that a caller is told about
DEEP = 3


def is_shared(place: Place) -> bool:
    """Whether a caller has the object at `place` too: it lies below a parameter, not too deep, or is a global."""
    return isinstance(place.root, str) and len(place.path) <= DEEP and not place.root.startswith("closure:")


def _untouched(known: Known) -> bool:
    """Whether an instance is still as the caller handed it over."""
    return (
        isinstance(known, InstanceState)
        and known.columns in HANDED
        and HANDED.issuperset(known.attributes.values())
        and known.life == "unknown"
    )


def _roots(value: Value | None, found: set[object]) -> None:
    match value:
        case ApiObject(place=place, of=of):
            if place is not None:
                found.add(place.root)
            _roots(of, found)
        case Instance(place=Place() as place) | Object(place=Place() as place):
            found.add(place.root)
        case Collection(of=of, place=place):
            if place is not None:
                found.add(place.root)
            _roots(of, found)
        case Tuple(items=items):
            for item in items:
                _roots(item, found)
        case OneOf(options=options):
            for option in options:
                _roots(option, found)
        case Awaitable(of=of) | ContextManager(of=of) | Generator(of=of) | Coroutine(of=of) | Callable(returns=of):
            _roots(of, found)
        case _:
            pass


def telling(value: Value, annotated: Value | None) -> Value | None:
    """What of an argument belongs into the key, or None: then the parameter is as its annotation (`annotated`) says."""
    bound = without_none(annotated) if annotated is not None else None
    if isinstance(value, Object) and isinstance(bound, Object):
        return None if bound.cls.name == value.cls.name else plain(value)
    match value:
        case Constant() | Class() | Function() | External() | LoaderOption() | ModelAttribute() | Omitted():
            if isinstance(value, Constant) and not isinstance(value.value, (bool, type(None))) and annotated:
                return None
            return value
        case Statement():
            return plain(value)
        case Keywords(items=items):
            return Keywords(tuple((name, _alike(plain(given))) for name, given in items))
        case Tuple() | Collection():
            shape = _alike(plain(value))
            return shape if _holds_options(shape) or annotated is None else None
        case OneOf(options=options) if all(isinstance(option, Function) for option in options):
            return plain(value)
        case Instance(model=model) if isinstance(bound, (Unknown, Object)) or (
            isinstance(bound, Instance) and bound.model != model
        ):
            # by a type variable, or by a class that several have as a base
            return plain(value)
        case ApiObject() | Instance() | Object() | OneOf():
            return None if annotated is not None else plain(value)
        case Callable() | ContextManager() | Generator():
            return None if annotated is not None else plain(value)
        case _:
            return None


_UNKNOWN = Unknown()


def _alike(value: Value) -> Value:
    """`value` where it does not matter why something in it is not known; but some of that is known after all."""
    match value:
        case Unknown() if value != EMPTY and value != SQL and value.why not in FAKES:
            return _UNKNOWN
        case Tuple():
            return replace(value, items=tuple(map(_alike, value.items)))
        case Collection():
            return replace(value, of=_alike(value.of))
        case _:
            return value


def _holds_options(value: Value) -> bool:
    match value:
        case LoaderOption() | ModelAttribute():
            return True
        case Tuple(items=items):
            return any(_holds_options(item) for item in items)
        case Collection(of=of):
            return _holds_options(of)
        case _:
            return False


@dataclass(slots=True)
class Substitution:
    """Turns a callee's places into the caller's: `arguments` are the actual values by parameter name, `call` the call's site.

    `own`: of a nested function, the names of its parameters; what is not below them is its caller's own.
    """

    arguments: dict[str, Value]
    call: Site
    own: frozenset[str] | None = None

    def surrounds(self, place: Place) -> bool:
        """Whether a nested function has the object at `place`, which it tells of, from the functions around it."""
        return self.own is not None and not (isinstance(place.root, str) and place.root.removeprefix("param:") in self.own)

    def place(self, place: Place | None) -> Place | None:
        """The caller's place, or None where it has none."""
        if place is None:
            return None
        if isinstance(place.root, str):
            if not place.root.startswith("param:"):
                return place
            actual = self.arguments.get(place.root.removeprefix("param:"))
            return follow(actual, place.path) if actual is not None else None
        # a place made deeper down is told apart by where it was made and by the call that brought it here
        nested = isinstance(place.root, tuple) and isinstance(place.root[0], Site)
        made = place.root[1] if isinstance(place.root, tuple) and nested else place.root
        return Place((self.call, made), place.path)

    def value(self, value: Value) -> Value:
        match value:
            case ApiObject():
                actual = self._actual(value.place)
                if isinstance(actual, ApiObject) and actual.cls == value.cls:
                    return actual
                return replace(value, place=self.place(value.place), of=self.value(value.of) if value.of else None)
            case Instance():
                return Instance(value.model, self.place(value.place))
            case Object():
                return Object(value.cls, self.place(value.place))
            case Collection():
                entries = tuple((name, self.value(entry)) for name, entry in value.entries)
                return Collection(self.value(value.of), value.kind, self.place(value.place), entries)
            case Tuple():
                return replace(value, items=tuple(self.value(item) for item in value.items))
            case OneOf():
                return OneOf(frozenset(self.value(option) for option in value.options))
            case Awaitable():
                return Awaitable(self.value(value.of))
            case Callable():
                return Callable(self.value(value.returns))
            case ContextManager():
                return replace(value, of=self.value(value.of), site=self.call)
            case Generator():
                return replace(value, of=self.value(value.of), site=self.call)
            case Coroutine():
                return replace(value, of=self.value(value.of), site=self.call, origin=value.origin or value.site)
            case Function(receiver=Value() as receiver):
                return replace(value, receiver=self.value(receiver))
            case _:
                return value

    def _actual(self, place: Place | None) -> Value | None:
        if place is None or place.path or not isinstance(place.root, str) or not place.root.startswith("param:"):
            return None
        actual = self.arguments.get(place.root.removeprefix("param:"))
        return without_none(actual) if actual is not None else None

    def known(self, known: Known) -> Known:
        """A heap entry of the callee, in the caller's places."""
        match known:
            case InstanceState():
                holds = frozenset((name, here) for name, place in known.holds if (here := self.place(place)) is not None)
                return replace(known, session=self.place(known.session), early=frozenset(), holds=holds)
            case ObjectState():
                return ObjectState({name: self.value(value) for name, value in known.fields.items()})
            case ResultState():
                return known
            case SessionState():
                pending = frozenset(p for p in map(self.place, known.pending) if p is not None)
                locked = frozenset((here, site) for place, site in known.locked if (here := self.place(place)) is not None)
                return replace(known, pending=pending, failure=None, locked=locked)


def follow(value: Value, path: tuple[str, ...]) -> Place | None:
    """The place that lies `path` away from `value`."""
    match without_none(value):
        case ApiObject(place=place) | Instance(place=place) | Object(place=place):
            return place.at(*path) if place is not None else None
        case Collection(of=of, place=place):
            if path[:1] == ("[]",):
                return follow(of, path[1:])
            return place.at(*path) if place is not None else None
        case Tuple(items=items):
            for index, item in enumerate(items):
                if path[:1] == (f"[{index}]",):
                    return follow(item, path[1:])
            if path[:1] == ("[]",) and items and all(item == items[0] for item in items):
                return follow(items[0], path[1:])
            return None
        case _:
            return None
