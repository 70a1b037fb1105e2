"""The linter itself: findings of a source, fixes of a source, and runs over many files.

Importing this package imports nothing: each of its names comes when it is first asked for. LibCST and SQLAlchemy come with the
first file that matters.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flake8_async_orm.diagnostics import Diagnostic, Range, Related
    from flake8_async_orm.linting.findings import lint, unreadable
    from flake8_async_orm.linting.fixing import FixResult, fix

__all__ = ["Diagnostic", "FixResult", "Range", "Related", "fix", "lint", "unreadable"]

_MODULES = {
    **dict.fromkeys(("Diagnostic", "Range", "Related"), "flake8_async_orm.diagnostics"),
    **dict.fromkeys(("lint", "unreadable"), "flake8_async_orm.linting.findings"),
    **dict.fromkeys(("FixResult", "fix"), "flake8_async_orm.linting.fixing"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
