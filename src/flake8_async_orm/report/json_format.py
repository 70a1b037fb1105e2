"""Findings as JSON, with the keys that ruff uses and some more. Lines and columns are 1-based."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flake8_async_orm.diagnostics import Diagnostic, Range
from flake8_async_orm.discovery import shown
from flake8_async_orm.edits import Fix
from flake8_async_orm.report.colour import Paint

_APPLICABILITY = {"safe": "safe", "unsafe": "unsafe", "suggestion": "display"}


def record(diagnostic: Diagnostic) -> dict[str, object]:
    """One finding. `fix` is the first one offered, `alternatives` are the others."""
    place = Range(diagnostic.line, diagnostic.column, diagnostic.end_line, diagnostic.end_column)
    fixes = [
        _fix(fix, ranges, diagnostic.path) for fix, ranges in zip(diagnostic.fixes, diagnostic.fix_ranges, strict=True)
    ]
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "help": diagnostic.help or None,
        "severity": diagnostic.severity,
        "filename": diagnostic.path,
        **_location(place),
        "function": diagnostic.function or None,
        "related": [
            {
                "message": one.text,
                "filename": one.path,
                **_location(Range(one.line, one.column, one.end_line, one.end_column)),
            }
            for one in diagnostic.related
        ],
        "fix": fixes[0] if fixes else None,
        "alternatives": fixes[1:],
        "noqa_row": diagnostic.line,
        "url": None,
    }


def _location(place: Range) -> dict[str, object]:
    return {
        "location": {"row": place.line, "column": place.column + 1},
        "end_location": {"row": place.end_line, "column": place.end_column + 1},
    }


def _fix(fix: Fix, ranges: Sequence[Range], path: str) -> dict[str, object]:
    return {
        "applicability": _APPLICABILITY[fix.safety],
        "message": fix.title,
        "edits": [
            {"filename": shown(edit.path) if edit.path else path, "content": edit.text, **_location(place)}
            for edit, place in zip(fix.edits, ranges, strict=True)
        ],
    }


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    return dumps([record(one) for one in diagnostics])


def dumps(rows: Sequence[Mapping[str, object]]) -> str:
    """An array with a final newline, a key a line."""
    return json.dumps(list(rows), indent=2, ensure_ascii=True) + "\n"
