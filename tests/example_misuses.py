"""Runs what is wrong in the bundled example, and prints as JSON what came of it: code -> exception or warning.

A program of its own: forgotten coroutines and open connections stay in its process.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent.parent / "example"

sys.dont_write_bytecode = True
sys.path[:0] = [str(EXAMPLE), str(EXAMPLE / "scripts")]
os.environ["DATABASE_URL"] = f"sqlite+aiosqlite:///{tempfile.mkdtemp()}/lending.db"

import import_books  # type: ignore[import-not-found]  # noqa: E402
import remind  # type: ignore[import-not-found]  # noqa: E402
from lending import database, models, repositories, routes, services  # type: ignore[import-not-found]  # noqa: E402


class Socket:
    """As much of a web socket as one question needs."""

    async def accept(self) -> None: ...

    async def iter_text(self) -> Any:
        yield "tales"


async def outcome(call: Coroutine[Any, Any, Any]) -> str:
    """The class of what is raised, or of what that was raised for; else the first warning; else `ok`."""
    # a failed lazy load leaves a coroutine of the driver behind, which is not this one's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            await call
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the answer)
            return type(getattr(error, "orig", None) or error).__name__
        gc.collect()
    return next((str(one.message) for one in caught), "ok")


async def run() -> dict[str, str]:
    await database.create_tables()
    new_session = database.new_session
    async with new_session() as session:
        member, book = models.Member(name="Ada", email="ada@example.org"), models.Book(title="Tales", shelf="T1")
        session.add(models.Loan(member=member, book=book, due=date(2020, 1, 1)))
        await session.commit()
    found = {"AOR201": await outcome(database.is_alive())}
    async with new_session() as session:
        found["AOR103"] = await outcome(repositories.MemberRepository(session).by_email("ada@example.org"))
        found["AOR102"] = await outcome(services.LendingService(session).lend(1, 1, date(2020, 1, 2)))
    async with new_session() as session:
        found["AOR501"] = await outcome(services.LendingService(session).reminders(date(2020, 1, 2)))
    async with new_session() as session:
        found["AOR101"] = await outcome(services.LendingService(session).take_back(1))
    found["AOR301"] = await outcome(remind.remind())
    found["AOR302"] = await outcome(routes.search(Socket()))
    found["AOR401"] = await outcome(import_books.import_books(Path("no such file")))
    async with new_session() as session:
        found["correct"] = await outcome(routes.borrowed(1, session))
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run())), flush=True)
    # a connection that nobody closed has a thread that nobody ends
    os._exit(0)
