"""The command line as tests call it, and sources with one finding, with none, and with no sense."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

DROPPED = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession, user: object) -> None:
    session.add(user)
    session.commit()
"""
MENDED = DROPPED.replace("    session.commit", "    await session.commit")
BROKEN = "def f(:\n"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flake8_async_orm", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60, **options)


def put(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def concise(ran: Ran) -> list[str]:
    """`path:line:column: CODE` of every finding."""
    return [" ".join(line.split(" ")[:2]) for line in ran.out.splitlines()]
