"""Facts of the AOR2xx rules made by hand: what engines, their URLs and the API without asyncio come to."""

from __future__ import annotations

from flake8_async_orm.facts import Fact, MissingMemberUsed
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))


def missing(cls: str, member: str, call: Site | None = C, on_twin: bool = True) -> MissingMemberUsed:
    return MissingMemberUsed(A, cls, member, B, call, True, True, "Session", on_twin=on_twin)


FACTS: list[tuple[str, Fact]] = [
    ("AOR202", missing("AsyncSession", "query")),
    ("AOR202", missing("AsyncSession", "bulk_save_objects")),
    ("AOR202", missing("AsyncSession", "hash_key", None)),
    ("AOR202", missing("AsyncSession", "exec", on_twin=False)),
    ("AOR202", missing("async_scoped_session", "run_sync", on_twin=False)),
    ("AOR202", missing("AsyncConnection", "schema_for_object")),
    ("AOR202", missing("AsyncEngine", "hide_parameters")),
    ("AOR202", missing("AsyncResult", "rowcount", None)),
]
SILENT: list[tuple[str, Fact]] = [
    ("AOR202", missing("AsyncEngine", "execute")),
    ("AOR202", missing("async_sessionmaker", "close_all")),
    ("AOR202", missing("AsyncSession", "__enter__", None)),
    ("AOR202", missing("AsyncSession", "no_such_thing", on_twin=False)),
    ("AOR202", missing("AsyncSession", "run_sync", on_twin=False)),
]
