"""Attribute access: what `x.name` is, by what `x` is."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import MissingMemberUsed, ReceiverRevealed, RelationshipRevealed
from flake8_async_orm.flow import (
    alternatives,
    app_state,
    concurrency,
    consumption,
    coroutines,
    dumps,
    dynamic,
    instances,
    keyword_mappings,
    loading,
    providers,
    serialization,
    unflushed,
)
from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.expressions import state_unbound
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.starting import at_a_distance, lost_sight, member_before
from flake8_async_orm.knowledge import api, behaviour, names, serializers
from flake8_async_orm.lattice import ObjectState, State, without_none
from flake8_async_orm.project.definitions import FunctionDefinition, MappedAttribute
from flake8_async_orm.values import (
    ON_ENGINE,
    ApiObject,
    Awaitable,
    BoundMember,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    External,
    Function,
    Generator,
    Instance,
    LoaderOption,
    ModelAttribute,
    Module,
    Object,
    OneOf,
    Place,
    Statement,
    Super,
    Text,
    Tuple,
    Unknown,
    Value,
    replace,
)

#: members of coroutine objects themselves
_COROUTINE_MEMBERS = frozenset(
    {"close", "send", "throw", "cr_frame", "cr_running", "cr_await", "cr_code", "__await__", "__name__"}
)

#: attributes whose values come with the row
READ_WITH_THE_ROW = frozenset({"column", "column_property", "composite"})


@evaluates(cst.Attribute)
def _attribute(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Attribute
    if type(node.value) is cst.Name:
        binding = state.names.get(node.value.value)
        if binding is not None and binding.missing is not None and binding.missing.none:
            state_unbound(frame, node.value, state, binding)
    value = evaluate(frame, node.value, state)
    if frame.reveal:
        owner = frame.site(node.value)
        seen = ReceiverRevealed(owner, value, frame.muted > 0)
        frame.facts.setdefault((ReceiverRevealed, owner, repr(seen)), seen)
    if type(node.value) is cst.Attribute and node.value.attr.value == "state":
        given = app_state.read(frame, node, value)
        if given is not None:
            return given
    return member(frame, node, value, node.attr.value, state)


def member(frame: Frame, node: cst.Attribute, value: Value, name: str, state: State) -> Value:
    """The member `name` of `value`, read by `node`."""
    match value:
        case OneOf():
            rest = without_none(value)
            if isinstance(rest, OneOf):
                options = sorted(rest.options, key=repr)
                return alternatives.read(frame, options, lambda one: member(frame, node, one, name, state))
            return member(frame, node, rest, name, state)
        case Coroutine():
            if name in _COROUTINE_MEMBERS:
                if not _meant_for_result(value, name):
                    coroutines.consume(frame, value)
                return Unknown("a coroutine's own member")
            return coroutines.used_as_value(frame, value, frame.site(node.value), frame.site(node), "attribute", name)
        case ApiObject():
            return api_member(frame, node, value, name, state)
        case Instance():
            return instance_member(frame, node, value, name, state)
        case Object():
            return object_member(frame, node, value, name, state)
        case Class():
            return class_member(frame, value, name, node, state)
        case Module(name=module):
            return frame.program.global_value_of(module, name)
        case Super(after=after, receiver=receiver):
            return super_member(frame, after, receiver, name)
        case Statement() | LoaderOption() | ModelAttribute() | Collection() | Tuple(row=False) | Constant() | Text():
            return BoundMember(value, name, frame.site(node.value))
        case Tuple(row=True, items=items, names=columns):
            if name in columns:
                return items[columns.index(name)]
            known = name in ("count", "index", "tuple", "_asdict", "_mapping", "_tuple", "t", "_t", "_fields")
            return BoundMember(value, name, frame.site(node.value)) if known else Unknown("column")
        case External(name=dotted):
            return frame.program.external(f"{dotted}.{name}")
        case ContextManager(of=of) if name in ("__aenter__", "__enter__"):
            lost_sight(state, value)
            return Callable(Awaitable(of) if name == "__aenter__" else of)
        case ContextManager(of=of, awaitable=True) if name == "start":
            lost_sight(state, value)
            return Callable(Awaitable(of))
        case ContextManager(of=ApiObject(cls="Connection") as connection, is_async=False, callee="Engine.connect"):
            # a sync one is there at once, and can be entered as well
            return api_member(frame, node, connection, name, state)
        case ContextManager(is_async=True):
            entered = member_before(frame, value, name, frame.site(node), frame.site(node.value), state)
            return member(frame, node, entered, name, state)
        case Generator(of=of, is_async=True) if name in ("__anext__", "asend"):
            return Callable(Awaitable(of))
        case Generator(of=of) if name in ("__next__", "send"):
            return Callable(of)
        case Generator(is_async=True):
            driven = providers.member_of_generator(frame, value, name, frame.site(node))
            return member(frame, node, driven, name, state)
        case Function(receiver=None) | BoundMember():
            coroutines.consume(frame, value)
            return Unknown("member of a function")
        case _:
            coroutines.consume(frame, value)
            return BoundMember(value, name, frame.site(node.value))


def api_member(frame: Frame, node: cst.Attribute, value: ApiObject, name: str, state: State) -> Value:
    """A member of SQLAlchemy's objects; one that the class has not is a fact."""
    receiver = frame.site(node.value)
    if value.place is not None and isinstance(state.heap.get(value.place), ObjectState):
        return Unknown("member of a fake")
    if value.cls == "AwaitableAttrs":
        return awaitable_attribute(frame, node, value, name, state)
    if value.subclass is not None:
        if frame.program.method(value.subclass, "__getattribute__") is not None:
            return Unknown("what a class gives that has a `__getattribute__` of its own")
        own = frame.program.method(value.subclass, name)
        if own is not None:
            return method_value(frame, own, value, node, state)
        if frame.program.has_own_attribute(value.subclass, name):
            return Unknown("a subclass's attribute")
    synced = behaviour.SYNC_ATTRIBUTES.get((value.cls, name))
    if synced is not None:
        return ApiObject(synced, value.place.at(name) if value.place else None, flags=frozenset({("reached_by", name)}))
    if name == "bind" and ON_ENGINE in value.flags and value.cls in names.ASYNC_SESSIONS:
        return ApiObject("AsyncEngine", value.place.at(name) if value.place else None)
    if not api.has_class(value.cls):
        return BoundMember(value, name, receiver)
    if not api.has_member(value.cls, name, frame.program.versions):
        if value.cls in names.RESULTS and not api.missing_on_async(value.cls, name, frame.program.versions):
            consumption.used(frame, value, "attribute", frame.site(node), receiver, name)
        elif value.subclass is None or only_api_above(frame, value.subclass):
            state_missing(frame, node, value, name)
        return Unknown(f"{names.shown(value.cls)} has no `{name}`")
    row = api.member(value.cls, name)
    if name in behaviour.CONTEXT_PROPERTIES and value.cls in names.SESSIONS:
        return ContextManager(value, False, callee=f"{names.shown(value.cls)}.{name}")
    if row is not None and row.kind in ("property", "attribute"):
        return Unknown(f"{names.shown(value.cls)}.{name}")
    return BoundMember(value, name, receiver)


