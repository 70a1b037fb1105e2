"""Facts made by hand of the rules about statements that are executed and what they result in."""

from __future__ import annotations

from flake8_async_orm.facts import (
    CoroutineAwaitedAgain,
    Fact,
    NonAwaitableScheduled,
    PlainSqlExecuted,
    ResultIterated,
    ResultUsed,
    RunSyncGiven,
)
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))

FACTS: list[tuple[str, Fact]] = [
    ("AOR104", CoroutineAwaitedAgain(A, B, "AsyncSession.execute", C, "query")),
    ("AOR104", CoroutineAwaitedAgain(A, B, "app.load", A, "query", turn=True)),
    ("AOR104", CoroutineAwaitedAgain(A, B, "app.load", C, "query", by="gather")),
    ("AOR105", ResultIterated(A, "AsyncResult", False, "loop", True)),
    ("AOR105", ResultIterated(A, "AsyncResult", False, "list", False)),
    ("AOR105", ResultIterated(A, "Result", True, "loop", True)),
    ("AOR105", ResultIterated(A, "Result", True, "anext", True)),
    ("AOR105", ResultIterated(A, "AsyncResult", True, "loop", True, "AsyncSession.stream")),
    ("AOR106", NonAwaitableScheduled(A, "Result", "gather", True)),
    ("AOR106", NonAwaitableScheduled(A, "Result", "gather", False)),
    ("AOR106", NonAwaitableScheduled(A, "AsyncEngine.connect", "create_task", False, True)),
    ("AOR209", RunSyncGiven(A, "result", "metadata.create_all", B, bound=True)),
    ("AOR209", RunSyncGiven(A, "coroutine-function", "load", B)),
    ("AOR209", RunSyncGiven(A, "async-session", "AsyncSession.execute", B, C)),
    ("AOR210", PlainSqlExecuted(A, "AsyncSession.execute", "select 1", False)),
    *(("AOR211", ResultUsed(A, "Result", use, "name", B, C)) for use in "attribute subscript slice length truth".split()),
    ("AOR211", ResultUsed(A, "Result", "attribute", "name", B, C, entity=True)),
    ("AOR211", ResultUsed(A, "AsyncResult", "subscript", "int", B, None)),
    ("AOR211", ResultUsed(A, "Result", "again", "all", B, C, ended="first", ended_at=C)),
    ("AOR211", ResultUsed(A, "Result", "again", "iteration", B, C, ended="iteration", ended_at=A, turn=True)),
    ("AOR210", PlainSqlExecuted(A, "AsyncConnection.execute", "select ?", True)),
    ("AOR210", PlainSqlExecuted(A, "AsyncConnection.execute", None, True)),
]
#: what the rules say nothing of
SILENT: list[tuple[str, Fact]] = []
