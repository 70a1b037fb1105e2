"""The cost of a cold run, in parses of the files that it had to read: `python benchmarks/run.py TREE ...`.

All figures are CPU seconds (user and system, all processes of the run) or ratios of them. Wall time is of no use on a
shared machine. The parse is `libcst.parse_module` of the same files in the same session, with the import left out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flake8_async_orm.config import Config
from flake8_async_orm.project import Workspace
from flake8_async_orm.project.reach import Reach

ORM = re.compile(rb"sqlalchemy|sqlmodel")
#: what the start of the interpreter and the imports may cost beside the ratio, in CPU seconds
START = 0.5


@dataclass(frozen=True)
class Cost:
    """CPU seconds and the greatest resident memory, in MB, of one process and those that it waited for."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Unit:
    """A set of files that is parsed for comparison."""

    title: str
    files: tuple[Path, ...]
    lines: int


def python_files(tree: Path) -> list[Path]:
    if tree.is_file():
        return [tree]
    return sorted(path for path in tree.rglob("*.py") if not any(part.startswith(".") for part in path.parts[1:]))


def interpreted(files: Sequence[Path]) -> list[Path]:
    """The files that the linter interprets, by its own judgement."""
    workspace = Workspace(Config())
    reaches: dict[int, Reach] = {}
    found = []
    for path in files:
        project = workspace.project_for(str(path))
        reach = reaches.setdefault(id(project), Reach(project))
        if reach.matters(str(path), path.read_bytes()):
            found.append(path)
    return found


def parsed_by_a_run(tree: Path) -> list[Path]:
    """The files whose trees a run over `tree` makes: those that it interprets, and those whose definitions it needs."""
    done = subprocess.run([sys.executable, __file__, "--paths", str(tree)], stdout=subprocess.PIPE, text=True, check=True)
    return [Path(path) for path in json.loads(done.stdout.splitlines()[-1])]


def print_paths(tree: str) -> None:
    """Run the linter in this process, and print as JSON which files were parsed."""
    from flake8_async_orm.cli import main
    from flake8_async_orm.source import Source

    parsed: dict[str, None] = {}
    parse = vars(Source)["_parsed"]
    make = parse.func

    def recorded(source: Source) -> object:
        parsed[source.path] = None
        return make(source)

    parse.func = recorded
    with contextlib.redirect_stdout(io.StringIO()):
        main(["--isolated", "--no-cache", "--jobs", "1", tree])
    print(json.dumps(list(parsed)))


def unit(title: str, files: Sequence[Path]) -> Unit:
    return Unit(title, tuple(files), sum(path.read_bytes().count(b"\n") for path in files))


def measure(command: Sequence[str], **environment: str) -> Cost:
    """Run a command to its end; its output is thrown away, exit codes above 1 raise SystemExit."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **environment}
    )
    assert process.stderr is not None
    errors = process.stderr.read().decode("utf-8", "replace")
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command[:4])} ... ended with {process.returncode}: {errors[-2000:]}")
    # kilobytes on Linux, bytes on macOS
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def parse(files: Sequence[str]) -> float:
    """CPU seconds of parsing these files, one after the other, none kept; refused ones count."""
    import libcst

    contents = [Path(file).read_bytes() for file in files]
    before = time.process_time()
    for content in contents:
        try:
            libcst.parse_module(content)
        except (libcst.ParserSyntaxError, SyntaxError, LookupError, ValueError, RecursionError):
            continue
    return time.process_time() - before


def parse_elsewhere(files: Sequence[Path]) -> float:
    """The same in a process of its own, as the linter has one."""
    command = [sys.executable, __file__, "--parse"]
    listing = json.dumps([str(path) for path in files])
    done = subprocess.run(command, input=listing, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def bench(tree: Path, rounds: int, jobs: int) -> tuple[list[str], float]:
    """The rows of the table for one tree, and the ratio that a limit is set on."""
    files = python_files(tree)
    naming = [path for path in files if ORM.search(path.read_bytes())]
    units = [
        unit("name it", naming),
        unit("interpret", interpreted(files)),
        unit("parse", parsed_by_a_run(tree)),
    ]
    linter = [sys.executable, "-m", "flake8_async_orm", "--isolated", "--no-cache", "--jobs", str(jobs), str(tree)]
    runs: list[Cost] = []
    parses: list[list[float]] = [[] for _ in units]
    for _ in range(rounds):
        # compiled modules are kept, as they are where the package is installed
        runs.append(measure(linter, PYTHONDONTWRITEBYTECODE=""))
        for times, one in zip(parses, units, strict=True):
            times.append(parse_elsewhere(one.files))
    seconds = min(run.seconds for run in runs)
    memory = max(run.megabytes for run in runs)
    rows, ratios = [], []
    for one, times in zip(units, parses, strict=True):
        floor = min(times)
        ratio = max(seconds - START, 0) / floor if floor else 0.0
        ratios.append(ratio)
        rows.append(
            f"{tree.name[:36]:36} {one.title:9} {len(one.files):6} {one.lines:8} {floor:8.2f} {seconds:8.2f} "
            f"{seconds / floor if floor else 0:6.2f} {ratio:6.2f} {memory:6.0f}"
        )
    return rows, ratios[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("trees", nargs="*", type=Path, help="directories or files of Python code")
    parser.add_argument("--rounds", type=int, default=3, help="the least of so many runs counts (default: 3)")
    parser.add_argument("--jobs", type=int, default=1, help="processes of the linter (default: 1; 0: as many as pay)")
    parser.add_argument("--limit", type=float, help="fail where the net ratio of a `parse` row is greater")
    parser.add_argument("--parse", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--paths", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.parse:
        print(parse(json.load(sys.stdin)))
        return 0
    if arguments.paths:
        print_paths(arguments.paths)
        return 0
    if not arguments.trees:
        parser.error("which trees?")
    print(f"{'tree':36} {'files':9} {'number':>6} {'lines':>8} {'parse s':>8} {'run s':>8}", end="")
    print(f" {'ratio':>6} {'net':>6} {'MB':>6}")
    over = []
    for tree in arguments.trees:
        rows, ratio = bench(tree.resolve(), arguments.rounds, arguments.jobs)
        print("\n".join(rows), flush=True)
        if arguments.limit is not None and ratio > arguments.limit:
            over.append(f"{tree}: {ratio:.2f}")
    if over:
        print(f"above the limit of {arguments.limit}: {', '.join(over)}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
