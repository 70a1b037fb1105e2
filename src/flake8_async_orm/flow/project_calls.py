"""Calls of the project's own functions: their outcomes, told in the caller's places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow import (
    associations,
    blocking,
    concurrency,
    coroutines,
    decorators,
    event_loops,
    flushing,
    handed_urls,
    instances,
    ledgers,
    loading,
    nested,
    persistence,
    providers,
    recovery,
    transactions,
    unflushed,
)
from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.calls import Argument, take, unknown
from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.flow.outcomes import Key, Omitted, Outcome, Substitution, follow, plain, telling
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import (
    ACCUSING,
    HANDED,
    InstanceState,
    ObjectState,
    SessionState,
    State,
    join,
    without_none,
)
from flake8_async_orm.project.definitions import FunctionDefinition, MappedAttribute
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Instance,
    Keywords,
    LocalFunction,
    Object,
    OneOf,
    Place,
    Site,
    Tuple,
    Unknown,
    Value,
    replace,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


def call(frame: Frame, state: State, function: Function, arguments: list[Argument], site: Site) -> Value:
    """A project function is called with `arguments` at `site`."""
    found = frame.program.function_definition(function.name)
    if found is None:
        return unknown(frame, state, arguments, "function not found")
    module, definition = found
    shape = decorators.shape(frame.program, module, definition)
    take(frame, arguments)
    if shape.style == "unknown":
        return unknown(frame, state, arguments, f"`{definition.name}` is decorated by something unknown")
    if shape.leading:
        given_ahead = [Argument(Unknown("given by a decorator"), None, "", site)] * shape.leading
        arguments = [*given_ahead, *arguments]
    actuals, key = bind(frame, module, definition, function, arguments)
    if frame.shallow and shape.style == "plain" and not definition.is_async and definition.returns is not None:
        value = declared(frame, module, definition, function, Outcome(Unknown("not followed")))
        if is_plain_data(value) and not event_loops.may_run(frame.program, module, definition):
            unknown(frame, state, arguments)
            return placed(value, Place(site))
    matters = frame.program.reaches(module) or any(map(frame.program.concerns, actuals.values()))
    outcome = frame.program.outcome(key) if matters else Outcome(Unknown("has nothing to do with the database"))
    frame.touches = frame.touches or outcome.touches
    if outcome.urls:
        handed_urls.given(frame, module, definition, function, outcome.urls, arguments, site)
    for name in sorted(outcome.gathers & actuals.keys()):
        many = actuals[name]
        concurrency.together(frame, state, list(many.items) if isinstance(many, Tuple) else [many], site)
    if not shape.injects and not any(a.star for a in arguments):
        filled = {name for name, value in actuals.items() if not isinstance(value, Omitted)}
        providers.left_out(frame, module, definition, filled, outcome.touches, site)
    if outcome.unknown:
        unknown(frame, state, arguments)
    substitution = Substitution(actuals, site)
    returns = declared(frame, module, definition, function, outcome)
    return shaped(frame, state, module, definition, shape, outcome, returns, substitution, site)


def is_plain_data(value: Value) -> bool:
    """Whether an annotation that gives `value` says all that matters here: of a session or a factory it does not."""
    match value:
        case Instance() | Constant():
            return True
        case Object(cls=cls):
            return names.api_class(cls.name) is None
        case Collection(of=of):
            return is_plain_data(of)
        case Tuple(items=items):
            return all(map(is_plain_data, items))
        case OneOf(options=options):
            return all(map(is_plain_data, options))
        case _:
            return False


def shaped(
    frame: Frame,
    state: State,
    module: str,
    definition: FunctionDefinition,
    shape: decorators.Shape,
    outcome: Outcome,
    returns: Value,
    substitution: Substitution,
    site: Site,
    own: frozenset[str] | None = None,
) -> Value:
    """What the call gives: a coroutine, a generator, a context manager, or the value itself."""
    if frame.loops:
        transactions.forget(state, site)
    callee = f"{module}.{definition.qualname}"
    if outcome.blocks is not None and (not definition.is_generator or shape.style == "context"):
        blocking.transferred(frame, outcome.blocks, callee, substitution.arguments, site)
    if definition.is_generator:
        yields = substitution.value(outcome.yields if outcome.yields is not None else Unknown("never yields"))
        if isinstance(yields, Unknown) and isinstance(returns, Generator):
            yields = returns.of
        if shape.style in ("async-context", "context"):
            transfer(frame, state, outcome, substitution, site)
            return ContextManager(yields, shape.style == "async-context", callee=callee, site=site)
        concurrency.works(frame, site, concurrency.of_callee(state, outcome, substitution, own))
        return Generator(yields, callee, definition.is_async, site)
    value = placed(substitution.value(returns), Place(site))
    if definition.is_async:
        concurrency.works(frame, site, concurrency.of_callee(state, outcome, substitution, own))
        if outcome.pools or outcome.disposes:
            frame.pooled[site] = (outcome.pools, outcome.disposes)
        made = coroutines.made(
            frame,
            site,
            callee,
            value,
            lambda after: transfer(frame, after, outcome, substitution, site),
            wrapper=True,
            ours=outcome.touches,
        )
        return made
    transfer(frame, state, outcome, substitution, site)
    if isinstance(value, Coroutine):
        concurrency.works(frame, site, concurrency.of_callee(state, outcome, substitution, own))
        return coroutines.made(
            frame,
            site,
            callee,
            value.of,
            lambda after: transfer(frame, after, outcome, substitution, site),
            wrapper=True,
            ours=value.ours,
        )
    return value


def declared(frame: Frame, module: str, definition: FunctionDefinition, function: Function, outcome: Outcome) -> Value:
    """What a function returns: its outcome, or where that is not known its annotation."""
    if not isinstance(without_none(outcome.returns), Unknown) or definition.returns is None:
        return outcome.returns
    receiver = function.receiver
    cls = receiver.cls if isinstance(receiver, Object) else receiver if isinstance(receiver, Class) else None
    substitution: dict[str, Value] = {}
    if definition.cls is not None:
        defining = f"{module}.{definition.cls}"
        own = cls if cls is not None else Class(defining)
        substitution = {**frame.program.substitution(own, defining), "Self": own}
    return frame.program.annotation_at(module, definition.returns, substitution)


_PLAIN = frozenset({Constant, Omitted})


def bind(
    frame: Frame, module: str, definition: FunctionDefinition, function: Function, arguments: list[Argument]
) -> tuple[dict[str, Value], Key]:
    """The actual value of every parameter, and the key under which the outcome is asked."""
    parameters = list(definition.parameters)
    actuals: dict[str, Value] = {}
    receiver = function.receiver
    if (
        receiver is not None
        and parameters
        and definition.cls is not None
        and not frame.program.is_static(module, definition)
    ):
        actuals[parameters.pop(0).name] = receiver
    positional = [p for p in parameters if p.kind in ("positional", "positional-only")]
    given = [a for a in arguments if a.keyword is None and not a.star]
    splat = any(a.star for a in arguments)
    for position, value in [(i, v) for i, v in function.given if isinstance(i, int)]:
        if position < len(positional):
            actuals[positional[position].name] = value
    offset = sum(1 for i, _ in function.given if isinstance(i, int))
    for parameter, argument in zip(positional[offset:], given, strict=False):
        actuals[parameter.name] = argument.value
    by_name = {p.name for p in parameters} if function.given or any(a.keyword for a in arguments) else set()
    for keyword, value in [(k, v) for k, v in function.given if isinstance(k, str)]:
        if keyword in by_name:
            actuals[keyword] = value
    for argument in arguments:
        if argument.keyword is not None and argument.keyword in by_name:
            actuals[argument.keyword] = argument.value
    rest = [a.value for a in given[len(positional) - offset :]]
    key_arguments: list[tuple[str, Value]] = []
    for parameter in parameters:
        if parameter.kind == "star":
            actuals[parameter.name] = Tuple(tuple(rest)) if not splat else Unknown("starred")
        elif parameter.kind == "double-star":
            extra = [(a.keyword, a.value) for a in arguments if a.keyword is not None and a.keyword not in by_name]
            actuals[parameter.name] = (
                Unknown("keywords") if splat else Keywords(tuple(sorted(extra, key=lambda e: e[0])))
            )
        elif parameter.name not in actuals:
            if splat or parameter.default is None:
                continue
            actuals[parameter.name] = frame.program.default(module, parameter.default)
        value = actuals[parameter.name]
        if type(value) is Generator:
            site = next((a.site for a in arguments if a.value is value), None)
            annotated = frame.program.parameter_annotation(module, parameter.annotation)
            if site is not None:
                providers.handed_over(frame, value, annotated, parameter.name, site)
        if type(value) in _PLAIN and parameter.name not in frame.program.decisive(module, definition):
            continue
        told = telling(value, frame.program.parameter_annotation(module, parameter.annotation))
        if told is not None:
            key_arguments.append((parameter.name, told))
    own = plain(receiver) if receiver is not None else None
    return actuals, Key(function.name, own, tuple(key_arguments), frame.sync_land)


# -- what the call does to the caller's state ---------------------------------------------------------------------------


def transfer(
    frame: Frame, state: State, outcome: Outcome, substitution: Substitution, site: Site, at_read: bool = False
) -> None:
    """The callee's body has run: tell its effects and what it required in the caller's places."""
    if outcome.diverges:
        frame.diverged = True
    if outcome.touches:
        unflushed.forget(frame, state)
    frame.pools |= outcome.pools
    frame.disposes = frame.disposes or outcome.disposes
    event_loops.kept(frame, state, outcome.kept, site)
    for place in outcome.global_work:
        ledgers.worked_globally(frame, place, site)
    for requirement in outcome.requires if not frame.patched else ():
        _require(frame, state, requirement, substitution, requirement.read if at_read else site)
    for place in outcome.fails:
        left = _session(state, place, substitution)
        recovery.may_fail(frame, state, left.place if left is not None else None, site)
    for place, word in sorted(outcome.ended, key=repr) if len(outcome.ended) > 1 else outcome.ended:
        _end(frame, state, place, word, outcome, substitution, site)
    for place in outcome.doubted:
        here = substitution.place(place)
        if here is not None:
            instances.doubt(frame, state, Object(Class(""), here))
            instances.doubt(frame, state, ApiObject("AsyncSession", here))
    if outcome.exit is None:
        return
    met_before = {place: known.models for place, known in state.heap.items() if isinstance(known, SessionState)}
    for place, known in outcome.exit.heap.items():
        here = substitution.place(place)
        if here is None:
            continue
        told = substitution.known(known)
        if isinstance(told, InstanceState) and isinstance(known, InstanceState):
            before = loading.state_of(frame, state, Instance(told.model, here)) if _is_parameter(place) else None
            session = _session(state, known.session, substitution)
            told = persistence.resolve(frame, told, session, before)
            if session is not None and session.place != told.session:
                told = replace(told, session=session.place)
            if _is_parameter(place):
                _merge_instance(state, here, told, before)
            else:
                frame.unset = frame.unset or bool(told.unset)
                told = told.doubted() if told.session is None and known.session is not None else told
                held_before = met_before.get(told.session) if told.session is not None else None
                state.heap[here] = _met_again(told, held_before) if held_before else told
        elif isinstance(told, SessionState) and _is_parameter(place):
            handed = _session(state, place, substitution)
            here = handed.place if handed is not None and handed.place is not None else here
            held = state.session(here)
            if isinstance(state.heap.get(here, held), SessionState):
                if told.ledger.worked:
                    event_loops.taken(frame, handed or ApiObject("AsyncSession"))
                    recovery.used(frame, state, here, "", site)
                ended = bool(told.done & {"commit", "rollback", "close"})
                state.heap[here] = SessionState(
                    held.models | told.models,
                    held.pending | told.pending,
                    told.used if ended else held.used or told.used,
                    held.done | told.done,
                    transactions.after_call(frame, held.transaction, told.transaction, site),
                    held.ledger,
                    recovery.of(state, here),
                    told.clean,
                    held.locked | told.locked,
                )
                ledgers.told(frame, state, here, told.ledger, site)
                met = frozenset(m.removeprefix(loading.MET) for m in told.models if m.startswith(loading.MET))
                loading.renew(frame, state, here, met)
        elif isinstance(told, SessionState):
            state.heap[here] = replace(told, ledger=ledgers.brought(told.ledger, site))
        elif isinstance(told, ObjectState) and isinstance(before_it := state.heap.get(here), ObjectState):
            state.heap[here] = ObjectState({**before_it.fields, **told.fields})
        else:
            state.heap[here] = told
    for place, word in outcome.ended:
        known_session = outcome.exit.heap.get(place)
        if word == "flush" and isinstance(known_session, SessionState) and word in known_session.done:
            # what the callee was given, added and flushed was not known to be in the session before
            actual = _session(state, place, substitution)
            flushing.flush(frame, state, actual.place if actual is not None else None, site)


def _is_parameter(place: Place) -> bool:
    return isinstance(place.root, str) and place.root.startswith("param:")


def _met_again(told: InstanceState, models: frozenset[str]) -> InstanceState:
    """The callee has loaded a row of which the caller's session may hold the instance, with more of it loaded."""
    known = {n: "maybe" for n, mark in told.attributes.items() if mark == "unloaded" and f"{told.model}:{n}" in models}
    return told.set(known) if known else told


