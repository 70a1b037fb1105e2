"""Facts of the AOR3xx rules, and of what blocks, made by hand: how sessions are provided, entered and left."""

from __future__ import annotations

from flake8_async_orm.facts import (
    ContextEntered,
    Fact,
    LoopBlocked,
    LoopRun,
    MemberReadBeforeEntering,
    ProviderUsed,
    SessionRegistryMade,
    WorkOutlivedScope,
)
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))


def entered(how: str, gives: str, is_async: bool = True, provider: str = "", **more: object) -> ContextEntered:
    return ContextEntered(A, is_async, how, provider, gives, **more)  # type: ignore[arg-type]


def before(awaitable: bool, in_async: bool = True, direct: bool = False) -> MemberReadBeforeEntering:
    callee = "AsyncEngine.connect" if awaitable else "app.db.scope"
    return MemberReadBeforeEntering(A, B, callee, "AsyncConnection", "execute", awaitable, in_async, direct)


def used(how: str, made: Site | None = None) -> ProviderUsed:
    return ProviderUsed(A, how, "app.db.get_session", "AsyncSession", "session", True, made, C)


def registry(scope: str, cls: str = "async_scoped_session", session: str = "AsyncSession") -> SessionRegistryMade:
    return SessionRegistryMade(A, cls, session, scope, B if cls == "async_scoped_session" else None)


FACTS: list[tuple[str, Fact]] = [
    *(("AOR208", LoopBlocked(A, f"{cls}.execute")) for cls in ("Session", "Connection", "Query")),
    ("AOR208", LoopBlocked(A, "Engine.connect", "app.crud.Users.find", B)),
    ("AOR303", entered("object", "AsyncSession", False, manager_async=True)),
    ("AOR303", entered("object", "AsyncSession", False, manager_async=True, mixed=True)),
    ("AOR303", entered("object", "Session", manager_async=False)),
    *(("AOR303", entered("object", cls)) for cls in ("AsyncEngine", "async_sessionmaker", "async_scoped_session")),
    ("AOR303", entered("manager", "AsyncConnection", False, "AsyncEngine.connect", manager_async=True)),
    ("AOR303", entered("manager", "AsyncSession", True, "app.db.borrowed", manager_async=False, function=B)),
    ("AOR303", entered("started", "AsyncConnection", True, "AsyncEngine.connect", manager_async=True, made=B)),
    ("AOR303", entered("started", "AsyncSessionTransaction", True, "AsyncSession.begin", manager_async=True)),
    ("AOR303", entered("function", "AsyncSession", True, "app.db.get_session", function=B)),
    ("AOR303", entered("generator", "AsyncSession", False, "app.db.get_session")),
    ("AOR303", entered("coroutine", "AsyncSession", False, "app.db.get_session")),
    *(("AOR304", before(*how)) for how in ((True,), (False,), (True, False), (True, True, True), (False, True, True))),
    *(("AOR307", registry(scope)) for scope in ("constant", "process", "thread", "loop")),
    ("AOR307", registry("thread", "scoped_session")),
    ("AOR307", SessionRegistryMade(A, "scoped_session", "sqlmodel.AsyncSession", "constant", C)),
    ("AOR307", SessionRegistryMade(A, "async_scoped_session", "AsyncSession", "")),
    *(("AOR308", used(how)) for how in ("attribute", "argument", "generator", "coroutine", "left-out")),
    ("AOR308", used("attribute", B)),
    *(("AOR309", WorkOutlivedScope(A, "session", how, B)) for how in ("task", "background", "stream")),
    ("AOR309", WorkOutlivedScope(A, "", "stream", B, "app.db.get_session")),
    ("AOR310", used("context-manager")),
    ("AOR310", used("fixture")),
    *(("AOR311", LoopRun(A, "engine", how)) for how in ("loop", "task")),
    ("AOR311", LoopRun(A, "database.engine", "again", B)),
]
SILENT: list[tuple[str, Fact]] = [
    ("AOR303", entered("generator", "AsyncSession", True, "app.db.get_session")),
    ("AOR303", entered("coroutine", "AsyncSession", True, "app.db.get_session")),
    ("AOR303", entered("coroutine", "", False, "app.db.get_session")),
    ("AOR303", entered("object", "AsyncSessionTransaction")),
    ("AOR307", registry("")),
    ("AOR307", registry("", "scoped_session")),
    ("AOR307", registry("thread", "scoped_session", "Session")),
    ("AOR307", registry("thread", "scoped_session", "")),
    ("AOR308", used("context-manager")),
    ("AOR310", used("generator")),
]
