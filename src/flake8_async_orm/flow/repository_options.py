"""The loader options that repositories of libraries take, in the forms that each has for them."""

from __future__ import annotations

from flake8_async_orm.flow import queries
from flake8_async_orm.flow.rows import TAKES
from flake8_async_orm.knowledge import names
from flake8_async_orm.values import (
    EMPTY,
    NONE,
    Class,
    Collection,
    Constant,
    Load,
    LoaderOption,
    ModelAttribute,
    Site,
    Statement,
    Tuple,
    Value,
    replace,
)

_ALL = LoaderOption((Load("*", "joinedload"),))


def specified(form: str, model: str, value: Value) -> list[LoaderOption | None]:
    """The options that `value` stands for, in a form of `knowledge.repositories`; None for each that cannot be read."""
    if value == NONE or (isinstance(value, Collection) and value.of == EMPTY):
        return []
    match form:
        case "spec":
            return _spec(value)
        case "names":
            return _names(model, value)
        case _:
            return queries.options_in(value)


def _spec(value: Value) -> list[LoaderOption | None]:
    """What advanced-alchemy takes: options, attributes, "*", and lists of these, in which a list is a path."""
    match value:
        case LoaderOption():
            return [value]
        case ModelAttribute():
            return [queries.load("selectinload", [value])]
        case Constant(value="*"):
            return [_ALL]
        case Tuple(items=items):
            found: list[LoaderOption | None] = []
            for item in items:
                found += [_path(_spec(item))] if isinstance(item, Tuple) else _spec(item)
            return found
        case Collection(of=of) if not isinstance(of, (Tuple, Collection)):
            return [*_spec(of), None]
        case _:
            return [None]


def _path(steps: list[LoaderOption | None]) -> LoaderOption | None:
    path: LoaderOption | None = None
    for step in reversed(steps):
        if step is None:
            return None
        path = step if path is None else queries.chain(step, "options", [path], [])
    return path


def _names(model: str, value: Value) -> list[LoaderOption | None]:
    """Relationships by their names: a list of them, or a dictionary with a strategy for each."""
    match value:
        case Tuple(items=items):
            return [_named(model, item, Constant("selectinload")) for item in items]
        case Collection(kind="dict", entries=entries) if entries:
            return [_named(model, Constant(name), strategy) for name, strategy in entries]
        case _:
            return [None]


def _named(model: str, name: Value, strategy: Value) -> LoaderOption | None:
    match name, strategy:
        case Constant(value=str() as attribute), Constant(value=str() as how) if how in names.STRATEGIES:
            return queries.load(how, [ModelAttribute(model, attribute)])
        case _:
            return None


def replaces(form: str, value: Value) -> bool:
    """Whether options of a call stand alone, and are not put behind those of the constructor."""
    return form == "spec" and (isinstance(value, LoaderOption) or value == Constant("*"))


def statement(
    model: str, begun: Value, options: list[LoaderOption | None], certain: bool, locks: bool, takes: str, site: Site
) -> Statement:
    """The statement that a repository runs: the one that it is given (`begun`; None's value for none), with its options.

    `takes`: the parameter by which the call at `site` takes options.
    """
    made = Statement("select", (Class(model),), complete=certain)
    if takes and begun == NONE:
        made = replace(made, last=site, flags=frozenset({f"{TAKES}{takes}"}))
    if begun != NONE:
        made = replace(made, complete=False)
        if isinstance(begun, Statement) and begun.entities == (Class(model),):
            made = replace(begun, complete=begun.complete and certain)
    loads, complete = list(made.loads), made.complete
    for option in options:
        complete = complete and option is not None and option.complete
        loads.extend(option.loads if option is not None else ())
    flags = made.flags | {"locks"} if locks else made.flags
    return replace(made, loads=tuple(loads), complete=complete, flags=flags)
