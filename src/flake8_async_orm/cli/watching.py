"""Running again whenever something changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from flake8_async_orm.cli.options import UsageError
from flake8_async_orm.discovery import SUFFIXES


def watch(paths: Iterable[str], run: Callable[[], int]) -> int:
    """Call `run` now and after each change of a Python file or of settings below `paths`, until an interrupt, which is
    raised. Raises UsageError if the extra is not installed."""
    try:
        import watchfiles
    except ImportError:
        raise UsageError("--watch needs watchfiles: pip install 'flake8-async-orm[watch]'") from None
    code = run()
    folders = sorted({path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path)) for path in paths})
    for _ in watchfiles.watch(*folders, watch_filter=Filter(), raise_interrupt=True):
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[2J\x1b[H")
        code = run()
    return code


class Filter:
    """Tells whether a change matters: of a source or of settings, and not in a place that tools fill."""

    def __call__(self, change: object, path: str) -> bool:
        from flake8_async_orm.config import DEFAULT_EXCLUDE

        *folders, name = path.split(os.sep)
        return (name.endswith(SUFFIXES) or name == "pyproject.toml") and not set(folders) & set(DEFAULT_EXCLUDE)
