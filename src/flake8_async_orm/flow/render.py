"""Values as text, for people: hover and the fixtures of the inference."""

from __future__ import annotations

from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import InstanceState, State
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Awaitable,
    BoundMember,
    Callable,
    Class,
    Collection,
    Constant,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    Instance,
    Module,
    Object,
    OneOf,
    Statement,
    Tuple,
    Unknown,
    Value,
)


def render(value: Value, state: State | None = None) -> str:
    """`value` in a line: `AsyncSession`, `Instance[User, loaded={posts}]`, `Coroutine[Result]`, `Unknown`."""
    match value:
        case Unknown():
            return "Unknown"
        case BoundMember(receiver=Unknown() | BoundMember() | Tuple()):
            return "Unknown"
        case Constant(value=literal):
            return repr(literal)
        case OneOf(options=options):
            rest = sorted(render(option, state) for option in options if option != NONE)
            return " | ".join([*rest, *(["None"] if NONE in options else [])])
        case ApiObject(cls=cls, of=of):
            inner = f"[{render(of, state)}]" if of is not None and cls not in names.SESSIONS else ""
            shown = value.subclass.rpartition(".")[2] if value.subclass else names.shown(cls)
            return f"{shown}{inner}"
        case Instance(model=model, place=place):
            known = state.heap.get(place) if state is not None and place is not None else None
            return f"Instance[{model.rpartition('.')[2]}{_loaded(known)}]"
        case Object(cls=cls_value):
            return _class(cls_value)
        case Class():
            return f"type[{_class(value)}]"
        case Coroutine(of=of) | Awaitable(of=of):
            return f"{type(value).__name__}[{render(of, state)}]"
        case Generator(of=of, is_async=is_async):
            return f"{'Async' if is_async else ''}Generator[{render(of, state)}]"
        case ContextManager(of=of, is_async=is_async):
            return f"{'Async' if is_async else ''}ContextManager[{render(of, state)}]"
        case Collection(of=of, kind=kind):
            return f"{kind}[{render(of, state)}]"
        case Tuple(items=items, row=row):
            return f"{'Row' if row else 'tuple'}[{', '.join(render(item, state) for item in items)}]"
        case Callable(returns=returns):
            return f"Callable[{render(returns, state)}]"
        case Function(name=name) | Module(name=name):
            return name.rpartition(".")[2]
        case Statement(kind=kind, entities=entities):
            return f"{kind}[{', '.join(render(entity) for entity in entities)}]"
        case _:
            return type(value).__name__


def _class(cls: Class) -> str:
    name = cls.name.rpartition(".")[2]
    args = ", ".join(render(arg) for arg in cls.args)
    return f"{name}[{args}]" if args else name


def _loaded(known: object) -> str:
    if not isinstance(known, InstanceState):
        return ""
    parts = []
    for mark in ("loaded", "unloaded", "raises", "expired"):
        found = sorted(name for name, state in known.attributes.items() if state == mark)
        if found:
            parts.append(f", {mark}={{{', '.join(found)}}}")
    return "".join(parts)
