"""What a test tells about the values it mentions."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import coroutines, flags, keys, promises, recovery
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.held import Held, attribute_of
from flake8_async_orm.flow.scopes import mentioned
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ABSENT, InstanceState, State, may_be_none, one_of, without_none
from flake8_async_orm.project import Found
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Awaitable,
    Class,
    Collection,
    Constant,
    Coroutine,
    Function,
    Generator,
    Instance,
    LoaderOption,
    ModelAttribute,
    Object,
    OneOf,
    Place,
    Statement,
    Tuple,
    Unknown,
    Value,
    replace,
)

_LITERALS = frozenset({"True", "False", "None"})
_ALWAYS_TRUE = (ApiObject, Instance, Coroutine, Class, Function, Generator, Statement)


def assume(frame: Frame, test: cst.BaseExpression, state: State, outcome: bool) -> State | None:
    """`state` where `test` came out as `outcome`, or None where it cannot. `test` has been evaluated already."""
    uncorrelate(frame, test, state)
    if frame.fails:
        recovery.tested(frame, state, mentioned(test))
    return _assume(frame, test, state, outcome)


def _assume(frame: Frame, test: cst.BaseExpression, state: State, outcome: bool) -> State | None:
    if type(test) is cst.Name:
        if test.value in _LITERALS:
            return state if (test.value == "True") == outcome else None
        return _narrow(state, test.value, outcome)
    if type(test) is cst.UnaryOperation:
        return _assume(frame, test.expression, state, not outcome) if type(test.operator) is cst.Not else state
    if type(test) is cst.Comparison:
        if len(test.comparisons) != 1:
            return state
        compared = test.comparisons[0]
        return _compared(frame, state, test.left, compared.operator, compared.comparator, outcome)
    if type(test) is cst.Call:
        return _called(frame, test, state, outcome)
    if type(test) is cst.BooleanOperation:
        if (type(test.operator) is cst.And) != outcome:
            return state
        first = _assume(frame, test.left, state, outcome)
        return _assume(frame, test.right, first, outcome) if first is not None else None
    if type(test) is cst.Attribute:
        if not _by_flag(frame, test, state, outcome):
            return None
        if not outcome:
            keys.absent(frame, test, state)
            return state
        found = attribute_of(frame, test, state)
        if found is not None and may_be_none(found.value):
            found.narrow(state, without_none(found.value))
        return state
    if type(test) is cst.NamedExpr and type(test.target) is cst.Name:
        return _narrow(state, test.target.value, outcome)
    if type(test) is cst.Integer:
        return state if (test.value != "0") == outcome else None
    return state


def _name_of(node: cst.BaseExpression) -> str | None:
    if type(node) is cst.NamedExpr:
        node = node.target
    return node.value if type(node) is cst.Name else None


def _compared(
    frame: Frame,
    state: State,
    left: cst.BaseExpression,
    operator: cst.BaseCompOp,
    right: cst.BaseExpression,
    outcome: bool,
) -> State | None:
    if type(left) is cst.Name and left.value == "None":
        left, right = right, left
    name = _name_of(left)
    is_none = type(right) is cst.Name and right.value == "None"
    if not is_none or not isinstance(operator, (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual)):
        return state
    positive = isinstance(operator, (cst.Is, cst.Equal)) == outcome
    if name is None:
        if positive:
            keys.absent(frame, left, state)
        # that an attribute is None holds only until somebody fills it in: nothing is said of that path
        found = attribute_of(frame, left, state) if not positive else None
        if found is not None and may_be_none(found.value) and found.value != NONE:
            found.narrow(state, without_none(found.value))
        return state
    binding = state.names.get(name)
    if binding is None:
        return state
    if positive:
        if isinstance(binding.value, OneOf) and NONE in binding.value.options:
            _leave(state, binding.value)
            state.names[name] = replace(binding, value=NONE, missing=None)
        elif not isinstance(binding.value, Unknown) and binding.value != NONE:
            return None if _surely_not_none(binding.value) else state
        return state
    if binding.value == NONE:
        return None
    state.names[name] = replace(binding, value=without_none(binding.value), missing=None, complete=True)
    return state


def _leave(state: State, value: OneOf) -> None:
    """On a path where there is no instance, nothing is known of it that could stand against the other path."""
    for option in value.options:
        if isinstance(option, Instance) and option.place is not None:
            state.heap[option.place] = InstanceState(option.model, {}, life=ABSENT)


def _surely_not_none(value: Value) -> bool:
    """A value made here, not one that an annotation promises (callers break promises)."""
    return isinstance(value, Constant) and value != NONE


def _narrow(state: State, name: str, outcome: bool) -> State | None:
    """`if name:`"""
    binding = state.names.get(name)
    if binding is None:
        return state
    value = binding.value
    truth = _truth(value)
    if truth is not None:
        return state if truth == outcome else None
    if outcome:
        state.names[name] = replace(binding, value=without_none(value), missing=None, complete=True)
    elif isinstance(value, OneOf) and NONE in value.options:
        _leave(state, value)
        rest = [o for o in value.options if o == NONE or not isinstance(o, _ALWAYS_TRUE)]
        state.names[name] = replace(binding, value=one_of(rest), missing=None)
    return state


def _truth(value: Value) -> bool | None:
    """The truth of a value that is known for sure."""
    match value:
        case Constant(value=literal):
            return bool(literal)
        case Tuple(items=items, row=False):
            return bool(items)
        case LoaderOption() | Class() | Function() | ModelAttribute():
            return True
        case _:
            return None


def _called(frame: Frame, test: cst.Call, state: State, outcome: bool) -> State | None:
    """`isinstance(x, C)`, `inspect.isawaitable(x)`."""
    function = dotted_name(test.func)
    if test.args and function == "isinstance" and len(test.args) == 2:
        held = attribute_of(frame, test.args[0].value, state)
        if held is not None:
            return _is_attribute(frame, test, held, state, outcome)
    name = _name_of(test.args[0].value) if test.args else None
    binding = state.names.get(name) if name is not None else None
    if function is None or name is None or binding is None:
        return state
    if names.last(function) in ("isawaitable", "iscoroutine"):
        return _filter(state, name, [(o, _is_awaitable(o)) for o in _options(binding.value)], outcome)
    if function != "isinstance" or len(test.args) != 2:
        guarded = _guarded(frame, function) if outcome else None
        if guarded is not None and _narrows(binding.value, guarded):
            state.names[name] = replace(binding, value=_like(binding.value, guarded), missing=None)
        return state
    classes = _classes(frame, test.args[1].value)
    if not classes:
        coroutines.consume(frame, binding.value)
        state.names[name] = replace(binding, value=Unknown("isinstance of an unknown class"))
        return state
    judged = [(option, _any_is(frame, option, classes)) for option in _options(binding.value)]
    if outcome and all(verdict is None for _, verdict in judged):
        coroutines.consume(frame, binding.value)
        narrowed = one_of([instance_of(frame.program, cls) for cls in classes])
        state.names[name] = replace(binding, value=placed(narrowed, Place((frame.site(test), name))), missing=None)
        return state
    return _filter(state, name, judged, outcome)


def _by_flag(frame: Frame, test: cst.Attribute, state: State, outcome: bool) -> bool:
    """`if self.is_async:` tells what another attribute is, where the constructor asked for its class. False where that cannot be."""
    binding = state.names.get(test.value.value) if type(test.value) is cst.Name else None
    holder = binding.value if binding is not None else None
    if not isinstance(holder, Object) or holder.place is None:
        return True
    flag = flags.behind(frame, holder.cls.name, test.attr.value)
    held = attribute_of(frame, cst.Attribute(test.value, cst.Name(flag[0])), state) if flag is not None else None
    if flag is None or held is None:
        return True
    cls = Reader(frame.program, flag[1]).type_of(flag[2])
    judged = [(option, _is(frame, option, cls)) for option in _options(held.value)] if isinstance(cls, Class) else []
    kept = [option for option, verdict in judged if verdict is None or verdict == outcome]
    if kept and len(kept) < len(judged):
        held.narrow(state, one_of(kept))
    return bool(kept) or not judged


def _is_attribute(frame: Frame, test: cst.Call, held: Held, state: State, outcome: bool) -> State | None:
    """`isinstance(self.x, C)`"""
    classes = _classes(frame, test.args[1].value)
    judged = [(option, _any_is(frame, option, classes)) for option in _options(held.value)] if classes else []
    kept = [option for option, verdict in judged if verdict is None or verdict == outcome]
    if judged and not kept:
        return None
    if len(kept) < len(judged):
        held.narrow(state, one_of(kept))
    return state


def _guarded(frame: Frame, function: str) -> Value | None:
    """What a function annotated `-> TypeGuard[X]` says of its argument when it gives True."""
    found = frame.program.resolve(frame.module, function)
    definition = found.binding if isinstance(found, Found) else None
    if not isinstance(found, Found) or not isinstance(definition, FunctionDefinition) or definition.returns is None:
        return None
    source = frame.program.project.source(found.module)
    node = source.nodes[definition.returns] if source is not None else None
    if type(node) is not cst.Subscript or type(node.slice[0].slice) is not cst.Index:
        return None
    if names.last(dotted_name(node.value) or "") not in ("TypeGuard", "TypeIs"):
        return None
    return frame.program.annotation(found.module, node.slice[0].slice.value)


def _narrows(value: Value, guarded: Value) -> bool:
    return not isinstance(guarded, Unknown) and isinstance(value, OneOf | Unknown | ApiObject)


def _like(value: Value, guarded: Value) -> Value:
    """Of the options of `value` the one that is of the class of `guarded`, which knows more; else `guarded`."""
    for option in _options(value):
        if isinstance(option, ApiObject) and isinstance(guarded, ApiObject) and option.cls == guarded.cls:
            return option
    return guarded


def matched(
    frame: Frame, subject: cst.BaseExpression, pattern: cst.MatchPattern, state: State, outcome: bool
) -> State | None:
    """`state` where `subject` matched a class or None, or did not; other patterns say nothing."""
    name = _name_of(subject)
    binding = state.names.get(name) if name is not None else None
    if name is None or binding is None:
        return state
    match pattern:
        case cst.MatchAs(pattern=cst.MatchPattern() as inner):
            return matched(frame, subject, inner, state, outcome)
        case cst.MatchClass(cls=cls, patterns=patterns, kwds=keywords):
            classes = _classes(frame, cls)
            if not classes or (not outcome and (patterns or keywords)):
                return state
            judged = [(option, _any_is(frame, option, classes)) for option in _options(binding.value)]
            return _filter(state, name, judged, outcome)
        case cst.MatchSingleton(value=cst.Name(value="None")):
            judged = [(option, option == NONE) for option in _options(binding.value)]
            return _filter(state, name, judged, outcome) if isinstance(binding.value, OneOf) else state
        case _:
            return state


def _options(value: Value) -> list[Value]:
    return sorted(value.options, key=repr) if isinstance(value, OneOf) else [value]


def _filter(state: State, name: str, judged: list[tuple[Value, bool | None]], outcome: bool) -> State | None:
    kept = [option for option, verdict in judged if verdict is None or verdict == outcome]
    if not kept:
        return None
    binding = state.names[name]
    if len(kept) < len(judged):
        state.names[name] = replace(binding, value=one_of(kept), missing=None)
    return state


def _is_awaitable(value: Value) -> bool | None:
    match value:
        case Coroutine() | Awaitable():
            return True
        case ApiObject() | Instance() | Constant() | Statement() | Collection() | Tuple():
            return False
        case _:
            return None


def _classes(frame: Frame, node: cst.BaseExpression) -> list[Class]:
    if type(node) is cst.Tuple:
        return [found for element in node.elements for found in _classes(frame, element.value)]
    if type(node) is cst.BinaryOperation:
        return [*_classes(frame, node.left), *_classes(frame, node.right)]

    found = Reader(frame.program, frame.module, frame.type_arguments).type_of(node)
    return [found] if isinstance(found, Class) else []


def _any_is(frame: Frame, value: Value, classes: list[Class]) -> bool | None:
    verdicts = [_is(frame, value, cls) for cls in classes]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _is(frame: Frame, value: Value, cls: Class) -> bool | None:
    """Whether `value` is an instance of `cls`: True, False, or None where it is not known."""
    match value:
        case ApiObject(cls=name, subclass=subclass):
            wanted = names.api_class(cls.name)
            if wanted is None:
                if subclass is not None and cls.name in frame.program.project.mro(subclass)[0]:
                    return True
                return None if frame.program.is_project_class(cls.name) else False
            return bool(name == wanted or {name, wanted} == {"AsyncSession", "sqlmodel.AsyncSession"})
        case Instance(model=model) | Object(cls=Class(name=model)):
            order, complete = frame.program.project.mro(model)
            if cls.name in order:
                return True
            if model in frame.program.project.mro(cls.name)[0]:
                return None
            if isinstance(value, Instance) and frame.program.project.mapped(cls.name) is not None:
                # no class is mapped twice
                return False
            return False if complete and names.api_class(cls.name) is not None else None
        case Constant(value=None):
            return False
        case Coroutine() | Statement():
            return False if names.api_class(cls.name) or promises.is_plain_class(frame.program, cls) else None
        case _:
            return None


def uncorrelate(frame: Frame, test: cst.BaseExpression, state: State) -> None:
    """A test of a name that was set around a failed binding may tell whether it failed: then nothing is said of it."""
    for binding in state.names.values():
        if binding.missing is not None:
            break
    else:
        return
    named = mentioned(test)
    for name, binding in list(state.names.items()):
        missing = binding.missing
        if missing is not None and (named & missing.correlates or name in named):
            state.names[name] = replace(binding, missing=None)


# these need what is defined above
from flake8_async_orm.flow.annotations import Reader, instance_of, placed  # noqa: E402
