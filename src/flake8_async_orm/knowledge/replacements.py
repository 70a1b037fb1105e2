"""What to write instead of a member that the sync class has and its asyncio counterpart has not.

Source: SQLAlchemy documentation, Asynchronous I/O (asyncio), and Migrating to SQLAlchemy 2.0, ORM usage.
"""

from __future__ import annotations

_SESSION = {
    "query": "`select(...)` with `await session.scalars(...)`",
    "exec": "`await session.execute(...)`, or use SQLModel's own `AsyncSession`",
    "bulk_save_objects": "`session.add_all(...)`",
    "bulk_insert_mappings": "`await session.execute(insert(Model), rows)`",
    "bulk_update_mappings": "`await session.execute(update(Model), rows)`",
    "query_property": "`select(Model)` with the session",
    "expire_on_commit": "`session.sync_session.expire_on_commit`",
    "transaction": "`session.get_transaction()`",
    "enable_relationship_loading": "`await session.refresh(instance, [...])`",
    "prepare": "`await session.run_sync(lambda sync: sync.prepare())`",
    "twophase": "`session.sync_session.twophase`",
}
#: members of AsyncSession that the scoped session does not hand on
UNPROXIED = frozenset({"run_sync", "in_transaction", "in_nested_transaction", "get_transaction", "sync_session"})
_SCOPED = {
    **_SESSION,
    **{name: f"`session().{name}`, on the session that calling it gives" for name in UNPROXIED},
    "run_sync": "`await session().run_sync(...)`, on the session that calling it gives",
}
#: class -> member -> what to write instead
_INSTEAD = {
    "AsyncSession": _SESSION,
    "async_scoped_session": _SCOPED,
    "AsyncConnection": {
        "detach": "`await connection.run_sync(lambda sync: sync.detach())`",
        "begin_twophase": "`await connection.run_sync(...)` with a function that runs the whole transaction",
        "transaction": "`async with connection.begin()`",
        "connect": "the connection itself",
    },
    "AsyncEngine": {
        "has_table": "`await connection.run_sync(lambda sync: inspect(sync).has_table(...))`",
        "table_names": "`await connection.run_sync(lambda sync: inspect(sync).get_table_names())`",
        "transaction": "`async with engine.begin()`",
        "run_callable": "`await connection.run_sync(...)`",
    },
    "AsyncSessionTransaction": {
        "prepare": "`await session.run_sync(lambda sync: sync.prepare())`",
    },
    "AsyncResult": {
        "rowcount": "`await connection.execute(...)`, whose result has it",
        "lastrowid": "`await connection.execute(...)`, whose result has it",
        "inserted_primary_key": "`await connection.execute(...)`, whose result has it",
    },
}
#: class -> what to write instead of any other member that its sync twin has
_OTHERWISE = {
    "AsyncSession": "`await session.run_sync(...)` with a function that gets the sync session",
    "async_scoped_session": "`await session().run_sync(...)` with a function that gets the sync session",
    "AsyncConnection": "`await connection.run_sync(...)` with a function that gets the sync connection",
    "AsyncEngine": "`.sync_engine.{member}`",
    **dict.fromkeys(("AsyncSessionTransaction", "AsyncTransaction"), "`.sync_transaction.{member}`"),
    **dict.fromkeys(
        ("AsyncResult", "AsyncScalarResult", "AsyncMappingResult", "AsyncTupleResult"),
        "`await session.execute(...)`, whose buffered result has it",
    ),
}


def of_member(cls: str, member: str) -> str:
    """What to write instead of `member` of the async class `cls`, as Markdown; an empty string where nothing is known."""
    return _INSTEAD.get(cls, {}).get(member) or _OTHERWISE.get(cls, "").format(member=member)


__all__ = ["UNPROXIED", "of_member"]
