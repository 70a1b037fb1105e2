"""Repositories and services of libraries, as their rows tell of them: what their methods give, and what they do to the session.

Such an object is an `Object`. What its constructor was given stands in its fields, options under names that no attribute can have.
Of one that was handed in that is not known: it is as the library makes it, where nobody in the project makes it otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import libcst as cst

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names, repositories
from flake8_async_orm.knowledge.repositories import Method, Repository
from flake8_async_orm.lattice import ObjectState, State, without_none
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    BoundMember,
    Class,
    Constant,
    ContextManager,
    Instance,
    Object,
    Place,
    Site,
    TypeVariable,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument
    from flake8_async_orm.flow.program import Program

_UNSEEN = Unknown("given out of sight")


class Known(NamedTuple):
    """A class that is a library's repository or service: its row, and the library's class that it is or derives from."""

    row: Repository
    base: str


def known(program: Program, cls: str) -> Known | None:
    """The row of a class; None where it has none, or where the library's own code is at hand."""
    if program.class_definition(cls) is None:
        row = repositories.repository(cls)
        return Known(row, cls) if row is not None else None
    nothing: Known | None = None
    return program.once(("repository", cls), lambda: _above(program, cls), nothing)


def _above(program: Program, cls: str) -> Known | None:
    for base in program.project.mro(cls)[0]:
        row = repositories.repository(base)
        if row is not None and program.class_definition(base) is None:
            return Known(row, base)
    return None


# -- classes ------------------------------------------------------------------------------------------------------------


def _arguments(program: Program, cls: Class, base: str) -> tuple[Value, ...]:
    """The type arguments with which `cls` is a `base`."""
    if cls.name == base:
        return cls.args
    mine = dict(zip(program.type_parameters(cls.name), cls.args, strict=False))
    for one in program.bases(cls.name):
        if one.name == base or base in program.project.mro(one.name)[0]:
            args = tuple(mine.get(arg.name, arg) if isinstance(arg, TypeVariable) else arg for arg in one.args)
            return _arguments(program, Class(one.name, args), base)
    return ()


def model(program: Program, cls: Class) -> str | None:
    """The mapped class that a repository or service is for."""
    nothing: str | None = None
    return program.once(("repository's model", cls), lambda: _model(program, cls), nothing)


def _model(program: Program, cls: Class) -> str | None:
    found = known(program, cls.name)
    if found is None:
        return None
    attribute = found.row.model[0]
    named: list[Value] = [program.attribute(cls, attribute)] if attribute and declares(program, cls, attribute) else []
    named += _arguments(program, cls, found.base)[:1]
    for one in named:
        if isinstance(one, Class) and program.project.mapped(one.name) is not None:
            return one.name
    own = _repository_class(program, cls, found) if found.row.service_of[0] else None
    return model(program, own) if own is not None else None


def declares(program: Program, cls: Class, name: str) -> bool:
    """Whether the project writes an attribute of a class that derives from a library's."""
    return program.class_definition(cls.name) is not None and program.has_own_attribute(cls.name, name)


def _repository_class(program: Program, cls: Class, found: Known) -> Class | None:
    """The class of the repository that a service makes for itself."""
    attribute, default = found.row.service_of
    args = _arguments(program, cls, found.base)
    if declares(program, cls, attribute):
        named = _nested(program, cls, attribute) or program.attribute(cls, attribute)
        return named if isinstance(named, Class) and named.name != cls.name and known(program, named.name) else None
    second = args[1] if len(args) > 1 else None
    if isinstance(second, Class) and known(program, second.name) is not None:
        return second
    return Class(default, args[:1])


def _nested(program: Program, cls: Class, attribute: str) -> Class | None:
    """The class in the body of a class, or of one above, that is given to an attribute there."""
    for base in program.project.mro(cls.name)[0]:
        found = program.class_definition(base)
        source = program.project.source(found[0]) if found is not None else None
        if found is None or source is None or attribute not in found[1].attributes:
            continue
        number = found[1].attributes[attribute][-1].value
        node = source.nodes[number] if number is not None else None
        within = type(node) is cst.Name and node.value in found[1].classes
        return Class(f"{base}.{node.value}") if type(node) is cst.Name and within else None
    return None


