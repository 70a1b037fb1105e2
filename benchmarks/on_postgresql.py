"""Shows on a PostgreSQL server what the examples of AOR311 and AOR407 do: their `Invalid` fails, their `Valid` does not.

Starts a server of its own in a temporary directory, on the loopback interface, and stops it again. Needs PostgreSQL's programs on the path (or
`PG_BIN`, their directory) and asyncpg; as root it runs the server as the user `nobody`, or as `PG_USER`.

    python benchmarks/on_postgresql.py

Ends with 0 if all of it is so, with 1 if not, with 2 if there is no server to be had.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import flake8_async_orm.rules  # noqa: F401 (registers them)
from flake8_async_orm.rule import REGISTRY

#: rounds in which two writers meet, each for a row of its own
ROUNDS = 25


@contextmanager
def server() -> Iterator[str]:
    """A running server; gives the URL of its database."""
    directory = os.environ.get("PG_BIN") or os.path.dirname(shutil.which("initdb") or "")
    if not directory:
        raise SystemExit(2)
    user = os.environ.get("PG_USER", "nobody") if os.geteuid() == 0 else None
    folder = tempfile.mkdtemp(prefix="on_postgresql_")
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = os.path.join(folder, "data")

    def run(program: str, *arguments: str) -> None:
        command = [os.path.join(directory, program), "-D", data, *arguments]
        subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "--auth=trust", "--username=linter", "--encoding=UTF8", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    run("pg_ctl", "-w", "-l", os.path.join(folder, "log"), "-o", options, "start")
    try:
        yield f"postgresql+asyncpg://linter@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def program(code: str, section: str, url: str) -> dict[str, Any]:
    """The names that an example of a rule's docstring defines, its database being the one at `url`."""
    text = REGISTRY[code].sections[section].replace("postgresql+asyncpg://db/shop", url)
    module = sys.modules[f"{code}_{section}"] = ModuleType(f"{code}_{section}")
    exec(compile(text, f"{code} {section}", "exec", dont_inherit=True), vars(module))
    return vars(module)


def across_loops(section: str, url: str) -> list[str]:
    """What goes wrong when an engine is used by one event loop after the other."""
    try:
        program("AOR311", section, url)["main"]()
    except Exception as error:  # noqa: BLE001  whatever it is, it is told
        return [f"{type(error).__name__} {str(error)[-40:]}"]
    return []


def two_writers(section: str, url: str) -> list[str]:
    """What goes wrong when two writers look for the same row, lock it, and insert it where it is not there."""
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    names = program("AOR407", section, url)

    async def write(engine: Any, name: str) -> str:
        try:
            async with AsyncSession(engine) as session:
                await names["hit"](session, name)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told
            return type(error).__name__
        return ""

    async def meet() -> list[str]:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(names["Base"].metadata.drop_all)
            await connection.run_sync(names["Base"].metadata.create_all)
        found: list[str] = []
        for number in range(ROUNDS):
            found += await asyncio.gather(*(write(engine, f"{section} {number}") for _ in range(2)))
        await engine.dispose()
        return [error for error in found if error]

    return asyncio.run(meet())


def main() -> int:
    right = True
    with server() as url:
        for code, shown in (("AOR311", across_loops), ("AOR407", two_writers)):
            for section in ("Invalid", "Valid"):
                wrong = shown(section, url)
                print(f"{code} {section}: {len(wrong)} errors{f', {wrong[0]}' if wrong else ''}")
                right = right and bool(wrong) == (section == "Invalid")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
