"""Facts made by hand of the rules about statements that are executed and what they result in."""

from __future__ import annotations

from flake8_async_orm.facts import Fact, PlainSqlExecuted, ResultIterated
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))

FACTS: list[tuple[str, Fact]] = [
    ("AOR105", ResultIterated(A, "AsyncResult", False, "loop", True)),
    ("AOR105", ResultIterated(A, "AsyncResult", False, "list", False)),
    ("AOR105", ResultIterated(A, "Result", True, "loop", True)),
    ("AOR105", ResultIterated(A, "Result", True, "anext", True)),
    ("AOR105", ResultIterated(A, "AsyncResult", True, "loop", True, "AsyncSession.stream")),
    ("AOR210", PlainSqlExecuted(A, "AsyncSession.execute", "select 1", False)),
    ("AOR210", PlainSqlExecuted(A, "AsyncConnection.execute", "select ?", True)),
    ("AOR210", PlainSqlExecuted(A, "AsyncConnection.execute", None, True)),
]
#: what the rules say nothing of
SILENT: list[tuple[str, Fact]] = []
