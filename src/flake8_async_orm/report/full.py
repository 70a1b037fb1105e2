"""Every finding with its line, what is to be done, and the trail that led to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_async_orm.diagnostics import Diagnostic, Related
from flake8_async_orm.discovery import shown
from flake8_async_orm.edits import Safety
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.concise import head
from flake8_async_orm.report.width import columns, expanded, visible

#: of an expression over more lines only the first ones are shown, and the last
LINES = 5
#: wider lines are cut around the place
WIDTH = 140

_HOW: dict[Safety, str] = {
    "safe": "`--fix`",
    "unsafe": "`--fix --unsafe-fixes`",
    "suggestion": "a suggestion, for the editor",
}


def render(diagnostics: Sequence[Diagnostic], paint: Paint, unsafe: bool = False) -> str:
    return "".join(f"{_block(one, paint, unsafe)}\n" for one in diagnostics)


def _block(diagnostic: Diagnostic, paint: Paint, unsafe: bool) -> str:
    numbers = [
        min(diagnostic.end_line, diagnostic.line + len(diagnostic.source_lines)),
        *(one.line for one in diagnostic.related),
    ]
    gutter = len(str(max(numbers)))
    margin = " " * gutter
    bar = paint("|", "blue")
    lines = [head(diagnostic, paint, unsafe)]
    if diagnostic.source_lines:
        lines.append(f"{margin} {bar}")
        for number, text, marks in _excerpt(diagnostic):
            lines.append(f"{paint(number.rjust(gutter), 'blue')} {bar} {text}".rstrip())
            if marks:
                lines.append(f"{margin} {bar} {paint(marks, 'red', 'bold')}")
        lines.append(f"{margin} {bar}")
    lines += [f"{margin} {paint('=', 'blue')} {paint(kind, 'bold')}: {text}" for kind, text in _notes(diagnostic)]
    for related in diagnostic.related:
        lines += _trail(related, gutter, paint)
    return "\n".join(lines) + "\n"


def _notes(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    if diagnostic.help:
        yield "help", visible(" ".join(diagnostic.help.split()))
    for fix in diagnostic.fixes:
        elsewhere = sorted({shown(edit.path) for edit in fix.edits if edit.path is not None})
        where = f", in {', '.join(map(visible, elsewhere))}" if elsewhere else ""
        yield "fix", f"{visible(fix.title)} ({_HOW[fix.safety]}{where})"


def _trail(related: Related, gutter: int, paint: Paint) -> Iterator[str]:
    margin = " " * gutter
    bar = paint("|", "blue")
    place = f"{visible(related.path)}:{related.line}:{related.column + 1}"
    yield f"{margin} {paint('-->', 'blue')} {place}: {visible(related.text)}"
    if not related.source_line:
        return
    end = related.end_column if related.end_line == related.line else len(related.source_line)
    text, marks = _marked(related.source_line, related.column, end, "-")
    yield f"{paint(str(related.line).rjust(gutter), 'blue')} {bar} {text}".rstrip()
    if marks:
        yield f"{margin} {bar} {paint(marks, 'cyan')}"


def _excerpt(diagnostic: Diagnostic) -> Iterator[tuple[str, str, str]]:
    """The lines of the expression as (number, text, underline)."""
    count = diagnostic.end_line - diagnostic.line + 1
    known = len(diagnostic.source_lines)
    shown = list(range(min(count, known)))
    cut = count > LINES
    if cut:
        shown = [*shown[: LINES - 2], *([count - 1] if count <= known else [])]
    for position, index in enumerate(shown):
        if cut and position == LINES - 2:
            yield "...", "", ""
        line = diagnostic.source_lines[index]
        first = diagnostic.column if index == 0 else len(line) - len(line.lstrip())
        last = diagnostic.end_column if index == count - 1 else len(line.rstrip())
        yield (str(diagnostic.line + index), *_marked(line, first, last, "^"))
    if cut and len(shown) < LINES - 1:
        yield "...", "", ""


def _marked(line: str, first: int, last: int, sign: str) -> tuple[str, str]:
    """A line as it is shown, and the underline below its columns `first` to before `last` (at least one sign)."""
    line, first, last = _cut(visible(line), first, last)
    start = columns(line[:first])
    width = columns(line[first:last], start)
    return expanded(line).rstrip(), " " * start + sign * max(width, 1)


def _cut(line: str, first: int, last: int) -> tuple[str, int, int]:
    """The part around `first` of a line that is too long."""
    if len(line) <= WIDTH:
        return line, first, min(last, len(line))
    start = max(0, min(first - WIDTH // 4, len(line) - WIDTH))
    end = min(len(line), start + WIDTH)
    head_sign = "\u2026" if start else ""
    part = head_sign + line[start:end] + ("\u2026" if end < len(line) else "")
    shift = len(head_sign) - start
    return part, first + shift, min(last, end) + shift
