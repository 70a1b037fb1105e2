"""What an attribute of an object holds: by its declaration, and by what the methods of its class assign to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow import bodies, evaluation
from flake8_async_orm.flow.annotations import instance_of, refine
from flake8_async_orm.flow.frame import BudgetSpent
from flake8_async_orm.flow.outcomes import Key, plain
from flake8_async_orm.flow.scopes import assigned, mentioned
from flake8_async_orm.knowledge import frameworks, names
from flake8_async_orm.lattice import may_be_none, one_of, without_none
from flake8_async_orm.project.definitions import FunctionDefinition, InstanceAttribute
from flake8_async_orm.source import Source
from flake8_async_orm.values import NONE, ApiObject, Class, Constant, Object, Unknown, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


def attribute(program: Program, cls: Class, name: str) -> Value:
    """The value of a data attribute of an instance of `cls`, without identity; Unknown where nothing is written."""
    bound: Value | None = None
    values: list[Value] = []
    for base in program.project.mro(cls.name)[0]:
        found = program.class_definition(base)
        source = program.project.source(found[0]) if found else None
        if found is None or source is None:
            given = foreign(program, Class(base), name)
            if given is not None:
                return given
            continue
        module, definition = found
        substitution = {**program.class_bounds(base), **program.substitution(cls, base)}
        for declared in definition.attributes.get(name, ()):
            if declared.annotation is not None and bound is None:
                bound = program.annotation_at(module, declared.annotation, substitution)
            if declared.value is not None and not values:
                values.append(program.evaluate(module, declared.value))
        written = definition.instance_attributes.get(name, ())
        for one in written:
            if one.annotation is not None and bound is None:
                bound = program.annotation_at(module, one.annotation, substitution)
        # of an annotated sync object the making tells whether the annotation is to be trusted
        rest = without_none(bound) if bound is not None else None
        if written and (rest is None or (isinstance(rest, ApiObject) and rest.cls not in names.ASYNC_CLASSES)):
            values += _written(program, module, source, cls, written)
        if bound is not None or values:
            break
    known = [value for value in values if value != NONE]
    if bound is not None and not isinstance(without_none(bound), Unknown):
        value = one_of(map(plain, known)) if known else Unknown("declared only")
        if not may_be_none(bound):
            return refine(bound, plain(value))
        rest = without_none(bound)
        return one_of([refine(rest, plain(value)), NONE]) if isinstance(rest, ApiObject) else bound
    if not known:
        # where None is all that the class says, somebody else fills it in
        return Unknown(f"attribute `{name}` is filled in elsewhere" if values else f"attribute `{name}` not found")
    return one_of(map(plain, known))


def foreign(program: Program, cls: Class, name: str) -> Value | None:
    """An attribute of an object of a class outside the project, by the frameworks' rows; None where there is none."""
    row = frameworks.attribute(cls.name, name)
    if isinstance(row, int):
        given = cls.args[row] if row < len(cls.args) else None
        return instance_of(program, given) if isinstance(given, Class) else None
    return instance_of(program, Class(row)) if row is not None else None


def _written(
    program: Program, module: str, source: Source, cls: Class, written: tuple[InstanceAttribute, ...]
) -> list[Value]:
    """What each of the methods assigns to the attribute. Once one of them is not known, the others change nothing."""
    methods: dict[str, list[InstanceAttribute]] = {}
    for one in written:
        methods.setdefault(one.method, []).append(one)
    values: list[Value] = []
    for method in sorted(methods, key=lambda method: (names.last(method) != "__init__", method)):
        definition = program.function_definition(f"{module}.{method}")
        simple = definition is not None and _by_themselves(program, module, source, cls, definition[1], methods[method])
        values += simple or [_assigned_in(program, f"{module}.{method}", cls, written[0].name)]
        if any(isinstance(value, Unknown) for value in values):
            break
    return values


def _assigned_in(program: Program, method: str, cls: Class, name: str) -> Value:
    """What the whole body of a method assigns to the attribute."""
    found = program.function_definition(method)
    shallow = found is not None and not (found[1].is_async or found[1].is_generator)
    outcome = program.outcome(Key(method, receiver=Object(cls), shallow=shallow))
    return plain(outcome.writes.get(name, Unknown(f"attribute `{name}` not followed")))


def _by_themselves(
    program: Program,
    module: str,
    source: Source,
    cls: Class,
    definition: FunctionDefinition,
    written: list[InstanceAttribute],
) -> list[Value] | None:
    """What is assigned, where the assigned expressions say it without the body around them: they mention parameters at most, and
    give what no test could tell more of, a literal or an object of Python's own. None where they do not.
    """
    asked = ("assigned as it was given", module, definition.qualname, written[0].name)
    nothing: frozenset[str] | None = None
    used = program.once(asked, lambda: _of_parameters(program, source, definition, written), nothing)
    if used is None:
        return None
    node = source.nodes[definition.node]
    assert isinstance(node, cst.FunctionDef)
    key = Key(f"{module}.{definition.qualname}", receiver=Object(cls), shallow=True)
    frame, state = bodies.entered(program, module, source, definition, node, key, only=used)
    frame.muted = 1
    values: list[Value] = []
    try:
        for one in written:
            expression = source.nodes[one.value or 0]
            assert isinstance(expression, cst.BaseExpression)
            values.append(plain(evaluation.evaluate(frame, expression, state)))
    except (BudgetSpent, RecursionError):
        return None
    finally:
        frame.close()
    return values if all(map(_is_pythons, values)) else None


def _of_parameters(
    program: Program, source: Source, definition: FunctionDefinition, written: list[InstanceAttribute]
) -> frozenset[str] | None:
    """The parameters that the assigned expressions mention; None where they mention other local names, or one that was changed."""
    if any(one.value is None for one in written):
        return None
    mentioned_here = {name for one in written for name in mentioned(source.nodes[one.value or 0])}
    own = program.local_names(source, definition.node) & mentioned_here
    given = {parameter.name for parameter in definition.parameters}
    return own if own <= given and not own & assigned(source.nodes[definition.node]) else None


def _is_pythons(value: Value) -> bool:
    return isinstance(value, Constant) or (isinstance(value, Object) and value.cls.name.startswith("builtins."))
