"""Which dotted names mean a class or a function of SQLAlchemy, wherever they are imported from."""

from __future__ import annotations

_SESSION_MODULES = (
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.ext.asyncio.session",
    "sqlalchemy.ext.asyncio.engine",
    "sqlalchemy.ext.asyncio.scoping",
    "sqlalchemy.ext.asyncio.result",
)
_ORM_MODULES = ("sqlalchemy.orm", "sqlalchemy.orm.session", "sqlalchemy.orm.scoping")
_ENGINE_MODULES = (
    "sqlalchemy",
    "sqlalchemy.engine",
    "sqlalchemy.engine.base",
    "sqlalchemy.engine.result",
    "sqlalchemy.engine.cursor",
)

_ASYNC = (
    "AsyncSession",
    "async_scoped_session",
    "async_sessionmaker",
    "AsyncEngine",
    "AsyncConnection",
    "AsyncTransaction",
    "AsyncSessionTransaction",
    "AsyncResult",
    "AsyncScalarResult",
    "AsyncMappingResult",
    "AsyncTupleResult",
)
_SYNC = ("Session", "scoped_session", "sessionmaker", "SessionTransaction")
_CORE = (
    "Engine",
    "Connection",
    "Transaction",
    "RootTransaction",
    "Result",
    "CursorResult",
    "ScalarResult",
    "MappingResult",
    "TupleResult",
    "ChunkedIteratorResult",
)

#: rows of one class that the tables of `api` keep under another name
_SAME = {
    "CursorResult": "Result",
    "ChunkedIteratorResult": "Result",
    "TupleResult": "Result",
    "AsyncTupleResult": "AsyncResult",
    "RootTransaction": "Transaction",
}

#: dotted name -> class name in `api`
CLASSES: dict[str, str] = {
    **{f"{module}.{name}": _SAME.get(name, name) for module in _SESSION_MODULES for name in _ASYNC},
    **{f"{module}.{name}": name for module in _ORM_MODULES for name in _SYNC},
    **{f"{module}.{name}": _SAME.get(name, name) for module in _ENGINE_MODULES for name in _CORE},
    "sqlmodel.ext.asyncio.session.AsyncSession": "sqlmodel.AsyncSession",
    "sqlmodel.Session": "sqlmodel.Session",
    "sqlmodel.orm.session.Session": "sqlmodel.Session",
}

SESSIONS = frozenset(
    {"AsyncSession", "sqlmodel.AsyncSession", "async_scoped_session", "Session", "sqlmodel.Session", "scoped_session"}
)
ASYNC_SESSIONS = frozenset({"AsyncSession", "sqlmodel.AsyncSession", "async_scoped_session"})
FACTORIES = frozenset({"async_sessionmaker", "sessionmaker"})
ENGINES = frozenset({"AsyncEngine", "Engine"})
CONNECTIONS = frozenset({"AsyncConnection", "Connection"})
ASYNC_CLASSES = frozenset(_ASYNC) | {"sqlmodel.AsyncSession"}
RESULTS = frozenset(
    {"Result", "ScalarResult", "MappingResult", "AsyncResult", "AsyncScalarResult", "AsyncMappingResult"}
)

#: what cannot be started a second time
STARTED_ONCE = frozenset({"AsyncConnection", "AsyncTransaction", "AsyncSessionTransaction"})

#: their members that work before they are started
WITHOUT_START = {
    "AsyncConnection": frozenset({"start", "engine", "sync_engine", "sync_connection"}),
    "AsyncTransaction": frozenset({"start", "connection", "sync_transaction", "nested"}),
    "AsyncSessionTransaction": frozenset({"start", "session", "sync_transaction", "nested"}),
}

#: what is written in messages for a class of `api`
SHOWN = {"sqlmodel.AsyncSession": "AsyncSession", "sqlmodel.Session": "Session"}


def shown(cls: str) -> str:
    return SHOWN.get(cls, cls)


#: functions that begin a statement, by their last name, from these packages
STATEMENTS = {
    "select": "select",
    "insert": "insert",
    "update": "update",
    "delete": "delete",
    "text": "text",
    "lambda_stmt": "text",
    "union": "compound",
    "union_all": "compound",
    "intersect": "compound",
    "except_": "compound",
}

#: loader functions of sqlalchemy.orm
STRATEGIES = frozenset(
    {
        "selectinload",
        "joinedload",
        "subqueryload",
        "immediateload",
        "contains_eager",
        "lazyload",
        "noload",
        "raiseload",
        "defaultload",
        "defer",
        "undefer",
        "undefer_group",
        "load_only",
        "with_expression",
        "selectin_polymorphic",
    }
)
#: strategies after which a read of the attribute is free
LOADING = frozenset(
    {
        "selectinload",
        "joinedload",
        "subqueryload",
        "immediateload",
        "contains_eager",
        "noload",
        "undefer",
        "with_expression",
    }
)
RELATIONSHIP_LOADERS = frozenset({"selectinload", "joinedload", "subqueryload", "immediateload"})
#: options that load nothing and forbid nothing
NEUTRAL_OPTIONS = frozenset({"with_loader_criteria"})

_PACKAGES = ("sqlalchemy", "sqlmodel")


def is_sqlalchemy(dotted: str) -> bool:
    return dotted.partition(".")[0] in _PACKAGES


def last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def api_class(dotted: str) -> str | None:
    """The class of `api` that `dotted` names, or None."""
    return CLASSES.get(dotted)


def statement_kind(dotted: str) -> str | None:
    """`select`, `insert` ... when `dotted` is a function that begins a statement."""
    return STATEMENTS.get(last(dotted)) if is_sqlalchemy(dotted) else None


def strategy(dotted: str) -> str | None:
    """The loader strategy that `dotted` names."""
    name = last(dotted)
    return name if is_sqlalchemy(dotted) and name in STRATEGIES else None
