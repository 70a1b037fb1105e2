"""One line for each finding."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.width import visible


def head(diagnostic: Diagnostic, paint: Paint, unsafe: bool) -> str:
    """`path:line:column: CODE [*] message`, as editors and people read it: 1-based; `[*]` stands for a fix."""
    place = paint(visible(diagnostic.path), "bold") + paint(f":{diagnostic.line}:{diagnostic.column + 1}:", "cyan")
    return f"{place} {body(diagnostic, paint, unsafe)}"


def body(diagnostic: Diagnostic, paint: Paint, unsafe: bool) -> str:
    """`CODE [*] message` on one line."""
    mark = paint("[*] ", "cyan") if diagnostic.fix(unsafe) is not None else ""
    message = visible(" ".join(diagnostic.message.split()))
    return f"{paint(diagnostic.code, 'red', 'bold')} {mark}{message}"


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    return "".join(head(one, paint, unsafe) + "\n" for one in diagnostics)
