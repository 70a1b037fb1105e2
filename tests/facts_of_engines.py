"""Facts of the AOR2xx rules made by hand: what engines, their URLs and the API without asyncio come to."""

from __future__ import annotations

from flake8_async_orm.facts import (
    AsyncObjectGiven,
    EngineCreated,
    Fact,
    ListenerAdded,
    MissingMemberUsed,
    SyncBindGiven,
    UrlGiven,
)
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))


def missing(cls: str, member: str, call: Site | None = C, on_twin: bool = True) -> MissingMemberUsed:
    return MissingMemberUsed(A, cls, member, B, call, True, True, "Session", on_twin=on_twin)


BOTH = frozenset({"2.0", "2.1"})


def given(*urls: str, is_async: bool | None = True, **more: object) -> UrlGiven:
    values: dict[str, object] = {"written": B, "versions": BOTH} | more
    function = {True: "create_async_engine", False: "create_engine", None: "make_url"}[is_async]
    return UrlGiven(A, function, tuple((url,) for url in urls), is_async, C, **values)  # type: ignore[arg-type]


def crossed(to: str, cls: str = "AsyncEngine", versions: frozenset[str] = BOTH) -> AsyncObjectGiven:
    return AsyncObjectGiven(A, cls, "inspect", to, B, C, True, versions=versions)


def engine(pool: str = "", *options: str, is_async: bool = True, url: str = "sqlite+aiosqlite://") -> EngineCreated:
    site = B if pool else None
    return EngineCreated(
        A, "create_async_engine", is_async, pool, site, tuple((o, C) for o in options), ((url,),), BOTH
    )


FACTS: list[tuple[str, Fact]] = [
    ("AOR202", missing("AsyncSession", "query")),
    ("AOR202", missing("AsyncSession", "bulk_save_objects")),
    ("AOR202", missing("AsyncSession", "hash_key", None)),
    ("AOR202", missing("AsyncSession", "exec", on_twin=False)),
    ("AOR202", missing("async_scoped_session", "run_sync", on_twin=False)),
    ("AOR202", missing("AsyncConnection", "schema_for_object")),
    ("AOR202", missing("AsyncEngine", "hide_parameters")),
    ("AOR202", missing("AsyncResult", "rowcount", None)),
    ("AOR204", given("sqlite://")),
    ("AOR204", given("mysql://h/d", "postgresql+psycopg2://h/d", default=True, written=None)),
    ("AOR204", given("postgresql://h/d", versions=frozenset({"1.4", "2.0"}))),
    ("AOR204", given("sqlite+aiosqlite://", is_async=False)),
    ("AOR204", SyncBindGiven(A, "Engine", "AsyncSession", made=B, maker=C, others=False)),
    ("AOR204", SyncBindGiven(A, "Engine", "async_sessionmaker", "sync_engine")),
    ("AOR204", SyncBindGiven(A, "Connection", "sessionmaker")),
    ("AOR205", given("postgres://h/d")),
    ("AOR205", given("app.db")),
    ("AOR205", given("app.db", is_async=None)),
    ("AOR205", given("postgresql+asyncpg://u:p@ss@h/d")),
    ("AOR205", given("postgresql+asyncpg:///u:pw@h/d", is_async=False)),
    ("AOR205", given("postgresql+asyncpg:///u:pw@h/d", is_async=None)),
    ("AOR205", given("postgresql+asyncpg://h:/d")),
    ("AOR205", given("postgresql+asyncpg://h:port/d")),
    ("AOR205", given("postgresql+asyncpg:/h/d")),
    ("AOR205", given(" sqlite://")),
    ("AOR205", given("sqlite+aiosqlite://x.db", "sqlite+aiosqlite://y.db", written=None)),
    *(("AOR203", crossed(to)) for to in ("ddl", "inspect", "session", "factory", "pandas", "query")),
    ("AOR203", crossed("ddl", "AsyncConnection")),
    ("AOR203", crossed("factory", versions=frozenset({"1.4", "2.0"}))),
    ("AOR206", engine("QueuePool", "pool_size")),
    ("AOR206", engine("NullPool", "pool_size", "max_overflow")),
    ("AOR206", engine("", "pool_size")),
    ("AOR207", ListenerAdded(A, "connect", "AsyncEngine")),
    ("AOR207", ListenerAdded(A, "before_flush", "AsyncSession", is_class=True)),
    ("AOR207", ListenerAdded(A, "before_flush", "async_sessionmaker", "AsyncSession")),
    ("AOR207", ListenerAdded(A, "connect", "Engine", is_async=True, listener=B)),
]
SILENT: list[tuple[str, Fact]] = [
    ("AOR202", missing("AsyncEngine", "execute")),
    ("AOR202", missing("async_sessionmaker", "close_all")),
    ("AOR202", missing("AsyncSession", "__enter__", None)),
    ("AOR202", missing("AsyncSession", "no_such_thing", on_twin=False)),
    ("AOR202", missing("AsyncSession", "run_sync", on_twin=False)),
    ("AOR204", given("postgresql://h/d")),
    ("AOR204", given("sqlite://", "sqlite+aiosqlite://")),
    ("AOR204", given("sqlite+aiosqlite://", is_async=False, settled=False)),
    ("AOR204", given("sqlite://", is_async=None)),
    ("AOR204", given("sqlite://x.db")),
    ("AOR204", given()),
    ("AOR206", engine("QueuePool", is_async=False)),
    ("AOR206", engine("AsyncAdaptedQueuePool", "pool_size")),
    ("AOR206", engine("", "pool_size", url="sqlite+aiosqlite:///a.db")),
    ("AOR206", engine("?", "pool_size")),
    ("AOR206", engine("NullPool", "echo")),
    ("AOR207", ListenerAdded(A, "connect", "Engine")),
    ("AOR207", ListenerAdded(A, "before_flush", "sessionmaker", "Session")),
    ("AOR205", given("sqlite://")),
    ("AOR205", given("change me", default=True)),
    ("AOR205", given("postgres://h/d", is_async=None)),
    ("AOR205", given("app.db", "sqlite://")),
]
