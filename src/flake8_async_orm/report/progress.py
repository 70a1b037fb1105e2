"""How far a long run is, on one line of a terminal that is gone in the end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TextIO, TypeVar

T = TypeVar("T")

#: seconds that a run may take before anything is shown, and between two states
PATIENCE = 1.0
PAUSE = 0.1
WIDTH = 24


def wanted(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a line that changes can be shown there."""
    try:
        return stream.isatty() and environment.get("TERM") != "dumb"
    except ValueError:
        return False


def shown(
    items: Iterable[T], total: int, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[T]:
    """Hand the `items` on, and show on `stream` (standard error) how many of `total` there were, if it takes long."""
    stream = stream or sys.stderr
    due = clock() + PATIENCE
    on = False
    try:
        for count, item in enumerate(items, start=1):
            yield item
            if clock() >= due:
                due = clock() + PAUSE
                on = True
                bar = "#" * (WIDTH * count // max(total, 1))
                stream.write(f"\r[{bar.ljust(WIDTH, '.')}] {count} of {total} files\x1b[K")
                stream.flush()
    finally:
        if on:
            stream.write("\r\x1b[K")
            stream.flush()