def only_api_above(frame: Frame, subclass: str) -> bool:
    """Whether a project class has, besides what it and its project bases write, the members of the API class alone."""
    order = frame.program.project.mro(subclass)[0]
    lasts = {names.last(base) for base in order}
    for base in order:
        found = frame.program.class_definition(base)
        if found is None:
            if names.api_class(base) is None and base.partition(".")[0] not in ("builtins", "typing", "abc"):
                return False
            continue
        written = found[1].base_names
        if any(name is None or names.last(name) not in lasts for name in written) or found[1].decorators:
            return False
        if found[1].methods.keys() & {"__getattr__", "__getattribute__"}:
            return False
    return True


def state_missing(frame: Frame, node: cst.Attribute, value: ApiObject, name: str) -> None:
    if any(caught == "builtins.AttributeError" for guard in frame.guards for caught in guard.catches):
        # it is asked for here whether the member is there
        return
    if name == "exec" and frame.program.may_be_sqlmodels(value):
        return
    parent = frame.calls.get(frame.site(node))
    frame.state_fact(
        MissingMemberUsed(
            frame.site(node),
            names.shown(value.cls),
            name,
            frame.site(node.value),
            parent,
            parent is not None and (parent in frame.awaited_chains or parent in frame.awaited_directly),
            frame.is_async,
            api.sync_twin(value.cls),
            str(dict(value.flags).get("reached_by", "")),
            api.missing_on_async(value.cls, name, frame.program.versions),
            _giver(frame, value, name),
        )
    )


