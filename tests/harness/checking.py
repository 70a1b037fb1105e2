"""The three tests of a fixture program: its findings, its runs, its fixed twin. Each gives a list of complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.accept import settle
from harness.linter import Linter
from harness.markers import Expected, Marked, Oracle, Scenario, parse
from harness.programs import Program, read, twin_of
from harness.runtime import Marks, Outcome, Worker, judge, judge_compiling
from harness.static import compare, line_of, style


def stage(program: Program, folder: Path, texts: dict[str, str] | None = None) -> None:
    """Write the program into an empty folder, alone as a user's would be; `texts` replace files of it."""
    for file in program.files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (texts or {}).get(file)
        path.write_bytes((program.root / file).read_bytes() if text is None else text.encode())
    for file in program.data:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((program.root / file).read_bytes())


def settings_of(program: Program, linter: Linter) -> dict[str, object]:
    """The settings of the main file's header; the folder's own code is on, whatever its default."""
    settings = program.marked[program.main].settings() if program.main in program.marked else {}
    rule = getattr(linter, "registry", {}).get(program.code)
    if rule is not None and not rule.default:
        settings.setdefault("extend_select", [program.code])
    if rule is not None and rule.preview:
        settings.setdefault("preview", True)
    return settings


def check_static(program: Program, linter: Linter, folder: Path) -> list[str]:
    """The linter finds what is marked, where it is marked, and nothing else."""
    stage(program, folder)
    settings = settings_of(program, linter)
    complaints = program.problems()
    for file, marked in program.marked.items():
        found = linter.lint(folder / file, settings)
        complaints += compare(marked, found, linter.codes)
        for one in found:
            complaints += [f"{marked.name}: the message of {one.code}: {fault}" for fault in style(one.message)]
    return complaints


def check_runtime(program: Program, worker: Worker) -> list[str]:
    """Every scenario behaves as its oracle says."""
    complaints = program.problems()
    if program.whole is not None:
        faults = judge_compiling(program.marked[program.main].text, program.whole)
        return complaints + [f"{program.group}/{program.main}: {fault}" for fault in faults]
    worker.start()
    marks = marks_of(program.marked)
    for scenario in program.scenarios:
        outcome = worker.run(program.root, program.main, scenario)
        oracle = scenario.oracle_for(worker.sqlalchemy)
        complaints += named(program, scenario, judge(scenario, oracle, outcome, marks, worker.exceptions))
    return complaints


def check_twin(program: Program, linter: Linter, worker: Worker | None, folder: Path, accept: bool) -> list[str]:
    """The twin is what the fixes yield, lints clean but for what has no fix, and runs as a fixed program should.

    Without a worker (the program cannot run here) the scenarios are left out.
    """
    settings = settings_of(program, linter)
    stage(program, folder)
    texts, complaints = {}, []
    for file in program.files:
        result = linter.fix(folder / file, settings)
        if result.refused:
            complaints.append(f"{program.group}/{file}: the fixes were refused: {result.refused}")
        texts[file] = result.text
    for file in program.files:
        original = program.marked[file].text
        complaints += settle(program.root / twin_of(file), texts[file] if texts[file] != original else None, accept)
    if all(texts[file] == program.marked[file].text for file in program.files):
        return complaints
    stage(program, folder, texts)
    twins = {file: parse(read(folder / file), f"{program.group}/{twin_of(file)}", False) for file in program.files}
    left: dict[str, list[Any]] = {file: linter.lint(folder / file, settings) for file in program.files}
    marks: Marks = []
    for file, found in left.items():
        for one in found:
            fault, mark = remaining(twins[file], one)
            complaints += fault
            marks += [(file, mark)] if mark else []
    for scenario in twins[program.main].scenarios if worker else []:
        assert worker is not None
        outcome = worker.run(folder, program.main, scenario)
        oracle = scenario.oracle_for(worker.sqlalchemy)
        complaints += named(program, scenario, judge_fixed(program, scenario, oracle, outcome, marks), "the fixed ")
    return complaints


def remaining(twin: Marked, found: Any) -> tuple[list[str], Expected | None]:
    """A finding of the twin is right only if it has no fix to apply and is marked there as it was in the original."""
    line, text = line_of(twin.text, found.start), twin.under(found.start, found.end)
    fix = found.fix(unsafe=True)
    if fix is not None:
        return [f"{twin.name}:{line}: {found.code} under `{text}` is left although it has a fix: {fix.title}"], None
    mark = next((one for one in twin.findings if one.matches(found.code, line, text)), None)
    if mark is None:
        return [f"{twin.name}:{line}: after the fixes a new {found.code} under `{text}`: {found.message}"], None
    return [], mark


def judge_fixed(program: Program, scenario: Scenario, oracle: Oracle, outcome: Outcome, marks: Marks) -> list[str]:
    """A fixed scenario runs ok. What still has its finding, for want of a fix, still behaves as its oracle says."""
    if any(file == program.main and scenario.line <= mark.line <= scenario.end_line for file, mark in marks):
        return judge(scenario, oracle, outcome, marks)
    complaints = judge(scenario, Oracle("ok"), outcome, [])
    through_another = bool(marks) and not judge(scenario, oracle, outcome, marks)
    return [] if through_another else complaints


def marks_of(marked: dict[str, Marked]) -> Marks:
    return [(file, expected) for file, one in marked.items() for expected in one.findings]


def named(program: Program, scenario: Scenario, complaints: list[str], what: str = "") -> list[str]:
    return [f"{program.group}/{program.main}:{scenario.line}: {what}{scenario.name}: {one}" for one in complaints]
