"""Each rule's docstring is true: `Invalid` is found, `Valid` is not, and the fixes lead from one to the other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import flake8_async_orm.rules  # noqa: F401
from flake8_async_orm.rule import REGISTRY, Rule
from harness.accept import settle
from harness.linter import RealLinter
from harness.rendering import consistent, render
from harness.static import style

RENDERINGS = Path(__file__).parent / "renderings"

rules = pytest.mark.parametrize("rule", [REGISTRY[code] for code in sorted(REGISTRY)], ids=sorted(REGISTRY))


def settings_of(rule: Rule) -> dict[str, object]:
    return {**({} if rule.default else {"extend_select": [rule.code]}), **({"preview": True} if rule.preview else {})}


def snippet(rule: Rule, section: str, folder: Path) -> Path:
    path = folder / "snippet.py"
    path.write_bytes(f"{rule.sections[section].strip()}\n".encode())
    return path


@rules
def test_invalid_fires_and_is_kept(rule: Rule, linter: RealLinter, tmp_path: Path, accept: bool) -> None:
    path = snippet(rule, "Invalid", tmp_path)
    found = linter.lint(path, settings_of(rule))
    assert {one.code for one in found} == {rule.code}, [f"{one.code} {one.message}" for one in found]
    text = path.read_text(encoding="utf-8")
    assert all(consistent(text, one) for one in found)
    faults = [fault for one in found for fault in style(one.message)]
    assert not faults, faults
    rendering = "\n".join(render(text, one) for one in found)
    complaints = settle(RENDERINGS / f"{rule.code}.txt", rendering, accept)
    assert not complaints, "\n".join(complaints)


@rules
def test_valid_is_silent(rule: Rule, linter: RealLinter, tmp_path: Path) -> None:
    found = linter.lint(snippet(rule, "Valid", tmp_path), settings_of(rule))
    assert [f"{one.line}: {one.code} {one.message}" for one in found] == []


@rules
def test_fixes_lead_from_invalid_to_valid(rule: Rule, linter: RealLinter, tmp_path: Path) -> None:
    path = snippet(rule, "Invalid", tmp_path)
    found = linter.lint(path, settings_of(rule))
    result = linter.fix(path, settings_of(rule))
    assert not result.refused or rule.code == "AOR000", result.refused
    if any(one.fix(unsafe=True) for one in found):
        assert result.text.strip() == rule.sections["Valid"].strip()
    else:
        assert result.text == path.read_text(encoding="utf-8")


@rules
def test_titles_of_alternatives_differ(rule: Rule, linter: RealLinter, tmp_path: Path) -> None:
    for found in linter.lint(snippet(rule, "Invalid", tmp_path), settings_of(rule)):
        titles = [fix.title for fix in found.fixes]
        assert len(titles) == len(set(titles))


@rules
def test_the_docstring_is_whole(rule: Rule) -> None:
    assert rule.summary.endswith("."), rule.summary
    if rule.code != "AOR000":
        ast.parse(rule.sections["Invalid"])
    ast.parse(rule.sections["Valid"])


def test_no_rendering_is_left_over() -> None:
    kept = {path.stem for path in RENDERINGS.glob("*.txt")}
    assert kept <= set(REGISTRY)


def test_names_are_unique() -> None:
    assert len({rule.name for rule in REGISTRY.values()}) == len(REGISTRY)
