"""Calls of the methods of libraries' repositories, as what they do to the session: statements, additions, flushes and commits."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from flake8_async_orm.flow import (
    api_calls,
    calls,
    concurrency,
    coroutines,
    flushing,
    instances,
    ledgers,
    origins,
    outliving,
    repositories,
    repository_options,
)
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.recovery import Effect
from flake8_async_orm.flow.repositories import Handle, Known
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.knowledge.repositories import Method
from flake8_async_orm.lattice import SessionState, State, one_of
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Collection,
    Constant,
    Instance,
    LoaderOption,
    Object,
    Place,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

#: words for statements that give no instances, with the kind of statement
_WITHOUT_ROWS = {"run": "select", "change": "update", "erase": "delete"}


class Call(NamedTuple):
    """One call: where it stands, the repository, the method, and the arguments by name."""

    frame: Frame
    node: cst.Call
    site: Site
    held: Handle
    method: Method
    given: dict[str, Value]


def called(
    frame: Frame,
    state: State,
    receiver: Object,
    found: Known,
    name: str,
    arguments: list[Argument],
    node: cst.Call,
    site: Site,
) -> Value:
    """`receiver.name(...)`, which is a coroutine."""
    method = found.row.methods[name]
    callee = f"{names.last(found.base)}.{name}"
    held = repositories.handle(frame, state, receiver)
    if held is None or _overridden(frame, receiver, held, method):
        value = calls.unknown(frame, state, arguments, f"`{name}` of a repository of which not all is known")
        return coroutines.made(frame, site, callee, value)
    given = repositories.by_name(arguments, method.parameters)
    call = Call(frame, node, site, held, method, given)
    session, sure = _session(call)
    if method.data not in given:
        for argument in arguments:
            instances.doubt(frame, state, argument.value)
    if method.gives == "statement":
        return coroutines.made(frame, site, callee, _statement(call, sure), ours=True)
    if session is None:
        return coroutines.made(frame, site, callee, Unknown("by a session of which nothing is known"))
    steps = _Steps(call, state, session, sure)
    value = steps.run()
    if session.place is not None:
        here = origins.same(frame, ledgers.canonical(state, session.place))
        concurrency.works(frame, site, frozenset((here,)))
    return coroutines.made(frame, site, callee, value, steps.effect)


def _overridden(frame: Frame, receiver: Object, held: Handle, method: Method) -> bool:
    """Whether the project has its own of what the method calls in turn."""
    program = frame.program
    if method.through and held.object is not receiver:
        theirs = held.row.methods.get(method.through)
        uses = (method.through, *(theirs.uses if theirs is not None else ()))
        if any(program.method(held.object.cls.name, name) is not None for name in uses):
            return True
    return any(program.method(receiver.cls.name, name) is not None for name in method.uses)


def _session(call: Call) -> tuple[ApiObject | None, bool]:
    """The session that the call works on, and whether that is all that there is to know of it."""
    row, held = call.held.row, call.held
    if not row.session_of_methods:
        return held.session, held.session is not None
    given = call.given.get(row.session_of_methods)
    if isinstance(given, ApiObject) and given.cls in names.ASYNC_SESSIONS:
        return given, True
    return ApiObject("AsyncSession", Place(call.site, ("session",))), False


def _options(call: Call, model: str) -> tuple[list[LoaderOption | None], bool]:
    """The loader options that hold for the call, and whether nothing else may load anything."""
    frame, held, given, row = call.frame, call.held, call.given, call.held.row
    options: list[LoaderOption | None] = []
    for name, form in row.options.items():
        ahead = held.of(name)
        if ahead == NONE and row.defaults and frame.program.class_definition(held.object.cls.name) is not None:
            cls = held.object.cls
            declares = frame.program.has_own_attribute(cls.name, row.defaults)
            ahead = frame.program.attribute(cls, row.defaults) if declares else NONE
        asked = given.get(name, NONE)
        if not repository_options.replaces(form, asked):
            options += repository_options.specified(form, model, ahead)
        options += repository_options.specified(form, model, asked)
    doubted = any(given.get(name, NONE) != NONE or held.of(name) != NONE for name in row.doubtful)
    declared = any(repositories.declares(frame.program, held.object.cls, name) for name in row.doubtful)
    return options, "**" not in given and not doubted and not declared


def _statement(call: Call, sure: bool) -> Value:
    if call.held.model is None:
        return Unknown("statement of an unknown class")
    row = call.held.row
    options, certain = _options(call, call.held.model)
    begun = call.given.get(row.statement, NONE)
    if begun == NONE:
        begun = call.held.of(row.statement)
    locking = call.given.get("with_for_update", NONE)
    locks = locking not in (NONE, Constant(False))
    certain = certain and (sure or call.method.gives == "statement")
    takes = next(iter(row.options), "") if call.method.gives != "statement" else ""
    return repository_options.statement(call.held.model, begun, options, certain, locks, takes, call.site)


class _Steps:
    """What a method does, one after the other; `effect` is that, done to a state."""

    def __init__(self, call: Call, state: State, session: ApiObject, sure: bool) -> None:
        self.call = call
        self.state = state
        self.session = session
        self.sure = sure
        self.effects: list[Effect] = []

    def effect(self, state: State) -> None:
        for each in self.effects:
            each(state)

    def run(self) -> Value:
        """Go through the steps; gives what the method does."""
        call = self.call
        target: Value = NONE
        for step in call.method.does:
            word, _, switch = step.partition(":")
            on = True
            if switch:
                switched = repositories.switched(switch.removeprefix("!"), call.given, call.held)
                if switched is None:
                    self._perhaps(word, target)
                    continue
                on = switched != switch.startswith("!")
            if on:
                target = self._step(word, target)
        return _given_back(call.method.gives, target)

    def _perhaps(self, word: str, target: Value) -> None:
        frame = self.call.frame
        doubted = target if word in ("refresh", "expunge") else self.session
        self.effects.append(lambda after: instances.doubt(frame, after, doubted))

    def _step(self, word: str, target: Value) -> Value:
        match word:
            case "select":
                return self._select()
            case "add":
                return self._add()
            case "fetch-or-add":
                options, certain = _options(self.call, self.call.held.model or "")
                if options or not certain:
                    # what is there already has them, what is new has not
                    self._do("execute", self._bulk("select"))
                    return Unknown("there already, or new")
                self._do("execute", self._bulk("select"))
                return self._new()
            case "commit" | "flush":
                self._do(word)
            case "refresh":
                more = {name: self.call.given[name] for name in ("attribute_names",) if name in self.call.given}
                if isinstance(target, Instance):
                    self._do(word, target, **more)
            case "expunge":
                self._do(word, target)
            case _:
                self._do("execute", self._bulk(_WITHOUT_ROWS[word]))
        return target

    def _do(self, member: str, first: Value | None = None, **named: Value) -> Value:
        """A member of the session is called with `first`."""
        frame, site, session = self.call.frame, self.call.site, self.session
        arguments = [Argument(first, None, "", site)] if first is not None else []
        arguments += [Argument(value, name, "", site) for name, value in named.items()]
        gives = behaviour.gives(session.cls, member)
        value, effect = api_calls.give(frame, self.state, session, member, gives, arguments, self.call.node, site)
        effect = ledgers.follow(frame, session, member, first, False, site, effect)
        effect = outliving.follow(frame, session, member, site, effect)
        if effect is not None:
            self.effects.append(effect)
        return value

    def _bulk(self, kind: str) -> Statement:
        model = self.call.held.model
        if kind == "select" or model is None:
            return Statement("select", (Unknown("column"),))
        return Statement(kind, (), flags=frozenset({f"of:{model}"}))

    def _select(self) -> Value:
        statement = _statement(self.call, self.sure)
        if not self.call.held.made and self.call.held.row.session:
            self.effects.append(lambda after: _shares(after, self.session))
        given = self._do("execute", statement if isinstance(statement, Statement) else self._bulk("select"))
        row = given.of if isinstance(given, ApiObject) else None
        if not isinstance(statement, Statement) or not isinstance(row, Tuple):
            return Unknown("instance of an unknown class")
        doubtful = self.call.held.row.doubtful
        if any(self.call.given.get(name, NONE) != NONE for name in doubtful):
            return Unknown("rows that may be others")
        return row.items[0]

    def _add(self) -> Value:
        data = self.call.given.get(self.call.method.data) if self.call.method.data else None
        if data is None or not instances.instances_in(data):
            return self._new()
        self._do("add_all" if self.call.method.gives == "many" else "add", data)
        return data

    def _new(self) -> Value:
        """An instance that the library makes of data."""
        call, model = self.call, self.call.held.model
        if model is None:
            return Unknown("instance of an unknown class")
        place = Place(call.site, ("0",))
        # whatever it was made with, a refresh leaves nothing of that
        steps = call.method.does
        refreshed = "refresh" in steps or (
            "refresh:auto_refresh" in steps and repositories.switched("auto_refresh", call.given, call.held) is True
        )
        made = model
        self.effects.append(
            lambda after: flushing.constructed(call.frame, after, place, made, {}, not refreshed, call.site)
        )
        instance = Instance(model, place)
        self._do("add", instance)
        return instance


def _shares(state: State, session: ApiObject) -> None:
    """A session that was handed in may be any other that was: what these have met, it may have."""
    if session.place is None or not isinstance(session.place.root, str):
        return
    mine = state.session(session.place)
    met = set(mine.models)
    for place, known in state.heap.items():
        if isinstance(known, SessionState) and isinstance(place.root, str) and place != session.place:
            met |= known.models
    if met != mine.models:
        state.heap[session.place] = replace(mine, models=frozenset(met))


def _given_back(gives: str, target: Value) -> Value:
    match gives:
        case "one":
            return target
        case "one-or-none":
            return one_of([target, NONE])
        case "many":
            return target if isinstance(target, (Collection, Tuple)) else Collection(target)
        case "many-and-count":
            return Tuple((Collection(target), Unknown("count")))
        case "one-and-flag":
            return Tuple((target, Unknown("flag")))
        case "none":
            return NONE
        case _:
            return Unknown("given by a repository")

