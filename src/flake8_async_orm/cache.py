"""A store of bytes by key in one sqlite file. Every row belongs to a generation: what was asked of the disk to make it.

Nothing here raises: a cache that cannot be read is empty, one that cannot be written stays as it is, one that is broken is
removed. One transaction writes a run.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress

#: the format of the file is part of its name
NAME = "findings-1.sqlite"
#: generations that are kept
KEPT = 200
#: variables that one statement may have
_AT_ONCE = 500
#: seconds to wait for another process that writes
_PATIENCE = 2.0

_TABLES = (
    "CREATE TABLE IF NOT EXISTS generations (id INTEGER PRIMARY KEY, answers BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS findings (key TEXT PRIMARY KEY, generation INTEGER NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID",
)
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This directory was made by flake8-async-orm; see https://bford.info/cachedir/\n"


class Cache:
    """The cache in `directory`, which need not exist."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.path = os.path.join(directory, NAME)

    def get(self, keys: Iterable[str]) -> dict[str, tuple[int, bytes]]:
        """The generation and the bytes of each key that is there."""
        wanted = list(keys)
        found: dict[str, tuple[int, bytes]] = {}
        if not os.path.exists(self.path):
            return found
        try:
            with closing(self._connect()) as connection:
                for start in range(0, len(wanted), _AT_ONCE):
                    part = wanted[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(part))
                    rows = connection.execute(f"SELECT key, generation, payload FROM findings WHERE key IN ({marks})", part)
                    found.update((key, (generation, payload)) for key, generation, payload in rows)
        except sqlite3.Error as error:
            self._failed(error)
            return {}
        return found

    def answers(self, generation: int) -> bytes | None:
        """What a generation was told by the disk."""
        try:
            with closing(self._connect()) as connection:
                row = connection.execute("SELECT answers FROM generations WHERE id = ?", (generation,)).fetchone()
        except sqlite3.Error as error:
            self._failed(error)
            return None
        return None if row is None else bytes(row[0])

    def put(self, answers: bytes, rows: Mapping[str, bytes]) -> None:
        """Keep rows as one new generation."""
        try:
            self._prepare()
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                for statement in _TABLES:
                    connection.execute(statement)
                generation = connection.execute("INSERT INTO generations (answers) VALUES (?)", (answers,)).lastrowid
                given = ((key, generation, payload) for key, payload in rows.items())
                connection.executemany("INSERT OR REPLACE INTO findings VALUES (?, ?, ?)", given)
                kept = "SELECT id FROM generations ORDER BY id DESC LIMIT ?"
                connection.execute(f"DELETE FROM generations WHERE id NOT IN ({kept})", (KEPT,))
                connection.execute("DELETE FROM findings WHERE generation NOT IN (SELECT id FROM generations)")
                connection.execute("DELETE FROM generations WHERE id NOT IN (SELECT generation FROM findings)")
                connection.execute("COMMIT")
        except OSError:
            return
        except sqlite3.Error as error:
            self._failed(error)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        """Make the directory, and tell git and backups to leave it alone. Raises OSError."""
        os.makedirs(self.directory, exist_ok=True)
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
            path = os.path.join(self.directory, name)
            if not os.path.exists(path):
                with open(path, "w", encoding="ascii") as file:
                    file.write(text)

    def _failed(self, error: sqlite3.Error) -> None:
        """A broken file is of no use to anybody; one that is busy, or read-only, is."""
        if type(error) is sqlite3.DatabaseError or "no such" in str(error) or "has no column" in str(error):
            for ending in ("", "-wal", "-shm"):
                with suppress(OSError):
                    os.remove(self.path + ending)
