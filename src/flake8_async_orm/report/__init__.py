"""Findings as text for people and machines. A format's module is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_async_orm.diagnostics import Diagnostic
    from flake8_async_orm.report.colour import Paint

_MODULES = {
    "full": "full",
    "concise": "concise",
    "grouped": "grouped",
    "json": "json_format",
    "json-lines": "json_lines",
    "sarif": "sarif",
    "rdjson": "rdjson",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
}
FORMATS = tuple(_MODULES)
#: those that a program reads as a whole: nothing else may stand beside them
DOCUMENTS = ("json", "json-lines", "sarif", "rdjson", "gitlab", "junit")
#: those that people read: what the run came to stands below
PROSE = ("full", "grouped")


def render(output_format: str, diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    """The findings in one of FORMATS. `unsafe`: unsafe fixes are marked as fixes too."""
    module = import_module(f"flake8_async_orm.report.{_MODULES[output_format]}")
    return str(module.render(diagnostics, paint, unsafe))


def render_statistics(output_format: str, diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    """The counts by code, as JSON if the format is."""
    from flake8_async_orm.report import json_format, json_lines, statistics

    if output_format == "json":
        return json_format.dumps(statistics.rows(diagnostics, unsafe))
    if output_format == "json-lines":
        return json_lines.dumps(statistics.rows(diagnostics, unsafe))
    return statistics.render(diagnostics, paint, unsafe)
