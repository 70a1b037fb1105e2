"""Findings as workflow commands, which GitHub's runner turns into annotations."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.places import below

_LEVELS = {"error": "error", "warning": "warning", "info": "notice", "hint": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = {**_DATA, **str.maketrans({":": "%3A", ",": "%2C"})}


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    return "".join(f"{_command(one)}\n" for one in diagnostics)


def _command(one: Diagnostic) -> str:
    path = below("GITHUB_WORKSPACE", one.path)
    properties: dict[str, object] = {
        "title": f"{one.name} ({one.code})",
        "file": path,
        "line": one.line,
        "endLine": one.end_line,
    }
    if one.line == one.end_line:
        # of more than one line there are no columns
        properties.update(col=one.column + 1, endColumn=one.end_column + 1)
    listed = ",".join(f"{name}={str(value).translate(_PROPERTY)}" for name, value in properties.items())
    text = f"{path}:{one.line}:{one.column + 1}: {one.code} {one.message}" + (f"\n{one.help}" if one.help else "")
    return f"::{_LEVELS[one.severity]} {listed}::{text.translate(_DATA)}"
