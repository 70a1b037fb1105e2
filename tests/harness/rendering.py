"""The kept rendering of a finding: all that it says, and what it stands under."""

from __future__ import annotations

from typing import Any

from harness.static import line_of


def render(text: str, found: Any) -> str:
    """One finding of `text`: place, message, underlined source, help, trail, fixes with their grades."""
    lines = [f"{found.line}:{found.column + 1}: {found.code} {found.name}: {found.message}"]
    lines += underlined(text, found.line, found.column, found.end_line, found.end_column)
    if found.help:
        lines.append(f"help: {found.help}")
    for related in found.related:
        lines.append(f"{related.line}:{related.column + 1}: {related.text}")
        lines += underlined(text, related.line, related.column, related.end_line, related.end_column)
    lines += [f"fix ({fix.safety}): {fix.title}" for fix in found.fixes]
    return "\n".join(lines) + "\n"


def underlined(text: str, line: int, column: int, end_line: int, end_column: int) -> list[str]:
    """The first line of a span with carets below it; lines are 1-based, columns 0-based."""
    source = text.split("\n")[line - 1]
    end = end_column if end_line == line else len(source.rstrip())
    return [f"    {source}", "    " + " " * column + "^" * max(end - column, 1)]


def consistent(text: str, found: Any) -> bool:
    """Whether the finding's line and column name the same place as its offset."""
    before = text[: found.start]
    return line_of(text, found.start) == found.line and len(before) - (before.rfind("\n") + 1) == found.column
