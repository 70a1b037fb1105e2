"""The end of a run: files are written, findings printed, and the exit code is found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from flake8_async_orm import report
from flake8_async_orm.cli import baselines
from flake8_async_orm.cli.baselines import Judged
from flake8_async_orm.cli.options import PROGRAM, changes
from flake8_async_orm.diagnostics import Diagnostic
from flake8_async_orm.linting import outcomes as linted
from flake8_async_orm.linting.outcomes import Outcome
from flake8_async_orm.report import colour, diffs, summary
from flake8_async_orm.report.colour import Paint

#: what a baseline may be called
BASELINE = "flake8-async-orm-baseline.json"


def close(judged: Sequence[Judged], options: argparse.Namespace, paint: Paint, stdin: bytes | None) -> int:
    """Put out what a run came to; the exit code. `stdin` is what standard input held, if that was linted."""
    outcomes = [outcome for outcome, _ in judged]
    changed = [outcome for outcome in outcomes if outcome.applied]
    crashes = [outcome for outcome in outcomes if outcome.crash is not None]
    diagnostics = [diagnostic for outcome in outcomes for diagnostic in outcome.diagnostics]
    lines = list(_trouble(outcomes, options.verbose))
    baseline: list[str] = []
    if options.write_baseline is None:
        baseline = list(baselines.settle(judged, options))
    elif not crashes:
        baseline = list(baselines.write(judged, options))
        diagnostics = []
    unwritten: list[str] = []
    if options.diff:
        plain = paint if options.output_file is None else colour.Paint(options.color == "always")
        text = "".join(diffs.diff(one.path, one.text_before, one.text_after, plain) for one in changed)
        _put_bytes(text.encode("utf-8", "surrogateescape"), options.output_file)
    elif stdin is not None and changes(options):
        _put_bytes(outcomes[0].after if changed else stdin)
        # standard output is the file now
        _report(diagnostics, options, colour.Paint(colour.wanted(options.color, sys.stderr)), sys.stderr)
    else:
        unwritten = [problem for one in changed if (problem := linted.write(one.path, one)) is not None]
        lines += [f"error: not changed: {problem}" for problem in unwritten]
        _report(diagnostics, options, paint, sys.stdout)
    told = [*(_fixes(changed) if options.show_fixes else ())]
    if not options.quiet:
        told += _summary(diagnostics, changed, len(outcomes) - len(crashes), options)
        told += baseline
        if options.output_format in report.PROSE and all(config.baseline is None for _, config in judged):
            import shlex

            paths = " ".join(map(shlex.quote, options.paths))
            told += summary.overview(diagnostics, f"{PROGRAM} --write-baseline {BASELINE} {paths}".rstrip())
    sys.stdout.flush()
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    if options.output_format not in report.DOCUMENTS or options.output_file is not None:
        # where lines are for machines, the words for people stand apart
        reading = options.output_format in report.PROSE and not options.diff and not (stdin is not None and changes(options))
        (sys.stdout if reading else sys.stderr).write("".join(f"{line}\n" for line in told))
    if crashes or unwritten:
        return 2
    if options.exit_zero:
        return 0
    if options.diff:
        return 1 if changed else 0
    return 1 if diagnostics or (changed and options.exit_non_zero_on_fix) else 0


def _put_bytes(data: bytes, path: str | None = None) -> None:
    """Bytes as they are, to standard output or a file: no newline may be translated."""
    if path is not None:
        Path(path).write_bytes(data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _report(diagnostics: Sequence[Diagnostic], options: argparse.Namespace, paint: Paint, stream: TextIO) -> None:
    if options.output_file is None:
        stream.write(_findings(diagnostics, options, paint))
        return
    text = _findings(diagnostics, options, colour.Paint(options.color == "always"))
    with open(options.output_file, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


def _findings(diagnostics: Sequence[Diagnostic], options: argparse.Namespace, paint: Paint) -> str:
    render = report.render_statistics if options.statistics else report.render
    return render(options.output_format, diagnostics, paint, options.unsafe_fixes)


def _trouble(outcomes: Sequence[Outcome], verbose: bool) -> Iterator[str]:
    """What was left out, and what went wrong inside."""
    for outcome in outcomes:
        yield from outcome.notes
        crash = outcome.crash
        if crash is None:
            continue
        hint = "" if verbose else "; --verbose shows the traceback"
        yield f"{outcome.path}: internal error {crash.reference}: {crash.reason}{hint}"
        if verbose:
            yield crash.traceback.rstrip("\n")


def _fixes(changed: Sequence[Outcome]) -> Iterator[str]:
    for outcome in changed:
        yield f"{outcome.path}:"
        for code, title in dict.fromkeys(outcome.applied):
            yield f"  {outcome.applied.count((code, title))} x {code} ({title})"


def _verb(options: argparse.Namespace) -> str:
    verb = "silence" if options.add_noqa or options.add_ignore else "fix"
    return f"would {verb}" if options.diff else f"{verb}d" if verb.endswith("e") else f"{verb}ed"


def _summary(
    diagnostics: Sequence[Diagnostic], changed: Sequence[Outcome], files: int, options: argparse.Namespace
) -> Iterator[str]:
    if changed:
        yield summary.fixing(sum(len(one.applied) for one in changed), len(changed), _verb(options))
    if files and options.write_baseline is None:
        yield from summary.summary(diagnostics, files, options.unsafe_fixes)
