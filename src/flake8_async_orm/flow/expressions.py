"""What an expression is: one function per kind of node, dispatched by the node's type.

`evaluate` changes the state it is given (walrus, effects of awaited calls) and states facts through the frame.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import NameReadUnbound
from flake8_async_orm.flow import (
    concurrency,
    consumption,
    coroutines,
    ends,
    ledgers,
    transactions,
)
from flake8_async_orm.flow.comprehensions import element_of, worked_with
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.starting import at_a_distance, lost_sight
from flake8_async_orm.flow.syntax import literal, string_value
from flake8_async_orm.lattice import Binding, State, join, one_of, without_none
from flake8_async_orm.values import (
    EMPTY,
    NONE,
    SQL,
    TEXT,
    ApiObject,
    Class,
    Collection,
    Constant,
    Coroutine,
    Function,
    Instance,
    LocalFunction,
    ModelAttribute,
    Object,
    OneOf,
    Site,
    Text,
    Tuple,
    Unknown,
    Value,
    replace,
)

# -- names and literals -----------------------------------------------------------------------------------------------


@evaluates(cst.Name)
def _name(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Name
    if node.value in ("True", "False", "None"):
        return Constant(literal(node))
    return look_up(frame, node, state)


def look_up(frame: Frame, node: cst.Name, state: State) -> Value:
    """The value of a name; a read of one whose binding may have failed is a fact."""
    name = node.value
    binding = state.names.get(name)
    if binding is not None:
        missing = binding.missing
        if missing is not None and not missing.none:
            state_unbound(frame, node, state, binding)
        return binding.value
    if name in frame.local_names and name not in frame.global_names:
        return Unknown(f"`{name}` not bound here")
    outer_state, outer = frame.outer, frame.outer_frame
    while outer is not None:
        if outer_state is not None and name in outer_state.names:
            value = outer_state.names[name].value
            # None may be only what it is before somebody fills it in
            return Unknown(f"`{name}` of the enclosing function may change") if value == NONE else at_a_distance(value)
        if name in outer.local_names and name not in outer.global_names:
            return Unknown(f"`{name}` of the enclosing function not known")
        outer_state, outer = outer.outer, outer.outer_frame
    if local_classes.around(frame, name):
        return Unknown(f"`{name}` of the enclosing function not known")
    return frame.program.global_value(frame.module, name)


def state_unbound(frame: Frame, node: cst.Name, state: State, binding: Binding) -> None:
    """A name is read whose binding may have failed: said once, and taken as bound from here on."""
    missing = binding.missing
    assert missing is not None
    expected = {"builtins.AttributeError"} if missing.none else {"builtins.UnboundLocalError", "builtins.NameError"}
    if frame.guarded_against(frozenset(expected | {"builtins.Exception", "builtins.BaseException"})):
        return
    frame.state_fact(
        NameReadUnbound(
            frame.site(node),
            node.value,
            missing.kind,
            missing.where,
            missing.bound,
            missing.try_statement,
            missing.none,
            frame.site(frame.statement) if frame.statement is not None else None,
        ),
        node.value,
    )
    state.names[node.value] = replace(binding, missing=None, value=without_none(binding.value))


@evaluates(cst.Integer, cst.Float, cst.SimpleString, cst.ConcatenatedString, cst.Imaginary, cst.Ellipsis)
def _literal(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    if type(node) is cst.ConcatenatedString and string_value(node) is None:
        for part in (node.left, node.right):
            evaluate(frame, part, state)
        return TEXT
    value = literal(node)
    return Unknown("literal") if value is ... else Constant(value)


# -- displays ---------------------------------------------------------------------------------------------------------


@evaluates(cst.Tuple)
def _tuple(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Tuple
    if any(type(element) is cst.StarredElement for element in node.elements):
        return _sequence(frame, node, state)
    return Tuple(tuple(evaluate(frame, element.value, state) for element in node.elements))


@evaluates(cst.List, cst.Set)
def _sequence(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert isinstance(node, (cst.List, cst.Set, cst.Tuple))
    values: list[Value] = []
    starred = False
    for element in node.elements:
        value = evaluate(frame, element.value, state)
        if type(element) is cst.StarredElement:
            starred = True
            value = element_of(frame, value, frame.site(element.value), how="unpacking")
        values.append(value)
    kind = "set" if type(node) is cst.Set else "list"
    if type(node) is cst.List and values and not starred and len(values) <= 24:
        return Tuple(tuple(values))
    for value in values:
        ledgers.share(state, value)
    return Collection(one_of(values) if values else EMPTY, kind)


#: entries of a dictionary that are told apart, if there is something among them that is worth it
_ENTRIES = 40
_TOLD = (Instance, Collection, Tuple, OneOf, Object, Coroutine)


@evaluates(cst.Dict)
def _dict(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Dict
    values: list[Value] = []
    entries: list[tuple[str, Value]] = []
    for element in node.elements:
        key: Value = NONE
        if type(element) is cst.DictElement:
            key = evaluate(frame, element.key, state)
        values.append(evaluate(frame, element.value, state))
        if type(element) is cst.StarredDictElement and isinstance(values[-1], Coroutine):
            worked_with(frame, element.value, values.pop(), "unpacking")
            continue
        ledgers.share(state, values[-1])
        if isinstance(key, Constant) and isinstance(key.value, str):
            entries.append((key.value, values[-1]))
        elif isinstance(values[-1], Collection) and type(element) is cst.StarredDictElement and values[-1].entries:
            entries += values[-1].entries
        else:
            entries.append(("**", Unknown("unpacked")))
    found = one_of(values) if values else EMPTY
    if isinstance(found, Unknown):
        for value in values:
            coroutines.consume(frame, value)
    told = any(isinstance(value, _TOLD) for _, value in entries) and len(entries) <= _ENTRIES
    return Collection(found, "dict", None, tuple(entries) if told else ())


# -- operators --------------------------------------------------------------------------------------------------------


@evaluates(cst.UnaryOperation)
def _unary(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.UnaryOperation
    if type(node.operator) is cst.Not:
        value = truth(frame, node.expression, state)
        return Constant(not value.value) if isinstance(value, Constant) else Unknown("bool")
    worked_with(frame, node.expression, evaluate(frame, node.expression, state), "operator")
    return Unknown("operation")


@evaluates(cst.BinaryOperation)
def _binary(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.BinaryOperation
    left, right = evaluate(frame, node.left, state), evaluate(frame, node.right, state)
    worked_with(frame, node.left, left, "operator")
    worked_with(frame, node.right, right, "operator")
    if any(isinstance(side, ModelAttribute) or side == SQL for side in (left, right)):
        return SQL
    if type(node.operator) is cst.Add:
        return _added(left, right)
    if type(node.operator) is cst.Modulo and _is_text(left):
        given = right.items if isinstance(right, Tuple) else (right,)
        site = frame.site(node.right)
        representation.filled_in(frame, state, left, [(value, site) for value in given], "%s", "%r")
        return TEXT
    return Unknown("operation")


def _is_text(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Constant) and isinstance(value.value, str))


def _added(left: Value, right: Value) -> Value:
    match left, right:
        case Tuple(items=first), Tuple(items=second):
            return Tuple(first + second)
        case Collection(), Collection():
            return Collection(join(left.of, right.of), left.kind)
        case (Collection() as many, Tuple(items=items)) | (Tuple(items=items), Collection() as many):
            return Collection(one_of([many.of, *items]), many.kind)
        case Constant(value=str() as first_text), Constant(value=str() as second_text):
            return Constant(first_text + second_text)
        case _ if _is_text(left) or _is_text(right):
            # nothing but a string can be added to one
            return TEXT if _is_text(left) else Unknown("operation")
        case _:
            return Unknown("operation")




def truth(frame: Frame, node: cst.BaseExpression, state: State) -> Value:
    """Evaluate `node` where only its truth counts."""
    value = evaluate(frame, node, state)
    if isinstance(value, Coroutine):
        site = frame.site(node)
        return coroutines.used_as_value(frame, value, site, site, "truth")
    if type(value) is ApiObject:
        site = frame.site(node)
        consumption.used(frame, value, "truth", site, site)
    return value


@evaluates(cst.NamedExpr)
def _walrus(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.NamedExpr

    value = evaluate(frame, node.value, state)
    targets.assign(frame, node.target, value, state)
    return value


@evaluates(cst.Lambda)
def _lambda(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Lambda
    site = frame.site(node)
    frame.nested[site] = (node, state.copy())

    nested.capture(frame, node, state)
    return LocalFunction(site)


@evaluates(cst.Yield)
def _yield(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Yield
    if type(node.value) is cst.From:
        value = evaluate(frame, node.value.item, state)
        coroutines.consume(frame, value)
        frame.yielded.append(element_of(frame, value, frame.site(node.value.item), how="yield from"))
    elif node.value is not None:
        value = evaluate(frame, node.value, state)
        coroutines.consume(frame, value)
        lost_sight(state, value)
        ledgers.share(state, value)
        ends.yielded(state, value)
        frame.yielded.append(transactions.handed_out(state, value))
    else:
        frame.yielded.append(NONE)
    concurrency.waited(frame, state)
    frame.may_raise(state)
    return Unknown("sent")


# -- subscripts -------------------------------------------------------------------------------------------------------


@evaluates(cst.Subscript)
def _subscript(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Subscript
    value = evaluate(frame, node.value, state)
    indexes: list[Value] = []
    for element in node.slice:
        if type(element.slice) is cst.Index:
            indexes.append(evaluate(frame, element.slice.value, state))
        elif type(element.slice) is cst.Slice:
            for part in (element.slice.lower, element.slice.upper, element.slice.step):
                if part is not None:
                    evaluate(frame, part, state)
    site, whole = frame.site(node.value), frame.site(node)
    match without_none(value):
        case Coroutine() as coroutine:
            return coroutines.used_as_value(frame, coroutine, site, whole, "subscript")
        case Tuple(items=items) if indexes and isinstance(indexes[0], Constant) and isinstance(indexes[0].value, int):
            index = indexes[0].value
            return items[index] if -len(items) <= index < len(items) else Unknown("index out of range")
        case Tuple(items=items) if not indexes:
            return Collection(one_of(items), "tuple") if items else EMPTY
        case Tuple(items=items) if items:
            return one_of(items)
        case Collection(of=of) as collection:
            key = indexes[0] if collection.entries and indexes else None
            entry = collection.entry(key.value) if isinstance(key, Constant) and isinstance(key.value, str) else None
            return entry if entry is not None else of if indexes else collection
        case ApiObject() as result if result is value:
            consumption.used(frame, result, "subscript" if indexes else "slice", whole, site, _index(indexes))
            return Unknown("item")
        case Class() as cls:
            reader = Reader(frame.program, frame.module, frame.type_arguments)
            found = reader.type_of(node)
            return found if isinstance(found, Class) else cls
        case Object(cls=owner) if (
            indexes and isinstance(indexes[0], Constant) and frame.program.is_record(owner, "TypedDict")
        ):
            return frame.program.attribute(owner, str(indexes[0].value))
        case Object(cls=owner) as thing:
            return _own_method(frame, state, owner, thing, "__getitem__", whole)
        case _:
            return Unknown("item")


def _index(indexes: list[Value]) -> str:
    index = indexes[0] if indexes else None
    return type(index.value).__name__ if isinstance(index, Constant) else ""


def _own_method(frame: Frame, state: State, cls: Class, receiver: Value, name: str, site: Site) -> Value:
    """What a special method of a project class gives."""
    found = frame.program.method(cls.name, name)
    if found is None:
        return Unknown("item")

    function = Function(f"{found[0]}.{found[2].qualname}", receiver)
    return project_calls.call(frame, state, function, [], site)


def load_evaluators() -> None:
    """Import the modules that register further evaluators."""
    from flake8_async_orm.flow import awaits, choices, comprehensions, members, shown_and_compared  # noqa: F401


# these need what is defined above
from flake8_async_orm.flow import local_classes, nested, project_calls, representation, targets  # noqa: E402
from flake8_async_orm.flow.annotations import Reader  # noqa: E402
