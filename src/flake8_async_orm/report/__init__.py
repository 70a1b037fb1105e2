"""Findings as text for people and machines."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report import concise, full, json_format, statistics
from flake8_async_orm.report.colour import Paint

FORMATS = ("full", "concise", "json")


def render(output_format: str, diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    """The findings in one of FORMATS. `unsafe`: unsafe fixes are marked as fixes too."""
    if output_format == "json":
        return json_format.dumps([json_format.record(one) for one in diagnostics])
    if output_format == "full":
        return full.render(diagnostics, paint, unsafe)
    return concise.render(diagnostics, paint, unsafe)


def render_statistics(output_format: str, diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    """The counts by code, as JSON if the format is."""
    if output_format == "json":
        return json_format.dumps(statistics.rows(diagnostics, unsafe))
    return statistics.render(diagnostics, paint, unsafe)
