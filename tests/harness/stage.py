"""Runs one scenario in this process and tells what was seen; only the worker imports this.

Every scenario gets its program freshly imported, its own event loop, its own database in memory; everything that it
made is torn down behind it.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import functools
import gc
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
import warnings
from collections.abc import Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import MetaData, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import clear_mappers
from sqlalchemy.orm import session as sessions
from sqlalchemy.pool import Pool, StaticPool

from harness.providing import Provider

URL = "sqlite+aiosqlite://"
ENGINES: list[AsyncEngine] = []
#: the driver's connections that were made
CONNECTIONS: list[Any] = []
#: every loan of a connection by a pool; held, so that no garbage collection gives one back behind the program
LOANS: list[Any] = []


def prepare() -> None:
    """Listen to every pool and engine of this process, and load what the first connection would load."""
    original = AsyncEngine.__init__

    def remembering(self: AsyncEngine, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        ENGINES.append(self)

    AsyncEngine.__init__ = remembering  # type: ignore[method-assign]

    event.listen(Pool, "checkout", lambda connection, record, loan: LOANS.append(loan))
    event.listen(Pool, "connect", lambda connection, _: CONNECTIONS.append(connection))
    sys.set_coroutine_origin_tracking_depth(32)
    sys.dont_write_bytecode = True

    async def warm() -> None:
        engine = create_async_engine(URL, poolclass=StaticPool)
        async with engine.begin():
            pass
        await tear_down()

    asyncio.run(warm())


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run `request["scenario"]` of the program `request["main"]` in `request["root"]`; what was seen, as plain data."""
    root = Path(request["root"])
    report: dict[str, Any] = {"raised": None, "stage": "import", "leaked": 0}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names: list[str] = []
        try:
            modules = load(root, request["main"], names)
            report["stage"] = "set-up"
            asyncio.run(perform(modules, request, report))
        except BaseException as error:  # noqa: BLE001  whatever a program does is told
            report["raised"] = report["raised"] or describe(error, root)
        del_modules(names)
        gc.collect()
        report["dropped"] = [drop for drop in (dropped(warning, root) for warning in caught) if drop]
        caught.clear()
    clear_mappers()
    # `close_all_sessions()` of a later program shall not come across these
    sessions._sessions.clear()
    clear_sqlmodel()
    gc.collect()
    for left in Path.cwd().iterdir():
        left.unlink()
    return report


def load(root: Path, main: str, names: list[str]) -> list[ModuleType]:
    """Import the program afresh: its main module, then the others. The names to unload are added to `names`."""
    path = root / main
    if "/" not in main:
        name = f"program_{path.stem}"
        names.append(name)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return [module]
    package = main.partition("/")[0]
    if package in sys.modules or importlib.util.find_spec(package) is not None:
        raise ImportError(f"the name of the fixture package {package!r} is taken by an installed one")
    sys.path.insert(0, str(root))
    try:
        importlib.invalidate_caches()
        module = importlib.import_module(main.removesuffix(".py").replace("/", "."))
    finally:
        sys.path.remove(str(root))
        names += [name for name in sys.modules if name.partition(".")[0] == package]
    return [module, *(sys.modules[name] for name in names if sys.modules[name] is not module)]


