"""What members of SQLAlchemy's objects give and do, where introspection cannot tell.

`GIVES` says what (awaiting) a call gives, `EFFECTS` what it does to instances and transactions. The words are those that
`flow.api_calls` understands. Source: the asyncio extension's API documentation, and runs of 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from flake8_async_orm.knowledge import names

#: session members -> what the call gives
SESSION_GIVES = {
    "execute": "result",
    "exec": "exec-result",
    "scalars": "scalars",
    "scalar": "scalar",
    "stream": "stream",
    "stream_scalars": "stream-scalars",
    "get": "instance-or-none",
    "get_one": "instance",
    "merge": "merged",
    "connection": "connection",
    "begin": "transaction",
    "begin_nested": "nested",
    "run_sync": "run-sync",
    "query": "query",
    "get_transaction": "transaction-or-none",
    "get_bind": "bind",
    "commit": "none",
    "rollback": "none",
    "flush": "none",
    "refresh": "none",
    "close": "none",
    "aclose": "none",
    "reset": "none",
    "invalidate": "none",
    "delete": "none",
    "add": "none",
    "add_all": "none",
    "expire": "none",
    "expire_all": "none",
    "expunge": "none",
    "expunge_all": "none",
    "remove": "none",
    "close_all": "none",
    "in_transaction": "bool",
    "in_nested_transaction": "bool",
    "is_modified": "bool",
    "__aenter__": "self",
    "__enter__": "self",
}

#: members of sessions and connections whose first argument is a statement
TAKES_STATEMENT = frozenset({"execute", "exec", "scalar", "scalars", "stream", "stream_scalars"})

#: and those whose first argument is a statement or an instance, in any case no coroutine
TAKES_VALUE = TAKES_STATEMENT | {"add", "delete", "refresh", "merge", "expire", "expunge", "is_modified"}

CONNECTION_GIVES = {
    "execute": "result",
    "exec_driver_sql": "core-result",
    "scalar": "column",
    "scalars": "scalars",
    "stream": "stream",
    "stream_scalars": "stream-scalars",
    "begin": "transaction",
    "begin_nested": "transaction",
    "execution_options": "self",
    "start": "self",
    "run_sync": "run-sync",
    "commit": "none",
    "rollback": "none",
    "close": "none",
    "aclose": "none",
    "invalidate": "none",
    "in_transaction": "bool",
    "__aenter__": "self",
    "__enter__": "self",
}

ENGINE_GIVES = {
    "connect": "connect",
    "begin": "engine-begin",
    "dispose": "none",
    "execution_options": "self",
}

#: members of results; `row` is one row, `first` one scalar or row or None
RESULT_GIVES = {
    "all": "rows",
    "fetchall": "rows",
    "fetchmany": "rows",
    "partitions": "rows-of-rows",
    "first": "row-or-none",
    "fetchone": "row-or-none",
    "one": "row",
    "one_or_none": "row-or-none",
    "scalar": "first-column-or-none",
    "scalar_one": "first-column",
    "scalar_one_or_none": "first-column-or-none",
    "scalars": "scalars",
    "mappings": "mappings",
    "tuples": "self",
    "unique": "self",
    "yield_per": "self",
    "columns": "columns",
    "freeze": "unknown",
    "keys": "unknown",
    "close": "none",
}

#: members of results that refuse rows which repeat an entity until `unique` was called (`first` and `scalar` do not)
FETCHING = frozenset(
    {
        "all",
        "fetchall",
        "fetchmany",
        "fetchone",
        "one",
        "one_or_none",
        "partitions",
        "scalar_one",
        "scalar_one_or_none",
    }
)

#: members of results after which there are no rows left in them
EXHAUSTING = frozenset("all fetchall first one one_or_none scalar scalar_one scalar_one_or_none freeze close".split())
#: members of results that ask for rows
ASKING = EXHAUSTING - {"close"} | {"fetchone", "fetchmany", "partitions"}
#: those after which asking for rows is an error, where others just find none
CLOSING = EXHAUSTING - {"all", "fetchall", "freeze"}

#: session members -> what they do (words of `flow.instances`)
SESSION_EFFECTS = {
    "commit": "commit",
    "rollback": "rollback",
    "flush": "flush",
    "close": "close",
    "aclose": "close",
    "reset": "close",
    "invalidate": "close",
    "refresh": "refresh",
    "expire": "expire",
    "expire_all": "expire-all",
    "expunge": "expunge",
    "expunge_all": "close",
    "add": "add",
    "add_all": "add",
    "delete": "delete",
    "execute": "autoflush",
    "exec": "autoflush",
    "scalars": "autoflush",
    "scalar": "autoflush",
    "stream": "autoflush",
    "stream_scalars": "autoflush",
    "merge": "autoflush",
    "begin_nested": "flush",
    "get": "maybe-autoflush",
    "get_one": "maybe-autoflush",
}

#: members of sessions and connections -> what they do to the transaction: use it (beginning one), add (the same, without
#: a statement), may use it, end it, close, flush, ask whether there is one
SESSION_TRANSACTIONS = {
    **dict.fromkeys(
        ("execute", "exec", "scalars", "scalar", "stream", "stream_scalars", "connection", "refresh", "merge"), "use"
    ),
    **dict.fromkeys(("add", "add_all", "delete"), "add"),
    **dict.fromkeys(("get", "get_one"), "get"),
    **dict.fromkeys(("commit", "rollback", "close", "aclose", "reset", "invalidate"), "end"),
    "flush": "flush",
    **dict.fromkeys(("in_transaction", "in_nested_transaction", "get_transaction"), "ask"),
}
CONNECTION_TRANSACTIONS = {
    **dict.fromkeys(("execute", "scalar", "scalars", "exec_driver_sql", "stream", "stream_scalars"), "use"),
    **dict.fromkeys(("commit", "rollback"), "end"),
    **dict.fromkeys(("close", "aclose", "invalidate", "run_sync", "in_transaction", "get_transaction"), "ask"),
}
TRANSACTIONS_OF = {
    **dict.fromkeys(names.SESSIONS, SESSION_TRANSACTIONS),
    **dict.fromkeys(names.CONNECTIONS, CONNECTION_TRANSACTIONS),
}

#: members of async sessions -> what they mean for the connection and the transaction (words of `flow.ledgers`):
#: works (takes a connection for sure), refreshes, gets (unless the instance is at hand), flushes, may-work, commits, rolls-back, closes, adds,
#: changes, leads-out (gives something that can end the transaction out of sight), connection
SESSION_WORK = {
    **dict.fromkeys("execute exec scalar scalars stream stream_scalars".split(), "works"),
    "refresh": "refreshes",
    **dict.fromkeys(("get", "get_one"), "gets"),
    **dict.fromkeys(("merge", "run_sync", "begin_nested"), "may-work"),
    "flush": "flushes",
    "connection": "connection",
    "commit": "commits",
    "rollback": "rolls-back",
    **dict.fromkeys("close aclose reset invalidate".split(), "closes"),
    **dict.fromkeys(("add", "add_all"), "adds"),
    "delete": "changes",
    **dict.fromkeys(("get_transaction", "get_nested_transaction", "sync_session"), "leads-out"),
}

#: the same of an async connection, which is out of its pool from its start to its end
CONNECTION_WORK = {
    **dict.fromkeys("execute scalar scalars exec_driver_sql stream stream_scalars".split(), "works"),
    "run_sync": "may-work",
    "commit": "commits",
    "rollback": "rolls-back",
    **dict.fromkeys(("close", "aclose"), "closes"),
    **dict.fromkeys(
        "execution_options invalidate get_raw_connection get_transaction sync_connection".split(), "leads-out"
    ),
}

#: names of methods that begin what ends by a rollback of its own where something fails in it
SAVEPOINTS = frozenset("begin begin_nested savepoint transaction atomic nested_transaction begin_savepoint".split())

#: members of a transaction: what they mean for the session or connection that began it
TRANSACTION_WORK = {"commit": "commits", "rollback": "rolls-back", "close": "rolls-back"}

#: members of async sessions -> what they mean where a flush has failed (words of `flow.recovery`): flushes, commits (may fail
#: themselves), uses (is refused until a rollback), adds (gives the next flush something to do), merges (both), ends (is or
#: does a rollback)
SESSION_FAILURES = {
    "flush": "flushes",
    "commit": "commits",
    "merge": "merges",
    **dict.fromkeys(
        "execute exec scalar scalars stream stream_scalars get get_one refresh connection".split(), "uses"
    ),
    **dict.fromkeys(("add", "add_all", "delete"), "adds"),
    **dict.fromkeys("rollback close aclose reset invalidate remove close_all".split(), "ends"),
}
#: exceptions by which an error of a flush or commit can be caught, last names in `sqlalchemy.exc`
FLUSH_ERRORS = frozenset(
    f"sqlalchemy.exc.{name}"
    for name in (
        "SQLAlchemyError StatementError DBAPIError DatabaseError IntegrityError OperationalError DataError InternalError "
        "InterfaceError ProgrammingError StaleDataError FlushError"
    ).split()
) | {"", "builtins.Exception", "builtins.BaseException"}
#: those that catch all of them
ALL_FLUSH_ERRORS = frozenset(
    {"", "builtins.Exception", "builtins.BaseException", "sqlalchemy.exc.SQLAlchemyError", "sqlalchemy.exc.DBAPIError"}
)

GIVES_OF = {
    **dict.fromkeys(names.SESSIONS, SESSION_GIVES),
    **dict.fromkeys(names.CONNECTIONS, CONNECTION_GIVES),
    **dict.fromkeys(names.ENGINES, ENGINE_GIVES),
    **dict.fromkeys(names.RESULTS, RESULT_GIVES),
    **{cls: {"begin": "factory-begin", "configure": "none"} for cls in names.FACTORIES},
}


def gives(cls: str, member: str) -> str:
    """What a call of `cls.member` gives; "unknown" where no row says."""
    return GIVES_OF.get(cls, {}).get(member, "unknown")


#: the async class -> the class of the object that its sync attribute holds
SYNC_ATTRIBUTES = {
    ("AsyncSession", "sync_session"): "Session",
    ("sqlmodel.AsyncSession", "sync_session"): "sqlmodel.Session",
    ("AsyncEngine", "sync_engine"): "Engine",
    ("AsyncConnection", "sync_connection"): "Connection",
    ("AsyncConnection", "engine"): "AsyncEngine",
    ("AsyncSessionTransaction", "session"): "AsyncSession",
    ("AsyncConnection", "sync_engine"): "Engine",
}

#: properties of sessions that are sync context managers, which give the session
CONTEXT_PROPERTIES = frozenset({"no_autoflush"})

_SESSION_WORK = frozenset(
    "execute exec scalar scalars commit flush refresh get get_one merge connection bulk_save_objects bulk_insert_mappings "
    "bulk_update_mappings".split()
)
#: sync classes -> members that do database work, and wait for it
BLOCKING = {
    **dict.fromkeys(("Session", "sqlmodel.Session", "scoped_session"), _SESSION_WORK),
    "Connection": frozenset("execute scalar scalars exec_driver_sql commit".split()),
    "Engine": frozenset({"connect", "begin", "raw_connection"}),
    "Query": frozenset("all first one one_or_none scalar count get update delete".split()),
    "Inspector": frozenset(
        "get_table_names get_view_names get_schema_names get_sequence_names get_columns get_pk_constraint get_foreign_keys "
        "get_indexes get_unique_constraints get_check_constraints get_table_comment has_table reflect_table".split()
    ),
}
#: those of them that may find all they need at hand: an identity map, nothing to write, no transaction to end, a
#: connection that waits in its pool
OFTEN_IDLE = frozenset("commit flush get get_one merge connection connect raw_connection".split())
#: classes of sync objects that are made over an engine, session or connection, and have no rows in `api`
OVER_SYNC = frozenset({"Query", "Inspector"})

#: functions of builtins and the standard library that neither load, await nor keep what they are given
HARMLESS = frozenset(
    f"builtins.{name}"
    for name in (
        "print isinstance issubclass id type callable hash repr str int float bool len sorted reversed min max sum any all "
        "enumerate zip range format vars dir abs round hasattr list tuple set frozenset dict iter next map filter getattr"
    ).split()
)
