"""The options, and how they go on top of the settings."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from flake8_async_orm import __version__
from flake8_async_orm.config import Config, read_options
from flake8_async_orm.report import FORMATS

PROGRAM = "flake8-async-orm"
SHELLS = ("bash", "zsh", "fish", "tcsh")
CACHE = ".flake8_async_orm_cache"
#: the one part of one, which is everything
WHOLE = (1, 1)
LISTS = ("select", "ignore", "extend-select", "exclude", "extend-exclude")


class UsageError(Exception):
    """Arguments that cannot be used; the message is one line."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        refused = re.search(r"invalid choice: '(.+)' \(choose from (.+)\)$", message)
        guess = difflib.get_close_matches(refused[1], re.findall(r"[\w-]+", refused[2]), n=1) if refused else []
        raise UsageError(message + (f"; did you mean {guess[0]}?" if guess else ""))


def parser() -> Parser:
    made = Parser(PROGRAM, description="Find misuse of SQLAlchemy under asyncio, and mend it.", allow_abbrev=False)
    add = made.add_argument
    add(
        "paths", nargs="*", metavar="PATH", help="files and directories (default: the current one); - is standard input"
    )
    add("--version", action="version", version=f"{PROGRAM} {__version__}")
    add("--explain", metavar="CODE", help="print what a rule is about, by its code or name; of a prefix such as AOR5, list the rules")
    add("--list-rules", action="store_true", help="list every rule")
    add("--completion", choices=SHELLS, metavar="SHELL", help=f"print a completion script for {', '.join(SHELLS)}")
    fixing = made.add_argument_group("fixes")
    add = fixing.add_argument
    add("--fix", action="store_true", help="apply the safe fixes")
    add("--unsafe-fixes", action="store_true", help="with --fix or --diff: the unsafe ones too")
    add("--diff", action="store_true", help="show what --fix would change and write nothing; exit 1 if it is something")
    add("--show-fixes", action="store_true", help="list the fixes that were applied")
    silence = made.add_argument_group("silencing what is found")
    add = silence.add_argument
    add("--add-noqa", action="store_true", help="put `# noqa` with codes on every finding")
    add("--add-ignore", action="store_true", help="put our own comment, with names, on every finding")
    add("--baseline", metavar="FILE", help="leave out the findings that this file knows")
    add("--write-baseline", metavar="FILE", help="write the findings to a baseline instead of reporting them")
    add("--prune-baseline", action="store_true", help="drop from the baseline what is not found any more")
    choice = made.add_argument_group("what is linted, and for what")
    add = choice.add_argument
    add("--select", action="append", metavar="CODES", help="report these: codes, prefixes or names, separated by commas")
    add("--ignore", action="append", metavar="CODES", help="do not report these; of both lists the longer prefix decides")
    add("--extend-select", action="append", metavar="CODES", help="report these too, also if they are off by default")
    add("--per-file-ignores", action="append", metavar="PATTERN:CODES", help="codes that are ignored in some files")
    add("--exclude", action="append", metavar="PATTERNS", help="files and directories to leave out, for the usual ones")
    add("--extend-exclude", action="append", metavar="PATTERNS", help="files and directories to leave out as well")
    add("--force-exclude", action="store_true", help="leave excluded files out even where they are named")
    add("--preview", action="store_true", help="turn on rules that are in preview")
    add("--config", metavar="FILE", help="the pyproject.toml to use for every file")
    add("--isolated", action="store_true", help="use no pyproject.toml")
    add("--stdin-filename", metavar="NAME", help="lint standard input as the file of this name")
    output = made.add_argument_group("output")
    add = output.add_argument
    add(
        "--output-format",
        choices=FORMATS,
        default="full",
        metavar="FORMAT",
        help=f"full (default), {', '.join(FORMATS[1:-1])} or {FORMATS[-1]}",
    )
    add("--output-file", metavar="FILE", help="write the findings to a file")
    add("--statistics", action="store_true", help="count the findings by code")
    add("--color", choices=("auto", "always", "never"), default="auto", metavar="WHEN", help="auto (default), always or never")
    add("--show-settings", action="store_true", help="print the settings in force")
    add("--show-files", action="store_true", help="list the files that would be linted")
    add("-q", "--quiet", action="store_true", help="print findings and errors only")
    add("-v", "--verbose", action="store_true", help="say more, tracebacks included")
    run = made.add_argument_group("run")
    add = run.add_argument
    add("-j", "--jobs", type=int, default=0, metavar="N", help="processes (default: as many as pay)")
    add("--no-cache", action="store_true", help="neither use what earlier runs found nor keep what this one finds")
    add("--cache-dir", metavar="DIRECTORY", help="where that is kept (default: .flake8_async_orm_cache)")
    add("--shard", type=shard, default=WHOLE, metavar="I/N", help="lint the Ith of N parts of the files, for as many machines")
    add("--watch", action="store_true", help="lint again whenever something changes")
    add("--exit-zero", action="store_true", help="exit 0 whatever is found")
    add("--exit-non-zero-on-fix", action="store_true", help="exit 1 if something was fixed")
    return made


