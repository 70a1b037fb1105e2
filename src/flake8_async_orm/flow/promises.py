"""What an annotation or a class says that surely is no awaitable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.values import NONE, ApiObject, Class, Collection, Instance, Object, OneOf, Tuple, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

_BUILTINS = frozenset(
    f"builtins.{name}" for name in "bool bytearray bytes complex dict float frozenset int list set str tuple".split()
)
#: bases by which anything may be an instance of a class, or by which its instances may be awaited
_OPEN = frozenset({"Awaitable", "Coroutine", "Future", "Protocol", "Task"})


def no_awaitable(program: Program, promised: Value) -> bool:
    """Whether what is annotated so cannot be awaited, whatever it is."""
    match promised:
        case OneOf(options=options):
            return all(no_awaitable(program, option) for option in options)
        case Object(cls=cls):
            return is_plain_class(program, cls)
        case _:
            return promised == NONE or isinstance(promised, (ApiObject, Instance, Collection, Tuple))


def is_plain_class(program: Program, cls: Class) -> bool:
    """Whether no coroutine is an instance of a class: it is a builtin one, or the project's with all its bases in sight."""
    if cls.name in _BUILTINS or program.project.mapped(cls.name) is not None:
        return True
    if program.class_definition(cls.name) is None:
        return False
    order, complete = program.project.mro(cls.name)
    return (
        complete
        and not any(base.rpartition(".")[2] in _OPEN for base in order)
        and program.method(cls.name, "__await__") is None
        and program.method(cls.name, "__instancecheck__") is None
        and not _has_metaclass(program, order)
    )


def _has_metaclass(program: Program, order: list[str]) -> bool:
    """Whether a class of the project among these has a metaclass of the project's, which may ask what it likes."""
    return any(local_classes.metaclass(program, base) is not None for base in order if program.class_definition(base) is not None)


# these need what is defined above
from flake8_async_orm.flow import local_classes  # noqa: E402
