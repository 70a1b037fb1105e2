"""Calls of SQLAlchemy's functions: statements, loader options, engines, and what the ORM has beside its classes."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import LoadingAsked
from flake8_async_orm.flow import blocking, coroutines, engines, event_loops, instances, ledgers, queries
from flake8_async_orm.flow.calls import Argument, arguments_named, split, take
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import State, one_of, without_none
from flake8_async_orm.values import (
    MADE,
    NONE,
    SQL,
    ApiObject,
    Because,
    Class,
    Constant,
    Instance,
    LoaderOption,
    ModelAttribute,
    Place,
    Site,
    Value,
)

_ENGINES = {
    "create_async_engine": "AsyncEngine",
    "async_engine_from_config": "AsyncEngine",
    "create_engine": "Engine",
    "engine_from_config": "Engine",
}


def call(
    frame: Frame, state: State, dotted: str, name: str, arguments: list[Argument], node: cst.Call | None, site: Site
) -> Value | None:
    """The function `dotted` of SQLAlchemy is called; None where nothing is known of what it gives."""
    kind = names.statement_kind(dotted)
    plain_values, starred = split(frame, arguments)
    if kind is not None:
        return queries.begin(kind, plain_values, site, dotted.startswith("sqlmodel."), bool(starred))
    strategy = names.strategy(dotted)
    if strategy is not None:
        strategy = queries.spelled(strategy, arguments_named(arguments))
        path = [value for value in plain_values if isinstance(value, ModelAttribute)]
        if len(path) > 1 and len(path) == len(plain_values) and strategy in names.RELATIONSHIP_LOADERS:
            named = tuple(f"{step.model}.{step.name}" for step in path)
            frame.state_fact(LoadingAsked(site, "several-arguments", named, strategy))
        return queries.load(strategy, plain_values) if not starred else LoaderOption((), complete=False)
    if name in names.NEUTRAL_OPTIONS:
        return LoaderOption(())
    if name == "Load" and plain_values:
        return LoaderOption((), depth=0)
    if name == "close_all_sessions" or dotted.endswith("AsyncSession.close_all"):
        take(frame, arguments)
        return coroutines.made(frame, site, name, NONE) if ".asyncio" in dotted else None
    if name in _ENGINES or name == "make_url":
        take(frame, arguments)
        engines.created(frame, name, arguments, node, site)
    if name in _ENGINES:
        flags = ledgers.options(arguments) | event_loops.options((a.keyword, a.star, a.value) for a in arguments)
        flags |= frozenset() if "async" in name else frozenset({MADE})
        return ApiObject(_ENGINES[name], Place(site), flags=flags, because=Because("factory", site))
    if name == "inspect" and plain_values:
        return _inspector(frame, plain_values[0], arguments)
    if name == "aliased" and plain_values and isinstance(plain_values[0], Class):
        return plain_values[0]
    if name == "set_committed_value" and len(plain_values) == 3:
        return _committed(frame, state, plain_values)
    if name == "async_object_session":
        return one_of([ApiObject("AsyncSession", Place(site)), Constant(None)])
    if name == "with_polymorphic" and plain_values:
        return plain_values[0]
    if name in (
        "func",
        "and_",
        "or_",
        "not_",
        "desc",
        "asc",
        "case",
        "cast",
        "literal",
        "column",
        "exists",
        "distinct",
    ):
        take(frame, arguments)
        return SQL
    if dotted.startswith("sqlalchemy.func."):
        return SQL
    return None


def _inspector(frame: Frame, given: Value, arguments: list[Argument]) -> Value | None:
    """What `inspect` gives for a sync engine or connection: it asks the database when its members are called."""
    over = without_none(given)
    if not isinstance(over, ApiObject) or over.cls not in ("Engine", "Connection"):
        return None
    take(frame, arguments)
    return ApiObject("Inspector", over.place, flags=over.flags & {MADE} | blocking.reached(over))


def _committed(frame: Frame, state: State, values: list[Value]) -> Value:
    instance = without_none(values[0])
    if isinstance(instance, Instance) and isinstance(values[1], Constant) and isinstance(values[1].value, str):
        instances.mark_loaded(frame, state, instance, values[1].value)
    else:
        instances.doubt(frame, state, instance)
    return Constant(None)