# -- objects ------------------------------------------------------------------------------------------------------------


class Handle(NamedTuple):
    """A repository as it is at one point: the object, its class's row, its model, and what its constructor was given."""

    object: Object
    row: Repository
    model: str | None
    session: ApiObject | None
    given: dict[str, Value]
    #: whether it was made in sight
    made: bool

    def of(self, key: str) -> Value:
        """What the constructor was given as `key`; None's value where it was left out."""
        return self.given.get(key, NONE)


def _fields(state: State, value: Object) -> dict[str, Value]:
    held = state.heap.get(value.place) if value.place is not None else None
    return dict(held.fields) if isinstance(held, ObjectState) else {}


def repository(frame: Frame, state: State, service: Object, found: Known) -> Object | None:
    """The repository of a service."""
    held = _fields(state, service).get("repository")
    if held is not None:
        return held if isinstance(held, Object) else None
    cls = _repository_class(frame.program, service.cls, found)
    return Object(cls, service.place.at("repository") if service.place is not None else None) if cls is not None else None


def handle(frame: Frame, state: State, value: Object) -> Handle | None:
    """The repository that `value` is, or that it has as a service."""
    program = frame.program
    found = known(program, value.cls.name)
    owner, outer = value, found
    if found is not None and found.row.service_of[0]:
        own = repository(frame, state, value, found)
        found = known(program, own.cls.name) if own is not None else None
        if own is None:
            return None
        value = own
    if found is None or outer is None:
        return None
    fields = _fields(state, value)
    given = {name[1:]: one for name, one in fields.items() if name.startswith("=")}
    if not given and program.configured(owner.cls.name) | program.configured(value.cls.name):
        given = dict.fromkeys(repositories.CONFIGURING, _UNSEEN)
    session = fields.get("session")
    if session is not None:
        session = without_none(session)
    elif found.row.session and value.place is not None:
        session = ApiObject("AsyncSession", value.place.at("session"))
    is_session = isinstance(session, ApiObject) and session.cls in names.ASYNC_SESSIONS
    return Handle(
        value,
        found.row,
        model(program, owner.cls) or model(program, value.cls),
        session if isinstance(session, ApiObject) and is_session else None,
        given,
        "session" in fields,
    )


def by_name(arguments: list[Argument], positions: tuple[str, ...]) -> dict[str, Value]:
    """The arguments by the names of their parameters; under `**` is what cannot be told."""
    found: dict[str, Value] = {}
    rest = iter(positions)
    for argument in arguments:
        if argument.star == "**":
            found["**"] = argument.value
        elif argument.star:
            found["*"] = argument.value
        elif argument.keyword is not None:
            found[argument.keyword] = argument.value
        elif (name := next(rest, None)) is not None:
            found[name] = argument.value
    return found


def construct(frame: Frame, state: State, cls: Class, arguments: list[Argument], site: Site) -> Value | None:
    """A class is called that is a library's, or has its constructor from there; None where it is no such class."""
    found = known(frame.program, cls.name)
    if found is None or frame.program.method(cls.name, "__init__") is not None:
        return None
    calls.take(frame, arguments)
    told = by_name(arguments, found.row.constructor).get(found.row.model[1]) if found.row.model[1] else None
    if isinstance(told, Class) and not cls.args and frame.program.class_definition(cls.name) is None:
        cls = Class(cls.name, (told,))
    made = Object(cls, Place(site))
    state.heap[Place(site)] = ObjectState({})
    _initialised(frame, state, made, found, arguments)
    return made


def _initialised(frame: Frame, state: State, made: Object, found: Known, arguments: list[Argument]) -> None:
    """The library's constructor has run on `made`."""
    row = found.row
    if made.place is None or not row.session:
        return
    given = by_name(arguments, row.constructor)
    session = given.get(row.session, _UNSEEN)
    ledgers.share(state, session)
    fields: dict[str, Value] = {"session": session}
    for name in (*row.options, row.statement, *row.switches, *row.doubtful):
        if name:
            fields[f"={name}"] = given.get(name, _UNSEEN if "**" in given else NONE)
    if row.service_of[0]:
        own = _repository_class(frame.program, made.cls, found)
        if own is None:
            return
        for name in row.options:
            if fields[f"={name}"] == NONE and declares(frame.program, made.cls, row.defaults):
                fields[f"={name}"] = frame.program.attribute(made.cls, row.defaults)
        below = made.place.at("repository")
        state.heap[below] = ObjectState(fields)
        fields = {"repository": Object(own, below)}
    state.heap[made.place] = ObjectState({**_fields(state, made), **fields})
    frame.writes.update({name: one for name, one in fields.items() if name == "session"})