def _merge_instance(state: State, here: Place, told: InstanceState, before: InstanceState | None) -> None:
    """The callee has had an instance that the caller has too."""
    if before is None:
        return
    doubtful = ACCUSING | HANDED | {"pending", "committed"}
    attributes = dict(before.attributes)
    for name, mark in told.attributes.items():
        was = before.mark(name)
        # what the callee read in vain it has not read: it did not get past it
        if mark not in HANDED and was != "failed":
            attributes[name] = mark if mark != "maybe" else "maybe" if was in doubtful else was
    columns = before.columns
    if told.columns not in HANDED:
        columns = told.columns if told.columns != "maybe" or columns in doubtful else columns
    lived = told.life != "unknown"
    life = "pending" if told.life == "attached" and before.life == "transient" else told.life
    state.heap[here] = replace(
        before,
        attributes=attributes,
        columns=columns,
        life=life if lived else before.life,
        session=told.session if lived and told.session is not None else before.session,
        session_async=told.session_async if lived and told.session is not None else before.session_async,
        expired=told.expired or before.expired,
        expired_by=told.expired_by or before.expired_by,
        detached=told.detached or before.detached,
        changed=before.changed | told.changed,
        computed=before.computed | told.computed,
        touched=before.touched or told.touched,
        unset=frozenset(),
        holds=_held(before, told),
        strange=before.strange | told.strange,
    )


