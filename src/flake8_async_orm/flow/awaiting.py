"""Coroutines that are awaited a second time, by the name that holds them."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import CoroutineAwaitedAgain
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ResultState, State
from flake8_async_orm.values import ApiObject, Coroutine, Value, replace


def awaited(frame: Frame, node: cst.CSTNode, value: Value, state: State, by: str = "") -> bool:
    """The expression `node`, of this `value`, is awaited now, or handed to `by`, which awaits it. Gives: for the second time."""
    if type(value) is not Coroutine or not isinstance(node, cst.Name):
        return False
    binding = state.names.get(node.value)
    if binding is None:
        return False
    site = frame.site(node)
    if value.awaited is not None and value.ours:
        first = value.awaited
        fact = CoroutineAwaitedAgain(site, value.site, value.callee, first, node.value, by, first == site)
        frame.state_fact(fact)
    state.names[node.value] = replace(binding, value=replace(value, awaited=site))
    return value.awaited is not None


def handed(frame: Frame, node: cst.Call, state: State, by: str) -> None:
    """The positional arguments of the call `node` are awaited by the function `by`: one that is given twice, once."""
    given = {a.value.value: a.value for a in node.args if a.keyword is None and isinstance(a.value, cst.Name)}
    for name, argument in given.items():
        if name in state.names:
            awaited(frame, argument, state.names[name].value, state, by)


def spent(before: State, after: State) -> bool:
    """Whether something that was there `before` a turn of a loop can be used only once, and has been in it."""
    for name, binding in before.names.items():
        value = binding.value
        if type(value) is Coroutine:
            now = after.names[name].value if name in after.names else None
            if value.awaited is None and type(now) is Coroutine and now.awaited and now.site == value.site:
                return True
        elif type(value) is ApiObject and value.cls in names.RESULTS and value.place is not None:
            was, is_ = before.heap.get(value.place), after.heap.get(value.place)
            if isinstance(is_, ResultState) and is_.ended and not (isinstance(was, ResultState) and was.ended):
                return True
    return False
