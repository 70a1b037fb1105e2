"""Findings as JSON, one a line, with the keys of the format `json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.json_format import record


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    return dumps([record(one) for one in diagnostics])


def dumps(rows: Sequence[Mapping[str, object]]) -> str:
    """Each row on a line of its own."""
    return "".join(f"{json.dumps(row, ensure_ascii=True)}\n" for row in rows)
