"""Runs a program in every world: whichever rows its queries meet, whichever way its branches go. Each read is watched."""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import exc, func, select
from sqlalchemy.orm import exc as orm_exc

from implicit_io import models
from implicit_io.writing import ROWS, Line, Writer

#: what a read raises that needs the database, or that the mapping keeps from it
IMPLICIT = (exc.MissingGreenlet, orm_exc.DetachedInstanceError)
REFUSED = "is not available due to"
SETUP = """
insert into owner (id, name, bio, stamp, made) values (1, 'a', 'a', 'a', 'a'), (2, 'b', 'b', 'b', 'b'), (3, 'c', 'c', 'c', 'c');
insert into item (id, name, note, owner_id) values (1, 'a', 'a', 1), (2, 'b', 'b', 2), (3, 'c', 'c', 3), (-1, 'd', 'd', 4);
insert into badge (id, name, owner_id) values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
insert into lock (id, owner_id) values (1, 1), (2, 2), (3, 3);
insert into profile (id, name, owner_id) values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
"""
#: which rows the parameters of a program may name: all ways in which they can agree
AGREEMENTS = [(1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 2), (1, 2, 3)]
#: the first row that a program adds, and an item that waits for an owner with that key
ADDED, WAITING = 4, -1


class Stopped(Exception):
    """A change has failed: what follows would be of an instance that nobody has."""


class Again(BaseException):
    """A read that failed has left its traces: what follows must be seen without it."""


@dataclass
class Seen:
    """What one world showed. `reads`: of each line the outcomes, in order, of the times that control came there."""

    reads: dict[int, list[bool]] = field(default_factory=dict)
    why: dict[int, str] = field(default_factory=dict)
    #: lines that control would not have come to, for an error before
    moot: set[int] = field(default_factory=set)
    ended: str = ""


@dataclass
class Watch:
    """Watches the reads of one run, leaves out those in `skipped` (line, how often control had come there before)."""

    skipped: dict[tuple[int, int], str]
    session: Any = None
    visits: dict[int, int] = field(default_factory=dict)
    failed: set[tuple[int, str]] = field(default_factory=set)
    seen: Seen = field(default_factory=Seen)
    lines: dict[int, Line] = field(default_factory=dict)
    keep: list[Any] = field(default_factory=list)

    def __call__(self, number: int, subject: Any, act: Callable[[], Any]) -> Any:
        if subject is None:
            return None
        visit = self.visits[number] = self.visits.get(number, -1) + 1
        if (number, visit) in self.skipped:
            self.note(number, subject, self.skipped[number, visit])
            return None
        state = sqlalchemy.inspect(subject)
        session = state.session
        quiet = session is None or not (session.new or session.dirty or session.deleted)
        begun = session is not None and session.in_transaction()
        expired = state.expired
        try:
            value = act()
        except Exception as error:
            original = getattr(error, "orig", None) or error
            if isinstance(original, IMPLICIT) or REFUSED in str(original):
                name = type(original).__name__ + (" expired" if expired else "")
                if not quiet or (session is not None and session.in_transaction() != begun):
                    self.skipped[number, visit] = name
                    raise Again from None
                self.note(number, subject, name)
                return None
            if isinstance(original, IndexError):
                self.note(number, subject, "")
                return None
            raise
        self.note(number, subject, "")
        return value

    def note(self, number: int, subject: Any, error: str) -> None:
        """A read after one that has failed is not reached: nothing is to be said of it."""
        attribute = self.lines[number].attribute
        if not {(id(subject), attribute), (id(subject), "*")}.isdisjoint(self.failed):
            self.seen.moot.add(number)
            self.failed |= {(id(subject), "*")} if "expired" in error else set()
            return
        self.seen.reads.setdefault(number, []).append(bool(error))
        if error:
            self.keep.append(subject)
            self.seen.why[number] = error
            self.failed.add((id(subject), "*" if "expired" in error else attribute))
            if self.lines[number].writes:
                raise Stopped


def text_of(program: Writer, watched: bool) -> str:
    """The program as it is linted, or as it is run."""
    parameters = ", ".join([*ROWS[: program.rows], *(f"p{number}" for number in range(program.tests))])
    written = ["async def scenario(" + (f"watch, {parameters}" if watched else parameters) + "):"]
    for number, line in enumerate(program.lines):
        text = line.text
        if watched and line.watched:
            target, equals, value = text.partition(" = ")
            if line.binds:
                text = f"{target} = watch({number}, {line.of}, lambda: {value})"
            elif equals:
                text = f"watch({number}, {line.of}, lambda: setattr({line.of}, {line.attribute!r}, {value}))"
            else:
                text = f"watch({number}, {line.of}, lambda: {text})"
        written.append("    " * line.indent + text)
    return "\n".join(written) + "\n"


def worlds(program: Writer) -> Iterator[tuple[int, ...]]:
    rows = {agreement[: program.rows] for agreement in AGREEMENTS}
    if any(re.search(r"\b(Owner|Item)\(", line.text) for line in program.lines):
        # what is asked for later may be what was added
        spread = AGREEMENTS[-1][: program.rows]
        places = range(program.rows)
        rows |= {(*spread[:at], row, *spread[at + 1 :]) for at in places for row in (ADDED, WAITING)}
    for chosen in sorted(rows):
        for tests in itertools.product((0, 1), repeat=program.tests):
            yield (*chosen, *tests)


class Runner:
    """One event loop, one database in memory, filled anew for each run."""

    def __init__(self) -> None:
        # failed reads leave drivers' coroutines behind, which complain whenever they are collected
        self.hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
        self.loop = asyncio.new_event_loop()
        self.names = {**vars(sqlalchemy), **vars(sqlalchemy.orm), **vars(models), "select": select, "func": func}
        self.template = sqlite3.connect(":memory:", check_same_thread=False)
        self.loop.run_until_complete(self.begin())

    def close(self) -> None:
        self.loop.run_until_complete(models.engine.dispose())
        self.template.close()
        self.loop.close()
        gc.collect()
        sys.unraisablehook = self.hook

    async def begin(self) -> None:
        async with models.engine.begin() as connection:
            await connection.run_sync(models.Base.metadata.create_all)
            for statement in SETUP.strip().splitlines():
                await connection.exec_driver_sql(statement)
        await self.connect()
        await self.driver.backup(self.template)

    async def connect(self) -> None:
        async with models.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            self.driver = raw.driver_connection if hasattr(raw, "driver_connection") else raw.connection._connection

    async def fill(self) -> None:
        """Everything is as it was before the first run."""
        for _ in range(3):
            try:
                await self.driver.rollback()
                await self.driver._execute(self.template.backup, self.driver._conn)
                return
            except ValueError:
                # a session that was dropped in the middle of a transaction took its connection along
                await self.connect()

    def run(self, program: Writer) -> list[Seen]:
        space = dict(self.names)
        exec(compile(text_of(program, True), "program", "exec"), space)
        with warnings.catch_warnings():
            # of values that mean nothing
            warnings.simplefilter("ignore")
            seen = [self.world(program, space["scenario"], world) for world in worlds(program)]
            return [self.loop.run_until_complete(one) for one in seen]

    async def world(self, program: Writer, scenario: Any, world: tuple[int, ...]) -> Seen:
        skipped: dict[tuple[int, int], str] = {}
        while True:
            await self.fill()
            watch = Watch(skipped, lines=dict(enumerate(program.lines)))
            try:
                await scenario(watch, *world)
            except Again:
                continue
            except Exception as error:  # noqa: BLE001
                watch.seen.ended = f"{type(error).__name__}: {str(error)[:150]}"
            return watch.seen
