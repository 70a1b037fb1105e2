"""One body under interpretation: what it has stated, where its paths leave, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import libcst as cst

from flake8_async_orm.facts import CoroutineDropped, Fact
from flake8_async_orm.lattice import State, join, join_states
from flake8_async_orm.ledger import Ledger
from flake8_async_orm.project.definitions import ClassDefinition, FunctionDefinition
from flake8_async_orm.source import Source
from flake8_async_orm.values import Place, Site, Unknown, Value, record

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


class BudgetSpent(Exception):
    """The body took more steps than one body may: its outcome is Unknown."""


T = TypeVar("T")
_make = tuple.__new__
#: steps (expressions and statements evaluated) that one body may take
BUDGET = 60_000


@dataclass(slots=True)
class Loop:
    """The states in which a loop's body was left by `break` and by `continue`."""

    broken: State | None = None
    continued: State | None = None
    #: the state before its first turn
    entry: State | None = None
    #: sessions that a turn made and had open where it ended
    left_open: set[Place] = field(default_factory=set)


@record
class Requirement:
    """The body reads `attribute` of the instance at `place` (rooted at a parameter) as the caller handed it over.

    It does so at `at`; where that is a call, the read itself is at `read`.
    `change`: it is a collection that is changed, by this method or operator.
    """

    place: Place
    model: str
    attribute: str
    at: Site
    read: Site
    collection: bool
    change: str = ""
    #: the field of a schema for which a serialiser reads it
    schema: str = ""
    #: it is read on some paths only, which these choose: parameters, and attributes of them (of the parameter itself: "")
    chosen: frozenset[tuple[str, str]] = frozenset()


@record
class Absence:
    """The read of `attribute` at `read` fails unless the session at `session` holds more than is seen: the instance of `model` with
    the attribute loaded, or a `target` that a many-to-one may point to.
    """

    session: Place
    model: str
    attribute: str
    target: str | None
    read: Site


@record
class Blocking:
    """Database work over a sync object: the member, where it stands, and the object's place.

    `sure`: the object was seen being made; else its class is only annotated. `helper`: the function that was called for it.
    """

    what: str
    sure: bool
    io: Site
    helper: str
    place: Place | None
    #: some path has left the function before it
    perhaps: bool = False
    #: the attribute by which the object was reached from its async one
    reached_by: str = ""


@record
class HandedUrl:
    """A body makes an engine by `function`, with the expression `node` of `module`, which reads these of its parameters.

    `is_async` and `settled` as in `facts.UrlGiven`.
    """

    module: str
    node: int
    function: str
    is_async: bool | None
    settled: bool
    parameters: frozenset[str] = frozenset()


@dataclass(slots=True)
class Guard:
    """A `try` around the code: the dotted names of what its handlers catch (empty string: everything)."""

    catches: tuple[str, ...]


