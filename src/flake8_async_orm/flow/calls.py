"""Calls: who is called decides where the call goes on."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import (
    alternatives,
    associations,
    concurrency,
    consumption,
    coroutines,
    dumps,
    dynamic,
    flushing,
    instances,
    ledgers,
    queries,
    rowless,
    serialization,
)
from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.comprehensions import element_of
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.starting import lost_sight
from flake8_async_orm.flow.syntax import dotted_name, expects_misuse
from flake8_async_orm.knowledge import callables, names
from flake8_async_orm.lattice import State, join, one_of, without_none
from flake8_async_orm.values import (
    EMPTY,
    SQL,
    TEXT,
    ApiObject,
    BoundMember,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    DynamicRelationship,
    External,
    Function,
    Instance,
    Keywords,
    LoaderOption,
    LocalFunction,
    ModelAttribute,
    Object,
    OneOf,
    Place,
    Site,
    Statement,
    Super,
    Text,
    Tuple,
    Unknown,
    Value,
    record,
    replace,
)


@record
class Argument:
    """An argument of a call. `star` is "", "*" or "**"."""

    value: Value
    keyword: str | None
    star: str
    site: Site


#: methods by which a collection changes in place
_CHANGES = frozenset({"append", "add", "insert", "extend", "update", "remove", "discard", "clear", "pop"})


@evaluates(cst.Call)
def _call(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Call
    site = frame.site(node)
    frame.calls[frame.site(node.func)] = site
    if (
        type(node.func) is cst.Attribute
        and node.func.attr.value in _CHANGES
        and type(node.func.value) is cst.Attribute
    ):
        frame.changed_collections[frame.site(node.func.value)] = node.func.attr.value
    if type(node.func) is cst.Name and node.func.value == "super":
        return _super(frame, node, state)
    callee = evaluate(frame, node.func, state)
    arguments: list[Argument] = []
    quiet = len(node.args) > 1 and expects_misuse(node)
    frame.muted += quiet
    for each in node.args:
        argument = _argument(frame, each, state)
        if argument.star:
            arguments += _spread(argument)
        else:
            arguments.append(argument)
    frame.muted -= quiet
    if quiet:
        # `raises(Error, lambda: ...)`: nobody else calls it
        frame.entered_nested |= {a.value.site for a in arguments if type(a.value) is LocalFunction}
    value = call(frame, state, callee, arguments, node, site)
    if type(callee) is not BoundMember or not consumption.is_result(callee.receiver):
        consumption.made_anew(state, value)
    return value


def _argument(frame: Frame, argument: cst.Arg, state: State) -> Argument:
    value = evaluate(frame, argument.value, state)
    if argument.star == "*" and type(value) is ApiObject:
        element_of(frame, value, frame.site(argument.value), how="unpacking")
    if type(value) is ContextManager:
        lost_sight(state, value)
    keyword = argument.keyword.value if argument.keyword is not None else None
    return Argument(value, keyword, argument.star, frame.site(argument.value))


def _spread(argument: Argument) -> list[Argument]:
    """A starred argument as the arguments that it stands for, where they are known."""
    match argument:
        case Argument(value=Keywords(items=items), star="**"):
            return [Argument(value, name, "", argument.site) for name, value in items]
        case Argument(value=Tuple(items=items), star="*"):
            return [Argument(value, None, "", argument.site) for value in items]
        case _:
            return [argument]


def call(frame: Frame, state: State, callee: Value, arguments: list[Argument], node: cst.Call, site: Site) -> Value:
    """The value of calling `callee`."""

    match callee:
        case BoundMember(receiver=ApiObject() as receiver, name=name):
            return api_calls.call_member(frame, state, receiver, name, arguments, node, site)
        case BoundMember(receiver=Statement() as statement, name=name):
            plain, starred = split(frame, arguments)
            given_values.needed(frame, arguments, name)
            take(frame, arguments)
            if name == "execution_options":
                statement = queries.told(statement, arguments_named(arguments))
            statement = rowless.criteria(statement, name, node)
            return queries.method(statement, name, plain, starred, site)
        case BoundMember(receiver=LoaderOption() as option, name=name):
            plain, starred = split(frame, arguments)
            return queries.chain(option, queries.spelled(name, arguments_named(arguments)), plain, starred)
        case BoundMember(receiver=ModelAttribute() as attribute, name=name):
            take(frame, arguments)
            return attribute if name in ("and_", "of_type") else SQL
        case BoundMember(receiver=DynamicRelationship() as query, name=name):
            take(frame, arguments)
            return dynamic.method(frame, query, name, site)
        case BoundMember(receiver=Collection() | Tuple() as many, name=name):
            return _collection_method(frame, state, many, name, arguments, node)
        case BoundMember(receiver=Constant() | Text() as literal, name=name):
            for argument in arguments if name in callables.GIVING_TEXT else ():
                if isinstance(argument.value, Coroutine):
                    coroutines.used_as_value(frame, argument.value, argument.site, argument.site, "argument", name)
            take(frame, arguments)
            if name == "format":
                given = [(a.value, a.site) for a in arguments if not a.star]
                representation.filled_in(frame, state, literal, given, "}", "!r")
            is_text = isinstance(literal, Text) or isinstance(literal.value, str)
            return TEXT if is_text and name in callables.GIVING_TEXT else Unknown("given by a literal")
        case BoundMember(receiver=Keywords() as items, name=name):
            return keyword_mappings.method(frame, state, items, name, arguments, node)
        case BoundMember(receiver=Class(name=model), name=name) if keyword_mappings.makes_instance(frame, model, name):
            return keyword_mappings.made_from(frame, state, model, arguments, site)
        case BoundMember(receiver=Object() as payload, name=name) if (
            items_of := keyword_mappings.dumped(frame, payload, name, arguments)
        ) is not None:
            return items_of
        case BoundMember(receiver=(Class() | Object()) as receiver, name=name) if repositories.answers(frame, receiver, name):
            return repositories.called(frame, state, receiver, name, arguments, node, site)
        case BoundMember(receiver=(Class() | Object()) as receiver, name=name) if (
            schema := serialization.schema_of(frame, receiver, name)
        ) is not None:
            return serialization.called(frame, state, receiver, schema, arguments, site)
        case BoundMember(receiver=Object(cls=cls) as receiver, name=name) if templates.is_renderer(frame, cls, name):
            return templates.called(frame, state, receiver, name, arguments, site)
        case BoundMember(receiver=Instance() as table, name=name, site=Site() as where):
            take(frame, arguments)
            dumps.dumped(frame, state, table, name, where)
            return Unknown("written out")
        case BoundMember(receiver=receiver, name=name):
            return foreign.foreign_member(frame, state, receiver, name, arguments, node, site)
        case Function():
            if callee.name.endswith(".TemplateResponse"):
                templates.overridden(frame, state, callee, arguments, site)
            return project_calls.written(frame, state, callee, arguments, site)
        case LocalFunction():
            return project_calls.call_local(frame, state, callee, arguments, site)
        case Class():
            made = construct(frame, state, callee, arguments, site, node)
            if names.is_sqlalchemy(callee.name):
                return crossings.constructed(frame, callee.name, made, arguments, node, site)
            return made
        case Callable(returns=ContextManager() as manager):
            take(frame, arguments)
            return replace(manager, of=placed(manager.of, Place(site)), site=site)
        case Callable(returns=returns):
            take(frame, arguments)
            return placed(returns, Place(site))
        case External(name=dotted):
            return externals.call(frame, state, dotted, arguments, node, site)
        case ApiObject():
            return api_calls.call_object(frame, state, callee, arguments, site)
        case Object(cls=cls):
            found = frame.program.method(cls.name, "__call__")
            if found is not None:
                function = Function(f"{found[0]}.{found[2].qualname}", callee)
                return project_calls.written(frame, state, function, arguments, site)
        case Coroutine():
            take(frame, arguments)
            return coroutines.used_as_value(frame, callee, frame.site(node.func), site, "call")
        case OneOf():
            rest = without_none(callee)
            if not isinstance(rest, OneOf):
                return call(frame, state, rest, arguments, node, site)
            kinds = sorted(rest.options, key=repr)
            gives = alternatives.called(
                frame, state, site, kinds, lambda one, at: call(frame, at, one, arguments, node, site)
            )
            unknown(frame, state, arguments)
            return gives
    if type(node.func) is cst.Attribute and node.func.attr.value in crossings.FOREIGN:
        crossings.foreign(frame, node.func.attr.value, arguments, node, site)
    return unknown(frame, state, arguments)


def arguments_named(arguments: list[Argument]) -> dict[str, Value]:
    """The keyword arguments by name."""
    return {argument.keyword: argument.value for argument in arguments if argument.keyword is not None}


def split(frame: Frame, arguments: list[Argument]) -> tuple[list[Value], list[Value]]:
    """The positional arguments and what is starred among them."""
    plain = [a.value for a in arguments if a.keyword is None and not a.star]
    return plain, [a.value for a in arguments if a.star]


def take(frame: Frame, arguments: list[Argument]) -> None:
    """Whoever is called sees to the coroutines that it is given."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)


