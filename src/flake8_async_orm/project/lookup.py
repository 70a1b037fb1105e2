"""In which order classes are looked through, and which of a method's definitions a read finds."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_async_orm.project.definitions import FunctionDefinition


def getter(methods: Sequence[FunctionDefinition]) -> FunctionDefinition:
    """Which of a method's definitions a read of it finds: no setter, no overload, the last."""
    real = [m for m in methods if not any(_last(name) in _NOT_READ for name in m.decorator_names)]
    return (real or list(methods))[-1]


_NOT_READ = ("setter", "deleter", "overload", "expression", "comparator", "update_expression", "inplace")


def _last(dotted: str | None) -> str:
    return (dotted or "").rpartition(".")[2]


def merge(orders: list[list[str]]) -> list[str]:
    """The linear order of several orders (C3); where they contradict one another, the first comes first."""
    merged: list[str] = []
    waiting = [order for order in orders if order]
    while waiting:
        later = {name for order in waiting for name in order[1:]}
        head = next((order[0] for order in waiting if order[0] not in later), waiting[0][0])
        merged.append(head)
        waiting = [rest for order in waiting if (rest := [name for name in order if name != head])]
    return merged
