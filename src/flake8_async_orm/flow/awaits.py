"""`await` expressions."""

from __future__ import annotations

from typing import Any

import libcst as cst

from flake8_async_orm.facts import GeneratorAwaited, NonAwaitableAwaited
from flake8_async_orm.flow import (
    awaiting,
    concurrency,
    coroutines,
    evidence,
    ledgers,
    savepoints,
    transactions,
    unflushed,
)
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.starting import begun, started
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.lattice import State, one_of, without_none
from flake8_async_orm.values import (
    STARTED,
    ApiObject,
    Awaitable,
    BoundMember,
    ContextManager,
    Coroutine,
    Generator,
    OneOf,
    Unknown,
    Value,
)

_CHAINED = frozenset({cst.Attribute, cst.Call, cst.Subscript})


@evaluates(cst.Await)
def _await(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Await
    inner: Any = node.expression
    whole = frame.site(node)
    while (kind := type(inner)) in _CHAINED:
        inner = inner.func if kind is cst.Call else inner.value
        frame.awaited_chains[frame.site(inner)] = whole
    evidence.consider(frame, node.expression, state)
    value = evaluate(frame, node.expression, state)
    again = awaiting.awaited(frame, node.expression, value, state)
    if frame.escaping is None:
        frame.may_raise(state)
    if again:
        coroutines.consume(frame, value)
        return Unknown("awaited a second time")
    unflushed.forget(frame, state)
    given = awaited(frame, node, value, state)
    concurrency.waited(frame, state)
    if frame.escaping is not None:
        # what it took before it failed is taken, and what it closed is closed
        frame.may_raise(state)
    return given


def _property(frame: Frame, node: cst.CSTNode, state: State) -> str:
    """The name of a property of SQLAlchemy's own that is read by `node`, or an empty string; none of them gives an awaitable."""
    if type(node) is not cst.Attribute:
        return ""
    owner = without_none(evaluate(frame, node.value, state))
    if not isinstance(owner, ApiObject) or owner.subclass is not None or owner.cls not in names.ASYNC_CLASSES:
        return ""
    versions = frame.program.versions
    if not api.has_member(owner.cls, node.attr.value, versions):
        return ""
    member = api.member(owner.cls, node.attr.value, versions)
    return f"{names.shown(owner.cls)}.{node.attr.value}" if member is not None and member.kind == "property" else ""


def awaited(frame: Frame, node: cst.Await, value: Value, state: State) -> Value:
    """What awaiting `value` gives; awaiting what is no awaitable is a fact."""
    operand, whole = frame.site(node.expression), frame.site(node)
    if operand in frame.blocking:
        frame.contradicted = True
    if operand in frame.sync_calls:
        frame.contradicted = True
        return value
    plain = frame.plain_calls.get(operand)
    if plain is not None and not isinstance(value, (Coroutine, Awaitable, Generator)):
        frame.state_fact(NonAwaitableAwaited(whole, operand, plain, "call"))
        return value
    match value:
        case Coroutine(of=of):
            concurrency.overlapped(frame, state, value)
            coroutines.hand_on(frame, value, state)
            return coroutines.given_back(frame, value.callee, of, whole)
        case Awaitable(of=of):
            return of
        case ContextManager(of=ApiObject() as of, awaitable=True):
            begun(state, value, given := started(of))
            ledgers.connected(frame, state, value, given, whole)
            transactions.started(frame, state, value, None, whole, block=False)
            savepoints.flushed(frame, state, value, whole)
            return given
        case ContextManager(of=of, awaitable=True):
            transactions.started(frame, state, value, None, whole, block=False)
            return of
        case ContextManager(is_async=True, callee=callee) if callee:
            frame.state_fact(NonAwaitableAwaited(whole, operand, callee, "call"))
            return Unknown("not awaitable")
        case Generator(is_async=True, callee=callee, of=of) if callee:
            function = frame.program.function_site(callee)
            frame.state_fact(GeneratorAwaited(whole, operand, callee, describe(of), function))
            return of
        case ApiObject(cls=cls) if (
            api.has_class(cls) and not api.has_member(cls, "__await__") and value.subclass is None
        ):
            if cls in names.ASYNC_CLASSES or cls in names.RESULTS:
                frame.state_fact(NonAwaitableAwaited(whole, operand, names.shown(cls), "value"))
            return value
        case ApiObject(cls=cls) if STARTED in value.flags:
            frame.state_fact(NonAwaitableAwaited(whole, operand, names.shown(cls), "started"))
            return value
        case ContextManager(callee=callee, is_async=False, of=of) if callee.endswith(".no_autoflush"):
            frame.state_fact(NonAwaitableAwaited(whole, operand, callee, "property"))
            return of
        case BoundMember(receiver=ApiObject(cls=cls), name=member) if cls in names.ASYNC_CLASSES:
            frame.state_fact(NonAwaitableAwaited(whole, operand, f"{names.shown(cls)}.{member}", "member"))
            return Unknown("a method, not called")
        case Unknown() if read := _property(frame, node.expression, state):
            frame.state_fact(NonAwaitableAwaited(whole, operand, read, "property"))
            return value
        case _ if type(node.expression) is cst.Await and (what := scheduling.no_awaitable(frame, value)):
            # what has been awaited just now is there: an annotation has no part in it
            if frame.site(node.expression.expression) in frame.made:
                frame.state_fact(NonAwaitableAwaited(whole, operand, what, "value"))
            return value
        case OneOf(options=options):
            coroutines.hand_on(frame, value, state)
            results = [awaited_quietly(option) for option in options]
            return one_of(results)
        case _:
            coroutines.hand_on(frame, value, state)
            return Unknown(value.why if isinstance(value, Unknown) else "awaited something unknown")


def awaited_quietly(value: Value) -> Value:
    match value:
        case Coroutine(of=of) | Awaitable(of=of) | ContextManager(of=of, awaitable=True):
            return of
        case _:
            return Unknown("awaited something unknown")


def describe(value: Value) -> str:
    """A short name of a value's nature: the API class, the model, or an empty string."""
    match without_none(value):
        case ApiObject(cls=cls):
            return names.shown(cls)
        case _:
            return ""


# these need what is defined above
from flake8_async_orm.flow import scheduling  # noqa: E402
