"""Comprehensions, and the elements of what is iterated over."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import ResultIterated
from flake8_async_orm.flow import (
    awaiting,
    blocking,
    concurrency,
    consumption,
    coroutines,
    rowless,
    uniqueness,
)
from flake8_async_orm.flow.conditions import assume
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import State, one_of, without_none
from flake8_async_orm.values import (
    EMPTY,
    ApiObject,
    Collection,
    ContextManager,
    Coroutine,
    DynamicRelationship,
    Generator,
    Site,
    Tuple,
    Unknown,
    Value,
)


@evaluates(cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
def _comprehension(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp))
    inner = State(dict(state.names), state.heap)
    # there may be nothing to go through: a call in it that only raises ends nothing
    return frame.on_a_path(lambda: _elements(frame, node, state, inner))[0]


def _elements(
    frame: Frame, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp, state: State, inner: State
) -> Value:
    clause: cst.CompFor | None = node.for_in
    while clause is not None:
        _comp_for(frame, clause, inner)
        clause = clause.inner_for_in
    if isinstance(node, cst.DictComp):
        key = evaluate(frame, node.key, inner)
        coroutines.consume(frame, key)
        value = evaluate(frame, node.value, inner)
        return Collection(consumption.unplaced(value), "dict")
    value = consumption.unplaced(evaluate(frame, node.elt, inner))
    if awaiting.spent(state, inner):
        # the next turn finds it spent
        evaluate(frame, node.elt, inner)
    concurrency.repeat(frame, state, inner, value)
    concurrency.collected(frame, inner, value)
    kind = {cst.ListComp: "list", cst.SetComp: "set"}.get(type(node), "iterator")
    return Collection(value, kind)


def _comp_for(frame: Frame, clause: cst.CompFor, state: State) -> None:
    iterable = evaluate(frame, clause.iter, state)
    element = element_of(frame, iterable, frame.site(clause.iter), clause.asynchronous is not None, "loop")

    consumption.iterated(frame, state, iterable, frame.site(clause.iter), clause.asynchronous is not None)
    consumption.ended(state, iterable, "iteration", frame.site(clause.iter))
    targets.assign(frame, clause.target, element, state, comprehension=True)
    for condition in clause.ifs:
        truth(frame, condition.test, state)
        assume(frame, condition.test, state, True)


def element_of(frame: Frame, value: Value, site: Site, is_async: bool = False, how: str = "") -> Value:
    """What iterating over `value`, the expression at `site`, gives one at a time.

    `how`: `loop`, the name of the function that iterates, or "" where no finding is to stand at `site`.
    """
    match without_none(value):
        case Collection(of=of, kind="async iterator"):
            callee = frame.plain_calls.get(site)
            if how == "loop" and not is_async and callee is not None:
                frame.state_fact(ResultIterated(site, f"{callee}()", is_async, how, frame.is_async))
            return of
        case Collection(of=of, kind=kind):
            callee = frame.plain_calls.get(site) if is_async and how == "loop" else None
            if callee is not None:
                frame.state_fact(ResultIterated(site, f"{callee}()", is_async, how, frame.is_async))
            return Unknown("a key") if kind == "dict" else of
        case Tuple(items=items):
            return one_of(items) if items else EMPTY
        case DynamicRelationship() as query:
            return dynamic.queried(frame, query, "", site)
        case ApiObject(cls="Query") as query:
            blocking.called(frame, query, "all", site)
            return Unknown("row of a query")
        case ApiObject(cls=cls, of=of) as result if cls in names.RESULTS:
            uniqueness.fetched(frame, result, "", site, site)
            rowless.fetched(frame, result, "", site, site)
            if (
                how
                and result.subclass is None
                and isinstance(value, ApiObject)
                and is_async != (cls in names.ASYNC_CLASSES)
            ):
                frame.state_fact(ResultIterated(site, names.shown(cls), is_async, how, frame.is_async))
            return of or Unknown("row")
        case (
            Coroutine(of=ApiObject(cls=cls, of=of), callee=callee, site=made)
            | ContextManager(of=ApiObject(cls=cls, of=of), callee=callee, site=Site() as made, awaitable=True)
        ) if is_async and how and cls in names.RESULTS and cls in names.ASYNC_CLASSES and site == made:
            frame.consumed.add(made)
            frame.state_fact(ResultIterated(site, names.shown(cls), is_async, how, frame.is_async, callee))
            return of or Unknown("row")
        case Generator(of=of, is_async=generator_async):
            return of if generator_async == is_async else Unknown("wrong kind of iteration")
        case Coroutine() as coroutine:
            return coroutines.used_as_value(frame, coroutine, site, site, "iteration")
        case other:
            coroutines.consume(frame, other)
            return Unknown("element")


def worked_with(frame: Frame, node: cst.CSTNode, value: Value, use: str = "operator") -> None:
    """The expression `node`, of this `value`, is used where a coroutine's result would be wanted."""
    if isinstance(value, Coroutine):
        site = frame.site(node)
        coroutines.used_as_value(frame, value, site, site, use)
    else:
        coroutines.consume(frame, value)


# these need what is defined above
from flake8_async_orm.flow import dynamic, targets  # noqa: E402
from flake8_async_orm.flow.expressions import truth  # noqa: E402
