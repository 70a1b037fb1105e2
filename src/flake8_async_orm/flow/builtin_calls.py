"""Calls of the builtins: what they give, and what they make of what they are given."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import (
    assignments,
    consumption,
    coroutines,
    instances,
)
from flake8_async_orm.flow.calls import Argument, take, unknown
from flake8_async_orm.flow.comprehensions import element_of
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import behaviour, callables, names
from flake8_async_orm.lattice import State, one_of, without_none
from flake8_async_orm.values import (
    EMPTY,
    ApiObject,
    Awaitable,
    Collection,
    Constant,
    Coroutine,
    Function,
    Instance,
    LocalFunction,
    Object,
    Site,
    Tuple,
    Unknown,
    Value,
)


def call(frame: Frame, state: State, dotted: str, arguments: list[Argument], node: cst.Call, site: Site) -> Value:
    """A builtin function is called."""
    name = names.last(dotted)
    values = [argument.value for argument in arguments if argument.keyword is None]
    _call_keys(frame, state, name, arguments, site)
    if name in callables.ITERATING and values and isinstance(values[0], Coroutine):
        return coroutines.used_as_value(frame, values[0], arguments[0].site, site, "argument", name)
    if values and type(values[0]) is ApiObject and not arguments[0].star:
        _result_given(frame, state, name, values[0], arguments[0].site, site)
    if name in callables.LOOKING:
        return _consuming(frame, state, name, arguments, values)
    if name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter") and values:
        kind = {"tuple": "tuple", "set": "set", "frozenset": "set", "iter": "iterator"}.get(name, "list")
        value = values[0]
        if isinstance(value, Collection) and value.kind != "dict":
            return Collection(value.of, kind)
        return Collection(element_of(frame, value, arguments[0].site, how=name), kind)
    if name == "enumerate" and values:
        return Collection(
            Tuple((Unknown("index"), element_of(frame, values[0], arguments[0].site, how=name))), "iterator"
        )
    if name == "zip" and values:
        items = tuple(element_of(frame, value, a.site, how=name) for value, a in zip(values, arguments, strict=False))
        return Collection(Tuple(items), "iterator")
    if name in ("next", "anext") and values:
        of = element_of(frame, values[0], arguments[0].site, name == "anext", name)
        return Awaitable(of) if name == "anext" else of
    if name == "setattr" and len(values) == 3 and isinstance(owner := without_none(values[0]), Instance):
        wanted = values[1].value if isinstance(values[1], Constant) else None
        key = wanted if isinstance(wanted, str) else None
        given_values.assigned(frame, owner, key, values[2])
        take(frame, arguments)
        assignments.set_by_name(frame, state, owner, key, values[2])
        return Constant(None)
    if name == "getattr" and len(values) >= 2:
        return _getattr(frame, state, values, node)
    if dotted in behaviour.HARMLESS:
        take(frame, arguments)
        _as_text(frame, state, name, arguments[:1])
        return Unknown(f"{name}()")
    return unknown(frame, state, arguments, f"called {name}")


def iterators(frame: Frame, state: State, name: str, arguments: list[Argument], site: Site) -> Value | None:
    """A function of `itertools` is called; None for one that is not known."""
    given = [argument for argument in arguments if argument.keyword is None and not argument.star]
    first = callables.FIRST_OF_ITERTOOLS.get(name)
    if first is None or len(given) <= first or len(given) != sum(a.keyword is None for a in arguments):
        return None
    function = next((a.value for a in arguments if a.keyword in ("key", "func")), None)
    if function is None and len(given) == 2 and name != "islice":
        function = given[1 - first].value
    element = element_of(frame, given[first].value, given[first].site, how=name)
    if isinstance(function, (LocalFunction, Function)) and name in callables.CALLING_OF_ITERTOOLS:
        calls.call(frame, state, function, [Argument(element, None, "", site)], cst.Call(cst.Name(name)), site)
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    match name:
        case "groupby":
            element = Tuple((Unknown("a key"), Collection(element, "iterator")))
        case "batched":
            element = Collection(element, "tuple")
        case "pairwise":
            element = Tuple((element, element))
        case "from_iterable":
            element = element_of(frame, element, given[first].site, how=name)
        case "chain":
            others = [element_of(frame, one.value, one.site, how=name) for one in given[1:]]
            element = one_of([element, *others])
    return Collection(element, "iterator")


def _result_given(frame: Frame, state: State, name: str, value: Value, argument: Site, site: Site) -> None:
    """A builtin is given a result."""
    if name == "len":
        consumption.used(frame, value, "length", site, argument)
    elif name == "bool":
        consumption.used(frame, value, "truth", site, argument)
    elif name in callables.EXHAUSTING:
        consumption.iterated(frame, state, value, argument, False)
        consumption.ended(state, value, "iteration", argument)


def _call_keys(frame: Frame, state: State, name: str, arguments: list[Argument], site: Site) -> None:
    """`sorted(users, key=f)`, `map(f, users)`: f is called with the elements, here."""

    given = [argument for argument in arguments if argument.keyword is None and not argument.star]
    if name in ("sorted", "min", "max") and given:
        function, many = next((a.value for a in arguments if a.keyword == "key"), None), given[0]
    elif name in ("map", "filter") and len(given) == 2:
        function, many = given[0].value, given[1]
    else:
        return
    if isinstance(function, (LocalFunction, Function)):
        element = element_of(frame, many.value, many.site)
        calls.call(frame, state, function, [Argument(element, None, "", many.site)], cst.Call(cst.Name(name)), site)


def called_with_each(frame: Frame, state: State, element: Value, arguments: list[Argument], site: Site) -> None:
    """`users.sort(key=f)`: f is called with the elements, here."""
    for function in (a.value for a in arguments if a.keyword == "key"):
        if isinstance(function, (LocalFunction, Function)) and element != EMPTY:
            calls.call(frame, state, function, [Argument(element, None, "", site)], cst.Call(cst.Name("sort")), site)


def _consuming(frame: Frame, state: State, name: str, arguments: list[Argument], values: list[Value]) -> Value:
    """Builtins that only look at their argument."""
    if name in ("bool", "str", "int", "sum", "min", "max", "any", "all"):
        for argument, value in zip(arguments, values, strict=False):
            if isinstance(value, Coroutine):
                coroutines.used_as_value(frame, value, argument.site, argument.site, "argument", name)
    # that a coroutine is no instance of a class does not see to it
    take(frame, arguments[1:] if name == "isinstance" else arguments)
    _as_text(frame, state, name, arguments)
    return Unknown(f"{name}()")


def _as_text(frame: Frame, state: State, name: str, arguments: list[Argument]) -> None:
    """A builtin may make a text of what it is given."""
    for argument in arguments if name in callables.TEXT_OF else ():
        if argument.keyword is None and not argument.star:
            representation.shown(frame, state, argument.value, callables.TEXT_OF[name], argument.site)


def _getattr(frame: Frame, state: State, values: list[Value], node: cst.Call) -> Value:
    """`getattr(x, "name")` reads like `x.name`."""
    name = values[1].value if isinstance(values[1], Constant) else None
    owner = without_none(values[0])
    if isinstance(name, str) and isinstance(owner, Instance):
        attribute = members.mapped_attribute(frame, owner.model, name)
        if attribute is not None and attribute.kind == "relationship":
            return instances.read_relationship(frame, state, owner, attribute, frame.site(node))
        return (
            members.column_value(frame, node, owner, attribute, state) if attribute is not None else Unknown("getattr")
        )
    coroutines.consume(frame, values[0])
    instances.doubt(frame, state, values[0])
    if isinstance(name, str) and isinstance(owner, Object):
        function = frame.program.method(owner.cls.name, name)
        if function is not None:
            return members.method_value(frame, function, owner, node, state)
        return frame.program.attribute(owner.cls, name)
    return Unknown("getattr")


def construct(frame: Frame, state: State, dotted: str, arguments: list[Argument], site: Site) -> Value:
    """A builtin class is called."""
    name = names.last(dotted)
    if not arguments:
        return Collection(EMPTY, {"set": "set", "dict": "dict"}.get(name, "list"))
    value = arguments[0].value
    if type(value) is ApiObject and not arguments[0].star:
        _result_given(frame, state, name, value, arguments[0].site, site)
    if name in ("list", "set", "tuple", "frozenset") and not arguments[0].star:
        if isinstance(value, Collection) and value.kind != "dict":
            return Collection(value.of, "set" if "set" in name else name)
        return Collection(element_of(frame, value, arguments[0].site, how=name), "set" if "set" in name else name)
    for argument in arguments:
        if isinstance(argument.value, Coroutine):
            coroutines.used_as_value(frame, argument.value, argument.site, argument.site, "argument", name)
    take(frame, arguments)
    _as_text(frame, state, name, arguments[:1])
    return Unknown(name)


# these need what is defined above
from flake8_async_orm.flow import calls, given_values, members, representation  # noqa: E402