def _held(before: InstanceState, told: InstanceState) -> frozenset[tuple[str, Place]]:
    """What is in the relationships after the callee put something into some of them."""
    anew = {name for name, mark in told.attributes.items() if mark not in HANDED}
    return told.holds | {entry for entry in before.holds if entry[0].removesuffix(associations.AMONG) not in anew}


def _session(state: State, place: Place | None, substitution: Substitution) -> ApiObject | None:
    """The session that the callee knows as `place`, as the caller knows it."""
    here = substitution.place(place)
    if place is None or here is None:
        return None
    root = place.root.removeprefix("param:") if isinstance(place.root, str) else ""
    value = substitution.arguments.get(root)
    for step in place.path:
        found = without_none(value) if value is not None else None
        fields = state.heap.get(found.place) if isinstance(found, Object) and found.place is not None else None
        value = fields.fields.get(step) if isinstance(fields, ObjectState) else None
    found = without_none(value) if value is not None else None
    return found if isinstance(found, ApiObject) and found.place is not None else ApiObject("AsyncSession", here)


def _end(
    frame: Frame, state: State, place: Place, word: str, outcome: Outcome, substitution: Substitution, site: Site
) -> None:
    """The callee did `word` to a session, on every path or on some."""
    session = _session(state, place, substitution)
    here = session.place if session is not None else None
    if here is None or session is None:
        return
    frame.ended_with.add((here, word))
    if word in ("rollback", "close"):
        recovery.rolled_back(frame, state, here)
    ledgers.ended(frame, state, here, word, site)
    known = outcome.exit.heap.get(place) if outcome.exit is not None else None
    surely = isinstance(known, SessionState) and word in known.done
    match word:
        case "commit" | "rollback" if not surely:
            persistence.perhaps_ended(state, here)
        case "commit":
            persistence.commit(frame, state, session, site)
        case "rollback":
            persistence.rollback(state, session, site)
        case "close" if surely:
            persistence.close(state, here, site)
        case "flush":
            flushing.flush(frame, state, here, site, surely)
        case "expire-all" if surely:
            persistence.expire(frame, state, session, None, None, site)
        case _:
            instances.doubt(frame, state, session)


