"""What the linter says about a file, ready to be shown: plain data that can go from process to process."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from flake8_async_orm.edits import Fix
from flake8_async_orm.records import record


class Range(NamedTuple):
    """From `line`, `column` to before `end_line`, `end_column`: lines 1-based, columns 0-based code points."""

    line: int
    column: int
    end_line: int
    end_column: int


@record
class Related:
    """Another place that belongs to a finding, and what happened there. `source_line` is its first line."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    source_line: str = ""


@record
class Diagnostic:
    """A finding in a file.

    `start` and `end` are 0-based offsets in the text, lines are 1-based, columns 0-based code points. `function` is the
    qualified name of the function that it stands in ("" at module level). `source_lines` are the lines it spans (the
    first ones, if there are many). `fix_ranges` tells for each of `fixes` where its edits stand.
    """

    code: str
    name: str
    message: str
    help: str
    path: str
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()
    function: str = ""
    source_lines: tuple[str, ...] = ()
    severity: str = "error"
    fix_ranges: tuple[tuple[Range, ...], ...] = field(default=(), repr=False)

    @property
    def source_line(self) -> str:
        """The line that the finding starts on."""
        return self.source_lines[0] if self.source_lines else ""

    @property
    def expression(self) -> str:
        """The text that the finding stands on, on one line: of a statement with a body only its head, of a very long one
        only the beginning."""
        pieces = []
        for number, text in enumerate(self.source_lines):
            last = self.line + number == self.end_line
            pieces.append(text[self.column if not number else 0 : self.end_column if last else None])
            if not last and pieces[-1].rstrip().endswith(":"):
                break
        return " ".join(" ".join(pieces).split())

    def fix(self, unsafe: bool = False) -> Fix | None:
        """The fix that `--fix` would apply (with `unsafe`, `--fix --unsafe-fixes`): a safe one before an unsafe one."""
        for safety in ("safe", "unsafe") if unsafe else ("safe",):
            for fix in self.fixes:
                if fix.safety == safety and all(edit.path is None for edit in fix.edits):
                    return fix
        return None
