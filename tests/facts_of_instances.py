"""Facts of the AOR5xx rules made by hand: what reads of a mapped instance come to."""

from __future__ import annotations

from typing import Any

from flake8_async_orm.facts import (
    AttributeRead,
    AttributeSerialized,
    CollectionChanged,
    DetachedAttributeRead,
    DynamicRelationshipQueried,
    ExpiredAttributeRead,
    Fact,
    GeneratedValueRead,
    LoadingAsked,
    UnloadedColumnRead,
)
from flake8_async_orm.values import Site

PATH = (("app.models.User", "name"),)
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
    ("AOR503", of(GeneratedValueRead, "generated", "flush")),
    ("AOR503", of(GeneratedValueRead, "generated", "flush", read=D, session_name=None)),
    *(("AOR504", of(UnloadedColumnRead, state, statement=B, path=PATH)) for state in ("unloaded", "raises")),
    ("AOR504", of(UnloadedColumnRead, "unloaded", path=PATH)),
    *(("AOR505", of(CollectionChanged, "unloaded", how=how, statement=B, path=PATH)) for how in ("append", "=")),
    ("AOR505", of(CollectionChanged, "raises", how="+=", path=PATH)),
    *(("AOR508", DynamicRelationshipQueried(A, "app.models.User", "posts", how, B)) for how in ("all", "")),
    ("AOR510", LoadingAsked(A, "expire-on-commit", elements=(B,))),
    ("AOR510", LoadingAsked(A, "attribute-names", ("posts",))),
    ("AOR510", LoadingAsked(A, "several-arguments", ("m.User.posts", "m.Post.tags"), "joinedload")),
    ("AOR507", of(DetachedAttributeRead, "expired", "commit", detached=D)),
    ("AOR507", of(DetachedAttributeRead, "expired", "rollback", detached=D)),
    ("AOR507", of(DetachedAttributeRead, "generated", "flush", detached=D)),
    ("AOR507", of(DetachedAttributeRead, "unloaded", detached=D, statement=B, path=PATH)),
    ("AOR507", of(DetachedAttributeRead, "unloaded", "", "relationship", detached=D, statement=B, path=PATH)),
    *(
        (
            "AOR506",
            of(AttributeSerialized, state, kind="relationship", schema="UserRead.name", statement=A, path=PATH, read=D),
        )
        for state in ("unloaded", "raises", "detached")
    ),
    ("AOR506", of(AttributeSerialized, "unloaded", schema="UserRead.name")),
    ("AOR506", of(AttributeSerialized, "expired", "commit", schema="UserRead.name")),
    ("AOR506", of(AttributeSerialized, "generated", "flush", instance=None, session_name=None, schema="UserRead.name")),
]
SILENT: list[tuple[str, Fact]] = []
