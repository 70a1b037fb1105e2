"""Every fixture program: the linter finds what is marked, scenarios run as their oracles say, the fixes mend them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.checking import check_runtime, check_static, check_twin, stage
from harness.linter import RealLinter
from harness.programs import INFERENCE, Program, discover, orphans
from harness.runtime import Worker
from harness.static import compare_facts

FIXTURES = Path(__file__).parent / "fixtures"
PROGRAMS = discover(FIXTURES)
#: a rule's fixtures hold at least so many misuses, and so many look-alikes that must stay silent
FEWEST = 4


def names(program: Program) -> str:
    return f"{program.group}/{program.name}"


programs = pytest.mark.parametrize("program", [one for one in PROGRAMS if one.group not in INFERENCE], ids=names)
inference = pytest.mark.parametrize("program", [one for one in PROGRAMS if one.group in INFERENCE], ids=names)


def skip_where(reason: str) -> None:
    if reason:
        pytest.skip(reason)


@programs
def test_findings(program: Program, linter: RealLinter, tmp_path: Path) -> None:
    skip_where(program.cannot_compile())
    complaints = check_static(program, linter, tmp_path)
    assert not complaints, "\n".join(complaints)


@programs
def test_scenarios(program: Program, worker: Worker) -> None:
    worker.start()
    skip_where(program.cannot_run(worker.sqlalchemy))
    complaints = check_runtime(program, worker)
    assert not complaints, "\n".join(complaints)


@programs
def test_twin(program: Program, linter: RealLinter, worker: Worker, tmp_path: Path, accept: bool) -> None:
    skip_where(program.cannot_compile())
    worker.start()
    runs = not program.twin_cannot_run(worker.sqlalchemy)
    complaints = check_twin(program, linter, worker if runs else None, tmp_path, accept)
    assert not complaints, "\n".join(complaints)


@inference
def test_inference(program: Program, linter: RealLinter, tmp_path: Path) -> None:
    skip_where(program.cannot_compile())
    stage(program, tmp_path)
    complaints = program.problems()
    for file, marked in program.marked.items():
        complaints += compare_facts(marked, linter.facts(tmp_path / file))
    assert not complaints, "\n".join(complaints)


def test_no_orphans() -> None:
    assert orphans(FIXTURES) == []


def test_folders_are_rules(linter: RealLinter) -> None:
    """Every folder is named for a rule, and every rule has a folder with enough programs in it."""
    wanted = {f"{rule.code.lower()}_{rule.name.replace('-', '_')}": rule for rule in linter.registry.values()}
    groups = {program.group for program in PROGRAMS} - set(INFERENCE)
    assert groups == set(wanted)
    for group, rule in wanted.items():
        if rule.code == "AOR000":
            continue
        marked = [one for program in PROGRAMS if program.group == group for one in program.marked.values()]
        misuses = sum(found.code == rule.code for one in marked for found in one.findings)
        lookalikes = sum(len(one.silent) for one in marked)
        assert misuses >= FEWEST, f"{group} has only {misuses} misuses"
        assert lookalikes >= FEWEST, f"{group} has only {lookalikes} look-alikes (`# ok: reason`)"


def test_packages_have_names_of_their_own() -> None:
    packages = [program.name for program in PROGRAMS if program.is_package]
    assert len(packages) == len(set(packages)), f"two fixture packages share a name: {sorted(packages)}"
