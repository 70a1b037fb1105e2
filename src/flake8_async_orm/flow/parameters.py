"""What a function's parameters hold when its body begins."""

from __future__ import annotations

from flake8_async_orm.flow import call_sites, decorators, dependencies, evidence, fixtures, providers
from flake8_async_orm.flow.annotations import placed, refine
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key, Omitted
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.lattice import Binding, State, may_be_none, without_none
from flake8_async_orm.project.definitions import FunctionDefinition, Parameter
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Class,
    Collection,
    Constant,
    Function,
    Generator,
    Keywords,
    Object,
    OneOf,
    Place,
    Site,
    Unknown,
    Value,
)


def bind_parameters(
    frame: Frame, state: State, definition: FunctionDefinition, key: Key, only: frozenset[str] | None = None
) -> None:
    """Put the parameters, or `only` some, into `state`: as the key says, else as annotated, else by default and evidence."""
    given = dict(key.arguments)
    providers.declared(frame, definition)
    for index, parameter in enumerate(definition.parameters):
        if only is not None and parameter.name not in only:
            continue
        if index == 0 and definition.cls is not None and is_method(frame, definition):
            value: Value = promised(frame, definition, parameter, self_value(frame, definition, key))
        else:
            value = parameter_value(frame, definition, parameter, given.get(parameter.name))
        place = Place(f"param:{parameter.name}")
        state.names[parameter.name] = Binding(value if isinstance(value, Class) else placed(value, place))
    if key.driven:
        dependencies.hand_over(frame, state, definition)


def is_method(frame: Frame, definition: FunctionDefinition) -> bool:
    """Whether the first parameter is `self` or `cls`."""
    return "staticmethod" not in decorator_names(frame, definition)


def decorator_names(frame: Frame, definition: FunctionDefinition) -> set[str]:
    found = (dotted_name(frame.source.nodes[number]) for number in definition.decorators)
    return {name for name in found if name}


def self_value(frame: Frame, definition: FunctionDefinition, key: Key) -> Value:
    cls = Class(f"{frame.module}.{definition.cls}")
    receiver = key.receiver
    if "classmethod" in decorator_names(frame, definition) or definition.name in ("__new__", "__init_subclass__"):
        return receiver.cls if isinstance(receiver, Object) else receiver or cls
    if receiver is None or isinstance(receiver, Class):

        return instance_of(frame.program, receiver or cls)
    return receiver


def promised(frame: Frame, definition: FunctionDefinition, parameter: Parameter, own: Value) -> Value:
    """What `self` is: a mixin may say by an annotation what it is mixed into, where no more is known of the object."""
    if parameter.annotation is None or not isinstance(own, Object) or own.cls.name != f"{frame.module}.{definition.cls}":
        return own
    annotated = frame.program.annotation_at(frame.module, parameter.annotation, frame.type_arguments)
    return annotated if isinstance(annotated, Object) else own


def parameter_value(frame: Frame, definition: FunctionDefinition, parameter: Parameter, given: Value | None) -> Value:
    """The value of one parameter; `given` is what the key says of it."""
    annotated: Value | None = None
    if parameter.annotation is not None:
        annotated = frame.program.annotation_at(frame.module, parameter.annotation, frame.type_arguments)
    if parameter.kind == "star":
        return given or Collection(annotated or Unknown("not annotated"), "tuple")
    if parameter.kind == "double-star" and isinstance(given, Keywords):
        return given
    if parameter.kind == "double-star":
        return Collection(annotated or Unknown("not annotated"), "dict")
    default: Value | None = None
    if parameter.default is not None:
        node = frame.source.nodes[parameter.default]
        default = frame.program.provided_by(frame.module, node, frame.source)
        if default is not None and not is_callable(given):
            return refine(annotated, default) if annotated is not None else default
        default = frame.program.evaluate(frame.module, parameter.default)
    if isinstance(given, Omitted):
        return default if default is not None else Unknown("not given")
    if given is not None:
        return _bounded(annotated, given)
    if parameter.default is None and (annotated is None or isinstance(annotated, Unknown | ApiObject)):
        fixture = fixtures.provided(frame.program, frame.module, definition, parameter.name)
        if fixture is not None and isinstance(without_none(fixture), ApiObject):
            alone = fixtures.left_alone(frame.program, frame.module, definition, parameter.name)
            if alone is not None:
                frame.left_alone.add(alone)
                return Generator(fixture, alone, True, Site(frame.path, definition.node))
        if fixture is not None:
            return refine(annotated, fixture) if annotated is not None else fixture
    if annotated is None or isinstance(annotated, Unknown):
        injected = decorators.injected(frame.program, frame.module, definition, parameter.name)
        if injected is not None:
            return injected
        told = call_sites.agreed(frame, definition, parameter) if parameter.annotation is None and default is None else None
        if told is not None:
            return told
        guess = evidence.guessed(frame, parameter.name) if parameter.annotation is None else None
        if guess is not None:
            return guess
        return Unknown(f"parameter `{parameter.name}` not annotated")
    if default == NONE and not may_be_none(annotated):
        return OneOf(frozenset((annotated, NONE))) if not isinstance(annotated, OneOf) else annotated
    return annotated


def is_callable(given: Value | None) -> bool:
    """Whether a function, or one of a few, is given: it tells more than any annotation."""
    options = given.options if isinstance(given, OneOf) else (given,)
    return all(isinstance(option, Function) for option in options)


def _bounded(annotated: Value | None, given: Value) -> Value:
    """A given argument within its annotation: what is known of the object comes from the caller."""
    if annotated is None or isinstance(annotated, Unknown):
        return given
    if isinstance(given, Constant) and given != NONE and not isinstance(given.value, bool | str):
        return annotated
    if isinstance(given, Object) and not isinstance(without_none(annotated), Object):
        return annotated
    return given


# these need what is defined above
from flake8_async_orm.flow.annotations import instance_of  # noqa: E402