def _require(frame: Frame, state: State, requirement: Requirement, substitution: Substitution, site: Site) -> None:
    """The callee reads an attribute of what it was given: here is known in which state that is."""
    root = requirement.place.root
    if not isinstance(root, str) or not root.startswith("param:"):
        return
    actual = substitution.arguments.get(root.removeprefix("param:"))
    if actual is None:
        return
    instance = reach(frame, state, without_none(actual), requirement.place.path, requirement.model)
    if instance is None:
        return
    mapped = frame.program.project.mapped(instance.model)
    attribute = mapped.attributes.get(requirement.attribute) if mapped is not None else None
    if attribute is None:
        return
    read = requirement.read if requirement.read != site else None
    outer, frame.serializing = frame.serializing, requirement.schema
    try:
        _judge(frame, state, requirement, instance, attribute, site, read)
    finally:
        frame.serializing = outer


def _judge(
    frame: Frame,
    state: State,
    requirement: Requirement,
    instance: Instance,
    attribute: MappedAttribute,
    site: Site,
    read: Site | None,
) -> None:
    """What the callee requires of `instance`, as the caller has it."""
    if attribute.kind != "relationship":
        known = instances.column_at_stake(frame, state, instance, attribute)
        if known is not None:
            instances.read_column(frame, state, known, instance, attribute, site, read)
    elif requirement.change:
        instances.change_collection(frame, state, instance, attribute, site, requirement.change, read)
    else:
        instances.read_relationship(frame, state, instance, attribute, site, read)


