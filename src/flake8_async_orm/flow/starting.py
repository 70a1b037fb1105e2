"""Connections and transactions that are begun by `await` or `async with`, once."""

from __future__ import annotations

from dataclasses import replace

from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ObjectState, State
from flake8_async_orm.values import STARTED, ApiObject, ContextManager, Value


def started(thing: ApiObject) -> ApiObject:
    """A connection or transaction that has been begun; a savepoint may be entered once more."""
    if thing.cls not in names.STARTED_ONCE or ("nested", True) in thing.flags:
        return thing
    return replace(thing, flags=thing.flags | {STARTED})


def begun(state: State, manager: ContextManager, given: Value) -> None:
    """`manager` has been awaited or entered: whatever holds it holds from now on what it gave."""
    for name, binding in state.names.items():
        if type(binding.value) is ContextManager and binding.value == manager:
            state.names[name] = replace(binding, value=given)
    for place, known in state.heap.items():
        if isinstance(known, ObjectState) and manager in known.fields.values():
            fields = {name: given if value == manager else value for name, value in known.fields.items()}
            state.heap[place] = ObjectState(fields)


def made_by(thing: ApiObject) -> str:
    """The member that a started object came from."""
    if thing.cls == "AsyncConnection":
        return "AsyncEngine.connect"
    owner = thing.of.cls if isinstance(thing.of, ApiObject) else "AsyncSession"
    return f"{names.shown(owner)}.begin"
