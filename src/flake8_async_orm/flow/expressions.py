"""What an expression is: one function per kind of node, dispatched by the node's type.

`evaluate` changes the state it is given (walrus, effects of awaited calls) and states facts through the frame.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from flake8_async_orm.facts import GeneratorAwaited, NameReadUnbound, NonAwaitableAwaited, ResultIterated
from flake8_async_orm.flow import (
    awaiting,
    blocking,
    concurrency,
    consumption,
    coroutines,
    evidence,
    ledgers,
    savepoints,
    transactions,
    unflushed,
    uniqueness,
)
from flake8_async_orm.flow.conditions import assume
from flake8_async_orm.flow.frame import BUDGET, BudgetSpent, Frame
from flake8_async_orm.flow.starting import at_a_distance, begun, lost_sight, started
from flake8_async_orm.flow.syntax import literal, string_value
from flake8_async_orm.knowledge import api, names
from flake8_async_orm.lattice import Binding, State, join, join_states, one_of, without_none
from flake8_async_orm.values import (
    EMPTY,
    NONE,
    SQL,
    TEXT,
    ApiObject,
    Awaitable,
    BoundMember,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    DynamicRelationship,
    Function,
    Generator,
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

Evaluator = Callable[[Frame, cst.CSTNode, State], Value]
_EVALUATORS: dict[type[cst.CSTNode], Evaluator] = {}


def evaluate(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    """The value of an expression. Raises BudgetSpent when the body has become too long to follow."""
    frame.steps += 1
    if frame.steps > BUDGET:
        raise BudgetSpent
    evaluator = _EVALUATORS.get(type(node))
    if evaluator is None:
        return Unknown(f"{type(node).__name__} not followed")
    return evaluator(frame, node, state)


def evaluates(*kinds: type[cst.CSTNode]) -> Callable[[Evaluator], Evaluator]:
    def register(function: Evaluator) -> Evaluator:
        for kind in kinds:
            _EVALUATORS[kind] = function
        return function

    return register


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
            frame.statement,
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


@evaluates(cst.FormattedString, cst.TemplatedString)
def _formatted(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert isinstance(node, (cst.FormattedString, cst.TemplatedString))
    for part in node.parts:
        if isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
            value = evaluate(frame, part.expression, state)
            _use(frame, part.expression, value, "formatting")
            for inner in part.format_spec or ():
                if isinstance(inner, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
                    evaluate(frame, inner.expression, state)
    return TEXT if type(node) is cst.FormattedString else Unknown("template")


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


@evaluates(cst.Dict)
def _dict(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Dict
    values: list[Value] = []
    for element in node.elements:
        if type(element) is cst.DictElement:
            evaluate(frame, element.key, state)
        values.append(evaluate(frame, element.value, state))
        ledgers.share(state, values[-1])
    found = one_of(values) if values else EMPTY
    if isinstance(found, Unknown):
        for value in values:
            coroutines.consume(frame, value)
    return Collection(found, "dict")


@evaluates(cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
def _comprehension(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp))
    inner = State(dict(state.names), state.heap)
    clause: cst.CompFor | None = node.for_in
    while clause is not None:
        _comp_for(frame, clause, inner)
        clause = clause.inner_for_in
    if isinstance(node, cst.DictComp):
        key = evaluate(frame, node.key, inner)
        coroutines.consume(frame, key)
        value = evaluate(frame, node.value, inner)
        return Collection(consumption.unplaced(value), "dict")
    value = consumption.unplaced(evaluate(frame, node.elt, inner))
    if awaiting.spent(state, inner):
        # the next turn finds it spent
        evaluate(frame, node.elt, inner)
    concurrency.repeat(frame, state, inner, value)
    concurrency.collected(frame, inner, value)
    kind = {cst.ListComp: "list", cst.SetComp: "set"}.get(type(node), "iterator")
    return Collection(value, kind)


def _comp_for(frame: Frame, clause: cst.CompFor, state: State) -> None:
    iterable = evaluate(frame, clause.iter, state)
    element = element_of(frame, iterable, frame.site(clause.iter), clause.asynchronous is not None, "loop")

    consumption.iterated(frame, state, iterable, frame.site(clause.iter), clause.asynchronous is not None)
    consumption.ended(state, iterable, "iteration", frame.site(clause.iter))
    targets.assign(frame, clause.target, element, state, comprehension=True)
    for condition in clause.ifs:
        truth(frame, condition.test, state)
        assume(frame, condition.test, state, True)


def element_of(frame: Frame, value: Value, site: Site, is_async: bool = False, how: str = "") -> Value:
    """What iterating over `value`, the expression at `site`, gives one at a time.

    `how`: `loop`, the name of the function that iterates, or "" where no finding is to stand at `site`.
    """
    match without_none(value):
        case Collection(of=of, kind=kind):
            return Unknown("a key") if kind == "dict" else of
        case Tuple(items=items):
            return one_of(items) if items else EMPTY
        case DynamicRelationship() as query:
            return dynamic.queried(frame, query, "", site)
        case ApiObject(cls="Query") as query:
            blocking.called(frame, query, "all", site)
            return Unknown("row of a query")
        case ApiObject(cls=cls, of=of) as result if cls in names.RESULTS:
            uniqueness.fetched(frame, result, "", site, site)
            if (
                how
                and result.subclass is None
                and isinstance(value, ApiObject)
                and is_async != (cls in names.ASYNC_CLASSES)
            ):
                frame.state_fact(ResultIterated(site, names.shown(cls), is_async, how, frame.is_async))
            return of or Unknown("row")
        case (
            Coroutine(of=ApiObject(cls=cls, of=of), callee=callee, site=made)
            | ContextManager(of=ApiObject(cls=cls, of=of), callee=callee, site=Site() as made, awaitable=True)
        ) if is_async and how and cls in names.RESULTS and cls in names.ASYNC_CLASSES and site == made:
            frame.consumed.add(made)
            frame.state_fact(ResultIterated(site, names.shown(cls), is_async, how, frame.is_async, callee))
            return of or Unknown("row")
        case Generator(of=of, is_async=generator_async):
            return of if generator_async == is_async else Unknown("wrong kind of iteration")
        case Coroutine() as coroutine:
            return coroutines.used_as_value(frame, coroutine, site, site, "iteration")
        case other:
            coroutines.consume(frame, other)
            return Unknown("element")


def _use(frame: Frame, node: cst.CSTNode, value: Value, use: str) -> None:
    """The expression `node`, of this `value`, is used where a coroutine's result would be wanted."""
    if isinstance(value, Coroutine):
        site = frame.site(node)
        coroutines.used_as_value(frame, value, site, site, use)
    else:
        coroutines.consume(frame, value)