def reach(frame: Frame, state: State, value: Value, path: tuple[str, ...], model: str) -> Instance | None:
    """The instance that lies `path` away from `value`, its state entered on the way."""
    while path:
        step, *rest = path
        match without_none(value):
            case Instance() as owner:
                mapped = frame.program.project.mapped(owner.model)
                attribute = mapped.attributes.get(step) if mapped is not None else None
                if attribute is None or attribute.kind != "relationship":
                    return None
                value = instances.enter_relationship(frame, state, owner, attribute)
            case Collection(of=of) if step == "[]":
                value = of
            case Tuple(items=items) if step.startswith("[") and step[1:-1].isdigit() and int(step[1:-1]) < len(items):
                value = items[int(step[1:-1])]
            case Object(place=Place() as place):
                fields = state.heap.get(place)
                if not isinstance(fields, ObjectState) or step not in fields.fields:
                    here = follow(value, path)
                    return Instance(model, here) if here is not None else None
                value = fields.fields[step]
            case _:
                return None
        path = tuple(rest)
    found = without_none(value)
    return found if isinstance(found, Instance) else None


# -- local functions, constructors, providers ---------------------------------------------------------------------------


def call_local(frame: Frame, state: State, function: LocalFunction, arguments: list[Argument], site: Site) -> Value:
    """A nested function or a lambda of this body is called."""
    take(frame, arguments)
    parameters = nested.parameter_names(frame, function.site)
    given = [a for a in arguments if a.keyword is None and not a.star]
    actuals = {name: a.value for name, a in zip(parameters, given, strict=False)}
    actuals.update({a.keyword: a.value for a in arguments if a.keyword is not None})
    told = tuple((name, told) for name, value in actuals.items() if (told := telling(value, None)) is not None)
    outcome = nested.outcome(frame, function.site, told)
    for name in nested.captured(frame, function.site) & state.names.keys():
        instances.doubt(frame, state, state.names[name].value)
    substitution = Substitution(actuals, site)
    definition = nested.definition_of(frame, function.site)
    if definition is None:
        # a lambda stands in the function that knows: what it reads is reported where it reads it
        transfer(frame, state, outcome, substitution, site, at_read=True)
        return placed(substitution.value(outcome.returns), Place(site))
    shape = decorators.shape(frame.program, frame.module, definition)
    if shape.style == "unknown":
        return unknown(frame, state, arguments)
    own = frozenset(nested.all_parameters(frame, function.site))
    return shaped(frame, state, frame.module, definition, shape, outcome, outcome.returns, substitution, site, own)


