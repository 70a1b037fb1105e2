"""The one exception of this layer."""

from __future__ import annotations


class SourceError(Exception):
    """A file that cannot be read as Python.

    `reason` is one line in lower case without a final full stop; `line` is 1-based, `column` 0-based in code points.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 0) -> None:
        super().__init__(reason, line, column)
        self.reason = reason
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.line}:{self.column + 1}: {self.reason}"