def del_modules(names: list[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)


async def perform(modules: list[ModuleType], request: dict[str, Any], report: dict[str, Any]) -> None:
    try:
        await play(modules, request, report)
    finally:
        await tear_down()


async def play(modules: list[ModuleType], request: dict[str, Any], report: dict[str, Any]) -> None:
    """Set the stage, call the scenario, and look at what it left behind."""
    main = modules[0]
    own = list(ENGINES)
    engine = create_async_engine(URL, poolclass=StaticPool)
    seed = getattr(main, "seed", None)
    for one in [engine, *own]:
        if one.url.drivername == "sqlite+aiosqlite":
            await fill(one, modules, seed)
    async with contextlib.AsyncExitStack() as stack:
        LOANS.clear()
        provider = Provider(main, engine, stack)
        arguments = {name: await provider.give(annotation) for name, annotation in request["parameters"]}
        report["stage"] = "scenario"
        try:
            await call(getattr(main, request["scenario"]), arguments)
        except BaseException as error:  # noqa: BLE001  whatever a program does is told
            report["raised"] = describe(error, Path(request["root"]))
            let_go(error)
        arguments.clear()
        await settle()
    report["leaked"] = sum(loan.dbapi_connection is not None for loan in LOANS)


async def call(function: Any, arguments: dict[str, Any]) -> None:
    """Call the scenario and let its result go: a coroutine that it returned is dropped here."""
    made: Coroutine[Any, Any, Any] = function(**arguments)
    if not inspect.iscoroutine(made):
        raise TypeError(f"the scenario is no coroutine function, it gave {type(made).__name__}")
    await made


def let_go(error: BaseException | None) -> None:
    """Clear the frames that an error came through, while the threads that they ran in are there.

    The greenlet of a thread that is collected after its thread has ended makes greenlet 3.5 crash.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


async def settle() -> None:
    """Let tasks and finalisers that the scenario left behind come to their end."""
    for _ in range(3):
        await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=0.5)


async def fill(engine: AsyncEngine, modules: list[ModuleType], seed: Any) -> None:
    """Create every table that the program declares, and let it seed them."""
    async with engine.begin() as connection:
        for metadata in metadata_of(modules):
            await connection.run_sync(metadata.create_all)
    if seed is not None:
        async with AsyncSession(engine) as session:
            await seed(session)
            await session.commit()


def metadata_of(modules: list[ModuleType]) -> list[MetaData]:
    found: dict[int, MetaData] = {}
    for module in modules:
        for value in list(vars(module).values()):
            metadata = value if isinstance(value, MetaData) else vars_of_class(value)
            if metadata is not None:
                found[id(metadata)] = metadata
    return list(found.values())


def vars_of_class(value: Any) -> MetaData | None:
    metadata = getattr(value, "metadata", None) if isinstance(value, type) else None
    return metadata if isinstance(metadata, MetaData) else None


async def tear_down() -> None:
    """Dispose all engines, and close the connections that pools have lost sight of."""
    LOANS.clear()
    for engine in ENGINES:
        with contextlib.suppress(Exception):
            await engine.dispose()
    ENGINES.clear()
    for connection in CONNECTIONS:
        driver = getattr(connection, "_connection", None)
        if driver is not None and getattr(driver, "_connection", None) is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(driver.close(), 1)
    CONNECTIONS.clear()


def clear_sqlmodel() -> None:
    """SQLModel keeps all tables in one global MetaData; the next program shall not see them."""
    sqlmodel = sys.modules.get("sqlmodel")
    if sqlmodel is not None:
        sqlmodel.SQLModel.metadata.clear()


def describe(error: BaseException, root: Path) -> dict[str, Any]:
    """An exception as data: the names it goes by, its text, and the lines of the program that it came through."""
    names, lines, pending = [], [], [error]
    while pending:
        one = pending.pop()
        names.append(type(one).__name__)
        if sys.version_info < (3, 11) and isinstance(one, AttributeError) and str(one) in ("__aenter__", "__enter__"):
            names.append("TypeError")  # what `with` raises for a wrong object since Python 3.11
        original = getattr(one, "orig", None)
        if isinstance(original, BaseException):
            names.append(type(original).__name__)
        pending += [part for part in getattr(one, "exceptions", ()) if isinstance(part, BaseException)]
        for frame, line in traceback.walk_tb(one.__traceback__):
            file = relative(frame.f_code.co_filename, root)
            if file:
                lines += [[file, number] for number in (line, *decorators_above(frame.f_code.co_filename, line))]
    last = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-6))
    return {"names": names, "text": str(error), "lines": lines, "last": last}


@functools.cache
def decorators_above(path: str, line: int) -> tuple[int, ...]:
    """The lines of the decorators of what is defined on `line`: before Python 3.11 their calls are said to stand there."""
    if sys.version_info >= (3, 11) or not path.endswith(".py"):
        # a frame may be one of a template
        return ()
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = (node for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))) if isinstance(node, defined))
    return tuple(one.lineno for node in nodes if node.lineno == line for one in node.decorator_list)


def dropped(warning: warnings.WarningMessage, root: Path) -> dict[str, Any] | None:
    """A coroutine that was never awaited: its name, the program's lines that made it, whether it is a driver's own."""
    coroutine = warning.source
    if not (issubclass(warning.category, RuntimeWarning) and inspect.iscoroutine(coroutine)):
        return None
    made = [[relative(file, root), line] for file, line, _ in coroutine.cr_origin or ()]
    return {
        "name": coroutine.__qualname__,
        "lines": [[file, line] for file, line in made if file],
        "driver": of_a_driver(coroutine.cr_code.co_filename),
    }


def of_a_driver(file: str) -> bool:
    """Whether the code is a driver's or SQLAlchemy's own dealing with one: left behind after a failed read."""
    path = file.replace(os.sep, "/")
    return "/aiosqlite/" in path or ("/sqlalchemy/" in path and "/sqlalchemy/ext/asyncio/" not in path)


def relative(file: str, root: Path) -> str:
    """The file's path below the program's root, or nothing when it is none of the program's."""
    try:
        return Path(file).relative_to(root).as_posix()
    except ValueError:
        return ""
