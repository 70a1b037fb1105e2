"""How each rule is proved: a table of its fixture programs, for docs/proof.md."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from documentation import Page, table

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
RULES = ROOT / "src" / "flake8_async_orm" / "rules"
#: the series of SQLAlchemy under which the programs are run
SERIES = ("1.4", "2.0", "2.1")
#: of what proves a misuse, no more than these are named
NAMED = 3


@dataclass(frozen=True)
class Proof:
    """What the fixture programs of one rule hold. `oracles`: what runs of its misuses show, the most frequent first."""

    code: str
    programs: int
    misuses: int
    lookalikes: int
    versions: tuple[str, ...]
    oracles: tuple[str, ...]
    lines: int


def harness(module: str) -> Any:
    """A module of the fixtures' harness, which is beside the tests."""
    if str(ROOT / "tests") not in sys.path:
        sys.path.insert(0, str(ROOT / "tests"))
    return importlib.import_module(f"harness.{module}")


def of_rule(code: str, folder: Path) -> Proof:
    """Counts what the programs in `folder` promise of the rule `code`."""
    markers, conditions = harness("markers"), harness("versions")
    misuses = lookalikes = 0
    versions: set[str] = set()
    oracles: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.py")):
        if path.name.endswith(".fixed.py"):
            continue
        main = path.parent == folder or path.name == "scenarios.py"
        marked = markers.parse(path.read_text(encoding="utf-8"), path.name, main)
        found = [mark for mark in marked.findings if mark.code == code]
        misuses += len(found)
        lookalikes += len(marked.silent)
        condition = marked.header.get("versions", "")
        versions |= {one for one in SERIES if not condition or conditions.satisfies(f"{one}.40", condition)}
        for scenario in marked.scenarios:
            if scenario.oracle.kind != "ok":
                oracles[str(scenario.oracle)] += 1
        if marked.whole is not None:
            oracles[str(marked.whole)] += 1
    [rule] = RULES.glob(f"{code.lower()}_*.py")
    text = rule.read_text(encoding="utf-8").splitlines()
    programs = sum(1 for one in folder.iterdir() if one.is_dir() or not one.name.endswith(".fixed.py"))
    named = tuple(name for name, _ in sorted(oracles.items(), key=lambda item: (-item[1], item[0])))
    return Proof(code, programs, misuses, lookalikes, tuple(sorted(versions)), named, len(text))


def proofs() -> list[Proof]:
    """One for each rule that has fixtures, in the order of the codes."""
    folders = sorted(FIXTURES.glob("aor[0-9]*_*"))
    return [of_rule(folder.name.split("_")[0].upper(), folder) for folder in folders]


def proof_table(pages: Sequence[Page]) -> str:
    """The table of all rules, linked to their pages."""
    fixes = {page.code: (page.name, page.fix) for page in pages}
    rows = []
    for one in proofs():
        name, fix = fixes[one.code]
        shown = ", ".join(one.oracles[:NAMED]) + (" ..." if len(one.oracles) > NAMED else "")
        series = "" if one.versions == SERIES else ", ".join(one.versions)
        counts = [str(one.programs), str(one.misuses), str(one.lookalikes)]
        rows.append([f"[{one.code}](rules/{one.code}.md)", name, *counts, shown or "-", series, fix, str(one.lines)])
    head = ["code", "name", "programs", "misuses", "look-alikes", "what a run shows", "only under", "fix", "lines"]
    return table(head, rows)