def unknown(frame: Frame, state: State, arguments: list[Argument], why: str = "called something unknown") -> Value:
    """A callee that cannot be seen: it may await what it gets, and touch what it gets."""
    for argument in arguments:
        coroutines.hand_on(frame, argument.value, state)
        instances.doubt(frame, state, argument.value)
        value = argument.value
        if isinstance(value, BoundMember):
            instances.doubt(frame, state, value.receiver)
        if isinstance(value, Function) and value.receiver is not None:
            instances.doubt(frame, state, value.receiver)
    return Unknown(why)


def _super(frame: Frame, node: cst.Call, state: State) -> Value:
    if frame.function is None or frame.function.cls is None or not frame.function.parameters:
        return Unknown("super() outside a class")
    binding = state.names.get(frame.function.parameters[0].name)
    if binding is None:
        return Unknown("super() without self")
    return Super(f"{frame.module}.{frame.function.cls}", binding.value)


def _collection_method(
    frame: Frame, state: State, many: Collection | Tuple, name: str, arguments: list[Argument], node: cst.Call
) -> Value:
    """A method of a list, set, dict or tuple."""
    given = [argument.value for argument in arguments if argument.keyword is None]
    if name in ("append", "add", "insert", "extend", "update", "setdefault") and given:
        added = given[-1]
        if name in ("extend", "update"):
            added = (
                element_of(frame, added, arguments[-1].site)
                if not isinstance(many, Collection) or many.kind != "dict"
                else added
            )
        _grow(frame, state, node, many, added)
        if name == "setdefault" and isinstance(many, Collection):
            return added if many.of == EMPTY else join(many.of, added)
        return Unknown("changed in place")
    take(frame, arguments)
    of = many.of if isinstance(many, Collection) else one_of(many.items) if many.items else EMPTY
    if name in ("pop", "popleft", "get", "__getitem__"):
        return of if name != "get" else one_of([of, Constant(None)])
    if name in ("values", "copy"):
        return Collection(of, "list")
    if name == "items":
        return Collection(Tuple((Unknown("key"), of)), "list")
    if name == "sort":
        builtin_calls.called_with_each(frame, state, of, arguments, frame.site(node))
    if name in ("clear", "sort", "reverse", "remove", "discard"):
        return Constant(None)
    return Unknown(f"{name} of a collection")