def construct(frame: Frame, state: State, cls: Class, arguments: list[Argument], site: Site) -> Value:
    """A project class is called: its fields are what `__init__` puts into them."""
    place = Place(site)
    made = Object(cls, place)
    state.heap[place] = ObjectState({})
    found = frame.program.method(cls.name, "__init__")
    if found is None:
        take(frame, arguments)
        fields = frame.program.fields(cls.name)
        values = {a.keyword: a.value for a in arguments if a.keyword is not None}
        positional = [a.value for a in arguments if a.keyword is None and not a.star]
        values.update(zip(fields, positional, strict=False))
        for argument in arguments:
            ledgers.share(state, argument.value)
        state.heap[place] = ObjectState(
            {name: v for name, v in values.items() if name in fields and not isinstance(v, Unknown)}
        )
        return made
    call(frame, state, Function(f"{found[0]}.{found[2].qualname}", made), arguments, site)
    return made


def call_without_arguments(program: Program, target: Value) -> Value:
    """What a framework gets that calls `target` itself, filling in its parameters."""
    match target:
        case Function(name=name):
            found = program.function_definition(name)
        case Class():

            return instance_of(program, target)
        case Object(cls=cls):
            method = program.method(cls.name, "__call__")
            found = (method[0], method[2]) if method is not None else None
        case Callable(returns=returns):
            return returns
        case ApiObject(cls=cls_name) if cls_name in names.FACTORIES:

            return api_calls.called_factory(target, [], Site("", 0))
        case _:
            return Unknown("provider not known")
    if found is None:
        return Unknown("provider not found")
    module, definition = found
    receiver = target.receiver if isinstance(target, Function) else target
    shape = decorators.shape(program, module, definition)
    own = plain(receiver) if receiver is not None else None
    outcome = program.outcome(Key(f"{module}.{definition.qualname}", own))
    if shape.style == "unknown":
        return Unknown("decorated provider")
    source = program.project.source(module)
    annotated: Value = Unknown("not annotated")
    if definition.returns is not None and source is not None:
        annotated = program.annotation(module, source.nodes[definition.returns])
    if definition.is_generator:
        yields = plain(outcome.yields) if outcome.yields is not None else Unknown("never yields")
        if isinstance(yields, Unknown) and isinstance(annotated, Generator):
            yields = annotated.of
        if shape.style in ("async-context", "context"):
            return ContextManager(yields, shape.style == "async-context", callee=f"{module}.{definition.qualname}")
        return Generator(yields, f"{module}.{definition.qualname}", definition.is_async)
    returns = plain(outcome.returns)
    value = annotated if isinstance(without_none(returns), Unknown) else returns
    return Coroutine(value, f"{module}.{definition.qualname}", Site("", 0), True) if definition.is_async else value


# these need what is defined above
from flake8_async_orm.flow import api_calls  # noqa: E402
from flake8_async_orm.flow.annotations import instance_of  # noqa: E402

__all__ = ["NONE", "call", "call_local", "call_without_arguments", "construct", "join"]
