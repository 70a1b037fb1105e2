"""Adds the books of a CSV file: `python import_books.py books.csv`."""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path

from lending.database import create_tables, new_session
from lending.models import Book


def read_catalogue(path: Path) -> list[Book]:
    with path.open(newline="", encoding="utf-8") as file:
        return [Book(title=row["title"], shelf=row["shelf"]) for row in csv.DictReader(file)]


async def import_books(path: Path) -> None:
    await create_tables()
    try:
        books = read_catalogue(path)
        session = new_session()
        session.add_all(books)
        await session.commit()
    finally:
        await session.close()


if __name__ == "__main__":
    asyncio.run(import_books(Path(sys.argv[1])))
