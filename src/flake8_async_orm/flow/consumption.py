"""Results: how they are used in place of their rows, and when they have no rows left."""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.facts import ResultUsed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.lattice import ResultState, State, without_none
from flake8_async_orm.values import ApiObject, Coroutine, Instance, Place, Site, Tuple, Value, replace


def is_result(value: Value) -> bool:
    return type(value) is ApiObject and value.cls in names.RESULTS and value.subclass is None


def made_anew(state: State, value: Value) -> None:
    """A call has given `value`: a result in it is another than the one that the same call gave before."""
    if type(value) is Coroutine:
        value = value.of
    if type(value) is ApiObject and value.cls in names.RESULTS and value.place in state.heap:
        assert value.place is not None
        del state.heap[value.place]


def unplaced(value: Value) -> Value:
    """`value` as one of many in a collection, which are not told apart."""
    return replace(value, place=None) if type(value) is ApiObject and value.cls in names.RESULTS else value


def _tracked(value: ApiObject) -> Place | None:
    """The place of a result that surely is one object here: made in sight or handed over, not kept in something."""
    return value.place if value.place is not None and not value.place.path else None


def asked(frame: Frame, state: State, value: ApiObject, how: str, site: Site, result: Site) -> None:
    """Rows are asked for by the method `how`, or by `iteration`: of a result that has ended, that is a fact."""
    place = _tracked(value)
    if place is None:
        return
    known = state.heap.get(place)
    if isinstance(known, ResultState) and known.ended and how != "close":
        made = place.root if isinstance(place.root, Site) else None
        again = ResultUsed(site, names.shown(value.cls), "again", how, result, made)
        turn = known.site == site
        frame.state_fact(replace(again, ended=known.ended, ended_at=known.site, turn=turn))


def ended(state: State, value: Value, how: str, site: Site) -> None:
    """`value`, if it is a result, has no rows left."""
    if is_result(value) and isinstance(value, ApiObject):
        place = _tracked(value)
        if place is not None:
            state.heap[place] = ResultState(how, site)


def iterated(frame: Frame, state: State, value: Value, site: Site, is_async: bool) -> None:
    """All of `value`, the expression at `site`, is about to be iterated over, if it is a result."""
    if isinstance(value, ApiObject) and is_result(value) and is_async == (value.cls in names.ASYNC_CLASSES):
        asked(frame, state, value, "iteration", site, site)


def called(frame: Frame, state: State, value: ApiObject, name: str, site: Site, result: Site) -> None:
    """The method `name` of a result has run."""
    if name in behaviour.ASKING:
        asked(frame, state, value, name, site, result)
    if name in behaviour.EXHAUSTING:
        ended(state, value, name, site)


def used(frame: Frame, value: Value, use: str, site: Site, result: Site, detail: str = "") -> None:
    """A result was used where its rows are meant."""
    if not isinstance(value, ApiObject) or not is_result(value):
        return
    if use != "truth" and any(_CATCHING.intersection(guard.catches) for guard in frame.guards):
        return
    made = value.place.root if value.place is not None and isinstance(value.place.root, Site) else None
    scalar = "Scalar" in value.cls
    row = value.of
    column = isinstance(row, Tuple) and detail in row.names
    entity = row.items[0] if isinstance(row, Tuple) and len(row.items) == 1 else row if scalar else None
    on_entity = isinstance(entity, Instance) and _has(frame, entity, detail)
    fact = ResultUsed(site, names.shown(value.cls), use, detail, result, made, scalar, column, on_entity)
    frame.state_fact(fact)


def told_to_be_there(frame: Frame, node: cst.Assert, state: State) -> bool:
    """Whether `assert result` only says that there is one, and its rows are asked for after it."""
    if type(node.test) is not cst.Name or frame.function is None:
        return False
    name = node.test.value
    held = state.names.get(name)
    if held is None or not is_result(without_none(held.value)):
        return False
    start, end = frame.source.span(frame.numbers[id(node)]).end, frame.source.span(frame.function.node).end
    after = re.search(rf"\b{name}\b(\s*=[^=])?", _COMMENT.sub("", frame.source.text[start:end]))
    return after is not None and after[1] is None


_COMMENT = re.compile("#.*")
_CATCHING = frozenset({"builtins.AttributeError", "builtins.TypeError"})


def _has(frame: Frame, instance: Instance, name: str) -> bool:
    mapped = frame.program.project.mapped(instance.model)
    return mapped is not None and name in mapped.attributes
