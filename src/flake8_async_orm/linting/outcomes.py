"""What is asked of a run, and what came of each file: plain data, known without the linter itself."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from flake8_async_orm import writing
from flake8_async_orm.config import Config
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.records import record

#: comments that silence: `noqa` is flake8's, with codes; `ignore` our own, with names
Style = Literal["noqa", "ignore"]


@record
class Job:
    """A file to lint, and which of the run's configurations holds for it. `data` stands in for the file's content."""

    path: str
    config: int = 0
    data: bytes | None = None


@record
class Task:
    """What is done with every file. `configs` are what jobs refer to. `silence`: comments are put on findings."""

    configs: tuple[Config, ...]
    fix: bool = False
    unsafe: bool = False
    silence: Style | None = None


@record
class Crash:
    """A defect of ours: `reference` is the same wherever the same thing goes wrong."""

    reference: str
    reason: str
    traceback: str


@record
class Outcome:
    """What came of one file. Paths are as they are shown.

    Where fixes were made, `applied` are their codes and titles, `before` and `after` the bytes, `text_before` and
    `text_after` the texts. `known` are the findings that the baseline has. `notes` are lines about what was left out.
    """

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    before: bytes = b""
    after: bytes = b""
    text_before: str = ""
    text_after: str = ""
    applied: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    crash: Crash | None = None
    known: tuple[Diagnostic, ...] = ()
    #: whether it was known from an earlier run
    cached: bool = field(default=False, compare=False)


def write(path: str, outcome: Outcome) -> str | None:
    """Put the fixed bytes into the file. Returns the reason, in one line, if it was left as it was."""
    try:
        writing.write(path, outcome.before, outcome.after)
    except writing.WriteError as error:
        return str(error)
    return None
