"""Offsets to lines and columns and back.

A line ends with a carriage return, a line feed, or both, as Python has it. `str.splitlines` would also break at form
feeds, U+2028 and others that are plain characters of a Python file.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_NEWLINE = re.compile(r"\r\n?|\n")


class Lines:
    """The lines of a text. Offsets and columns are 0-based code points, lines are 1-based."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in _NEWLINE.finditer(text))]

    def __len__(self) -> int:
        """The number of lines; a text that ends with a newline has an empty last line."""
        return len(self._starts)

    def line_column(self, offset: int) -> tuple[int, int]:
        """The (line, column) of an offset. Offsets outside the text are moved to its nearest end."""
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    def offset(self, line: int, column: int) -> int:
        """The offset of (line, column). What lies outside the text or the line is moved to the nearest end."""
        if line < 1:
            return 0
        if line > len(self._starts):
            return len(self._text)
        start = self._starts[line - 1]
        return start + min(max(column, 0), len(self.line(line)))

    def utf16_column(self, offset: int) -> int:
        """The column of an offset in UTF-16 code units, as the language server protocol counts by default."""
        line, column = self.line_column(offset)
        start = self._starts[line - 1]
        before = self._text[start : start + column]
        return column if before.isascii() else len(before.encode("utf-16-le", "surrogatepass")) // 2

    def line(self, number: int) -> str:
        """The text of a 1-based line without its newline."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self._text)
        return self._text[start:end].rstrip("\r\n")

    def all(self) -> list[str]:
        """Every line without its newline."""
        return [self.line(number) for number in range(1, len(self._starts) + 1)]
