"""Statements: how the state goes from one to the next.

`run_block` gives the state after a block, or None where control does not get there. `try` is in `failures`, loops in `loops`.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import CoroutineUsedAsValue, Revealed
from flake8_async_orm.flow import (
    concurrency,
    consumption,
    coroutines,
    promises,
    providers,
    recovery,
    responses,
    savepoints,
    transactions,
    unflushed,
    ways_out,
)
from flake8_async_orm.flow.annotations import placed, refine
from flake8_async_orm.flow.comprehensions import element_of, worked_with
from flake8_async_orm.flow.conditions import assume, matched
from flake8_async_orm.flow.contexts import beside, entered, left, serializes
from flake8_async_orm.flow.evaluation import evaluate
from flake8_async_orm.flow.expressions import truth
from flake8_async_orm.flow.frame import Frame, Guard, joined
from flake8_async_orm.flow.imports import bind_imports
from flake8_async_orm.flow.render import render
from flake8_async_orm.flow.running import run, run_block, runs
from flake8_async_orm.flow.scopes import assigned, walk
from flake8_async_orm.flow.syntax import dotted_name, expects_misuse, last_name
from flake8_async_orm.flow.targets import assign, augmented
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import Binding, State, join_states, without_none
from flake8_async_orm.values import (
    EMPTY,
    NONE,
    SQL,
    ApiObject,
    BoundMember,
    Class,
    Collection,
    ContextManager,
    Coroutine,
    LocalFunction,
    Object,
    Place,
    Site,
    Tuple,
    Unknown,
    Value,
    replace,
)

# -- simple statements ------------------------------------------------------------------------------------------------


@runs(cst.Expr)
def _expression(frame: Frame, node: cst.Expr, state: State) -> State | None:
    value = evaluate(frame, node.value, state)
    kind = type(node.value)
    if kind is cst.Yield:
        coroutines.consume(frame, value)
    elif kind is cst.Name or kind is cst.Attribute:
        coroutines.consume(frame, value)
        if frame.reveal:
            frame.state_fact(Revealed(frame.site(node.value), render(value, state)))
    else:
        coroutines.drop(frame, value, isinstance(node.value, cst.Await))
    return state


@runs(cst.Assign)
def _assign(frame: Frame, node: cst.Assign, state: State) -> State | None:
    value = evaluate(frame, node.value, state)
    if frame.function is None and type(node.value) is cst.Subscript:
        providers.annotated(frame, node.value)
    for target in node.targets:
        if type(value) is ApiObject and value.cls in names.ASYNC_CLASSES and isinstance(target.target, (cst.Tuple, cst.List)):
            element_of(frame, value, frame.site(node.value), how="unpacking")
        assign(frame, target.target, value, state)
    return state


@runs(cst.AnnAssign)
def _annotated(frame: Frame, node: cst.AnnAssign, state: State) -> State | None:
    if node.value is None:
        return state
    value = evaluate(frame, node.value, state)
    annotation = frame.source.number(node.annotation.annotation)
    bound = frame.program.annotation_at(frame.module, annotation, frame.type_arguments)
    if isinstance(value, (Unknown, ApiObject, BoundMember)):
        value = placed(refine(bound, value), Place(frame.site(node.value)))
    elif isinstance(value, Tuple | Collection) and isinstance(bound, Collection) and _is_empty(value):
        value = Collection(EMPTY, bound.kind)
    elif isinstance(value, Object) and isinstance(bound, Object) and bound.cls.args and value.cls == Class(bound.cls.name):
        value = replace(value, cls=bound.cls)
    assign(frame, node.target, value, state)
    return state


def _is_empty(value: Value) -> bool:
    return value == Tuple(()) or (isinstance(value, Collection) and value.of == EMPTY)


@runs(cst.AugAssign)
def _augmented(frame: Frame, node: cst.AugAssign, state: State) -> State | None:

    value = evaluate(frame, node.value, state)
    if type(node.target) is cst.Name:
        old = evaluate(frame, node.target, state)
        grown = expressions._added(old, value) if type(node.operator) is cst.AddAssign else Unknown("operation")
        if isinstance(grown, Unknown):
            coroutines.consume(frame, old)
            worked_with(frame, node.value, value)
        assign(frame, node.target, grown, state)
    else:
        worked_with(frame, node.value, value)
        if type(node.target) is cst.Attribute:
            frame.changed_collections[frame.site(node.target)] = "+="
        old = evaluate(frame, node.target, state)
        if type(node.target) is cst.Attribute:
            augmented(frame, node.target, SQL if SQL in (old, value) else Unknown("operation"), state)
    return state


@runs(cst.Return)
def _return(frame: Frame, node: cst.Return, state: State) -> State | None:
    value = evaluate(frame, node.value, state) if node.value is not None else NONE
    if isinstance(value, Coroutine | Tuple) and node.value is not None:
        _returned_coroutine(frame, frame.site(node.value), value)
    coroutines.consume(frame, value)
    if node.value is not None and frame.function is not None and frame.function.decorators:
        responses.answered(frame, state, value, frame.site(node.value))
    frame.returned.append((state, value))
    return None


def _returned_coroutine(frame: Frame, site: Site, value: Coroutine | Tuple) -> None:
    """A coroutine returned where the annotation promises its result, by itself or in a tuple, is used as that result."""
    if frame.function is None or frame.function.returns is None:
        return
    promised = without_none(frame.program.annotation_at(frame.module, frame.function.returns, frame.type_arguments))
    pairs: list[tuple[Value, Value, Site | None]] = [(value, promised, site)]
    if isinstance(value, Tuple):
        wanted_items = promised.items if isinstance(promised, Tuple) and len(promised.items) == len(value.items) else ()
        pairs = [(item, wanted, None) for item, wanted in zip(value.items, wanted_items, strict=False)]
    for given, wanted, where in pairs:
        if isinstance(given, Coroutine) and given.ours and promises.no_awaitable(frame.program, wanted):
            at = where or given.site
            frame.state_fact(
                CoroutineUsedAsValue(at, at, given.site, given.callee, "return", frame.function.name, frame.is_async, at == given.site)
            )


@runs(cst.Raise)
def _raise(frame: Frame, node: cst.Raise, state: State) -> State | None:
    if node.exc is not None:
        coroutines.consume(frame, evaluate(frame, node.exc, state))
    if frame.fails:
        recovery.raised(state)
    frame.may_raise(state)
    return None


@runs(cst.Assert)
def _assert(frame: Frame, node: cst.Assert, state: State) -> State | None:
    if not consumption.told_to_be_there(frame, node, state):
        truth(frame, node.test, state)
    return assume(frame, node.test, state, True)


@runs(cst.Del)
def _delete(frame: Frame, node: cst.Del, state: State) -> State | None:
    if type(node.target) is cst.Name:
        state.names.pop(node.target.value, None)
    return state


@runs(cst.Break)
def _break(frame: Frame, node: cst.Break, state: State) -> State | None:
    if frame.loops:
        loop = frame.loops[-1]
        loop.broken = ways_out.out_of_turn(loop, loop.broken, state)
    return None


@runs(cst.Continue)
def _continue(frame: Frame, node: cst.Continue, state: State) -> State | None:
    if frame.loops:
        loop = frame.loops[-1]
        loop.continued = ways_out.out_of_turn(loop, loop.continued, state)
    return None


@runs(cst.Import, cst.ImportFrom)
def _import(frame: Frame, node: cst.Import | cst.ImportFrom, state: State) -> State | None:
    if frame.function is not None:
        bind_imports(frame, node, state)
    return state


# -- compound statements ----------------------------------------------------------------------------------------------


@runs(cst.If)
def _if(frame: Frame, node: cst.If, state: State) -> State | None:
    truth(frame, node.test, state)
    doubts = failures.doubted(state)
    taken = assume(frame, node.test, state.copy(), True)
    other = assume(frame, node.test, state, False)
    cleared = failures.told(doubts, taken, other)
    if taken is not None:
        taken = run_block(frame, node.body, taken)
    if other is not None and node.orelse is not None:
        branch = node.orelse
        other = run(frame, branch, other) if type(branch) is cst.If else run_block(frame, branch.body, other)
    if cleared and not failures.may_leave(node.body):
        failures.doubt_again(cleared, taken, other)
    return join_states(taken, other)


@runs(cst.With)
def _with(frame: Frame, node: cst.With, state: State) -> State | None:
    is_async = node.asynchronous is not None
    managers: list[tuple[Value, Value, cst.WithItem]] = []
    quiet = 0
    suppressing: list[str] = []
    for item in node.items:
        manager = evaluate(frame, item.item, state)
        bound = entered(frame, manager, is_async, frame.site(item.item), state)
        if item.asname is not None:
            assign(frame, item.asname.name, bound, state)
        transactions.started(frame, state, manager, bound, frame.site(item.item), block=True)
        savepoints.flushed(frame, state, manager, frame.site(item.item))
        managers.append((manager, bound, item))
        quiet += expects_misuse(item.item)
        suppressing += _suppressed(frame, item.item)
        if frame.raised:
            frame.may_raise(state)
    if is_async:
        unflushed.forget(frame, state)
    if len(managers) > 1 and not frame.muted:
        beside(frame, [frame.site(item.item) for _, _, item in managers])
    one_at_a_time = is_async and any(serializes(manager, item.item) for manager, _, item in managers)
    entry = state.copy() if suppressing or one_at_a_time else state
    if suppressing:
        frame.guards.append(Guard(tuple(suppressing)))
        frame.raised.append([])
    unflushed_block = any(isinstance(m, ContextManager) and m.callee.endswith(".no_autoflush") for m, _, _ in managers)
    frame.muted += quiet
    frame.unflushed_blocks += unflushed_block
    returned, raised = len(frame.returned), len(frame.leaving())
    broken, continued = (frame.loops[-1].broken, frame.loops[-1].continued) if frame.loops else (None, None)
    end = run_block(frame, node.body, state)
    frame.muted -= quiet
    frame.unflushed_blocks -= unflushed_block
    exits = [(leaving, False) for leaving, _ in frame.returned[returned:]]
    exits += [(leaving, True) for leaving in frame.leaving()[raised:]]
    if frame.loops and (out := frame.loops[-1].broken) is not None and out is not broken:
        frame.loops[-1].broken = out.copy()
        exits.append((frame.loops[-1].broken, False))
    if frame.loops and (on := frame.loops[-1].continued) is not None and on is not continued:
        frame.loops[-1].continued = on.copy()
        exits.append((frame.loops[-1].continued, False))
    if end is not None:
        exits.append((end, False))
    elif quiet:
        end = state
        exits.append((state, False))
    for manager, bound, item in reversed(managers):
        for leaving, by_exception in exits:
            if is_async:
                unflushed.forget(frame, leaving)
            left(frame, manager, bound, frame.site(item.item), leaving, by_exception)
            if by_exception and frame.fails:
                recovery.managed(frame, leaving, manager, item.item)
            transactions.left(leaving, manager, bound, frame.site(item.item))
    for leaving, _ in exits if one_at_a_time else ():
        concurrency.serialized(entry, leaving)
    if suppressing:
        frame.guards.pop()
        suppressed = joined(frame.raised.pop())
        if suppressed is not None and frame.fails:
            recovery.caught(suppressed, entry, suppressing, False, frame.site(node), assigned(node))
        end = join_states(end, suppressed)
    return end


def _suppressed(frame: Frame, node: cst.BaseExpression) -> list[str]:
    if type(node) is not cst.Call or names.last(dotted_name(node.func) or "") != "suppress":
        return []

    return [name for argument in node.args for name in failures.caught_names(frame, argument.value)]


@runs(cst.Match)
def _match(frame: Frame, node: cst.Match, state: State) -> State | None:
    subject = evaluate(frame, node.subject, state)
    worked_with(frame, node.subject, subject, "comparison")
    end: State | None = None
    exhausted = is_none = False
    rest: State | None = state
    for case in node.cases:
        if rest is None:
            break
        path = matched(frame, node.subject, case.pattern, rest.copy(), True)
        if case.guard is None:
            rest = matched(frame, node.subject, case.pattern, rest, False)
        if path is None:
            continue
        _bind_pattern(frame, case.pattern, path)
        _capture(node.subject, subject, case.pattern, path, is_none)
        is_none = is_none or (case.guard is None and _is_none(case.pattern))
        if case.guard is not None:
            truth(frame, case.guard, path)
        end = join_states(end, run_block(frame, case.body, path))
        wildcard = type(case.pattern) is cst.MatchAs and case.pattern.pattern is None
        exhausted = exhausted or (wildcard and case.guard is None)
    return end if exhausted or rest is None else join_states(end, rest)


def _bind_pattern(frame: Frame, pattern: cst.CSTNode, state: State) -> None:
    for current in walk(pattern):
        kind = type(current)
        name = current.name if kind is cst.MatchAs or kind is cst.MatchStar else None
        name = current.rest if kind is cst.MatchMapping else name
        if name is not None:
            state.names[name.value] = Binding(Unknown("matched"))


def _is_none(pattern: cst.MatchPattern) -> bool:
    return type(pattern) is cst.MatchSingleton and pattern.value.value == "None"


def _capture(node: cst.BaseExpression, subject: Value, pattern: cst.MatchPattern, state: State, is_none: bool) -> None:
    """`case user:` names the subject; `is_none`: of None a case before has spoken."""
    if type(pattern) is not cst.MatchAs or pattern.name is None or pattern.pattern is not None:
        return
    narrowed = state.names.get(node.value) if type(node) is cst.Name else None
    value = narrowed.value if narrowed is not None else without_none(subject) if is_none else subject
    state.names[pattern.name.value] = Binding(value)


@runs(cst.FunctionDef)
def _function(frame: Frame, node: cst.FunctionDef, state: State) -> State | None:
    if frame.function is None:
        for decorator in node.decorators:
            # what other decorators do, `decorators` knows
            if type(decorator.decorator) is cst.Call and last_name(decorator.decorator.func) == "listens_for":
                evaluate(frame, decorator.decorator, state)
        return state

    for decorator in node.decorators:
        evaluate(frame, decorator.decorator, state)
    site = frame.site(node)
    nested.capture(frame, node, state)
    state.names[node.name.value] = Binding(LocalFunction(site))
    frame.nested[site] = (node, state.copy())
    return state


@runs(cst.ClassDef)
def _class(frame: Frame, node: cst.ClassDef, state: State) -> State | None:
    if frame.function is not None:
        local_classes.define(frame, node, state)
    else:
        registries.in_class(frame, node, state)
    return state


def load_runners() -> None:
    """Import the modules that register further statements."""
    from flake8_async_orm.flow import failures, loops  # noqa: F401


# these need what is defined above
from flake8_async_orm.flow import expressions, failures, local_classes, nested, registries  # noqa: E402
