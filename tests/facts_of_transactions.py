"""Facts about transactions and about results made by hand: what sessions, blocks and rows come to."""

from __future__ import annotations

from flake8_async_orm.facts import (
    AbsentRowInserted,
    Fact,
    RowsFetched,
    SessionUsedAfterFailure,
    TransactionBegunAgain,
    TransactionEndedInBlock,
    UnflushedValueRead,
)
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))


def fetched(member: str, cls: str = "Result", by: str = "option", unique: bool = False) -> RowsFetched:
    return RowsFetched(A, B, cls, member, "app.models.User", "posts", by, unique, C)


FACTS: list[tuple[str, Fact]] = [
    ("AOR402", SessionUsedAfterFailure(A, B, C, "execute", "session")),
    ("AOR402", SessionUsedAfterFailure(A, B, C, "", "self.session")),
    ("AOR402", SessionUsedAfterFailure(A, B, None, "commit", None)),
    ("AOR402", SessionUsedAfterFailure(A, B, C, "get", "session", block=True)),
    ("AOR403", TransactionEndedInBlock(A, "AsyncSession", "commit", B, C)),
    ("AOR403", TransactionEndedInBlock(A, "AsyncConnection", "commit", B, C)),
    ("AOR403", TransactionEndedInBlock(A, "AsyncConnection", "rollback", B, C)),
    ("AOR403", TransactionEndedInBlock(A, "", "", B, Site("other.py", 1), called=True)),
    ("AOR405", TransactionBegunAgain(A, "AsyncSession", B)),
    ("AOR405", TransactionBegunAgain(A, "", None, Site("other.py", 1))),
    ("AOR406", UnflushedValueRead(A, "app.models.User", "id", B, True, True, "user", "session", True)),
    ("AOR406", UnflushedValueRead(A, "app.models.User", "id", B, True, True, None, None, True)),
    ("AOR406", UnflushedValueRead(A, "app.models.User", "made_at", None, True, False, "user", "session", False)),
    ("AOR406", UnflushedValueRead(A, "app.models.User", "id", B, False, True, "user", "session", True)),
    ("AOR407", AbsentRowInserted(A, "app.models.User", B)),
    ("AOR407", AbsentRowInserted(A, "app.models.User", Site("other.py", 1))),
    ("AOR509", fetched("all")),
    ("AOR509", fetched("", "ScalarResult", "mapping")),
    ("AOR509", fetched("partitions", "AsyncResult")),
]
SILENT: list[tuple[str, Fact]] = [
    ("AOR509", fetched("all", unique=True)),
]
