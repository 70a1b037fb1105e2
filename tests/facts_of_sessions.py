"""Facts about what becomes of sessions, made by hand, that the rules about them report; and those that they do not."""

from __future__ import annotations

from flake8_async_orm.facts import Fact, SessionLeftOpen, SessionShared, WriteLost
from flake8_async_orm.values import Site

A, B, C = (Site("module.py", number) for number in range(1, 4))

FACTS: list[tuple[str, Fact]] = [
    *(("AOR306", SessionShared(A, "self.session", how, (B, C))) for how in ("together", "task", "loop", "beside")),
    ("AOR305", SessionLeftOpen(A, "AsyncSession", "session", B)),
    ("AOR305", SessionLeftOpen(A, "AsyncConnection", "", A)),
    ("AOR404", WriteLost(C, "AsyncSession", "session", A, B)),
    ("AOR404", WriteLost(B, "AsyncConnection", "", A, C)),
    ("AOR306", SessionShared(A, "", "together", (A, B))),
    ("AOR306", SessionShared(A, "session", "handler", ())),
]
SILENT: list[tuple[str, Fact]] = []