def shard(text: str) -> tuple[int, int]:
    """`2/4`: the second of four parts."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"must be I/N with 1 <= I <= N, not {text!r}")
    return int(found[1]), int(found[2])


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse; every mistake is a UsageError, with the nearest right name for an option that there is not."""
    made = parser()
    found, rest = made.parse_known_args(argv)
    unknown = next((word for word in rest if word.startswith("-")), None)
    if unknown is not None:
        known = [option for action in made._actions for option in action.option_strings]
        guess = difflib.get_close_matches(unknown.partition("=")[0], known, n=1)
        raise UsageError(f"unknown option {unknown}" + (f"; did you mean {guess[0]}?" if guess else ""))
    if rest:
        raise UsageError(f"unexpected argument {rest[0]}")
    if found.jobs < 0:
        raise UsageError("argument -j/--jobs: must not be negative")
    _together(found)
    return found


#: options of which the second makes no sense, or not the one that it seems to have, where the first is given
_APART = (
    ("fix", "add-noqa"),
    ("fix", "add-ignore"),
    ("add-noqa", "add-ignore"),
    ("write-baseline", "baseline"),
    ("write-baseline", "prune-baseline"),
    # --diff changes nothing; a part is no baseline of the whole
    ("diff", "write-baseline"),
    ("diff", "prune-baseline"),
    ("shard", "write-baseline"),
    ("config", "isolated"),
    ("quiet", "verbose"),
)


#: options that name a file or a directory
_NAMES = ("baseline", "write-baseline", "config", "output-file", "cache-dir", "stdin-filename")


def _together(found: argparse.Namespace) -> None:
    """Refuse what cannot be used together."""

    def given(name: str) -> bool:
        value = getattr(found, name.replace("-", "_"))
        return value not in (None, False, WHOLE)

    for one, other in _APART:
        if given(one) and given(other):
            raise UsageError(f"--{one} and --{other} cannot be used together")
    empty = next((name for name in _NAMES if getattr(found, name.replace("-", "_")) == ""), None)
    if empty is not None:
        raise UsageError(f"argument --{empty}: must not be empty")
    if "" in found.paths:
        # it would be the current directory, and most likely an empty variable
        raise UsageError("a path must not be empty")
    named = [path for path in found.paths if path != "-"]
    if named and "-" in found.paths:
        raise UsageError("- cannot be mixed with paths")
    if named and found.stdin_filename is not None:
        raise UsageError("--stdin-filename and paths cannot be used together")
    if found.watch and reads_stdin(found):
        raise UsageError("--watch and standard input cannot be used together")


def reads_stdin(options: argparse.Namespace) -> bool:
    """Whether standard input is what is linted."""
    return options.paths == ["-"] or (options.stdin_filename is not None and not options.paths)


def cache_directory(options: argparse.Namespace, config: Config) -> str | None:
    """Where the cache is, beside the settings; None if there is to be none: --isolated uses nothing that lies around."""
    if options.no_cache or options.diff or changes(options) or reads_stdin(options):
        return None
    if options.cache_dir is not None:
        return str(os.path.abspath(options.cache_dir))
    if options.isolated:
        return None
    root = os.getcwd() if config.file is None else os.path.dirname(config.file)
    return config.cache_dir or os.path.join(root, CACHE)


def changes(options: argparse.Namespace) -> bool:
    """Whether files are to be changed, or would be but for --diff."""
    return bool(options.fix or options.add_noqa or options.add_ignore)


def overriding(options: argparse.Namespace, config: Config) -> Config:
    """The configuration with what the command line says. A `--select` also outweighs what the file ignores, unless that is
    more special. Patterns of the command line start from the current directory."""
    here = os.getcwd()
    given: dict[str, Any] = {}
    for name in LISTS:
        texts = getattr(options, name.replace("-", "_"))
        if texts is not None:
            given[name] = [word for text in texts for word in re.split(r"[,\s]+", text) if word]
    if options.per_file_ignores is not None:
        given["per-file-ignores"] = per_file_ignores(options.per_file_ignores)
    read = read_options(given, "command line")
    rooted = [_from(here, pattern) for pattern in read.get("extend_exclude", ())]
    read["extend_exclude"] = (*config.extend_exclude, *rooted)
    if "exclude" in read:
        read["exclude"] = tuple(_from(here, pattern) for pattern in read["exclude"])
    read["extend_select"] = (*config.extend_select, *read.get("extend_select", ()))
    rows = read.get("per_file_ignores", config.per_file_ignores)
    if "per_file_ignores" in read:
        rows = tuple((_from(here, pattern), listed) for pattern, listed in rows)
    read["per_file_ignores"] = rows
    if "select" in read and "ignore" not in read:
        read["ignore"] = tuple(
            code for code in config.ignore if not any(one.startswith(code) for one in read["select"])
        )
    if options.write_baseline is not None:
        read["baseline"] = None
    elif options.baseline is not None:
        read["baseline"] = os.path.abspath(options.baseline)
    return replace(config, **read, preview=config.preview or options.preview)


def per_file_ignores(texts: Sequence[str]) -> dict[str, list[str]]:
    """`tests/*:AOR501,AOR1 setup.py:AOR` as a table."""
    table: dict[str, list[str]] = {}
    pattern: str | None = None
    for word in (word for text in texts for word in re.split(r"[,\s]+", text) if word):
        head, colon, code = word.rpartition(":")
        if colon and head:
            pattern = head
        elif pattern is None:
            raise UsageError(f"argument --per-file-ignores: `{word}` is not PATTERN:CODES")
        table.setdefault(pattern, []).extend([code] if code else [])
    return table


def _from(directory: str, pattern: str) -> str:
    negation = "!" if pattern.startswith("!") else ""
    body = pattern[len(negation) :]
    return negation + (os.path.normpath(os.path.join(directory, body)) if "/" in body.rstrip("/") else body)
