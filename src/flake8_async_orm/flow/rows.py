"""What a query or a result gives: rows, entities and the state in which they are loaded."""

from __future__ import annotations

from flake8_async_orm.flow import (
    loading,
    locks,
    uniqueness,
)
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.recovery import Effect
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import State, one_of
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Class,
    Collection,
    Constant,
    ContextManager,
    Instance,
    ModelAttribute,
    Place,
    Site,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

#: a flag of statements that a repository of a library runs: the parameter of the call by which it takes loader options
TAKES = "takes:"


def rows(
    frame: Frame, receiver: ApiObject, gives: str, statement: Value | None, site: Site, effect: Effect | None
) -> tuple[Value, Effect | None]:
    """The result of running a statement, and the loading of its instances."""
    is_session = receiver.cls in names.SESSIONS
    row: Value | None = None
    load: Effect | None = None
    flags = uniqueness.NOTHING
    if isinstance(statement, Statement) and statement.entities and is_session:
        items = tuple(_entity(frame, entity, Place(site, (str(i),))) for i, entity in enumerate(statement.entities))
        row = Tuple(items, row=True, names=tuple(_label(entity) for entity in statement.entities))
        flags = uniqueness.flags_of(frame, statement)
        load = _loading(frame, receiver, statement, items, site)

    def both(state: State) -> None:
        if effect is not None:
            effect(state)
        if load is not None:
            load(state)

    first = row.items[0] if isinstance(row, Tuple) and row.items else None
    match gives:
        case "scalars":
            return ApiObject("ScalarResult", Place(site), of=first, flags=flags), both
        case "scalar":
            return one_of([first, NONE]) if first is not None else Unknown("scalar"), both
        case "stream":
            return ContextManager(
                ApiObject("AsyncResult", Place(site), of=row), True, True, f"{names.shown(receiver.cls)}.stream", site
            ) if receiver.cls == "AsyncConnection" else ApiObject("AsyncResult", Place(site), of=row, flags=flags), both
        case "stream-scalars":
            return ApiObject("AsyncScalarResult", Place(site), of=first, flags=flags), both
        case "exec-result" if isinstance(statement, Statement) and "scalar" in statement.flags:
            return ApiObject("ScalarResult", Place(site), of=first, flags=flags), both
        case _:
            return ApiObject("Result", Place(site), of=row, flags=flags), both


def _label(entity: Value) -> str:
    """The name under which a row has an entity or a column."""
    match entity:
        case Class(name=name):
            return names.last(name)
        case ModelAttribute(name=name):
            return name
        case _:
            return ""


def _entity(frame: Frame, entity: Value, place: Place) -> Value:
    if isinstance(entity, Class) and frame.program.project.mapped(entity.name) is not None:
        return Instance(entity.name, place)
    if isinstance(entity, ModelAttribute):
        return Unknown("column")
    return Unknown("column")


def _loading(frame: Frame, receiver: ApiObject, statement: Statement, items: tuple[Value, ...], site: Site) -> Effect:
    models = [item.model for item in items if isinstance(item, Instance)]

    def load(state: State) -> None:
        for item in items:
            if isinstance(item, Instance) and item.place is not None:
                mine = tuple(
                    load
                    for load in statement.loads
                    if load.model is None or _root(frame, load.model, item.model, len(items))
                )
                # a RETURNING clause loads nothing eagerly in a joined or subquery load: leave those in doubt
                complete = statement.complete and "returning" not in statement.flags
                loading.loaded(
                    frame,
                    state,
                    item.place,
                    item.model,
                    receiver,
                    mine,
                    complete,
                    site,
                    "loaded here",
                    statement.last if statement.kind == "select" else None,
                    beside=frozenset(models) - {item.model} if len(models) > 1 else frozenset(),
                    anew="populate_existing" in statement.flags,
                    option=next((flag.removeprefix(TAKES) for flag in statement.flags if flag.startswith(TAKES)), ""),
                )
                if "locks" in statement.flags:
                    locks.read(state, receiver.place, item.place, site)

    return load


def _root(frame: Frame, wanted: str, model: str, entities: int) -> bool:
    """Whether an option on `wanted` applies to the entity `model` (inheritance in both directions)."""
    if wanted == model or entities == 1:
        return True
    return wanted in frame.program.project.mro(model)[0] or model in frame.program.project.mro(wanted)[0]


def of_result(result: ApiObject, name: str, gives: str, arguments: list[Argument]) -> Value:
    """What a member of a result gives. `of` of a Result is a row, of a ScalarResult the scalar."""
    row = result.of
    scalar = row.items[0] if isinstance(row, Tuple) and row.items else Unknown("column")
    is_scalar = "Scalar" in result.cls
    item: Value = row if row is not None else Unknown("row")
    prefix = "Async" if result.cls.startswith("Async") else ""
    match gives:
        case "rows":
            return Collection(item, "list")
        case "rows-of-rows":
            return Collection(item, "list")
        case "row-or-none":
            return one_of([item, NONE])
        case "row":
            return item
        case "first-column":
            return item if is_scalar else scalar
        case "first-column-or-none":
            return one_of([item if is_scalar else scalar, NONE])
        case "scalars":
            index = arguments[0].value if arguments else Constant(0)
            if isinstance(row, Tuple) and isinstance(index, Constant) and isinstance(index.value, int):
                scalar = row.items[index.value] if index.value < len(row.items) else Unknown("column")
            elif arguments:
                scalar = Unknown("column")
            return ApiObject(f"{prefix}ScalarResult", result.place, of=scalar, flags=result.flags)
        case "mappings":
            return ApiObject(f"{prefix}MappingResult", result.place, of=Unknown("mapping"), flags=result.flags)
        case "columns":
            return replace(result, of=None)
        case "self":
            flags = uniqueness.made_unique(result, name)
            return replace(result, flags=flags) if flags != result.flags else result
        case "none":
            return NONE
        case _:
            return Unknown("of a result")


def _option_loads(arguments: list[Argument]) -> tuple[Statement, bool]:
    """The `options=` of `get` and `merge` as those of a statement."""

    options = next((a.value for a in arguments if a.keyword == "options"), None)
    statement = Statement("select")
    if options is None or options == NONE:
        return statement, False
    return queries.with_options(statement, [options], [], Site("", 0)), True


# these need what is defined above
from flake8_async_orm.flow import queries  # noqa: E402