# -- operators --------------------------------------------------------------------------------------------------------


@evaluates(cst.UnaryOperation)
def _unary(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.UnaryOperation
    if type(node.operator) is cst.Not:
        value = truth(frame, node.expression, state)
        return Constant(not value.value) if isinstance(value, Constant) else Unknown("bool")
    _use(frame, node.expression, evaluate(frame, node.expression, state), "operator")
    return Unknown("operation")


@evaluates(cst.BinaryOperation)
def _binary(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.BinaryOperation
    left, right = evaluate(frame, node.left, state), evaluate(frame, node.right, state)
    _use(frame, node.left, left, "operator")
    _use(frame, node.right, right, "operator")
    if any(isinstance(operand, ModelAttribute) or operand == SQL for operand in (left, right)):
        return SQL
    if type(node.operator) is cst.Add:
        return _added(left, right)
    if type(node.operator) is cst.Modulo and _is_text(left):
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


@evaluates(cst.BooleanOperation)
def _boolean(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.BooleanOperation
    is_and = type(node.operator) is cst.And
    left = truth(frame, node.left, state)
    right_state: State | None = state.copy()
    assert right_state is not None
    right_state = assume(frame, node.left, right_state, is_and)
    if right_state is None:
        return left
    right = evaluate(frame, node.right, right_state)
    merged = join_states(state.copy(), right_state)
    assert merged is not None
    state.names, state.heap = merged.names, merged.heap
    if not is_and:
        return join(without_none(left), right) if not isinstance(left, Unknown) else Unknown("either")
    return Unknown("either") if isinstance(right, Coroutine) is False else right


@evaluates(cst.Comparison)
def _comparison(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Comparison
    operands = [node.left, *(target.comparator for target in node.comparisons)]
    values = [evaluate(frame, operand, state) for operand in operands]
    operator = node.comparisons[0].operator
    none = any(value == NONE for value in values)
    identity = isinstance(operator, (cst.Is, cst.IsNot))
    for operand, value in zip(operands, values, strict=True):
        if isinstance(value, Coroutine) and (not identity or none):
            site = frame.site(operand)
            coroutines.used_as_value(frame, value, site, site, "none-check" if none else "comparison")
        else:
            coroutines.consume(frame, value)
    if len(values) == 2 and isinstance(values[0], Constant) and isinstance(values[1], Constant):
        if isinstance(operator, (cst.Is, cst.Equal)):
            return Constant(values[0].value == values[1].value)
        if isinstance(operator, (cst.IsNot, cst.NotEqual)):
            return Constant(values[0].value != values[1].value)
    return Unknown("bool")


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


@evaluates(cst.IfExp)
def _conditional(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.IfExp
    truth(frame, node.test, state)
    values: list[Value] = []
    ends: State | None = None
    for branch, outcome in ((node.body, True), (node.orelse, False)):
        path = assume(frame, node.test, state.copy(), outcome)
        if path is None:
            continue
        values.append(evaluate(frame, branch, path))
        ends = join_states(ends, path)
    if ends is None:
        return Unknown("unreachable")
    state.names, state.heap = ends.names, ends.heap
    if len(values) == 2 and isinstance(values[0], Coroutine) != isinstance(values[1], Coroutine):
        for value in values:
            coroutines.consume(frame, value)
    return values[0] if len(values) == 1 else join(values[0], values[1])


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
            return of if indexes else collection
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


# -- await ------------------------------------------------------------------------------------------------------------


@evaluates(cst.Await)
def _await(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Await
    inner: cst.CSTNode = node.expression
    whole = frame.site(node)
    while isinstance(inner, (cst.Attribute, cst.Call, cst.Subscript)):
        inner = inner.func if isinstance(inner, cst.Call) else inner.value
        frame.awaited_chains[frame.site(inner)] = whole
    evidence.consider(frame, node.expression, state)
    value = evaluate(frame, node.expression, state)
    again = awaiting.awaited(frame, node.expression, value, state)
    if frame.escaping is None:
        frame.may_raise(state)
    if again:
        coroutines.consume(frame, value)
        return Unknown("awaited a second time")
    unflushed.forget(frame, state)
    given = awaited(frame, node, value, state)
    concurrency.waited(frame, state)
    if frame.escaping is not None:
        # what it took before it failed is taken, and what it closed is closed
        frame.may_raise(state)
    return given


def awaited(frame: Frame, node: cst.Await, value: Value, state: State) -> Value:
    """What awaiting `value` gives; awaiting what is no awaitable is a fact."""
    operand, whole = frame.site(node.expression), frame.site(node)
    if operand in frame.blocking:
        frame.contradicted = True
    if operand in frame.sync_calls:
        frame.contradicted = True
        return value
    plain = frame.plain_calls.get(operand)
    if plain is not None and not isinstance(value, (Coroutine, Awaitable, Generator)):
        frame.state_fact(NonAwaitableAwaited(whole, operand, plain, "call"))
        return value
    match value:
        case Coroutine(of=of):
            concurrency.overlapped(frame, state, value)
            coroutines.hand_on(frame, value, state)
            return of
        case Awaitable(of=of):
            return of
        case ContextManager(of=ApiObject() as of, awaitable=True):
            begun(state, value, given := started(of))
            ledgers.connected(frame, state, value, given, whole)
            transactions.started(frame, state, value, None, whole, block=False)
            savepoints.flushed(frame, state, value, whole)
            return given
        case ContextManager(of=of, awaitable=True):
            transactions.started(frame, state, value, None, whole, block=False)
            return of
        case ContextManager(is_async=True, callee=callee) if callee:
            frame.state_fact(NonAwaitableAwaited(whole, operand, callee, "call"))
            return Unknown("not awaitable")
        case Generator(is_async=True, callee=callee, of=of) if callee:
            function = frame.program.function_site(callee)
            frame.state_fact(GeneratorAwaited(whole, operand, callee, describe(of), function))
            return of
        case ApiObject(cls=cls) if (
            api.has_class(cls) and not api.has_member(cls, "__await__") and value.subclass is None
        ):
            if cls in names.ASYNC_CLASSES or cls in names.RESULTS:
                frame.state_fact(NonAwaitableAwaited(whole, operand, names.shown(cls), "value"))
            return value
        case BoundMember(receiver=ApiObject(cls=cls), name=member) if cls in names.ASYNC_CLASSES:
            frame.state_fact(NonAwaitableAwaited(whole, operand, f"{names.shown(cls)}.{member}", "member"))
            return Unknown("a method, not called")
        case OneOf(options=options):
            coroutines.hand_on(frame, value, state)
            results = [awaited_quietly(option) for option in options]
            return one_of(results)
        case _:
            coroutines.hand_on(frame, value, state)
            return Unknown(value.why if isinstance(value, Unknown) else "awaited something unknown")


def awaited_quietly(value: Value) -> Value:
    match value:
        case Coroutine(of=of) | Awaitable(of=of) | ContextManager(of=of, awaitable=True):
            return of
        case _:
            return Unknown("awaited something unknown")


def describe(value: Value) -> str:
    """A short name of a value's nature: the API class, the model, or an empty string."""
    match without_none(value):
        case ApiObject(cls=cls):
            return names.shown(cls)
        case _:
            return ""


def load_evaluators() -> None:
    """Import the modules that register further evaluators."""
    from flake8_async_orm.flow import calls, members  # noqa: F401


# these need what is defined above
from flake8_async_orm.flow import dynamic, nested, project_calls, targets  # noqa: E402
from flake8_async_orm.flow.annotations import Reader  # noqa: E402
