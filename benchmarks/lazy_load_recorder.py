"""A pytest plugin that writes down where a test suite loads a relationship lazily under asyncio, and lets it go on.

`pytest -p lazy_load_recorder` with this folder on `PYTHONPATH`. Each lazy load that would have raised MissingGreenlet is done all the
same, on a loop in a thread, so that one run of the tests shows all of them. A request through httpx begins with an empty identity map: a
test that shares its session with the application otherwise brings what it made itself, and hides the load.

`LAZY_LOADS`: the file that the loads are appended to, one JSON object a line. `LAZY_LOADS_ROOT`: frames below this folder are kept.
"""

from __future__ import annotations

import asyncio
import builtins
import functools
import json
import os
import sys
import threading
import weakref
from types import CodeType, FrameType
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]
from sqlalchemy.orm import Session, UserDefinedOption, strategies
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlalchemy.util.concurrency import greenlet_spawn

ROOT = os.environ["LAZY_LOADS_ROOT"] + os.sep
SESSIONS: weakref.WeakSet[Session] = weakref.WeakSet()
seen: set[str] = set()


class RemovedOption(UserDefinedOption):
    """Stands where a loader option stood; what the statement loaded remembers it."""

    propagate_to_loaders = True

    def _apply_to_parent(self, parent: object) -> None:
        """Below another option there is nothing to remember."""


setattr(builtins, "_removed_option", RemovedOption)  # noqa: B010


def pytest_configure() -> None:
    loader: Any = getattr(strategies, "LazyLoader", None) or strategies._LazyLoader
    emit, load, init = loader._emit_lazyload, loader._load_for_state, Session.__init__

    @functools.wraps(emit)
    def emit_anywhere(self: Any, session: Session, state: Any, *args: Any, **named: Any) -> object:
        if getattr(getcurrent(), "__sqlalchemy_greenlet_provider__", False) or not _in_a_loop():
            return emit(self, session, state, *args, **named)
        _write(self.parent_property, state, "MissingGreenlet")
        return _elsewhere(functools.partial(emit, self, session, state, *args, **named))

    @functools.wraps(load)
    def load_or_say(self: Any, state: Any, *args: Any, **named: Any) -> object:
        try:
            return load(self, state, *args, **named)
        except DetachedInstanceError:
            _write(self.parent_property, state, "DetachedInstanceError")
            raise

    @functools.wraps(init)
    def remembered(self: Session, *args: Any, **named: Any) -> None:
        init(self, *args, **named)
        SESSIONS.add(self)

    loader._emit_lazyload, loader._load_for_state = emit_anywhere, load_or_say
    Session.__init__ = remembered  # type: ignore[method-assign]
    _start_requests_cold()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _elsewhere(work: Any) -> object:
    """What `work` gives, done by another loop while this one waits."""
    answer: list[object] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(asyncio.run(greenlet_spawn(work)))
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return answer[0]


def _start_requests_cold() -> None:
    try:
        from httpx import ASGITransport
    except ImportError:
        return
    handle = ASGITransport.handle_async_request

    async def handle_cold(self: Any, request: Any) -> Any:
        kept = []
        for session in list(SESSIONS):
            if len(session.identity_map) or session.new:
                await greenlet_spawn(session.flush)
                kept.append((session, session.identity_map))
                session.identity_map = type(session.identity_map)()
        try:
            return await handle(self, request)
        finally:
            for session, known in kept:
                session.identity_map = known

    ASGITransport.handle_async_request = handle_cold  # type: ignore[method-assign]


def _write(relationship: Any, state: Any, error: str) -> None:
    frames, endpoint = _frames(sys._getframe(2))
    said = json.dumps(
        {
            "model": relationship.parent.class_.__name__,
            "on": type(state.obj()).__name__,
            "attribute": relationship.key,
            "error": error,
            "removed": sorted({one.payload for one in state.load_options if isinstance(one, RemovedOption)}),
            "frames": frames,
            "endpoint": endpoint,
        },
        sort_keys=True,
    )
    if said in seen:
        return
    seen.add(said)
    with open(os.environ["LAZY_LOADS"], "a", encoding="utf-8") as file:
        file.write(said + "\n")


def _frames(frame: FrameType | None) -> tuple[list[list[object]], list[object] | None]:
    """The frames of the project, innermost first, as file, first and last line, function; the endpoint whose answer is serialised."""
    frames: list[list[object]] = []
    endpoint: list[object] | None = None
    serialising = False
    while frame is not None:
        code = frame.f_code
        serialising = serialising or code.co_name == "serialize_response"
        if code.co_filename.startswith(ROOT) and "site-packages" not in code.co_filename:
            frames.append([code.co_filename[len(ROOT) :], *_lines(frame), code.co_qualname])
        elif serialising and endpoint is None and "dependant" in frame.f_locals:
            called = getattr(frame.f_locals["dependant"], "call", None)
            if isinstance(called := getattr(called, "__code__", None), CodeType) and called.co_filename.startswith(ROOT):
                numbers = [line for *_, line in called.co_lines() if line]
                endpoint = [called.co_filename[len(ROOT) :], called.co_firstlineno, max(numbers), called.co_qualname]
        frame = frame.f_back
    return frames, endpoint


def _lines(frame: FrameType) -> tuple[int, int]:
    positions = list(frame.f_code.co_positions())
    start, end, *_ = positions[frame.f_lasti // 2] if frame.f_lasti >= 0 else (None, None)
    return start or frame.f_lineno, end or frame.f_lineno
