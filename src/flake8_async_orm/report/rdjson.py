"""Findings in reviewdog's diagnostic format. Its columns count bytes of UTF-8 from 1."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic, Range
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.places import slashed

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO", "hint": "INFO"}


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    result = {"source": {"name": "flake8-async-orm"}, "diagnostics": [_diagnostic(one) for one in diagnostics]}
    return json.dumps(result, indent=2, ensure_ascii=True) + "\n"


def _diagnostic(one: Diagnostic) -> dict[str, object]:
    place = Range(one.line, one.column, one.end_line, one.end_column)
    made: dict[str, object] = {
        "message": one.message,
        "location": {"path": slashed(one.path), "range": _range(one, place)},
        "severity": _SEVERITIES[one.severity],
        "code": {"value": one.code},
    }
    suggestions = []
    for fix, ranges in zip(one.fixes, one.fix_ranges, strict=True):
        # a suggestion is one range, which has to lie in the lines of its finding
        inside = len(ranges) == 1 and all(_known(one, line) for line in (ranges[0].line, ranges[0].end_line))
        if inside and fix.edits[0].path is None:
            suggestions.append({"range": _range(one, ranges[0]), "text": fix.edits[0].text})
    return {**made, "suggestions": suggestions} if suggestions else made


def _known(one: Diagnostic, line: int) -> bool:
    return one.line <= line < one.line + len(one.source_lines)


def _range(one: Diagnostic, place: Range) -> dict[str, object]:
    """A range; without an end, or without columns, where the text that would tell the bytes is not at hand."""
    start = _position(one, place.line, place.column)
    return (
        {"start": start, "end": _position(one, place.end_line, place.end_column)}
        if "column" in start
        else {"start": start}
    )


def _position(one: Diagnostic, line: int, column: int) -> dict[str, int]:
    if not _known(one, line):
        return {"line": line}
    text = one.source_lines[line - one.line][:column]
    return {"line": line, "column": len(text.encode("utf-8", "surrogatepass")) + 1}
