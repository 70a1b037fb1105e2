"""The linter itself: findings of a source, fixes of a source, and runs over many files.

Importing this package imports neither LibCST nor SQLAlchemy; linting a file that matters does.
"""

from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.linting.findings import lint, unreadable
from flake8_async_orm.linting.fixing import FixResult, fix

__all__ = ["Diagnostic", "FixResult", "Range", "Related", "fix", "lint", "unreadable"]
