"""The command line: one command, no subcommands."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from flake8_async_orm import codes
from flake8_async_orm.cli.options import (
    PROGRAM,
    UsageError,
    arguments,
    cache_directory,
    changes,
    overriding,
    parser,
    reads_stdin,
)
from flake8_async_orm.config import Config, ConfigError, Finder

if TYPE_CHECKING:
    from flake8_async_orm.linting.outcomes import Outcome, Style
    from flake8_async_orm.report.colour import Paint

STDIN = "<stdin>"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: 0 clean, 1 findings, 2 wrong usage or settings or a defect of ours, 130 interrupted."""
    words = sys.argv[1:] if argv is None else argv
    try:
        for stream in (sys.stdout, sys.stderr):
            # no output may fail for a character that the terminal has not
            getattr(stream, "reconfigure", lambda errors: None)(errors="backslashreplace")
        code = _run(arguments(words))
        sys.stdout.flush()
        return code
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read has seen enough; nothing more may be flushed there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (UsageError, ConfigError, OSError) as error:
        return _say(_line(error), 2)


def console() -> NoReturn:
    """The command, as a process of its own. It ends at once: to free all that a run has made takes a quarter of its time."""
    if "--watch" not in sys.argv:
        # nothing is collected while linting, and one look at all of it afterwards would cost a tenth of the run
        gc.disable()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    return f"{PROGRAM}: error: {' '.join(text.split())}"


def _say(line: str, code: int = 0) -> int:
    sys.stderr.write(line + "\n")
    return code


def _run(options: argparse.Namespace) -> int:
    from flake8_async_orm.report import colour, explain

    paint = colour.Paint(colour.wanted(options.color, sys.stdout))
    if options.list_rules:
        sys.stdout.write(explain.listing(codes.table(), paint))
        return 0
    if options.explain is not None:
        code = codes.resolve(options.explain)
        if code is None:
            raise UsageError(codes.refusal(options.explain))
        if code not in codes.table():
            several = {row.code: row for row in codes.table().values() if row.code.startswith(code)}
            sys.stdout.write(explain.listing(several, paint))
            return 0
        from flake8_async_orm.linting import findings

        sys.stdout.write(explain.explain(codes.table()[code], findings.registered().get(code), paint))
        return 0
    if options.completion is not None:
        from flake8_async_orm.cli.completion import script

        sys.stdout.write(script(parser(), options.completion))
        return 0
    if options.watch:
        from flake8_async_orm.cli.watching import watch

        return watch(options.paths or ["."], lambda: _again(options, paint))
    return _once(options, paint)


def _again(options: argparse.Namespace, paint: Paint) -> int:
    """One of many runs: what is wrong now may be mended before the next one."""
    try:
        code = _once(options, paint)
    except (UsageError, ConfigError, OSError) as error:
        code = _say(_line(error), 2)
    sys.stdout.flush()
    return code


def _once(options: argparse.Namespace, paint: Paint) -> int:
    finder = Finder(options.config, options.isolated, lambda config: overriding(options, config))
    if options.show_settings:
        from flake8_async_orm.report import settings

        named = next((path for path in options.paths if path != "-"), options.stdin_filename or ".")
        sys.stdout.write(settings.settings(finder.config_for(os.path.abspath(named))))
        return 0
    return _lint(options, finder, paint)


def _lint(options: argparse.Namespace, finder: Finder, paint: Paint) -> int:
    from flake8_async_orm.linting.outcomes import Job, Task

    began = time.perf_counter()
    if reads_stdin(options):
        files: tuple[str, ...] = (options.stdin_filename or STDIN,)
        data = sys.stdin.buffer.read()
        absolute = os.path.abspath(files[0])
        if options.force_exclude and finder.config_for(absolute).excluded.matches(absolute):
            sys.stdout.buffer.write(data if changes(options) and not options.diff else b"")
            return 0
    else:
        files, data = _files(options, finder), None
    if options.show_files:
        sys.stdout.write("".join(f"{path}\n" for path in files))
        return 0
    configs: dict[int, Config] = {}
    jobs = []
    for path in files:
        config = finder.config_for(os.path.abspath(path))
        index = next((index for index, known in configs.items() if known is config), len(configs))
        configs[index] = config
        jobs.append(Job(path, index, data))
    if options.prune_baseline and all(config.baseline is None for config in configs.values()):
        raise UsageError("--prune-baseline: there is no baseline; name it with --baseline")
    silence: Style | None = "noqa" if options.add_noqa else "ignore" if options.add_ignore else None
    task = Task(tuple(configs.values()), options.fix or options.diff, options.unsafe_fixes, silence)
    if configs and not any(config.enabled_codes for config in configs.values()):
        _say("warning: no rule is selected")
    directory = cache_directory(options, configs[0]) if jobs else None
    if directory is None:
        from flake8_async_orm.linting import batch

        run = batch.run(jobs, task, options.jobs)
    else:
        from flake8_async_orm.cache import Cache
        from flake8_async_orm.linting import caching

        run = caching.run(jobs, task, options.jobs, Cache(directory))
    outcomes = list(_watched(run, len(jobs), options))
    from flake8_async_orm.cli import closing

    if options.verbose:
        known = sum(outcome.cached for outcome in outcomes)
        _say(f"linted {len(files)} files in {time.perf_counter() - began:.2f} s, {known} of them from the cache")
    judged = [(outcome, task.configs[job.config]) for outcome, job in zip(outcomes, jobs, strict=True)]
    return closing.close(judged, options, paint, data)


def _watched(outcomes: Iterator[Outcome], total: int, options: argparse.Namespace) -> Iterator[Outcome]:
    from flake8_async_orm.report import progress

    return outcomes if options.quiet or not progress.wanted(sys.stderr) else progress.shown(outcomes, total)


def _files(options: argparse.Namespace, finder: Finder) -> tuple[str, ...]:
    from flake8_async_orm.discovery import discover

    found = discover(options.paths or ["."], finder.config_for, options.force_exclude)
    if found.missing:
        raise UsageError(f"no such file or directory: {found.missing[0]}")
    for problem in found.problems:
        _say(f"warning: {problem}")
    if not found.files:
        _say("warning: no Python files were found")
    part, count = options.shard
    return found.files[len(found.files) * (part - 1) // count : len(found.files) * part // count]