# -- members ------------------------------------------------------------------------------------------------------------


def member(frame: Frame, state: State, value: Object, name: str, site: Site) -> Value | None:
    """What a repository or service has from its library under `name`; None where that has nothing of the kind."""
    found = known(frame.program, value.cls.name)
    if found is None or declares(frame.program, value.cls, name):
        return None
    if found.row.service_of[0] and name == "repository":
        return repository(frame, state, value, found)
    if found.row.session and name == found.row.model[0]:
        named = model(frame.program, value.cls)
        return Class(named) if named is not None else None
    return BoundMember(value, name, site) if _method(found, name) or name == found.row.writer[0] else None


def above(frame: Frame, receiver: Value, name: str) -> bool:
    """Whether `super().name` of `receiver` is the library's."""
    found = known(frame.program, receiver.cls.name) if isinstance(receiver, Object) else None
    return found is not None and (name == "__init__" or _method(found, name) is not None)


def of_class(frame: Frame, cls: Class, name: str) -> bool:
    """Whether `cls.name` is the class method by which an object of `cls` is entered."""
    found = known(frame.program, cls.name)
    return found is not None and name == found.row.entered_by and not declares(frame.program, cls, name)


def _method(found: Known, name: str) -> Method | None:
    return found.row.methods.get(name)


def answers(frame: Frame, receiver: Object | Class, name: str) -> bool:
    """Whether `called` knows the member `name` of `receiver`."""
    if isinstance(receiver, Class):
        return of_class(frame, receiver, name)
    found = known(frame.program, receiver.cls.name)
    return found is not None and (name in found.row.methods or name in ("__init__", found.row.writer[0]))


def called(
    frame: Frame,
    state: State,
    receiver: Object | Class,
    name: str,
    arguments: list[Argument],
    node: cst.Call,
    site: Site,
) -> Value:
    """A member of the library's is called."""
    if isinstance(receiver, Class):
        made = construct(frame, state, receiver, arguments, site)
        if made is None:
            made = calls.construct(frame, state, receiver, arguments, site)
        return ContextManager(made, callee=f"{names.last(receiver.name)}.{name}", site=site)
    found = known(frame.program, receiver.cls.name)
    assert found is not None
    calls.take(frame, arguments)
    if name == "__init__":
        _initialised(frame, state, receiver, found, arguments)
        return NONE
    if name == found.row.writer[0]:
        return _written(frame, state, found.row, arguments, site)
    return repository_calls.called(frame, state, receiver, found, name, arguments, node, site)


def _written(frame: Frame, state: State, row: Repository, arguments: list[Argument], site: Site) -> Value:
    """`service.to_schema(instances, schema_type=Schema)`"""
    _, data, schema_type = row.writer
    given = by_name(arguments, (data, "total", "filters"))
    value, schema = given.get(data), given.get(schema_type)
    if value is None or schema in (None, NONE):
        return value if value is not None and isinstance(without_none(value), Object) else Unknown("written out")
    if not isinstance(schema, Class):
        return Unknown("written out by an unknown schema")
    serialization.serialize(frame, state, schema.name, value, site)
    return Object(schema, Place(site)) if isinstance(without_none(value), Instance) else Unknown("written out")


def switched(name: str, given: dict[str, Value], held: Handle) -> bool | None:
    """Whether a switch is on: by the call, by the constructor, else as the library has it; None where that is not known."""
    for value in (given.get(name, _UNSEEN if "**" in given else NONE), held.of(name)):
        if value != NONE:
            return value.value if isinstance(value, Constant) and isinstance(value.value, bool) else None
    return held.row.switches[name]


# these need what is defined above
from flake8_async_orm.flow import calls, ledgers, repository_calls, serialization  # noqa: E402
