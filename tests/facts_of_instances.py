"""Facts of the AOR5xx rules made by hand: what reads of a mapped instance come to."""

from __future__ import annotations

from typing import Any

from flake8_async_orm.facts import AttributeRead, ExpiredAttributeRead, Fact
from flake8_async_orm.values import Site

A, B, C, D = (Site("module.py", number) for number in range(1, 5))


def of(cls: type[AttributeRead], state: str, by: str = "", kind: str = "column", **more: Any) -> AttributeRead:
    """A read of `app.models.User.name` in `state`; `by` is what changed it."""
    given = {"read": None, "instance": "user", "session_name": "session", **more}
    return cls(
        A, "app.models.User", "name", kind, state, kind == "relationship", B, "loaded here", C if by else None, by,
        awaitable_attrs=False, in_async=True, **given,
    )  # fmt: skip


FACTS: list[tuple[str, Fact]] = [
    *(("AOR502", of(ExpiredAttributeRead, "expired", by)) for by in ("commit", "rollback", "expire")),
    ("AOR502", of(ExpiredAttributeRead, "expired", "commit", "relationship")),
    ("AOR502", of(ExpiredAttributeRead, "expired", "commit", read=D, instance=None, session_name=None)),
    ("AOR502", of(ExpiredAttributeRead, "expired")),
]
SILENT: list[tuple[str, Fact]] = []