def _giver(frame: Frame, value: ApiObject, name: str) -> str:
    """The class of the async object that gave `value`, where that one has the member that `value` has not."""
    giver = value.of
    if value.cls not in names.STARTED_ONCE or not isinstance(giver, ApiObject) or not api.has_class(giver.cls):
        return ""
    return names.shown(giver.cls) if api.has_member(giver.cls, name, frame.program.versions) else ""


def awaitable_attribute(frame: Frame, node: cst.Attribute, value: ApiObject, name: str, state: State) -> Value:
    """`instance.awaitable_attrs.name`: a coroutine that loads the attribute."""
    owner = value.of
    site = frame.site(node)
    if not isinstance(owner, Instance):
        return Unknown("awaitable attribute")
    attribute = mapped_attribute(frame, owner.model, name)
    of = loading.related_value(attribute, owner.place) if attribute is not None else Unknown("attribute")
    concurrency.works(frame, site, concurrency.of_instance(state, owner, name))
    return coroutines.made(
        frame,
        site,
        f"awaitable_attrs.{name}",
        of,
        lambda after: _loaded_by_await(frame, after, owner, attribute),
    )


def _loaded_by_await(frame: Frame, state: State, owner: Instance, attribute: MappedAttribute | None) -> None:
    if attribute is not None:
        instances.mark_loaded(frame, state, owner, attribute.name)
        instances.enter_relationship(frame, state, owner, attribute)


def mapped_attribute(frame: Frame, model: str, name: str) -> MappedAttribute | None:
    mapped = frame.program.project.mapped(model)
    return mapped.attributes.get(name) if mapped is not None else None


def instance_member(frame: Frame, node: cst.Attribute, value: Instance, name: str, state: State) -> Value:
    """An attribute of a mapped instance: relationships are read here."""
    attribute = mapped_attribute(frame, value.model, name)
    if attribute is not None and attribute.kind == "relationship":
        if frame.reveal:
            known = loading.state_of(frame, state, value)
            seen = RelationshipRevealed(frame.site(node), name, known.attributes.get(name, "maybe") if known is not None else "unknown")
            frame.facts.setdefault((RelationshipRevealed, seen.site, seen.state), seen)
        if frame.site(node) in frame.changed_collections:
            how = frame.changed_collections[frame.site(node)]
            instances.change_collection(frame, state, value, attribute, frame.site(node), how)
            return loading.related_value(attribute, value.place)
        if attribute.lazy == "dynamic":
            return dynamic.value(frame, state, value, attribute)
        return instances.read_relationship(frame, state, value, attribute, frame.site(node))
    if attribute is not None and attribute.kind not in ("hybrid", "other"):
        return column_value(frame, node, value, attribute, state)
    if name == "awaitable_attrs":
        return ApiObject("AwaitableAttrs", of=value)
    if name == "__dict__":
        instances.doubt(frame, state, value)
        return Unknown("__dict__")
    found = frame.program.method(value.model, name)
    if found is not None:
        return method_value(frame, found, value, node, state)
    if name in serializers.TABLE_DUMPS and dumps.is_table(frame, value.model):
        return BoundMember(value, name, frame.site(node.value))
    return Unknown(f"attribute `{name}` of a mapped instance")


def column_value(frame: Frame, node: cst.CSTNode, value: Instance, attribute: MappedAttribute, state: State) -> Value:
    """What is no relationship, and stands for columns: read where the instance has it, and where it has not."""
    if attribute.through is not None:
        behind = mapped_attribute(frame, value.model, attribute.through)
        if attribute.kind == "association_proxy" and behind is not None and behind.kind == "relationship":
            instances.read_relationship(frame, state, value, behind, frame.site(node))
        if behind is None or behind.kind not in READ_WITH_THE_ROW:
            return Unknown("column")
        attribute = behind
    if attribute.kind in READ_WITH_THE_ROW:
        if frame.unset:
            unflushed.read(frame, state, value, attribute, frame.site(node))
        known = instances.column_at_stake(frame, state, value, attribute)
        if known is not None:
            instances.read_column(frame, state, known, value, attribute, frame.site(node))
    return Unknown("column")


