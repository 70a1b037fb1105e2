"""What is put on the state of an application or a request in one place, and read in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, plain
from flake8_async_orm.lattice import join
from flake8_async_orm.project.states import state_of
from flake8_async_orm.values import BoundMember, External, Place, Unknown, Value

#: marks what a body puts there among what it writes to globals
_MARK = ".state."

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

_NOTHING: Value = Unknown("put on a state elsewhere")


def written(frame: Frame, owner: cst.BaseExpression, name: str, value: Value) -> None:
    """`owner.name = value`."""
    kind = state_of(owner)
    if kind is not None:
        key = f"{kind}{_MARK}{name}"
        old = frame.global_writes.get(key)
        frame.global_writes[key] = plain(value) if old is None else join(old, plain(value))


def handed_up(frame: Frame, writes: dict[str, Value]) -> None:
    """A nested function writes these."""
    for key, value in writes.items():
        if _MARK in key:
            frame.global_writes.setdefault(key, value)


def _writes(program: Program, module: str, function: str) -> dict[str, Value]:
    """What a function puts on states. The calls that it makes are not followed: what an application includes reads what it puts there."""
    found = program.function_definition(f"{module}.{function}") if function else None
    source = program.project.source(module)
    node = source.nodes[found[1].node] if found is not None and source is not None else None
    if found is None or source is None or type(node) is not cst.FunctionDef:
        return {}
    definition, key = found[1], Key(f"{module}.{function}")

    def compute() -> dict[str, Value]:
        return bodies.interpret_function(program, module, source, definition, node, key, follows=False).global_writes

    nothing: dict[str, Value] = {}
    return program.once(("writes to states", key), compute, nothing)


def read(frame: Frame, node: cst.Attribute, owner: Value) -> Value | None:
    """What `node` gives, a member of the state `owner`: what all functions of the project agree on that put it there."""
    if not isinstance(owner, (Unknown, BoundMember, External)):
        return None
    kind, name, program = state_of(node.value), node.attr.value, frame.program
    if kind is None:
        return None

    def compute() -> Value:
        writers = program.states.writers(kind, name)
        found = [_writes(program, *writer).get(f"{kind}{_MARK}{name}", _NOTHING) for writer in writers]
        return found[0] if found and all(value == found[0] for value in found) else _NOTHING

    value = program.once(("state", kind, name), compute, _NOTHING)
    if isinstance(value, Unknown):
        return None
    base = node.value
    while type(base) is cst.Attribute:
        base = base.value
    if kind == "request" and type(base) is cst.Name:
        return placed(value, Place(f"param:{base.value}", ("state", name)))
    return placed(value, Place(f"global:{kind}{_MARK}{name}"))


# these need what is defined above
from flake8_async_orm.flow import bodies  # noqa: E402
