"""Prints the reminders of the day; run by cron."""

from __future__ import annotations

import asyncio
from datetime import date

from lending.database import get_session
from lending.services import LendingService


async def remind() -> None:
    session = await get_session()
    for reminder in await LendingService(session).reminders(date.today()):
        print(f"{reminder.email}: due on {reminder.due}")


if __name__ == "__main__":
    asyncio.run(remind())