def _grow(frame: Frame, state: State, node: cst.Call, many: Collection | Tuple, added: Value) -> None:
    owner = node.func.value if type(node.func) is cst.Attribute else node.func
    if isinstance(many, Tuple):
        many = Collection(one_of(many.items) if many.items else EMPTY, "list")
    if frame.loops and frame.loops[-1].entry is not None:
        concurrency.repeat(frame, frame.loops[-1].entry, state, added)
    ledgers.share(state, added)
    if many.place is not None and many.place.path:
        associations.appended(frame, state, many.place, added)
    empty = many.of == EMPTY
    added = consumption.unplaced(added)
    grown = Collection(added if empty else join(many.of, added), many.kind, many.place)
    if isinstance(grown.of, Unknown):
        coroutines.consume(frame, many)
        coroutines.consume(frame, added)
    if type(node.func) is cst.Attribute and type(owner) is cst.Name and owner.value in state.names:

        coroutines.named(frame, added, owner.value)
        targets.assign(frame, owner, grown, state)
        for found in coroutines.in_value(added):
            if found.site in frame.made:
                frame.made[found.site] = replace(frame.made[found.site], how="container", name=owner.value)
    else:
        coroutines.consume(frame, added)


def construct(
    frame: Frame, state: State, cls: Class, arguments: list[Argument], site: Site, node: cst.Call | None = None
) -> Value:
    """A class is called."""

    api_name = names.api_class(cls.name)
    if api_name is not None:
        return constructions.construct(frame, state, cls, api_name, arguments, site)
    if frame.program.class_definition(cls.name) is None:
        made = repositories.construct(frame, state, cls, arguments, site)
        if made is not None:
            return made
        return externals.construct(frame, state, cls, arguments, site, node)
    base = frame.program.api_base(cls.name)
    if base is not None:
        return constructions.construct(frame, state, cls, base, arguments, site)
    made = repositories.construct(frame, state, cls, arguments, site)
    if made is not None:
        return made
    place = Place(site)
    if frame.program.project.mapped(cls.name) is not None:
        values = {a.keyword: a.value for a in arguments if a.keyword is not None}
        readable = not any(a.star for a in arguments) and not any(a.keyword is None for a in arguments)
        own_init = frame.program.method(cls.name, "__init__") is not None
        if not own_init:
            given_values.constructed(frame, cls.name, arguments)
        take(frame, arguments)
        flushing.constructed(frame, state, place, cls.name, values, not readable or own_init, site)
        return Instance(cls.name, place)
    return project_calls.construct(frame, state, cls, arguments, site)


def is_logging(node: cst.Call) -> bool:
    """Whether the call looks like one of a logger's methods."""
    if type(node.func) is not cst.Attribute or node.func.attr.value not in callables.LOG_METHODS:
        return False
    owner = dotted_name(node.func.value)
    if owner is None:
        return type(node.func.value) is cst.Call
    return owner.rpartition(".")[2] in callables.LOG_NAMES


# these need what is defined above
from flake8_async_orm.flow import (  # noqa: E402
    api_calls,
    builtin_calls,
    constructions,
    crossings,
    externals,
    foreign,
    given_values,
    keyword_mappings,
    project_calls,
    repositories,
    representation,
    targets,
    templates,
)
