"""What the linter says of programs that were right before a loader option was taken away, held against their own tests.

    python benchmarks/loader_options.py TREE --sources src/app --tests tests --python venv/bin/python --work DIR

In copies of the tree, loader options (`selectinload(...)`, the rest of a chain) and eager mappings (`lazy="selectin"`) are taken away,
in as few rounds as keep those of one chain apart. The tests run under `lazy_load_recorder`, which tells each lazy load that would have raised and what
was taken away from the statement behind it. The changed copy is linted. A case is a removal after which code of `--sources` loads lazily;
it is reported if a finding of AOR5xx that names the attribute is on a line that the traceback passes through.

Runs of tests are kept in DIR and not repeated: delete it to begin anew. `--verbose` shows what was missed, innermost line first.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from removed_options import Removal, find, without

HERE = Path(__file__).resolve().parent
SKIPPED = shutil.ignore_patterns(".git", "node_modules", ".venv", "__pycache__")

Load = dict[str, Any]
Report = dict[str, Any]


@dataclass
class Case:
    """A removal and the lazy loads that it led to."""

    removal: Removal
    loads: list[Load] = field(default_factory=list)
    found: list[Report] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    options.work = options.work.resolve()
    shutil.rmtree(options.work / "cache", ignore_errors=True)
    removals = [one for one in find(options.tree, options.sources) if options.grep in f"{one.path}:{one.line} {one.attribute}"]
    rounds = planned(removals, options.apart)
    base = tested(options, "base", [])
    cases: list[Case] = []
    for number, taken in enumerate(rounds):
        loads = [load for load in tested(options, str(number), taken) if load not in base]
        cases += judged(options, taken, loads)
    show(removals, cases, options.verbose)
    return 0


def judged(options: argparse.Namespace, taken: list[Removal], loads: list[Load]) -> list[Case]:
    """The removals of a round that led to lazy loads, with what the linter says of them.

    A line gets one finding of a rule: what is missed beside others is tried again with the other attributes back in place.
    """
    cases = []
    for removal in taken:
        mine = [one for one in loads if belongs(one, removal, taken) and of_sources(one, options.sources)]
        if mine:
            cases.append(Case(removal, mine))
    look(cases, linted(options, taken))
    waiting = [case for case in cases if not case.found]
    while waiting:
        alone: dict[str, str] = {}
        for case in waiting:
            alone.setdefault(case.removal.group, case.removal.attribute)
        look(waiting, linted(options, [one for one in taken if alone.get(one.group) == one.attribute]))
        waiting = [case for case in waiting if alone[case.removal.group] != case.removal.attribute]
    return cases


def look(cases: list[Case], findings: list[Report]) -> None:
    for case in cases:
        case.found = [one for one in findings if any(about(one, load) for load in case.loads)] or case.found


def planned(removals: list[Removal], apart: bool) -> list[list[Removal]]:
    """Rounds in which every removal is once, and no two of a chain together, nor of a function where they are kept `apart`."""
    groups: list[list[Removal]] = []
    by_function: dict[str, list[Removal]] = defaultdict(list)
    end = ("", 0)
    for one in sorted(removals, key=lambda one: (one.path, one.start)):
        by_function[one.group].append(one)
        if one.path != end[0] or one.start >= end[1]:
            groups.append([])
            end = (one.path, one.end)
        groups[-1].append(one)
        end = (one.path, max(end[1], one.end))
    groups = list(by_function.values()) if apart else groups
    return [[group[index] for group in groups if index < len(group)] for index in range(max(map(len, groups), default=0))]


def tested(options: argparse.Namespace, name: str, taken: list[Removal]) -> list[Load]:
    """The lazy loads of the tests without these options, from an earlier run if there is one."""
    said = options.work / f"loads-{name}.jsonl"
    if not said.exists():
        tree = changed(options, "run", taken, marked=True)
        part = said.with_suffix(".part")
        part.write_text("", encoding="utf-8")
        environment = {**os.environ, "LAZY_LOADS": str(part), "LAZY_LOADS_ROOT": str(tree), "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [options.python, "-m", "pytest", "-q", "-p", "lazy_load_recorder", "-p", "no:cacheprovider", *options.pytest.split(), *options.tests]
        print(f"round {name}: {len(taken)} removals, {' '.join(map(str, command[1:]))}", flush=True)
        with open(options.work / f"tests-{name}.txt", "w", encoding="utf-8") as output:
            subprocess.run(command, cwd=tree, env=environment, stdout=output, stderr=output, check=False)
        part.rename(said)
    return [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]


def linted(options: argparse.Namespace, taken: list[Removal]) -> list[Report]:
    """The findings of the 5xx rules in the tree without these options."""
    tree = changed(options, "lint", taken, marked=False)
    command = [sys.executable, "-m", "flake8_async_orm", "--isolated", "--cache-dir", str(options.work / "cache"), "--output-format", "json", "--select", "AOR5", *options.sources]
    run = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        raise SystemExit(run.stderr)
    return list(json.loads(run.stdout))


def changed(options: argparse.Namespace, name: str, taken: list[Removal], marked: bool) -> Path:
    """The copy of the tree, with the files of these removals changed and all others as they are."""
    tree: Path = options.work / name
    if not tree.exists():
        shutil.copytree(options.tree, tree, ignore=SKIPPED, symlinks=True)
    by_path: dict[str, list[Removal]] = defaultdict(list)
    for one in taken:
        by_path[one.path].append(one)
    for folder in options.sources:
        for original in (options.tree / folder).rglob("*.py"):
            path = str(original.relative_to(options.tree))
            text = original.read_text(encoding="utf-8")
            wanted = without(text, by_path[path], marked) if path in by_path else text
            if (tree / path).read_text(encoding="utf-8") != wanted:
                (tree / path).write_text(wanted, encoding="utf-8")
    return tree


def belongs(load: Load, removal: Removal, taken: list[Removal]) -> bool:
    """Whether the load is there because of the removal: by what the instance remembers, else by the attribute if no other is like it."""
    if load["attribute"] != removal.attribute:
        return False
    alike = [one for one in taken if one.attribute == removal.attribute]
    if any(one.number in load["removed"] for one in alike):
        return removal.number in load["removed"]
    alike = [one for one in alike if one.model in (load["model"], load["on"]) or len(alike) == 1]
    return alike == [removal]


def of_sources(load: Load, sources: Iterable[str]) -> bool:
    return bool(load["frames"] or load["endpoint"]) and any(str(at).startswith(f"{one}/") for at, *_ in touched(load)[:1] for one in sources)


def touched(load: Load) -> list[list[Any]]:
    """The places that the traceback passes through; of an answer that is serialised, the endpoint."""
    return [*load["frames"], *([load["endpoint"]] if load["endpoint"] else [])]


def about(finding: Report, load: Load) -> bool:
    """Whether the finding is on a line of the traceback and names the attribute."""
    if load["attribute"] not in json.dumps(finding):
        return False
    first = finding["location"]["row"]
    last = finding["end_location"]["row"]
    return any(finding["filename"].endswith(path) and first <= end and last >= start for path, start, end, _ in touched(load))


def show(removals: list[Removal], cases: list[Case], verbose: bool) -> None:
    reported = [case for case in cases if case.found]
    for case in cases:
        one = case.removal
        if case.found or not verbose:
            continue
        print(f"\nMISSED {one.path}:{one.line} {one.kind} {one.model}.{one.attribute}")
        for load in sorted(case.loads, key=lambda load: len(load["frames"]))[:3]:
            print(f"  {load['error']} {load['on']}.{load['attribute']}")
            for path, start, _, function in touched(load):
                print(f"    {path}:{start} {function}")
    for case in reported if verbose else []:
        rules = sorted({f"{one['code']} {Path(one['filename']).name}:{one['location']['row']}" for one in case.found})
        print(f"reported {case.removal.path}:{case.removal.line} {case.removal.model}.{case.removal.attribute}: {', '.join(rules)}")
    share = f", {100 * len(reported) / len(cases):.0f} %" if cases else ""
    print(f"\n{len(removals)} removals, {len(cases)} led to lazy loads, {len(reported)} reported{share}")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--sources", nargs="+", required=True, help="folders of the tree that hold the application")
    parser.add_argument("--tests", nargs="+", required=True, help="what pytest gets")
    parser.add_argument("--pytest", default="", help="further options of pytest")
    parser.add_argument("--python", required=True, help="the interpreter that runs the tests")
    parser.add_argument("--work", type=Path, required=True, help="a folder for copies and runs")
    parser.add_argument("--grep", default="", help="only removals with this in `path:line attribute`")
    parser.add_argument("--apart", action="store_true", help="no two of a function at a time: more runs, less confusion")
    parser.add_argument("--verbose", action="store_true")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