def object_member(frame: Frame, node: cst.Attribute, value: Object, name: str, state: State) -> Value:
    """An attribute of an object of a project class."""
    fields = state.heap.get(value.place) if value.place is not None else None
    if isinstance(fields, ObjectState) and name in fields.fields:
        return at_a_distance(fields.fields[name])
    found = frame.program.method(value.cls.name, name)
    if found is not None:
        return method_value(frame, found, value, node, state)
    of_library = repositories.member(frame, state, value, name, frame.site(node.value))
    if of_library is not None:
        return of_library
    if frame.program.class_definition(value.cls.name) is None:
        foreign = attributes.foreign(frame.program, value.cls, name)
        if foreign is not None:
            return placed(foreign, value.place.at(name)) if value.place is not None else foreign
        return BoundMember(value, name, frame.site(node.value))
    written = serialization.schema_of(frame, value, name) is not None or keyword_mappings.dumps(frame, value, name)
    if written or templates.is_renderer(frame, value.cls, name):
        return BoundMember(value, name)
    attribute = frame.program.attribute(value.cls, name)
    return placed(attribute, value.place.at(name)) if value.place is not None else attribute


def field_value(frame: Frame, state: State, value: Object, name: str) -> Value:
    """What an object of a project class holds under `name`, where that is no method."""
    fields = state.heap.get(value.place) if value.place is not None else None
    if isinstance(fields, ObjectState) and name in fields.fields:
        return fields.fields[name]
    if frame.program.method(value.cls.name, name) is not None:
        return Unknown("a method")
    attribute = frame.program.attribute(value.cls, name)
    return placed(attribute, value.place.at(name)) if value.place is not None else attribute


def method_value(
    frame: Frame, found: tuple[str, str, object], receiver: Value, node: cst.CSTNode, state: State
) -> Value:
    """A method bound to its receiver; a property is called at once."""

    module, _, definition = found
    assert isinstance(definition, FunctionDefinition)
    function = Function(f"{module}.{definition.qualname}", receiver)
    if decorators.shape(frame.program, module, definition).style == "property":
        return project_calls.call(frame, state, function, [], frame.site(node))
    return function


def class_member(frame: Frame, value: Class, name: str, node: cst.CSTNode, state: State) -> Value:
    """A member read on a class object."""
    if repositories.of_class(frame, value, name):
        return BoundMember(value, name)
    if frame.program.class_definition(value.name) is None:
        return frame.program.external(f"{value.name}.{name}")
    attribute = mapped_attribute(frame, value.name, name)
    if attribute is not None:
        return ModelAttribute(value.name, name)
    found = frame.program.method(value.name, name)
    if found is not None:
        module, _, definition = found
        decorators = {frame.program.decorator_name(module, number) for number in definition.decorators}
        receiver = value if "builtins.classmethod" in decorators else None
        return Function(f"{module}.{definition.qualname}", receiver)
    validates = serialization.schema_of(frame, value, name) is not None
    if validates or keyword_mappings.makes_instance(frame, value.name, name):
        return BoundMember(value, name)
    nested = frame.program.class_definition(f"{value.name}.{name}")
    if nested is not None:
        return Class(f"{value.name}.{name}")
    known = frame.program.attribute(value, name)
    if isinstance(known, Unknown):
        above = local_classes.metaclass(frame.program, value.name)
        of_class = frame.program.method(above, name) if above is not None else None
        if of_class is not None:
            return method_value(frame, of_class, value, node, state)
    return placed(known, Place(f"global:{value.name}.{name}"))


def _meant_for_result(value: Coroutine, name: str) -> bool:
    """Whether a coroutine is closed where its result was to be: neither warns, and nothing is sent."""
    of = without_none(value.of)
    return name == "close" and not value.wrapper and isinstance(of, ApiObject) and api.has_member(of.cls, name)


def super_member(frame: Frame, after: str, receiver: Value, name: str) -> Value:
    cls = receiver.cls.name if isinstance(receiver, Object) else receiver.name if isinstance(receiver, Class) else after
    if isinstance(receiver, ApiObject) and receiver.subclass is not None:
        cls = receiver.subclass
    if isinstance(receiver, Instance):
        cls = receiver.model
    found = frame.program.method(cls, name, after)
    if found is not None:
        return Function(f"{found[0]}.{found[2].qualname}", receiver)
    if isinstance(receiver, ApiObject):
        return BoundMember(replace(receiver, subclass=None), name)
    if repositories.above(frame, receiver, name):
        return BoundMember(receiver, name)
    return Unknown(f"super().{name}")


# these need what is defined above
from flake8_async_orm.flow import attributes, decorators, local_classes, project_calls, repositories, templates  # noqa: E402

__all__ = ["Callable", "member", "method_value"]