@dataclass(slots=True, eq=False, repr=False)
class Frame:
    """A function body, a module body or a lambda being interpreted."""

    program: Program
    module: str
    source: Source
    function: FunctionDefinition | None = None
    is_async: bool = False
    #: inside a function that run_sync runs: I/O is allowed
    sync_land: bool = False
    #: see `outcomes.Key`
    shallow: bool = False
    #: what other functions of the project do is asked; else only what they are annotated with
    follows: bool = True
    outer: State | None = None
    outer_frame: Frame | None = None
    local_names: frozenset[str] = frozenset()
    global_names: frozenset[str] = frozenset()
    receiver: Value | None = None
    type_arguments: dict[str, Value] = field(default_factory=dict)
    facts: dict[tuple[type[Fact], Site, str], Fact] = field(default_factory=dict)
    #: the body replaces functions by mocks: what a callee would read need not be read
    patched: bool = False
    reveal: bool = False
    muted: int = 0
    #: the statement that is being run
    statement: cst.CSTNode | None = None
    steps: int = 0
    loops: list[Loop] = field(default_factory=list)
    raised: list[list[State]] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    #: where no `try` is around: the sessions of paths on which a flush or commit fails and leaves the body
    failing: list[State] = field(default_factory=list)
    #: where no `try` is around: the states in which an exception may leave the body; None where nobody asks
    escaping: list[State] | None = None
    #: whether a flush or commit was seen to fail
    fails: bool = False
    #: whether an instance was met that has columns without a value until it is flushed
    unset: bool = False
    #: the handlers that control is in
    handling: list[Site] = field(default_factory=list)
    returned: list[tuple[State, Value]] = field(default_factory=list)
    yielded: list[Value] = field(default_factory=list)
    requires: dict[tuple[Place, str], Requirement] = field(default_factory=dict)
    #: what reads that fail assume of sessions that callers have too, by the site of the read
    absences: dict[Site, Absence] = field(default_factory=dict)
    #: reads of callees of which that cannot be said here
    held: set[Site] = field(default_factory=set)
    made: dict[Site, CoroutineDropped] = field(default_factory=dict)
    consumed: set[Site] = field(default_factory=set)
    #: coroutines whose first use as a value has been stated
    misused: set[Site] = field(default_factory=set)
    effects: dict[Site, Callable[[State], None]] = field(default_factory=dict)
    writes: dict[str, Value] = field(default_factory=dict)
    global_writes: dict[str, Value] = field(default_factory=dict)
    nested: dict[Site, tuple[cst.FunctionDef | cst.Lambda, State]] = field(default_factory=dict)
    #: calls of members that are known to give no awaitable: site of the call -> name of the member
    plain_calls: dict[Site, str] = field(default_factory=dict)
    #: calls of members of sync classes: an `await` on one is evidence that the object is of the async class after all
    sync_calls: set[Site] = field(default_factory=set)
    #: expressions that an `await` around a longer chain begins with: site -> site of the await
    awaited_chains: dict[Site, Site] = field(default_factory=dict)
    #: the innermost calls and awaits around an expression: site of the callee expression -> site of its call
    calls: dict[Site, Site] = field(default_factory=dict)
    awaited_directly: set[Site] = field(default_factory=set)
    #: relationship reads that only serve a change of the collection (`user.posts.append`), and what changes it
    changed_collections: dict[Site, str] = field(default_factory=dict)
    #: nested functions that have been interpreted, under one key or another
    #: what the body hands to parameters without annotation, by function and parameter
    handed: dict[tuple[str, str], Value] = field(default_factory=dict)
    #: the classes that the body defines, with the state then
    local_classes: dict[str, tuple[ClassDefinition, State]] = field(default_factory=dict)
    nested_outcomes: dict[object, object] = field(default_factory=dict)
    #: calls that do database work over sync objects
    blocking: dict[Site, Blocking] = field(default_factory=dict)
    #: something was awaited that only an async object gives
    contradicted: bool = False
    entered_nested: set[Site] = field(default_factory=set)
    touches: bool = False
    #: the field of a schema for which attributes are being read
    serializing: str = ""
    #: how many `with session.no_autoflush` blocks are around
    unflushed_blocks: int = 0
    #: a call that never comes back has been made in the statement that is being run
    diverged: bool = False
    depth: int = 0
    path: str = ""
    #: the nodes' numbers, by identity
    numbers: Mapping[int, int] = field(default_factory=dict)
    doubted: set[Place] = field(default_factory=set)
    #: sessions that were committed, rolled back, flushed or closed here, with the word of `knowledge.behaviour`
    ended_with: set[tuple[Place, str]] = field(default_factory=set)

    #: coroutines made here -> the sessions on which awaiting them surely does database work
    works: dict[Site, frozenset[Place]] = field(default_factory=dict)
    #: of those, the ones that run as tasks -> the calls that began them
    begun: dict[Site, Site] = field(default_factory=dict)
    #: of those, the ones that are collected in a loop, with the sessions that are the same in every turn
    repeated: dict[Site, frozenset[Place]] = field(default_factory=dict)
    #: places of sessions of which a comprehension or a loop collects many
    many: set[Place] = field(default_factory=set)
    #: sessions on which a task works that was begun here
    running: set[Place] = field(default_factory=set)
    #: sessions of module level that database work was done on, and where first
    global_work: dict[Place, Site] = field(default_factory=dict)
    #: engines of module level from whose pools the body takes connections, and whether it disposes of one
    pools: set[Place] = field(default_factory=set)
    disposes: bool = False
    #: coroutines made here -> the same of their functions
    pooled: dict[Site, tuple[frozenset[Place], bool]] = field(default_factory=dict)
    #: engines in whose pools an event loop that is over has left connections
    kept: set[Place] = field(default_factory=set)
    #: calls of `begin()` on sessions and connections
    begins: int = 0
    #: engines that are made of what the body is given
    urls: set[HandedUrl] = field(default_factory=set)
    #: parameters of the body whose elements it awaits at the same time
    gathered: set[str] = field(default_factory=set)
    #: sessions that come from its callers, and that it works on at the same time, two by two and where
    overlaps: set[tuple[Place, Place, Site]] = field(default_factory=set)
    #: fixtures of pytest's that give the body an async generator object which nobody iterates over
    left_alone: set[str] = field(default_factory=set)
    #: where sessions are committed
    committed: set[tuple[Place, Site]] = field(default_factory=set)
    #: where something was added to a session that was not made here
    attached: set[Site] = field(default_factory=set)
    #: sessions closed with something written, under the write: the ledger then, where it was closed, its name
    losses: dict[tuple[Place, Site], tuple[Ledger, Site, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path = self.source.path
        self.numbers = self.source.numbers

    def site(self, node: cst.CSTNode) -> Site:
        # a third of what the class itself takes
        return _make(Site, (self.path, self.numbers[id(node)]))

    def close(self) -> None:
        """The body is done with: break the circles of what refers back to this frame."""
        self.effects.clear()
        self.nested.clear()
        self.local_classes.clear()
        self.nested_outcomes.clear()

    def state_fact(self, fact: Fact, detail: str = "") -> None:
        """State a fact once per kind and site, unless this pass is only looking for a fixed point."""
        if not self.muted:
            self.facts.setdefault((type(fact), fact.site, detail), fact)

    def may_raise(self, state: State) -> None:
        """From `state` control may pass to the handlers of the innermost `try`."""
        if self.raised:
            self.raised[-1].append(state.copy())
        elif self.escaping is not None:
            self.escaping.append(state.copy())

    def on_a_path(self, compute: Callable[[], T]) -> tuple[T, bool]:
        """`compute()`, which need not happen, and whether it never comes back: by itself that ends nothing."""
        before, self.diverged = self.diverged, False
        try:
            return compute(), self.diverged
        finally:
            self.diverged = before

    def leaving(self) -> list[State]:
        """Where states go that leave by an exception."""
        return self.raised[-1] if self.raised else self.failing

    def guarded_against(self, names: frozenset[str]) -> bool:
        """Whether a handler around catches one of the exceptions `names` or everything."""
        return any(caught == "" or caught in names for guard in self.guards for caught in guard.catches)


def joined(states: list[State]) -> State | None:
    """The join of all states; None when there is none."""
    result: State | None = None
    for state in states:
        result = join_states(result, state)
    return result


def joined_values(values: list[Value], empty: Value | None = None) -> Value:
    if not values:
        return empty or Unknown("nothing returned")
    result = values[0]
    for value in values[1:]:
        result = join(result, value)
    return result
