"""What `run_sync` is given."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import RunSyncGiven
from flake8_async_orm.flow import nested
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.scheduling import no_awaitable
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.values import ApiObject, BoundMember, Coroutine, Function, LocalFunction, Site, Value

#: methods of a MetaData that are handed over, and called by mistake
_OF_METADATA = frozenset({"create_all", "drop_all", "reflect"})


def given(frame: Frame, node: cst.Call, target: Argument, site: Site) -> None:
    """The call `node` of `run_sync` gets `target` as its function."""
    written = next((a.value for a in node.args if frame.site(a.value) == target.site), None)
    if isinstance(written, cst.Call) and (_no_function(frame, target.value) or _of_metadata(written)):
        bound = not written.args or (len(written.args) == 1 and _of_metadata(written))
        fact = RunSyncGiven(target.site, "result", dotted_name(written.func) or "it", site, bound=bound)
        frame.state_fact(fact)
    elif _is_coroutine_function(frame, target.value):
        frame.state_fact(RunSyncGiven(target.site, "coroutine-function", _name(target.value) or "the function", site))


def returned(frame: Frame, function: LocalFunction, returns: Value, site: Site) -> None:
    """A nested function that ran under `run_sync` returned a coroutine: it has used the object of asyncio."""
    if not isinstance(returns, Coroutine) or not returns.ours or "Async" not in returns.callee:
        return
    if not _is_coroutine_function(frame, function):
        frame.state_fact(RunSyncGiven(returns.site, "async-session", returns.callee, site, function.site))


def _name(value: Value) -> str:
    return names.last(value.name) if isinstance(value, (Function, BoundMember)) else ""


def _no_function(frame: Frame, value: Value) -> bool:
    """Whether calling gave what cannot be called in its turn."""
    return isinstance(value, Coroutine) or (not isinstance(value, ApiObject) and no_awaitable(frame, value) is not None)


def _of_metadata(node: cst.Call) -> bool:
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in _OF_METADATA:
        return False
    owner = dotted_name(node.func.value)
    return owner is not None and names.last(owner) == "metadata"


def _is_coroutine_function(frame: Frame, value: Value) -> bool:
    if isinstance(value, Function):
        found = frame.program.function_definition(value.name)
        return found is not None and found[1].is_async and not found[1].is_generator and not found[1].decorators
    if isinstance(value, BoundMember) and isinstance(value.receiver, ApiObject) and value.receiver.subclass is None:
        row = api.member(value.receiver.cls, value.name)
        return row is not None and row.kind == "coroutine"
    if isinstance(value, LocalFunction):
        definition = nested.definition_of(frame, value.site)
        return definition is not None and definition.is_async and not definition.is_generator
    return False
