"""Assignment: what a target binds."""

from __future__ import annotations

from typing import Any

import libcst as cst

from flake8_async_orm.facts import LoadingAsked
from flake8_async_orm.flow import app_state, assignments, coroutines, instances, keyword_mappings, ledgers, loading
from flake8_async_orm.flow.comprehensions import element_of
from flake8_async_orm.flow.evaluation import evaluate
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import Binding, InstanceState, ObjectState, State, join, without_none
from flake8_async_orm.values import (
    EMPTY,
    ApiObject,
    Collection,
    Constant,
    Coroutine,
    Instance,
    Keywords,
    Object,
    Tuple,
    Unknown,
    Value,
    replace,
)


def assign(frame: Frame, target: Any, value: Value, state: State, comprehension: bool = False) -> None:
    """Bind `target` to `value`. Unpacking a coroutine is a fact."""
    kind = type(target)
    if kind is cst.Name:
        name = target.value
        if not comprehension:
            coroutines.named(frame, value, name)
        if name in frame.global_names:
            old = frame.global_writes.get(name)
            frame.global_writes[name] = value if old is None else join(old, value)
            coroutines.consume(frame, value)
        if name in frame.global_names or (frame.function is not None and name not in frame.local_names):
            ledgers.share(state, value)
        state.names[name] = Binding(value, site=frame.site(target))
    elif kind is cst.Tuple or kind is cst.List:
        _unpack(frame, target, list(target.elements), value, state, comprehension)
    elif kind is cst.StarredElement:
        assign(frame, target.value, Collection(value, "list"), state, comprehension)
    elif kind is cst.Attribute:
        _set_attribute(frame, target, target.value, target.attr.value, value, state)
    elif kind is cst.Subscript:
        owner = target.value
        coroutines.consume(frame, value)
        ledgers.share(state, value)
        held = evaluate(frame, owner, state)
        if type(owner) is cst.Name and isinstance(held, Collection) and held.of == EMPTY:
            binding = state.names.get(owner.value)
            if binding is not None:
                state.names[owner.value] = replace(binding, value=replace(held, of=value))
        for element in target.slice:
            if type(element.slice) is cst.Index:
                key = evaluate(frame, element.slice.value, state)
                if type(owner) is cst.Name and isinstance(held, Collection):
                    _set_entry(state, owner.value, key, value)
                elif isinstance(held, Keywords):
                    keyword_mappings.set_item(state, owner, held, key, value)
    else:
        coroutines.consume(frame, value)


def _set_entry(state: State, name: str, key: Value, value: Value) -> None:
    """`name[key] = value`, where a dictionary's entries are told apart."""
    binding = state.names.get(name)
    held = binding.value if binding is not None else None
    if binding is not None and isinstance(held, Collection) and held.kind == "dict":
        known = isinstance(key, Constant) and isinstance(key.value, str)
        entry = (str(key.value), value) if isinstance(key, Constant) and known else ("**", Unknown("set"))
        if held.entries or (known and isinstance(value, (Instance, Collection, Tuple))):
            before = held.entries or (() if held.of == EMPTY else (("**", Unknown("before")),))
            others = tuple(one for one in before if one[0] != entry[0])
            state.names[name] = replace(binding, value=replace(held, entries=(*others, entry)))


def _unpack(
    frame: Frame,
    target: cst.CSTNode,
    elements: list[cst.BaseElement],
    value: Value,
    state: State,
    comprehension: bool,
) -> None:
    if isinstance(value, Coroutine):
        site = value.site
        coroutines.used_as_value(frame, value, site, site, "unpacking")
        value = Unknown("unpacked a coroutine")
    starred = any(type(element) is cst.StarredElement for element in elements)
    if isinstance(value, Tuple) and len(value.items) == len(elements) and not starred:
        items: list[Value] = list(value.items)
    elif isinstance(value, Object) and not starred and frame.program.is_record(value.cls, "NamedTuple"):
        fields = frame.program.fields(value.cls.name)
        items = [frame.program.attribute(value.cls, name) for name in fields]
        items = items if len(items) == len(elements) else [Unknown("unpacked")] * len(elements)
    else:
        item = element_of(frame, value, frame.site(target))
        items = [item] * len(elements)
    for element, item in zip(elements, items, strict=True):
        inner = element if type(element) is cst.StarredElement else element.value
        assign(frame, inner, item, state, comprehension)


