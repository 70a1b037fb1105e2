"""Mapped instances are written out by what looks only at what is loaded: of an expired one it gives nothing, and no error.

FastAPI's `jsonable_encoder` takes the instance's `vars()`, and so does a route without a response model; SQLModel's tables are
pydantic models of which the same is dumped.
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_async_orm.flow import identity, instances
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import serializers
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import Instance, Site, Tuple, Value


def dumped(frame: Frame, state: State, value: Value, how: str, site: Site) -> None:
    """The instances in `value` are written out at `site` by `how`, a key of the table of what writes so.

    They are judged by their key, which is there wherever an instance is not expired as a whole.
    """
    for instance in _within(value):
        key = _key(frame, instance.model)
        known = instances.column_at_stake(frame, state, instance, key) if key is not None else None
        if key is None or known is None:
            continue
        outer, frame.serializing = frame.serializing, serializers.LOADED_ONLY[how]
        try:
            instances.read_column(frame, state, known, instance, key, site)
        finally:
            frame.serializing = outer


def is_table(frame: Frame, model: str) -> bool:
    """Whether a mapped class is one of SQLModel's."""
    mapped = frame.program.project.mapped(model)
    return mapped is not None and mapped.sqlmodel


def _within(value: Value) -> Iterator[Instance]:
    known = without_none(value)
    if isinstance(known, Tuple) and not known.row:
        for item in known.items:
            yield from _within(item)
    else:
        yield from identity.instances_in(known)


def _key(frame: Frame, model: str) -> MappedAttribute | None:
    mapped = frame.program.project.mapped(model)
    attributes = mapped.attributes.values() if mapped is not None else ()
    return next((one for one in attributes if one.primary_key and one.kind == "column"), None)
