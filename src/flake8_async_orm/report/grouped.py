"""Findings below the names of their files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.concise import body
from flake8_async_orm.report.width import visible


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    pieces = []
    for path, group in groupby(diagnostics, key=lambda one: one.path):
        found = list(group)
        places = [f"{one.line}:{one.column + 1}" for one in found]
        width = max(map(len, places))
        pieces.append(f"{paint(visible(path), 'bold')}:\n")
        for one, place in zip(found, places, strict=True):
            pieces.append(f"  {paint(place.ljust(width), 'cyan')}  {body(one, paint, unsafe)}\n")
        pieces.append("\n")
    return "".join(pieces)