def _set_attribute(
    frame: Frame, target: cst.CSTNode, owner: cst.BaseExpression, name: str, value: Value, state: State
) -> None:
    """`owner.name = value`."""
    ledgers.share(state, value)
    holder = without_none(evaluate(frame, owner, state))
    if isinstance(holder, Instance):
        given_values.assigned(frame, holder, name, value)
    coroutines.consume(frame, value)
    match holder:
        case Coroutine():
            coroutines.used_as_value(frame, holder, frame.site(owner), frame.site(target), "attribute", name)
        case Object(place=place):
            if type(owner) is cst.Name and holder == _receiver(frame, state):
                old = frame.writes.get(name)
                frame.writes[name] = value if old is None else join(old, value)
            if place is not None:
                fields = state.heap.get(place)
                known = dict(fields.fields) if isinstance(fields, ObjectState) else {}
                state.heap[place] = ObjectState({**known, name: value})
        case ApiObject(cls=cls) if name == "expire_on_commit":
            if cls in names.ASYNC_SESSIONS:
                frame.state_fact(LoadingAsked(frame.site(target), "expire-on-commit", elements=(frame.site(owner),)))
            elif type(owner) is cst.Attribute and type(owner.value) is cst.Name:
                _set_on_session(owner.value.value, value, state)
        case ApiObject(place=place) if name not in ("expire_on_commit", "bind", "info", "autoflush"):
            # an attribute put on a session or engine: it is a fake, and nothing of it is what it seems
            if type(owner) is cst.Name:
                state.names[owner.value] = Binding(Unknown("a fake"))
            if place is not None:
                state.heap[place] = ObjectState({})
        case Instance(place=place) if place is not None:
            assignments.assigned(frame, state, holder, name, value, frame.site(target))
            _adopt(frame, state, holder, name, value)
        case _:
            app_state.written(frame, owner, name, value)
            # whoever holds it now may load what it lacks
            instances.doubt(frame, state, value)


def _set_on_session(name: str, value: Value, state: State) -> None:
    """`session.sync_session.expire_on_commit = value`, where `name` holds the async session."""
    binding = state.names.get(name)
    if binding is not None and isinstance(binding.value, ApiObject):
        told = value.value if isinstance(value, Constant) and isinstance(value.value, bool) else None
        others = frozenset(flag for flag in binding.value.flags if flag[0] != "expire_on_commit")
        state.names[name] = replace(binding, value=replace(binding.value, flags=others | {("expire_on_commit", told)}))


def augmented(frame: Frame, target: cst.Attribute, value: Value, state: State) -> None:
    """`owner.name += ...`, after the target was read: a column of a mapped instance has been assigned."""
    holder = without_none(evaluate(frame, target.value, state))
    if isinstance(holder, Instance):
        assignments.assigned(frame, state, holder, target.attr.value, value)


def _receiver(frame: Frame, state: State) -> Value | None:
    if frame.function is None or frame.function.cls is None or not frame.function.parameters:
        return None
    binding = state.names.get(frame.function.parameters[0].name)
    return binding.value if binding is not None else None


def _adopt(frame: Frame, state: State, holder: Instance, name: str, value: Value) -> None:
    """After `user.team = team` the related instance is in the state that `team` is in."""
    assert holder.place is not None
    below = holder.place.at(name)
    for place in [
        place for place in state.heap if place.root == below.root and place.path[: len(below.path)] == below.path
    ]:
        known = state.heap[place]
        if isinstance(known, InstanceState):
            state.heap[place] = known.doubted()
    if isinstance(value, Instance) and (found := loading.state_of(frame, state, value)) is not None:
        state.heap[below] = found
    elif isinstance(value, Constant):
        state.heap.pop(below, None)
    else:
        instances.uncertain(frame, state, holder, name)


# these need what is defined above
from flake8_async_orm.flow import given_values  # noqa: E402
